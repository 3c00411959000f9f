import { QwenError } from "../errors.ts";
import type { AbortSource } from "../stop.ts";
import type { SpaceClient } from "./client.ts";
import { wakings } from "./loaded-later.ts";

/** Whose work waits for a Space that sleeps. */
export interface AwakeOptions {
  readonly client: SpaceClient;
  readonly stop: AbortSource;
  /** Within this it must have begun to answer, in ms. @defaultValue no limit but `wakeMs` */
  readonly firstOutputMs?: number | undefined;
  /** Whether it may be done again: nothing was said yet. */
  mayRepeat?(): boolean;
  /** Told why it takes so long. */
  tell?(message: string): void;
}

/**
 * Does work, and where its Space sleeps, starts or is built, waits for it to wake and does it again: for `wakeMs` at most. Rejects as
 * the work does, or with the stage that the Space is in where waiting is of no use.
 */
export function whenAwake<Value>(options: AwakeOptions, work: () => Promise<Value>): Promise<Value> {
  const { hub, wakeMs } = options.client;
  return hub === undefined || wakeMs === 0 ? work() : work().catch((error: unknown) => again(error, options, work));
}

async function again<Value>(first: unknown, options: AwakeOptions, work: () => Promise<Value>): Promise<Value> {
  const { client, stop, firstOutputMs = Infinity, mayRepeat = () => true, tell = () => {} } = options;
  const { wakeMs } = client;
  const limitMs = Math.min(wakeMs, firstOutputMs);
  const limit = firstOutputMs < wakeMs ? "first-output" : "wake";
  const startedAt = performance.now();
  for (let error = first; ;) {
    if (stop.aborted || !mayBeAsleep(error) || !mayRepeat()) throw error;
    const { wakingOf } = await wakings.load();
    const leftMs = Math.max(limitMs - (performance.now() - startedAt), 0);
    const hasSlept = await wakingOf(client)?.wait({ stop, leftMs, limitMs, limit, tell });
    if (hasSlept !== true) throw error;
    try {
      return await work();
    } catch (next) {
      error = next;
    }
  }
}

/** Whether an error is as that of a Space that does not run: another's answer in its place. */
function mayBeAsleep(error: unknown): boolean {
  return QwenError.isInstance(error) && error.code === "space_unavailable" && STATUSES.has(error.status ?? 0);
}

/** 200 is that of a page. */
const STATUSES: ReadonlySet<number> = new Set([200, 404, 502, 503, 504]);
