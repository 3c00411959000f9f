import { aPauseMs, isGroup, readOptions, type Rules } from "../options.ts";
import type { ProviderRequest } from "../provider.ts";
import { readTimeouts, type ResolvedTimeouts } from "../timers.ts";

/** Limits that only ever make others shorter. */
export type AtMost = Pick<ProviderRequest, "timeouts" | "maxQueueMs">;

/** Reads them, once. Throws a `TypeError` for one that is none, naming it and what it must be. */
export function readAtMost(given: AtMost | undefined): AtMost | undefined {
  const read = readOptions("atMost", given, RULES);
  return read && { ...read, timeouts: readTimeouts(read.timeouts, "atMost.timeouts") };
}

const RULES: Rules<AtMost> = {
  timeouts: (value) => (isGroup(value) ? undefined : "an object of options"),
  maxQueueMs: aPauseMs,
};

/** Limits of an attempt, each as it is or shorter. Its total is that of a provider, which is nobody else's to say. */
export function atMost(limits: ResolvedTimeouts, shorter: AtMost | undefined): ResolvedTimeouts {
  if (shorter?.timeouts === undefined) return limits;
  const cut: Record<keyof ResolvedTimeouts, number> = { ...limits };
  for (const [name, limit] of Object.entries(shorter.timeouts) as [keyof ResolvedTimeouts, number][])
    if (name !== "totalMs") cut[name] = Math.min(limits[name], limit);
  return cut;
}
