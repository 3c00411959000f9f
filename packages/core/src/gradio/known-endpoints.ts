import { QwenError, type AnyQwenError } from "../errors.ts";
import { snapshotOf } from "../snapshot.ts";
import type { AbortSource } from "../stop.ts";
import type { SpaceClient } from "./client.ts";
import type { SpaceConfig } from "./config.ts";
import { describeEndpoints, needsNames, type DescribedEndpoint } from "./endpoint-descriptions.ts";
import { readInfo } from "./jobs.ts";
import { SharedWork } from "./shared-work.ts";
import type { SpaceEndpoint } from "./space-endpoint.ts";

/** Reads which endpoints a Space has. What it resolves with is its caller's own. */
export async function readEndpoints(client: SpaceClient, signal: AbortSource): Promise<readonly SpaceEndpoint[]> {
  const endpoints = await knownEndpoints(client, { signal, maxAgeMs: FRESH_MS });
  // One schema may be that of many parameters: it is copied once.
  return snapshotOf(endpoints.map(({ endpoint }) => endpoint));
}

/** After how long a Space is looked at anew where it matters what it is now, in ms. */
export const FRESH_MS = 10_000;

/** What was read, and when. */
interface Reading {
  readonly endpoints: readonly DescribedEndpoint[];
  readonly readAt: number;
}

/** By the config that it goes with: a Space that was changed has another one. */
const described = new WeakMap<SpaceConfig, Reading>();

/** When a config was read, where that was to tell of its endpoints. */
export function readAtOf(config: SpaceConfig): number | undefined {
  return described.get(config)?.readAt;
}

const readings = new WeakMap<SpaceClient, SharedWork<readonly DescribedEndpoint[]>>();

/**
 * What the endpoints of a Space take and give, by its `/config` and its `/info`, which are asked for once, whoever wants it; anew where
 * they were read longer ago than `maxAgeMs`. Rejects as reading the config does.
 */
export async function knownEndpoints(
  client: SpaceClient,
  { signal, maxAgeMs }: { readonly signal: AbortSource; readonly maxAgeMs: number },
): Promise<readonly DescribedEndpoint[]> {
  const { known } = client.config;
  const ready = known === undefined ? undefined : described.get(known);
  if (ready !== undefined && performance.now() - ready.readAt <= maxAgeMs) return ready.endpoints;
  let reading = readings.get(client);
  if (reading === undefined) readings.set(client, (reading = new SharedWork((ends) => describe(client, ends))));
  return reading.wait(signal);
}

async function describe(client: SpaceClient, signal: AbortSource): Promise<readonly DescribedEndpoint[]> {
  const { config, json } = await client.config.readWhole(signal);
  const bare = describeEndpoints(json);
  const endpoints = needsNames(bare) ? describeEndpoints(json, await infoOf(client, signal)) : bare;
  described.set(config, { endpoints, readAt: performance.now() });
  return endpoints;
}

async function infoOf(client: SpaceClient, signal: AbortSource): Promise<unknown> {
  try {
    return await readInfo(client, { signal, all: true });
  } catch (error) {
    // A Space may be without it, or fail to say (its own bug, and it stays): then there is what `/config` says.
    if (QwenError.isInstance(error) && !isPassing(error)) return undefined;
    throw error;
  }
}

function isPassing({ code, status = 0 }: AnyQwenError): boolean {
  return code === "connection" || code === "timeout" || code === "rate_limited" || status > 500;
}
