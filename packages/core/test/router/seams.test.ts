import { describe, expect, test, vi } from "vitest";

import type { ProviderPart } from "../../src/part.ts";
import type { Settings } from "../../src/provider.ts";
import { collect, finish, messages, scripted, text, type Step } from "./scripted.ts";
import { failure, read, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

const cut = failure("stream_interrupted");
const source = (sourceId: string): ProviderPart => ({ type: "source", sourceId });

/** The parts of a stream, and its completion beside them. */
async function both(scripts: readonly (readonly Step[])[], settings?: Settings) {
  const a = scripted("a", scripts, { models: [{ id: "m", capabilities: { prefill: true } }] });
  const stream = routerOf([a], { commit: "continue" }).stream({ model: "m", messages, settings });
  const reading = collect(stream);
  const completion = stream.completion;
  await vi.runAllTimersAsync();
  const { parts } = await reading;
  const told = parts.flatMap((part) => (part.type === "source" ? [part.sourceId] : []));
  return { told, completion: await completion };
}

describe("over a seam the completion has the sources that the stream told, each where it told it", () => {
  test("by a prefill: those of both halves", async () => {
    const { told, completion } = await both([
      [source("1"), text("Hello"), source("2"), cut],
      [source("3"), text(" world"), source("4"), finish],
    ]);
    expect(told).toEqual(["1", "2", "3", "4"]);
    expect(completion).toMatchObject({ text: "Hello world", attempts: [{}, { continuedBy: "prefill" }] });
    expect(completion.sources.map(({ sourceId }) => sourceId)).toEqual(told);
  });

  test("by a replay: those that were shown, and not what it said again before its seam", async () => {
    const { told, completion } = await both(
      [
        [source("1"), text("Hello"), cut],
        [source("2"), text("Hel"), source("3"), text("lo world"), source("4"), finish],
      ],
      { seed: 1 },
    );
    expect(told).toEqual(["1", "4"]);
    expect(completion).toMatchObject({ text: "Hello world", attempts: [{}, { continuedBy: "replay" }] });
    expect(completion.sources.map(({ sourceId }) => sourceId)).toEqual(told);
  });

  test("from seam to seam, also where the last one is whole before it is shown", async () => {
    const { told, completion } = await both([
      [source("1"), text("Hello"), cut],
      [text(" wor"), source("2"), cut],
      [source("3"), finish],
    ]);
    expect(told).toEqual(["1", "2", "3"]);
    expect(completion).toMatchObject({ text: "Hello wor" });
    expect(completion.sources.map(({ sourceId }) => sourceId)).toEqual(told);
  });
});

describe("the same candidates go on, whoever was asked before", () => {
  const whole = [text("Hello world."), finish];
  const breaking = [[{ waitMs: 45 }, text("Hello"), failure("authentication")]];

  async function ask(a: readonly (readonly Step[])[], retry = {}) {
    const providers = [scripted("a", a), scripted("b", breaking)];
    const router = routerOf(providers, { commit: "continue", hedge: { delayMs: 10 }, retry });
    const { parts, error, tookMs } = await read(router, { settings: { seed: 1 } });
    const last = parts.at(-1);
    if (last?.type !== "finish") throw error;
    return { ways: last.attempts.map((one) => `${one.provider} ${one.continuedBy ?? "-"}`), tookMs };
  }

  test("the loser of a hedge, by a replay as by a prefill", async () => {
    const { ways } = await ask([["stall"], whole]);
    expect(ways).toEqual(["a -", "b -", "a replay"]);
  });

  test("one that failed before, after the pause that it wants", async () => {
    const { ways, tookMs } = await ask([[failure("rate_limited", { retryAfterMs: 800 })], whole]);
    expect(ways).toEqual(["a -", "b -", "a replay"]);
    expect(tookMs).toBeGreaterThanOrEqual(800);
  });

  test("in the place of an attempt that was planned, and not begun as another one answered", async () => {
    const retry = { maxAttempts: 3, baseDelayMs: 400 };
    const { ways } = await ask([[{ waitMs: 30 }, failure("connection")], whole], retry);
    expect(ways).toEqual(["a -", "b -", "a replay"]);
  });

  test("who may be asked at once before one that rests, whatever the strategy thinks of them", async () => {
    const providers = [
      scripted("a", [[failure("rate_limited", { retryAfterMs: 9000 })], whole]),
      scripted("b", [[text("Hello"), failure("authentication")]]),
      scripted("c", [whole]),
    ];
    const weights = { a: 1e9, b: 1, c: 1e-9 };
    const router = routerOf(providers, { commit: "continue", breaker: false, strategy: { weights } as never });
    const { parts, tookMs } = await read(router, { settings: { seed: 1 } });
    expect(parts.at(-1)).toMatchObject({ provider: "c", attempts: [{}, {}, { continuedBy: "replay" }] });
    expect(tookMs).toBeLessThan(9000);
  });
});
