import { createTransport } from "#transport";
import type { Transport } from "../http/transport.ts";
import { spaceUrl, type SpaceTarget } from "./address.ts";
import { readClientOptions, type DefinedOptions, type ReadOptions } from "./client-options.ts";
import { hubPage, type HubPage } from "./hub.ts";

/** How to reach a Space, as it was read: what its client is made of. */
export interface SpaceConnection extends ReadOptions {
  readonly url: URL;
  /** Where its hub tells of it, if there is one. */
  readonly hub: HubPage | undefined;
  readonly transport: Transport;
  /** Whether it is to be closed with the client. */
  readonly ownsTransport: boolean;
}

/** Reads how to reach a Space. Nothing is sent yet. Throws a `TypeError` for a bad target or option. */
export function readConnection(target: SpaceTarget, given: DefinedOptions = {}): SpaceConnection {
  const options = readClientOptions(given);
  const { proxy, transport, hubUrl } = options;
  const url = spaceUrl(target);
  return {
    ...options,
    url,
    hub: hubPage(target, { url, hub: hubUrl }),
    transport: transport ?? createTransport({ proxy }),
    ownsTransport: transport === undefined,
  };
}
