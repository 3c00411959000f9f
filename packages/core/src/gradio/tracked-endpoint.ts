import { debug } from "../debug.ts";
import { SpaceChangedError } from "../errors.ts";
import { within } from "../timers.ts";
import type { SpaceClient } from "./client.ts";
import { endpointNames, endpointsInWords, findEndpoint } from "./config.ts";

/** Longest time an answer waits to learn whether it came from the right endpoint, in ms. */
const VERIFY_MS = 5000;

/** How long a confirmed `fn_index` is trusted, in ms: a Space may be deployed anew while a process runs on. */
const TRUST_MS = 600_000;

/** The endpoint a provider calls, and how sure it is of its `fn_index`. */
export interface TrackedEndpoint {
  /** The index to call, if any is known; whether `/config` has confirmed it within the last 600,000 ms. */
  current(): { readonly fnIndex: number | undefined; readonly verified: boolean };

  /**
   * Asks `/config` whether an index still is the endpoint's. Rejects with `space_changed` if not, and
   * drops the hint. A config that cannot be read within 5,000 ms proves nothing, so it resolves.
   */
  verify(fnIndex: number | undefined): Promise<void>;

  /** The same, not trusting what was read before. */
  verifyAgain(fnIndex: number | undefined): Promise<void>;
}

/** Tracks an endpoint by its name, from a guessed index until `/config` is known. */
export function trackEndpoint(
  client: SpaceClient,
  { endpoint: name, fnIndex: hint }: { readonly endpoint: string; readonly fnIndex?: number | undefined },
): TrackedEndpoint {
  let guess = hint;
  let verifiedAt: number | undefined;

  const trusted = (): boolean => verifiedAt !== undefined && performance.now() - verifiedAt < TRUST_MS;

  async function verify(fnIndex: number | undefined): Promise<void> {
    try {
      await within(VERIFY_MS, verifiedAt === undefined || trusted() ? client.config() : client.refreshConfig());
    } catch (error) {
      debug(() => `cannot check ${name} at ${client.url.host}: ${error instanceof Error ? error.message : "failed"}`);
    }
    const config = client.knownConfig();
    if (config === undefined) return;
    const found = findEndpoint(config, name);
    if (found !== undefined && (fnIndex === undefined || found.fnIndex === fnIndex)) {
      verifiedAt = performance.now();
      return;
    }
    guess = found?.fnIndex;
    const endpoints = endpointNames(config);
    const now =
      found === undefined
        ? `no endpoint "${name}" any more; it has ${endpointsInWords(config)}`
        : `"${name}" in another place than before; the next call will use it`;
    throw new SpaceChangedError(`${client.url.host} was changed: it has ${now}.`, { endpoints });
  }

  return {
    current() {
      const config = client.knownConfig();
      const found = config === undefined ? undefined : findEndpoint(config, name);
      return { fnIndex: found?.fnIndex ?? guess, verified: found !== undefined && trusted() };
    },
    verify,
    verifyAgain(fnIndex) {
      client.forgetConfig();
      return verify(fnIndex);
    },
  };
}
