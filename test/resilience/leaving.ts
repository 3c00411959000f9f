import { setImmediate as nextTurn } from "node:timers/promises";

import type { RouterStream, StreamPart } from "@qwen/core";

/** Ways to leave an answer that is under way. */
export const WAYS = ["signal", "break", "return()", "throwing consumer"] as const;
export type Way = (typeof WAYS)[number];

/** When to leave: at a part, once something has come about. */
export interface Moment {
  part(part: StreamPart): boolean;
  reached(): Promise<unknown>;
}

/** Turns of the event loop that a caller may wait for its freedom: a matter of turns, not of time. */
const MOST_TURNS = 20;

/** Leaves a stream at a moment. Says what was wrong about it. */
export async function leave(
  stream: RouterStream,
  { way, moment, controller }: { readonly way: Way; readonly moment: Moment; readonly controller: AbortController },
): Promise<readonly string[]> {
  const reason = new Error("I have heard enough.");
  const left = Promise.withResolvers<void>();
  const ended = (way === "break" || way === "throwing consumer" ? leaveByLoop : leaveFromOutside)().then(
    (end) => ({ end }),
    (error: unknown) => ({ error }),
  );

  async function leaveByLoop(): Promise<string> {
    for await (const part of stream) {
      if (!moment.part(part)) continue;
      await moment.reached();
      left.resolve();
      if (way === "throwing consumer") throw reason;
      break;
    }
    return "left";
  }

  /** While a `next()` is pending. */
  async function leaveFromOutside(): Promise<string> {
    const iterator = stream[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await iterator.next();
      if (done === true) return "answered";
      if (moment.part(value)) break;
    }
    const drained = (async () => {
      while ((await iterator.next()).done !== true);
    })();
    drained.catch(() => {
      // Awaited below; until then it is nobody's unhandled rejection.
    });
    await moment.reached();
    left.resolve();
    if (way === "signal") controller.abort(reason);
    else await iterator.return?.();
    await drained;
    return "left";
  }

  await Promise.race([left.promise, ended]);
  let turns = 0;
  let outcome: Awaited<typeof ended> | undefined;
  void ended.then((end) => (outcome = end));
  while (outcome === undefined && turns++ < MOST_TURNS) await nextTurn();
  if (outcome === undefined) return [`not free after ${MOST_TURNS} turns of the event loop`];
  if (way === "signal" || way === "throwing consumer")
    return "error" in outcome && outcome.error === reason ? [] : [`ended otherwise: ${JSON.stringify(outcome)}`];
  return "end" in outcome && outcome.end === "left" ? [] : [`ended otherwise: ${JSON.stringify(outcome)}`];
}
