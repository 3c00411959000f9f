import { TimeoutError } from "../errors.ts";
import type { AbortSource } from "../stop.ts";
import { startTimer } from "../timers.ts";

/**
 * Settles as `work` does, or rejects with a timeout of phase `total` once that takes longer than `totalMs`, with the reason
 * of `signal` once that aborts. Either aborts the signal that `work` is given.
 */
export async function withinTotal<Value>(
  totalMs: number,
  work: (signal: AbortSignal) => Promise<Value>,
  signal?: AbortSource,
): Promise<Value> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  const onAbort = (): void => ended.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = startTimer(totalMs, () => ended.abort(new TimeoutError("total", totalMs)));
  try {
    return await new Promise<Value>((resolve, reject) => {
      ended.signal.addEventListener("abort", () => reject(ended.signal.reason), { once: true });
      work(ended.signal).then(resolve, reject);
    });
  } finally {
    timer.stop();
    signal?.removeEventListener("abort", onAbort);
  }
}
