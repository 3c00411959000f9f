import { getEventListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";

import { QwenError } from "../../src/errors.ts";
import type { ProviderPart } from "../../src/part.ts";
import { createRouter } from "../../src/router/router.ts";
import type { RouterStream } from "../../src/router/router-stream.ts";
import { settles } from "../servers/waiting.ts";
import { collect, finish, messages, outline, scripted, text, type Scripted, type Step } from "./scripted.ts";

const good: readonly Step[] = [text("Hello"), text(" world"), finish];
const shown = ["attempt", "start", "Hello", " world", "finish"];

function open(script: readonly Step[], signal?: AbortSignal): { provider: Scripted; stream: RouterStream } {
  const provider = scripted("a", [script]);
  return { provider, stream: createRouter({ plugins: [provider] }).stream({ model: "m", messages, signal }) };
}

const tick = () => wait(5);

describe("a stream", () => {
  test("does nothing until it is read", async () => {
    const { provider, stream } = open(good);
    void stream.textStream;
    const iterator = stream[Symbol.asyncIterator]();
    await tick();
    expect(provider.requests).toHaveLength(0);
    await iterator.next();
    expect(provider.requests).toHaveLength(1);
    await iterator.return?.();
  });

  test("can be read once: a second reading is a TypeError", () => {
    const { stream } = open(good);
    stream[Symbol.asyncIterator]();
    expect(() => stream[Symbol.asyncIterator]()).toThrow(TypeError);
    expect(() => stream.toReadableStream()).toThrow(TypeError);
    expect(() => stream.textStream[Symbol.asyncIterator]()).toThrow(TypeError);
  });

  test("answers next() calls made ahead in their order", async () => {
    const { stream } = open(good);
    const iterator = stream[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 7 }, () => iterator.next()));
    expect(outline(results.flatMap(({ value }) => value ?? []))).toEqual(shown);
    expect(results.slice(5)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  test("throws a wrong request from the iteration, not before", async () => {
    const router = createRouter({ plugins: [scripted("a", [good])] });
    const wrong = router.stream({ model: "gpt", messages });
    expect((await collect(wrong)).error).toMatchObject({ code: "no_such_model" });
    const empty = router.stream({ model: "m", messages: [] });
    expect((await collect(empty)).error).toMatchObject({ code: "invalid_request" });
  });
});

describe("stopping", () => {
  const windows: readonly [string, readonly Step[], number][] = [
    ["before anything came", ["stall"], 1],
    ["in the queue", [{ type: "queue", position: 1 }, "stall"], 2],
    ["in mid-answer", [text("Hel"), text("lo"), "stall"], 4],
  ];

  test.each(windows)(
    "return() ends a pending next() %s, although the provider ignores it",
    async (_, script, parts) => {
      const { provider, stream } = open(script);
      const iterator = stream[Symbol.asyncIterator]();
      for (let index = 0; index < parts; index++) await iterator.next();
      const pending = iterator.next();
      await tick();
      const ending = iterator.return?.();
      expect(await settles(ending)).toBe(true);
      expect(await ending).toEqual({ done: true, value: undefined });
      expect(await pending).toEqual({ done: true, value: undefined });
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
      expect(provider.requests[0]?.signal?.aborted).toBe(true);
    },
  );

  test.each(windows)("throw() rejects, and ends a pending next() %s", async (_, script, parts) => {
    const { provider, stream } = open(script);
    const iterator = stream[Symbol.asyncIterator]();
    for (let index = 0; index < parts; index++) await iterator.next();
    const pending = iterator.next();
    await tick();
    const reason = new Error("enough");
    await expect(iterator.throw?.(reason)).rejects.toBe(reason);
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(provider.requests[0]?.signal?.reason).toBe(reason);
  });

  test.each(windows)(
    "an abort %s rejects with the signal's own reason, and reaches the provider",
    async (_, script) => {
      const controller = new AbortController();
      const { provider, stream } = open(script, controller.signal);
      const reading = collect(stream);
      await tick();
      const reason = new Error("changed my mind");
      controller.abort(reason);
      expect((await reading).error).toBe(reason);
      expect(provider.requests[0]?.signal?.reason).toBe(reason);
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    },
  );

  test("an abort throws once, and drops what was not read yet", async () => {
    const controller = new AbortController();
    const place = (position: number): ProviderPart => ({ type: "queue", position });
    const { stream } = open([place(3), place(2), place(1), "stall"], controller.signal);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await tick();
    controller.abort("enough");
    await expect(iterator.next()).rejects.toBe("enough");
    expect(await iterator.next()).toEqual({ done: true, value: undefined });

    const later = new AbortController();
    const other = open([text("Hel"), "stall"], later.signal).stream[Symbol.asyncIterator]();
    for (let part = 0; part < 3; part++) await other.next();
    const pending = other.next();
    await tick();
    later.abort("enough");
    await expect(pending).rejects.toBe("enough");
    expect(await other.next()).toEqual({ done: true, value: undefined });
  });

  test("return() after a failure that nobody has read drops it", async () => {
    const { stream } = open([new QwenError("content_policy", "no")]);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await tick();
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await expect(stream.completion).rejects.toMatchObject({ code: "content_policy" });
  });

  test("an abort between two reads is thrown by the next one", async () => {
    const controller = new AbortController();
    const { stream } = open(good, controller.signal);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    const reason = new Error("now");
    controller.abort(reason);
    await expect(iterator.next()).rejects.toBe(reason);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test("a signal that is aborted already sends nothing", async () => {
    const { provider, stream } = open(good, AbortSignal.abort("no"));
    expect((await collect(stream)).error).toBe("no");
    expect(provider.requests).toHaveLength(0);
  });

  test("break and a consumer that throws end the provider's iteration", async () => {
    for (const leave of [() => "break", () => expect.unreachable()] as const) {
      const { provider, stream } = open(good);
      await (async () => {
        for await (const part of stream) if (part.type === "text-delta" && leave() === "break") break;
      })().catch(() => {});
      await tick();
      expect(provider.open()).toBe(0);
      expect(provider.requests[0]?.signal?.aborted).toBe(true);
    }
  });

  test("1,000 calls on one AbortSignal leave no listener", async () => {
    const { signal } = new AbortController();
    const failing = scripted("b", [[new QwenError("authentication", "no")]], {
      models: [{ id: "n", aliases: [], capabilities: scripted("x", []).models[0].capabilities }],
    });
    const router = createRouter({ plugins: [scripted("a", [good]), failing] });
    for (let index = 0; index < 250; index++) {
      await router.complete({ model: "m", messages, signal });
      await collect(router.stream({ model: "m", messages, signal }));
      await collect(router.stream({ model: "n", messages, signal }));
      for await (const part of router.stream({ model: "m", messages, signal })) if (part.type === "text-delta") break;
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("completion", () => {
  test("makes the stream flow by itself, and every part is still there for who reads later", async () => {
    const { stream } = open(good);
    expect(await stream.completion).toMatchObject({
      text: "Hello world",
      finishReason: "stop",
      provider: "a",
      model: "m",
      warnings: [],
    });
    expect(outline((await collect(stream)).parts)).toEqual(shown);
    expect(stream.completion).toBe(stream.completion);
  });

  test("asked for in mid-reading changes nothing for the reader", async () => {
    const { stream } = open(good);
    const seen = [];
    for await (const part of stream) {
      if (seen.push(part) === 2) void stream.completion;
      await tick();
    }
    expect(outline(seen)).toEqual(shown);
    expect((await stream.completion).text).toBe("Hello world");
  });

  test("is there after the parts were read, or their text", async () => {
    const one = open(good).stream;
    await collect(one);
    expect((await one.completion).text).toBe("Hello world");
    const two = open(good).stream;
    expect((await collect(two.textStream)).parts).toEqual(["Hello", " world"]);
    expect((await two.completion).text).toBe("Hello world");
  });

  test("rejects with what the iteration throws, and never unhandled", async () => {
    const cut = new QwenError("connection", "cut");
    const { stream } = open([text("Hel"), cut]);
    void stream.completion;
    await tick();
    const { error } = await collect(stream);
    expect(error).toMatchObject({ code: "connection", message: "cut" });
    await expect(stream.completion).rejects.toBe(error);
    const late = open([text("Hel"), cut]).stream;
    await collect(late);
    await expect(late.completion).rejects.toMatchObject({ code: "connection", message: "cut" });
  });

  test("of a stream that was left is an AbortError", async () => {
    const { stream } = open([text("Hel"), "stall"]);
    for await (const part of stream) if (part.type === "text-delta") break;
    await expect(stream.completion).rejects.toMatchObject({ name: "AbortError" });
    const flowing = open([text("Hel"), "stall"]).stream;
    const { completion } = flowing;
    for await (const part of flowing) if (part.type === "text-delta") break;
    await expect(completion).rejects.toMatchObject({ name: "AbortError" });
  });

  test("of a stream that was left before it was read is an AbortError, and nothing is sent", async () => {
    const { provider, stream } = open(good);
    await stream[Symbol.asyncIterator]().return?.();
    await expect(stream.completion).rejects.toMatchObject({ name: "AbortError" });
    expect(provider.requests).toHaveLength(0);
  });

  test("collects everything an answer may hold, exactly", async () => {
    const file: ProviderPart = { type: "file", url: new URL("https://example.com/a.png") };
    const call: ProviderPart = { type: "tool-call", toolCallId: "1", toolName: "t", input: "{}" };
    const end: ProviderPart = {
      type: "finish",
      reason: "tool-calls",
      usage: { outputTokens: 3 },
      warnings: [{ feature: "seed", message: "ignored" }],
    };
    const { stream } = open([
      { type: "reasoning-delta", text: "Hm" },
      text("  - a"),
      { type: "text-replace", text: "- a" },
      text("\nb"),
      file,
      call,
      end,
    ]);
    expect(await stream.completion).toMatchObject({
      text: "- a\nb",
      reasoning: "Hm",
      files: [file],
      toolCalls: [call],
      finishReason: "tool-calls",
      usage: { outputTokens: 3 },
      warnings: [{ feature: "seed", message: "ignored" }],
    });
  });
});

describe("textStream", () => {
  test("goes on over a rewrite of white space, and throws text_rewritten with the exact text at the end of any other", async () => {
    const list = [text("  - a"), { type: "text-replace", text: "- a\n- b" }, text("\n- c"), finish] as const;
    expect((await collect(open(list).stream.textStream)).parts).toEqual(["  - a", "\n- b", "\n- c"]);
    const { parts, error } = await collect(
      open([text("yes"), { type: "text-replace", text: "no" }, text("!"), finish]).stream.textStream,
    );
    expect(parts).toEqual(["yes"]);
    expect(error).toMatchObject({ code: "text_rewritten", text: "no!" });
  });

  test("stops the work when it is left, even while a next() is pending", async () => {
    const { provider, stream } = open([text("Hel"), "stall"]);
    const iterator = stream.textStream[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: "Hel" });
    const pending = iterator.next();
    await tick();
    await iterator.return?.();
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(provider.requests[0]?.signal?.aborted).toBe(true);
  });
});

describe("toReadableStream()", () => {
  test("carries every part and is read as fast as its consumer asks", async () => {
    const { provider, stream } = open(good);
    const reader = stream.toReadableStream().getReader();
    await tick();
    expect(provider.requests).toHaveLength(0);
    const parts = [];
    for (let result = await reader.read(); !result.done; result = await reader.read()) parts.push(result.value);
    expect(outline(parts)).toEqual(shown);
  });

  test("stops the work when it is cancelled, and fails with what the iteration throws", async () => {
    const { provider, stream } = open([text("Hel"), "stall"]);
    const reader = stream.toReadableStream().getReader();
    await reader.read();
    await reader.cancel();
    expect(provider.requests[0]?.signal?.aborted).toBe(true);
    const cut = new QwenError("authentication", "no");
    const failing = open([cut]).stream.toReadableStream().getReader();
    await failing.read();
    await expect(failing.read()).rejects.toMatchObject({ code: "authentication", message: "no" });
  });
});
