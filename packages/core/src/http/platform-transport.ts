import { createTransport as createForPlatform } from "#transport";
import { anObject, type OptionNames, refuseUnknown, requireOption } from "../options.ts";
import type { Transport, TransportOptions } from "./transport.ts";

/**
 * The transport of the platform: HTTP/1.1 over connections of its own in Node, `fetch` elsewhere.
 *
 * Nothing is sent or loaded yet; close it once it is not needed. Throws a `TypeError` for a proxy that is none, given as
 * option or by the environment, and where the platform has no proxies of one's own.
 */
// Said in a declaration of its own: which file `#transport` is, users' compilers cannot know.
export function createTransport(options: TransportOptions = {}): Transport {
  requireOption("options", options, anObject);
  refuseUnknown("A transport", options, NAMES);
  return createForPlatform(options);
}

const NAMES: OptionNames<TransportOptions> = { proxy: true };
