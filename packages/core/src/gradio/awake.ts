import { keepsCookies } from "#platform";
import { withoutSecrets } from "../error-secrets.ts";
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
 * the work does, or with the stage that the Space is in where waiting is of no use: without what was given in confidence, in whatever
 * the Space repeats it.
 */
export async function whenAwake<Value>(options: AwakeOptions, work: () => Promise<Value>): Promise<Value> {
  try {
    return await doneAwake(options, work);
  } catch (error) {
    throw options.stop.aborted ? error : withoutSecrets(error, options.client.secrets());
  }
}

function doneAwake<Value>(options: AwakeOptions, work: () => Promise<Value>): Promise<Value> {
  const { client } = options;
  if (client.hub === undefined || client.wakeMs === 0) return work();
  // Who comes while others wait does not ask, and waits with them.
  if (wakings.now?.wakingOf(client)?.isUnderWay === true) return afterWaking(options, { work });
  return work().catch((error: unknown) => afterWaking(options, { work, failure: { error } }));
}

/** Work, and why it failed where it was done already. */
interface Attempted<Value> {
  work(): Promise<Value>;
  readonly failure?: { readonly error: unknown } | undefined;
}

async function afterWaking<Value>(options: AwakeOptions, { work, failure: first }: Attempted<Value>): Promise<Value> {
  const { client, stop, firstOutputMs = Infinity, mayRepeat = () => true, tell = () => {} } = options;
  const { wakeMs } = client;
  const limitMs = Math.min(wakeMs, firstOutputMs);
  const limit = firstOutputMs < wakeMs ? "first-output" : "wake";
  const startedAt = performance.now();
  for (let failure = first; ;) {
    if (failure !== undefined && (stop.aborted || !mayBeAsleep(failure.error) || !mayRepeat())) throw failure.error;
    const { wakingOf } = await wakings.load().catch((error: unknown) => {
      // Who is offline has not got that either.
      throw failure?.error ?? error;
    });
    const leftMs = Math.max(limitMs - (performance.now() - startedAt), 0);
    const hasSlept = await wakingOf(client)?.wait({ stop, leftMs, limitMs, limit, tell });
    if (failure !== undefined && hasSlept !== true) throw failure.error;
    try {
      return await work();
    } catch (error) {
      failure = { error };
    }
  }
}

/** Whether an error is as that of a Space that does not run: another's answer in its place, which a page may not be let read. */
function mayBeAsleep(error: unknown): boolean {
  if (!QwenError.isInstance(error)) return false;
  const { code, status = 0 } = error;
  return code === "connection" ? keepsCookies() : code === "space_unavailable" && STATUSES.has(status);
}

/** 200 is that of a page. */
const STATUSES: ReadonlySet<number> = new Set([200, 404, 502, 503, 504]);
