import type { DebugLog } from "./debug.ts";

// What Node has, as `#platform`. What it must say is in `web-platform.ts` as well.

/** Whether this SDK makes the connections, over which it may then go as it likes. */
export const makesConnections = true;

/** Whether a header is the platform's to set, and nobody else's. */
export function keepsHeader(_name: string): boolean {
  return false;
}

/** Whether cookies are kept and sent by the platform, and by nobody else. */
export function keepsCookies(): boolean {
  return false;
}

/**
 * Whether what one request of a server has begun ends with that request, and is not told to others who wait for it: the rule of
 * edge runtimes.
 */
export function requestsAreApart(): boolean {
  return false;
}

/** Where lines of the section "qwen" go; nowhere, if nobody asked for it. */
export function openLog(): DebugLog | undefined {
  return process.getBuiltinModule("node:util").debuglog("qwen");
}
