import { describe, expect, test } from "vitest";

import { shareOf } from "../../../test/share.ts";
import { createFallback } from "../src/index.ts";
import { finish, model, prompt, read, start, streamOf, text, textEnd, textIn, textStart, type Part } from "./models.ts";

const MB = 1024 * 1024;

/** A stream that is made as it is read, and counts how much of it was. */
function growing(pieces: Iterable<Part>, asked: { count: number }, end?: () => unknown): ReadableStream<Part> {
  const left = pieces[Symbol.iterator]();
  return new ReadableStream<Part>(
    {
      pull(controller) {
        const { done, value } = left.next();
        if (done !== true) {
          asked.count += 1;
          controller.enqueue(value);
        } else if (end === undefined) controller.close();
        else controller.error(end());
      },
    },
    { highWaterMark: 0 },
  );
}

function* long(pieces: number, piece: string): Generator<Part> {
  yield start;
  yield textStart;
  for (let at = 0; at < pieces; at++) yield text(`${at} ${piece}`);
}

function* whole(pieces: number, piece: string): Generator<Part> {
  yield* long(pieces, piece);
  yield textEnd;
  yield finish();
}

const cut = (): unknown => new Error("socket hang up");

describe("a consumer that stalls", () => {
  test("makes nobody read ahead, neither in the answer nor over its seam", async () => {
    const [first, second] = [{ count: 0 }, { count: 0 }];
    const a = model("a", () => ({ stream: growing(long(500, "word"), first, cut) }));
    const b = model("b", () => ({ stream: growing(whole(1000, "word"), second) }));
    const fallback = createFallback({ models: [a, b], commit: "continue", retry: { maxAttempts: 2 } });
    const { stream } = await fallback.doStream({ prompt });
    const reader = stream.getReader();
    for (let taken = 0; taken < 100; taken++) await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(first.count).toBeLessThanOrEqual(102);
    let said = "";
    while (!said.includes("500 word")) {
      const { value } = await reader.read();
      if (value?.type === "text-delta") said += value.delta;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(second.count).toBeLessThanOrEqual(506);
    await reader.cancel();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(fallback.health().map(({ busy }) => busy)).toEqual([0, 0]);
  });

  test("is told of a silent model by no clock while it does not read", async () => {
    const a = model("a", [start, textStart, text("Hello"), "hang"]);
    const timeouts = { idleMs: 30 };
    const second = [start, textStart, text("Hello"), text(" world"), textEnd, finish()];
    const fallback = createFallback({ models: [a, model("b", second)], commit: "continue", timeouts });
    const { stream } = await fallback.doStream({ prompt });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(textIn((await read(stream)).parts)).toBe("Hello world");
  });
});

describe("what is held of a replay", () => {
  test("is a few times the text that was shown, however often it breaks off", { timeout: 30_000 }, async () => {
    const piece = "x".repeat(1000);
    let calls = 0;
    const asked = { count: 0 };
    const make = () => {
      calls += 1;
      const isLast = calls === 5;
      return {
        stream: growing(isLast ? whole(5000, piece) : long(calls * 1000, piece), asked, isLast ? undefined : cut),
      };
    };
    const models = [model("a", make), model("b", make)] as const;
    const retry = { maxAttempts: 5, baseDelayMs: 0 };
    const fallback = createFallback({ models, commit: "continue", retry, breaker: false });
    const before = process.memoryUsage().heapUsed;
    const { stream } = await fallback.doStream({ prompt });
    let [length, most] = [0, 0];
    for await (const part of stream) {
      if (part.type === "text-delta") length += part.delta.length;
      if (length % 500 === 0) most = Math.max(most, process.memoryUsage().heapUsed - before);
    }
    expect(length).toBeGreaterThan(5 * MB * 0.9);
    expect(most).toBeLessThan(80 * MB);
  });

  test("is left where it says nothing for ever, of whatever kind", { timeout: 30_000 }, async () => {
    const nothings: readonly Part[] = [text(""), { type: "raw", rawValue: "" }, textStart];
    for (const nothing of shareOf(nothings, 1 / 3)) {
      let said = 0;
      const endless = new ReadableStream<Part>(
        { pull: (controller) => controller.enqueue(++said === 1 ? start : said === 2 ? text("Hel") : nothing) },
        { highWaterMark: 0 },
      );
      const a = model("a", [start, textStart, text("Hello"), { fail: cut() }]);
      const b = model("b", () => ({ stream: endless }));
      const fallback = createFallback({
        models: [a, b],
        commit: "continue",
        retry: { maxAttempts: 2, baseDelayMs: 0 },
      });
      const { parts } = await read((await fallback.doStream({ prompt })).stream);
      expect(textIn(parts)).toBe("Hello");
      expect(parts.at(-1)).toMatchObject({ finishReason: { unified: "interrupted" } });
    }
  });
});

const STREAMS = process.env["TEST_ALL"] === "1" ? 2000 : 240;

describe(`${STREAMS} streams that are left around a seam`, () => {
  test("leave no reader locked and no listener on the caller's signal", async () => {
    const signal = new AbortController().signal;
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => ((listeners += 1), add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => ((listeners -= 1), remove(...args));
    const streams: ReadableStream<Part>[] = [];
    const keep = (steps: Parameters<typeof streamOf>[0]) => () => {
      const stream = streamOf(steps);
      streams.push(stream);
      return { stream };
    };
    const a = model("a", keep([start, textStart, text("Hel"), text("lo"), { fail: cut() }]));
    const b = model("b", keep([start, textStart, text("Hello"), text(" wor"), text("ld"), textEnd, finish()]));
    const fallback = createFallback({
      models: [a, b],
      commit: "continue",
      retry: { maxAttempts: 2, baseDelayMs: 0 },
      breaker: false,
    });
    for (let call = 0; call < STREAMS; call++) {
      const { stream } = await fallback.doStream({ prompt, abortSignal: signal });
      const reader = stream.getReader();
      for (let taken = 0; taken < call % 12; taken++) await reader.read();
      await reader.cancel();
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(streams.filter(({ locked }) => locked)).toHaveLength(0);
    expect(listeners).toBe(0);
    expect(fallback.health().map(({ busy }) => busy)).toEqual([0, 0]);
  });
});
