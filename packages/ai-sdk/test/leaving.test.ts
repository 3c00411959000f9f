import { getEventListeners } from "node:events";

import { expect, test } from "vitest";

import { createFallback, type FallbackOptions } from "../src/index.ts";
import { finish, model, prompt, start, text, textEnd, textStart, type Step } from "./models.ts";
import { shareOf } from "../../../test/share.ts";

const STREAMS = Array.from({ length: 2000 }, (_, index) => index);

/** Numbers from 0 up to 1, the same for each stream. */
function seeded(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const endings: readonly (readonly Step[])[] = [
  [textEnd, finish()],
  ["hang"],
  [],
  [{ fail: "reset" }],
  [finish("error")],
];

test(
  "streams that are left at random points leave no reader locked, no timer and no listener behind",
  { timeout: 60_000 },
  async () => {
    const shared = new AbortController();
    const timersBefore = timers();
    const streams: ReadableStream[] = [];
    let left = 0;

    async function one(seed: number): Promise<void> {
      const random = seeded(seed);
      const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
      const words = Array.from({ length: Math.floor(random() * 6) }, (_, index) => text(String(index)));
      const a = model("a", [start, textStart, ...words, ...pick(endings)]);
      const b = model("b", [start, textStart, text("Healthy"), ...pick(endings)]);
      const options: Omit<FallbackOptions, "models"> = {
        commit: pick(["first-output", "buffered"] as const),
        retry: { baseDelayMs: 0, maxAttempts: 3 },
        timeouts: { firstOutputMs: 40, idleMs: 40 },
        ...(random() < 0.3 && { hedge: { delayMs: 1 } }),
      };
      const own = new AbortController();
      const leavesByAbort = random() < 0.4;
      const { signal } = leavesByAbort ? own : shared;
      const partsToRead = Math.floor(random() * 8);
      const fallback = createFallback({ models: [a, b], ...options });
      if (leavesByAbort) setTimeout(() => own.abort(), random() * 20);
      try {
        const { stream } = await fallback.doStream({ prompt, abortSignal: signal, includeRawChunks: random() < 0.2 });
        const reader = stream.getReader();
        for (let read = 0; read < partsToRead; read++) if ((await reader.read()).done) break;
        await reader.cancel();
        reader.releaseLock();
      } catch {
        left += 1;
      }
      own.abort();
      if (leavesByAbort) expect(getEventListeners(signal, "abort")).toHaveLength(0);
      streams.push(...a.streams, ...b.streams);
      expect(fallback.health().map(({ busy }) => busy)).toEqual([0, 0]);
    }

    const chosen = shareOf(STREAMS, 1 / 4);
    for (let at = 0; at < chosen.length; at += 100) await Promise.all(chosen.slice(at, at + 100).map(one));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(streams.filter(({ locked }) => locked)).toHaveLength(0);
    expect(getEventListeners(shared.signal, "abort")).toHaveLength(0);
    expect(timers()).toBeLessThanOrEqual(timersBefore);
    expect(left).toBeLessThan(chosen.length);
  },
);

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}
