import { aCountFrom, aWholeNumber, readOptions } from "@qwen/core/http";
import { lookedUp } from "./lookup.ts";
import { Refusal } from "./refusal.ts";
import { type Counted, memoryState, type GatewayState, type Lease } from "./state.ts";

/** How much one caller may ask: each key for itself, and without keys all callers together. */
export interface CallerLimits {
  /** Requests that begin within a minute. @defaultValue not limited */
  readonly requestsPerMinute?: number | undefined;
  /** Requests under way at a time. @defaultValue not limited */
  readonly concurrency?: number | undefined;
}

/** Reads the limits of callers. Throws a `TypeError` for one that is none. */
export function readCallerLimits(limits: CallerLimits | undefined): CallerLimits {
  return readOptions("limits", limits, { requestsPerMinute: aWholeNumber, concurrency: aCountFrom(1) }) ?? {};
}

/** A place within the limits. */
export interface Place {
  /** What tells the caller how much is left. */
  readonly headers: Readonly<Record<string, string>>;
  /** Gives the place back, once the answer is over; a second time it does nothing. */
  release(): void;
}

/** Counts what callers ask. */
export interface Limiting {
  /** Takes a place for a request of a caller, whose own limits are stronger. Rejects with a {@link Refusal}, a 429. */
  take(caller: string, own?: CallerLimits): Promise<Place>;
}

/** Makes the counter of what callers ask, kept in memory unless `state` is shared with other processes. */
export function createLimiting(defaults: CallerLimits, state: GatewayState = memoryState()): Limiting {
  return {
    async take(caller, own = {}) {
      const { requestsPerMinute, concurrency } = { ...defaults, ...own };
      // A place first: a request that finds none has not begun, and counts for no minute.
      const lease = concurrency === undefined ? FREE : await leased(state, caller, concurrency);
      if (lease === undefined) throw tooMany(concurrency);
      try {
        return { headers: await counted(state, caller, requestsPerMinute), release: once(lease) };
      } catch (error) {
        lease.release();
        throw error;
      }
    },
  };
}

/** One that comes after it was waited for is nobody's. */
async function leased(state: GatewayState, caller: string, places: number): Promise<Lease | undefined> {
  let isWanted = true;
  const work = async (): Promise<Lease | undefined> => {
    const lease = readLease(await state.lease(caller, places));
    if (!isWanted) lease?.release();
    return lease;
  };
  try {
    return await lookedUp(work, unavailable);
  } finally {
    isWanted = false;
  }
}

/** As it may be released whatever it is: what fails then is nobody's to hear. */
function readLease(lease: Lease | null | undefined): Lease | undefined {
  if (lease === undefined || lease === null) return undefined;
  if (typeof lease.release !== "function") throw new TypeError("A lease must have `release()`.");
  return { release: () => void released(lease) };
}

async function released(lease: { release(): unknown }): Promise<void> {
  try {
    await lease.release();
  } catch {
    // It is over whatever is made of that.
  }
}

function unavailable(): Refusal {
  return new Refusal({
    status: 503,
    code: "limits_unavailable",
    message: "What was asked before cannot be counted now. Try again.",
    headers: { "retry-after": "1" },
  });
}

const FREE: Lease = { release() {} };

async function counted(
  state: GatewayState,
  caller: string,
  limit: number | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (limit === undefined) return {};
  const { count, resetMs } = await lookedUp(async () => readCount(await state.count(caller)), unavailable);
  const headers = {
    "x-ratelimit-limit-requests": String(limit),
    "x-ratelimit-remaining-requests": String(Math.max(0, limit - count)),
    "x-ratelimit-reset-requests": inWords(resetMs),
  };
  if (count <= limit) return headers;
  throw limited(`More than ${limit} requests within a minute. Try again in ${inWords(resetMs)}.`, resetMs, headers);
}

function readCount({ count, resetMs }: Counted): Counted {
  if (Number.isFinite(count) && Number.isFinite(resetMs))
    return { count: Math.max(1, Math.ceil(count)), resetMs: Math.min(Math.max(0, resetMs), MINUTE_MS) };
  throw new TypeError("What is counted must be numbers.");
}

/** Nobody waits for longer, whatever a state says. */
const MINUTE_MS = 60_000;

function tooMany(concurrency: number | undefined): Refusal {
  return limited(`More than ${concurrency} requests at a time. Try again once one of them is over.`, 1000);
}

function limited(message: string, retryAfterMs: number, headers: Readonly<Record<string, string>> = {}): Refusal {
  return new Refusal({
    status: 429,
    code: "rate_limit_exceeded",
    message,
    headers: {
      ...headers,
      "retry-after": String(Math.ceil(retryAfterMs / 1000)),
      "retry-after-ms": String(Math.ceil(retryAfterMs)),
    },
  });
}

/** As OpenAI writes a time: `1m2.5s`, `340ms`. */
function inWords(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.ceil((ms % 60_000) / 100) / 10;
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`;
}

function once(lease: Lease): () => void {
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    lease.release();
  };
}
