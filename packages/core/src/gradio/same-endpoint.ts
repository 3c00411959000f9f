import type { AbortSource } from "../stop.ts";
import type { SpaceClient } from "./client.ts";
import type { SpaceConfig } from "./config.ts";
import type { TrackedEndpoint } from "./jobs.ts";
import { readAtOf } from "./known-endpoints.ts";

/** How an endpoint was run. */
export interface RanEndpoint {
  readonly endpoint: TrackedEndpoint;
  /** What it was run by; `undefined` where nothing but its name was known. */
  readonly fnIndex: number | undefined;
  readonly inputs: readonly unknown[];
  readonly signal: AbortSource;
}

/**
 * Throws `space_changed` where another function stands in the place of an endpoint by now, or it takes another number of inputs: an app
 * that was deployed anew runs whatever is there. The next call is right. It is looked at where what is known of the Space is older
 * than `maxAgeMs`; a config that cannot be read within 5,000 ms proves nothing.
 */
export async function requireSame(
  { config }: SpaceClient,
  { endpoint, fnIndex, inputs, signal }: RanEndpoint,
  maxAgeMs: number,
): Promise<void> {
  const ageMs = ageOf(config.known);
  // Whoever gives a number gets what stands there.
  if (fnIndex === undefined || typeof endpoint.which === "number" || ageMs <= maxAgeMs) return;
  await endpoint.verifyAgain(fnIndex, { refusedInputs: inputs.length, signal });
}

/** When each was seen first, of those of which nobody noted when they were read. */
const seenAt = new WeakMap<SpaceConfig, number>();

/** How old a config is, in ms. */
function ageOf(config: SpaceConfig | undefined): number {
  // Another call looks at it anew.
  if (config === undefined) return Infinity;
  const now = performance.now();
  const at = readAtOf(config) ?? seenAt.get(config) ?? now;
  seenAt.set(config, at);
  return now - at;
}
