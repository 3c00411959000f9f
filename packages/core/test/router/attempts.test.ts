import { describe, expect, test, vi } from "vitest";

import { QwenError, StreamInterruptedError } from "../../src/errors.ts";
import type { ModelInfo } from "../../src/provider.ts";
import { createRouter } from "../../src/router/router.ts";
import type { RouterRequest } from "../../src/router/router-request.ts";
import {
  capabilities,
  finish,
  messages,
  outline,
  scripted,
  start,
  text,
  type Scripted,
  type Step,
} from "./scripted.ts";
import { failure, good, read, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

const ask = (providers: readonly Scripted[], request: Partial<RouterRequest> = {}) =>
  read(routerOf(providers), request);

describe("before the first output", () => {
  test("a failure goes on to the next candidate, and every part says who is asked and why", async () => {
    const first = failure("authentication", { provider: "a", requestId: "7" });
    const a = scripted("a", [[{ type: "queue", position: 1 }, failure("authentication")]]);
    const { parts, error } = await ask([a, scripted("b", [good])], { requestId: "7" });
    expect(error).toBeUndefined();
    expect(parts).toEqual([
      { type: "attempt", provider: "a", model: "m", number: 1 },
      { type: "queue", position: 1 },
      { type: "attempt", provider: "b", model: "m", number: 2, lastError: first },
      start,
      text("Hello"),
      text(" world"),
      {
        ...finish,
        requestId: "7",
        provider: "b",
        model: "m",
        attempts: [
          { provider: "a", model: "m", number: 1, durationMs: 0, error: first },
          { provider: "b", model: "m", number: 2, durationMs: 0 },
        ],
      },
    ]);
    expect(first.provider).toBe("a");
  });

  test("white space is held, and dropped with a failed attempt", async () => {
    const { parts } = await ask([
      scripted("a", [[text("\n "), text(""), failure("space_changed")]]),
      scripted("b", [[text(" "), { type: "progress" }, text("\n"), ...good]]),
    ]);
    expect(outline(parts)).toEqual(["attempt", "attempt", "progress", "start", " ", "\n", "Hello", " world", "finish"]);
  });

  test("an answer without output is empty_response and tried again", async () => {
    const provider = scripted("a", [[text(" "), finish], good]);
    const { parts } = await ask([provider]);
    expect(parts.at(-1)).toMatchObject({ attempts: [{ error: { code: "empty_response", provider: "a" } }, {}] });
  });

  test("a failed provider is stopped at once, even while the consumer is busy with another part", async () => {
    const provider = scripted("a", [[{ type: "queue", position: 9, etaMs: 9 }, "stall"]]);
    const router = routerOf([provider], { retry: { maxAttempts: 1 } });
    const iterator = router.stream({ model: "m", messages, maxQueueMs: 1 })[Symbol.asyncIterator]();
    await iterator.next();
    await vi.advanceTimersByTimeAsync(1);
    expect(provider.requests[0]?.signal?.aborted).toBe(true);
    await iterator.return?.();
  });

  test("an iteration that ends without a finish is stream_interrupted", async () => {
    const { parts, error } = await ask([scripted("a", [[]])], { retry: { maxAttempts: 1 } });
    expect(outline(parts)).toEqual(["attempt"]);
    expect(error).toMatchObject({ code: "stream_interrupted", text: "", provider: "a", attempts: [{ number: 1 }] });
  });

  test("an error that is none of the family is wrapped, and moves on", async () => {
    const slip = new TypeError("x is not a function");
    const { parts, error } = await ask([scripted("a", [[slip]])], { retry: { maxAttempts: 1 } });
    expect(outline(parts)).toEqual(["attempt"]);
    expect(error).toBeInstanceOf(QwenError);
    expect(error).toMatchObject({ code: "protocol", provider: "a", cause: slip });
    expect(outline((await ask([scripted("a", [[slip]]), scripted("b", [good])])).parts)).toContain("Hello");
  });

  test("a provider that throws at once or returns nothing to iterate moves on as well", async () => {
    const thrower = {
      ...scripted("a", []),
      stream: () => {
        throw new Error("at once");
      },
    };
    const nothing = { ...scripted("b", []), stream: () => undefined } as unknown as Scripted;
    const nulls = scripted("c", [[null as unknown as Step]]);
    const { parts } = await ask([thrower, nothing, nulls, scripted("d", [good])]);
    expect(parts.at(-1)).toMatchObject({ provider: "d" });
  });

  test("what a model cannot is unsupported: nothing is sent, the next is asked, no attempt is used up", async () => {
    const a = scripted("a", [good]);
    const able: ModelInfo = { id: "m", aliases: [], capabilities: { ...capabilities, json: true } };
    const settings = { responseFormat: { type: "json" } } as const;
    const { parts } = await ask([a, scripted("b", [good], { models: [able] })], {
      settings,
      retry: { maxAttempts: 1 },
    });
    expect(a.requests).toHaveLength(0);
    expect(parts.at(-1)).toMatchObject({ provider: "b", attempts: [{ error: { code: "unsupported" } }, {}] });
    expect(parts[0]).toMatchObject({ type: "attempt", provider: "b", lastError: { code: "unsupported" } });
  });
});

describe("after the first output", () => {
  test("nothing is tried again: the error ends the stream", async () => {
    const cut = failure("connection");
    const b = scripted("b", [good]);
    const { parts, error } = await ask([scripted("a", [[text("Hel"), cut]]), b]);
    expect(outline(parts)).toEqual(["attempt", "start", "Hel"]);
    const told = { code: "connection", message: cut.message, provider: "a" };
    expect(error).toMatchObject({ ...told, attempts: [{ provider: "a", error: told }] });
    expect(cut).toMatchObject({ provider: undefined, attempts: undefined });
    expect(b.requests).toHaveLength(0);
  });

  test("an iteration that ends without a finish is stream_interrupted with the text so far", async () => {
    const script: readonly Step[] = [text("Hel"), text("lo"), { type: "text-replace", text: "Hey" }, text(" you")];
    const { parts, error } = await ask([scripted("a", [script])]);
    expect(outline(parts)).toEqual(["attempt", "start", "Hel", "lo", "Hey", " you"]);
    expect(error).toBeInstanceOf(StreamInterruptedError);
    expect(error).toMatchObject({ text: "Hey you", provider: "a" });
  });

  test("a stream_interrupted that has no text of its own has the text so far", async () => {
    const cut = failure("stream_interrupted");
    const { error } = await ask([scripted("a", [[text("Hel"), cut]])]);
    expect(error).toMatchObject({ text: "Hel", message: cut.message, provider: "a" });
    expect([...Object.keys(error as Error), ...Object.getOwnPropertyNames(cut)]).not.toContain("text");
    const early = await ask([scripted("a", [[cut]])], { retry: { maxAttempts: 1 } });
    expect(early.error).toMatchObject({ code: "stream_interrupted", text: "" });
  });

  test("an error that is none of the family is stream_interrupted, with it as the cause", async () => {
    const slip = new Error("boom");
    const { error } = await ask([scripted("a", [[text("Hel"), slip]])]);
    expect(error).toMatchObject({ code: "stream_interrupted", text: "Hel", cause: slip });
  });
});

describe("with commit: buffered", () => {
  const buffered = { commit: "buffered" } as const;

  test("a cut answer is tried again unseen, and the text comes once", async () => {
    const providers = [scripted("a", [[text("Hel"), failure("connection")]]), scripted("b", [good])];
    const { parts, error } = await ask(providers, buffered);
    expect(error).toBeUndefined();
    expect(outline(parts)).toEqual(["attempt", "attempt", "attempt", "start", "Hello", " world", "finish"]);
  });

  test("queue positions and progress pass at once", async () => {
    const router = createRouter({
      plugins: [
        scripted("a", [
          [
            { type: "queue", position: 2 },
            { waitMs: 1000 },
            text("Hi"),
            { waitMs: 500 },
            { type: "progress" },
            { waitMs: 500 },
            finish,
          ],
        ]),
      ],
    });
    const seen: [string, number][] = [];
    const startedAt = performance.now();
    const reading = (async () => {
      for await (const { type } of router.stream({ model: "m", messages, ...buffered }))
        seen.push([type, performance.now() - startedAt]);
    })();
    await vi.runAllTimersAsync();
    await reading;
    expect(seen).toEqual([
      ["attempt", 0],
      ["queue", 0],
      ["progress", 1500],
      ["start", 2000],
      ["text-delta", 2000],
      ["finish", 2000],
    ]);
  });

  test("a stream that ends without a finish carries the text of its own attempt only", async () => {
    const { error } = await ask([scripted("a", [[text("one")], [text("two")]])], {
      ...buffered,
      retry: { maxAttempts: 2 },
    });
    expect(error).toMatchObject({
      code: "all_failed",
      attempts: [{ error: { text: "one" } }, { error: { text: "two" } }],
    });
  });

  test("a queue told in mid-answer is no reason to leave", async () => {
    const late: readonly Step[] = [text("Hi"), { type: "queue", position: 9, etaMs: 9000 }, { waitMs: 100 }, finish];
    const { error } = await ask([scripted("a", [late])], {
      ...buffered,
      maxQueueMs: 1,
      timeouts: { idleMs: 1000, queueMs: 10 },
    });
    expect(error).toBeUndefined();
  });
});

describe("the error that ends a request", () => {
  test("is all_failed where several attempts failed, with each of them", async () => {
    const [one, two] = [failure("authentication"), failure("space_changed")];
    const { error } = await ask([scripted("a", [[one]]), scripted("b", [[two]])]);
    expect(error).toMatchObject({
      code: "all_failed",
      attempts: [
        { provider: "a", error: { code: one.code, message: one.message, provider: "a" } },
        { provider: "b", error: { code: two.code, message: two.message, provider: "b" } },
      ],
    });
    expect(error).not.toHaveProperty("cause");
  });

  test("is the error itself where it was the only attempt: a copy that says who was asked", async () => {
    const one = failure("authentication");
    const { error } = await ask([scripted("a", [[one]])]);
    expect(error).not.toBe(one);
    expect(error).toMatchObject({ code: one.code, message: one.message, provider: "a" });
  });

  test("is the error itself where that ends the request, with what was tried before", async () => {
    const own = failure("content_policy");
    const c = scripted("c", [good]);
    const { error } = await ask([scripted("a", [[failure("authentication")]]), scripted("b", [[own]]), c]);
    expect(error).toMatchObject({ code: own.code, message: own.message, provider: "b" });
    expect((error as QwenError).attempts).toHaveLength(2);
    expect(c.requests).toHaveLength(0);
  });
});
