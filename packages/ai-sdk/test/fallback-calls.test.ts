import { AsyncLocalStorage } from "node:async_hooks";

import { APICallError } from "@ai-sdk/provider";
import type { RouterEvent } from "@qwen/core";
import { describe, expect, test, vi } from "vitest";

import { createFallback } from "../src/index.ts";
import { ask, useVirtualTime } from "./asking.ts";
import { call, finish, model, prompt, read, saying, start, text, textIn, type Part } from "./models.ts";

useVirtualTime();

const busy = new APICallError({ message: "busy", url: "https://a.example", requestBodyValues: {}, statusCode: 503 });

describe("the limits in time of a fallback", () => {
  test("leave a model that is silent, and cancel it, whether it has begun a stream or not", async () => {
    const silent = await ask([start, "hang"], { timeouts: { firstOutputMs: 100 } });
    expect(textIn(silent.parts)).toBe("Healthy");
    expect(silent.tookMs).toBe(100);
    expect(silent.a.cancelled).toBe(1);
    const pending = await ask(() => new Promise(() => {}), { timeouts: { firstOutputMs: 100 } });
    expect(textIn(pending.parts)).toBe("Healthy");
    expect(pending.a.calls[0]?.abortSignal?.aborted).toBe(true);
  });

  test("cancel a stream that comes late", async () => {
    let cancelled = 0;
    const late = async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { stream: new ReadableStream({ cancel: () => void (cancelled += 1) }) };
    };
    const { parts } = await ask(late, { timeouts: { firstOutputMs: 100 } });
    expect(textIn(parts)).toBe("Healthy");
    expect(cancelled).toBe(1);
  });

  test("are not touched by pings, and by reasoning and the input of tools they are", async () => {
    const wait = { waitMs: 60 };
    const ping: Part = { type: "ping" };
    const pings = await ask([start, text("Half"), ...Array.from({ length: 9 }, () => [wait, ping]).flat(), finish()], {
      timeouts: { idleMs: 100 },
    });
    expect(pings.parts.at(-2)).toMatchObject({ error: { cause: { code: "timeout", phase: "idle" } } });
    expect(pings.parts.at(-1)).toMatchObject({ finishReason: { unified: "interrupted" } });
    const thinking: Part = { type: "reasoning-delta", id: "r", delta: "Hm." };
    const input: Part = { type: "tool-input-delta", id: "1", delta: "{" };
    const alive = [thinking, input].flatMap((part) => [wait, part, wait, part]);
    const { parts } = await ask([start, ...alive, call(), finish()], { timeouts: { firstOutputMs: 100, idleMs: 100 } });
    expect(parts.at(-1)).toMatchObject({ finishReason: { unified: "stop" } });
  });

  test("give a whole answer answerMs, and not firstOutputMs", async () => {
    const a = model("a", [{ waitMs: 150 }, ...saying("Slow")]);
    const make = (answerMs: number) =>
      createFallback({ models: [a, model("b", saying("Healthy"))], timeouts: { firstOutputMs: 50, answerMs } });
    const asking = Promise.all([make(200), make(100)].map((each) => each.doGenerate({ prompt })));
    await vi.runAllTimersAsync();
    expect((await asking).map(({ content }) => content)).toEqual([
      [{ type: "text", text: "Slow" }],
      [{ type: "text", text: "Healthy" }],
    ]);
  });

  test("end the call by totalMs, over all of its attempts and waits", async () => {
    const { rejected, tookMs, a, b } = await ask(
      { reject: busy },
      {
        second: { reject: busy },
        retry: { maxAttempts: Infinity, baseDelayMs: 100, maxDelayMs: 100 },
        timeouts: { totalMs: 1000 },
        breaker: false,
      },
    );
    expect(rejected).toMatchObject({ statusCode: 503, cause: { code: "timeout", phase: "total" } });
    expect(tookMs).toBe(1000);
    expect(a.calls.length + b.calls.length).toBeGreaterThan(10);
  });
});

describe("a fallback", () => {
  test("shows signs of life before the answer where raw chunks are asked for", async () => {
    const a = model("a", [start, { type: "ping" }, { waitMs: 500 }, text("Hi"), finish()]);
    const startedAt = performance.now();
    const opening = createFallback({ models: [a] }).doStream({ prompt, includeRawChunks: true });
    await vi.advanceTimersByTimeAsync(1);
    const { stream } = await opening;
    expect(performance.now() - startedAt).toBeLessThan(10);
    const reading = read(stream);
    await vi.runAllTimersAsync();
    const { parts } = await reading;
    expect(parts.map(({ type }) => type)).toEqual([
      "ping",
      "stream-start",
      "response-metadata",
      "text-delta",
      "finish",
    ]);
    const failing = model("a", [start, { type: "ping" }, { waitMs: 5 }, { fail: "gone" }]);
    const late = createFallback({ models: [failing], retry: { maxAttempts: 1 } }).doStream({
      prompt,
      includeRawChunks: true,
    });
    const told = late.then((opened) => read(opened.stream));
    await vi.runAllTimersAsync();
    expect((await told).parts.map(({ type }) => type)).toEqual(["ping", "error", "finish"]);
  });

  test("hedges a slow model, and cancels who loses", async () => {
    const { a, b, parts, tookMs } = await ask([start, { waitMs: 10_000 }, text("Slow"), finish()], {
      hedge: { delayMs: 50 },
    });
    expect(textIn(parts)).toBe("Healthy");
    expect(tookMs).toBeLessThan(60);
    expect(a.calls[0]?.abortSignal?.aborted).toBe(true);
    expect(a.streams[0]?.locked).toBe(false);
    expect(b.calls).toHaveLength(1);
    expect(parts.at(-1)).toMatchObject({
      providerMetadata: { qwen: { model: "b", attempts: [{ code: "cancelled" }, { model: "b" }] } },
    });
  });

  test("asks a model that keeps failing no more, and says so in health() and to who watches", async () => {
    const a = model("a", { reject: busy });
    const fallback = createFallback({ models: [a, model("b", saying("Hi"))], retry: { baseDelayMs: 0 } });
    const events: RouterEvent[] = [];
    fallback.observe((event) => void events.push(event));
    fallback.observe(() => {
      throw new Error("watching is not taking part");
    });
    for (let count = 0; count < 50; count++) {
      const asking = fallback.doStream({ prompt }).then(({ stream }) => read(stream));
      await vi.advanceTimersByTimeAsync(1);
      expect(textIn((await asking).parts)).toBe("Hi");
    }
    expect(a.calls.length).toBeLessThan(8);
    expect(fallback.health()).toMatchObject([
      { model: "a", breaker: "open" },
      { model: "b", breaker: "closed", busy: 0 },
    ]);
    expect(events).toContainEqual({ type: "breaker-changed", provider: "scripted", model: "a", state: "open" });
    const ended = events.filter(({ type }) => type === "request-ended");
    expect(ended).toHaveLength(50);
    expect(ended[0]).toMatchObject({
      name: "a, b",
      outcome: "answered",
      model: "b",
      usage: { inputTokens: 3, outputTokens: 2 },
    });
    expect(events.find(({ type }) => type === "attempt-started")).toMatchObject({
      name: "a, b",
      number: 1,
      model: "a",
    });
  });

  test("keeps no more calls at once than its limits have", async () => {
    let [running, most] = [0, 0];
    const counting = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running -= 1;
      return { content: [{ type: "text", text: "Hi" }], finishReason: { unified: "stop" }, warnings: [] };
    };
    const fallback = createFallback({ models: [model("a", counting)], limits: { maxConcurrent: 2 } });
    const asking = Promise.all(Array.from({ length: 6 }, () => fallback.doGenerate({ prompt })));
    await vi.runAllTimersAsync();
    expect((await asking)[5]).toMatchObject({ usage: { inputTokens: { total: undefined } } });
    expect(most).toBe(2);
  });

  test("leaves to a model's own error, a fallback that has nobody left, and goes on to the next", async () => {
    const inner = createFallback({
      models: [model("x", { reject: busy }), model("y", { reject: busy })],
      retry: { baseDelayMs: 0 },
    });
    const outer = createFallback({ models: [inner, model("b", saying("Healthy"))], retry: { baseDelayMs: 0 } });
    const asking = outer.doGenerate({ prompt });
    await vi.runAllTimersAsync();
    const { providerMetadata } = await asking;
    expect(providerMetadata).toMatchObject({
      qwen: { model: "b", attempts: [{ code: "space_unavailable" }, {}, { model: "b" }] },
    });
  });
});

test("a fallback runs a model in the context of its caller", async () => {
  const context = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const a = model("a", () => {
    seen.push(context.getStore());
    throw busy;
  });
  const fallback = createFallback({ models: [a, a], retry: { baseDelayMs: 0 } });
  const asking = context.run("mine", () => fallback.doGenerate({ prompt }).catch(() => undefined));
  await vi.runAllTimersAsync();
  await asking;
  expect(new Set(seen)).toEqual(new Set(["mine"]));
});
