import { APICallError } from "@ai-sdk/provider";
import type { QwenError } from "@qwen/core";
import { describe, expect, test } from "vitest";

import { createFallback, type FallbackOptions } from "../src/index.ts";
import {
  afterTool,
  call,
  finish,
  model,
  prompt,
  read,
  saying,
  start,
  streamOf,
  text,
  textEnd,
  textIn,
  textStart,
  type Part,
  type Script,
} from "./models.ts";

const apiError = (
  statusCode: number,
  responseHeaders: Record<string, string> = {},
  responseBody = "the-server's-body",
): APICallError =>
  new APICallError({
    message: `It says ${statusCode}: the-server's-words`,
    url: "https://user:secret@api.example/v1/chat?key=secret",
    requestBodyValues: { prompt: "the-prompt" },
    statusCode,
    responseHeaders,
    responseBody,
  });

const retry = { baseDelayMs: 0 };

const lateFailure = (): unknown => Promise.reject(new Error("late"));

async function ask(first: Script, options: Partial<FallbackOptions> = {}, asked = {}) {
  const a = model("a", first);
  const b = model("b", saying("Healthy", " answer"));
  const fallback = createFallback({ models: [a, b], retry, ...options });
  try {
    const result = await fallback.doStream({ prompt, ...asked });
    return { a, b, fallback, result, ...(await read(result.stream)) };
  } catch (rejected) {
    return { a, b, fallback, rejected, parts: [], error: undefined, result: undefined };
  }
}

const failedInItsWords: Part = { ...(finish() as object), finishReason: { unified: "other", raw: "ERROR" } } as Part;

const END = (parts: readonly Part[]) => parts.findLast((part) => part.type === "finish");

describe("createFallback", () => {
  test("is a model that passes on what the first model says, part by part, by reference", async () => {
    const script = saying("Hello", " world");
    const { a, b, result, parts, fallback } = await ask(script);
    expect(parts.slice(0, 3)).toEqual([start, textStart, { type: "response-metadata", modelId: "a" }]);
    expect(parts.filter((part) => script.includes(part))).toEqual(script.slice(0, -1));
    expect(END(parts)).toMatchObject({
      finishReason: { unified: "stop" },
      providerMetadata: {
        qwen: {
          provider: "scripted",
          model: "a",
          attempts: [{ provider: "scripted", model: "a", ms: expect.any(Number) }],
        },
      },
    });
    expect(result).toMatchObject({ request: { body: "a asked" }, response: { headers: { "x-model": "a" } } });
    expect([a.calls.length, b.calls.length]).toEqual([1, 0]);
    expect(a.calls[0]?.prompt).toBe(prompt);
    expect(fallback).toMatchObject({ specificationVersion: "v4", modelId: "a, b" });
  });

  test("does not say again who answers where the model says it", async () => {
    const named: Part = { type: "response-metadata", modelId: "a-2026" };
    const { parts } = await ask([start, named, text("Hi"), finish()]);
    expect(parts.filter(({ type }) => type === "response-metadata")).toEqual([named]);
  });

  test.each<[string, Script, string, number]>([
    ["400", { reject: apiError(400) }, "unsupported", 1],
    ["401", { reject: apiError(401) }, "authentication", 1],
    ["402", { reject: apiError(402) }, "quota_exceeded", 1],
    ["403", { reject: apiError(403) }, "authentication", 1],
    ["404", { reject: apiError(404) }, "unsupported", 1],
    ["413", { reject: apiError(413) }, "context_length_exceeded", 1],
    ["429 with a long pause", { reject: apiError(429, { "retry-after": "3600" }) }, "rate_limited", 1],
    [
      "400 in a vendor's own shape",
      {
        reject: apiError(400, {}, '{"code":"Arrearage","message":"Access denied, the-server\'s-account is overdue."}'),
      },
      "quota_exceeded",
      1,
    ],
    [
      "429 with a long pause in its words",
      { reject: apiError(429, {}, '{"error":{"message":"Please try again in 1h0m2s."}}') },
      "rate_limited",
      1,
    ],
    ["500", { reject: apiError(500) }, "space_unavailable", 2],
    ["no connection", { reject: new TypeError("fetch failed") }, "connection", 2],
    ["a status of 0", { reject: apiError(0) }, "connection", 2],
    ["a string", { reject: "boom" }, "protocol", 2],
    ["null", { reject: null }, "protocol", 2],
    ["a bare overload", [start, { type: "error", error: { message: "Overloaded" } }], "space_unavailable", 2],
    ["an error part first", [start, { type: "error", error: new Error("no") }, text("more"), finish()], "protocol", 2],
    [
      "a synchronous throw",
      () => {
        throw new Error("no");
      },
      "protocol",
      2,
    ],
    ["no stream", () => ({}), "protocol", 2],
    ["nothing at all", () => undefined, "protocol", 2],
    ["a part that is null", [start, null as unknown as Part], "protocol", 2],
    ["a part that is a promise, which rejects", () => ({ stream: streamOf([lateFailure() as Part]) }), "protocol", 2],
    ["an empty stop", [start, textStart, text("  \n"), textEnd, finish()], "empty_response", 2],
    ["an end before anything", [start], "stream_interrupted", 2],
    ["an empty cut by the limit", [start, finish("length")], "context_length_exceeded", 1],
    ["a stream that errors", [start, { fail: apiError(503) }], "space_unavailable", 2],
    ["a finish that failed", [start, finish("error")], "protocol", 2],
    ["a finish whose own word says so", [start, failedInItsWords], "protocol", 2],
    ["a finish that says nothing", [start, { type: "finish" } as unknown as Part], "protocol", 2],
  ])("goes on to the next model after %s", async (_, script, code, tries) => {
    const { a, b, parts } = await ask(script);
    expect(textIn(parts)).toBe("Healthy answer");
    expect([a.calls.length, b.calls.length]).toEqual([tries, 1]);
    const { qwen } = (END(parts) as { providerMetadata: Record<string, Record<string, unknown>> }).providerMetadata;
    expect(qwen).toMatchObject({ provider: "scripted", model: "b" });
    const told = qwen?.["attempts"] as readonly Record<string, unknown>[];
    expect(told.map((one) => one["code"])).toEqual([...Array.from({ length: tries }, () => code), undefined]);
    expect(parts.filter(({ type }) => type === "stream-start")).toHaveLength(1);
    expect(JSON.stringify(parts)).not.toMatch(/server's|secret|the-prompt|api\.example/);
  });

  test("ends with an empty answer that a content filter stopped, and asks nobody else", async () => {
    const { a, b, rejected } = await ask([start, finish("content-filter")]);
    expect([a.calls.length, b.calls.length]).toEqual([1, 0]);
    expect(APICallError.isInstance(rejected)).toBe(true);
    expect(rejected).toMatchObject({ isRetryable: false, cause: { code: "content_policy" } });
  });

  test("takes an empty stop behind the results of tools for the end that it is", async () => {
    const { b, parts } = await ask([start, finish()], {}, { prompt: afterTool });
    expect(b.calls).toHaveLength(0);
    expect(END(parts)).toMatchObject({ finishReason: { unified: "stop" } });
    const filtered = await ask([start, finish("content-filter")], {}, { prompt: afterTool });
    expect(filtered.rejected).toMatchObject({ cause: { code: "content_policy" } });
  });

  test.each<[string, Script, string, string]>([
    ["a cut stream", [start, text("Half")], "stream_interrupted", "interrupted"],
    ["a reset", [start, text("Half"), { fail: new TypeError("terminated") }], "stream_interrupted", "interrupted"],
    [
      "an error part",
      [start, text("Half"), { type: "error", error: "no" }, text("more"), finish()],
      "stream_interrupted",
      "interrupted",
    ],
    [
      "a finish that was interrupted",
      [start, text("Half"), finish("interrupted")],
      "stream_interrupted",
      "interrupted",
    ],
    ["a status in mid-answer", [start, text("Half"), { type: "error", error: apiError(429) }], "rate_limited", "error"],
    ["a part that is none", [start, text("Half"), null as unknown as Part], "stream_interrupted", "interrupted"],
  ])("ends %s with an error and %s, never with a stop", async (_, script, code, unified) => {
    const { b, parts, error } = await ask(script);
    expect(error).toBeUndefined();
    expect(textIn(parts)).toBe("Half");
    const [failed, last] = parts.slice(-2);
    expect(failed).toMatchObject({ type: "error", error: { isRetryable: false, cause: { code } } });
    expect(last).toMatchObject({
      type: "finish",
      finishReason: { unified, raw: undefined },
      usage: { inputTokens: { total: undefined } },
      providerMetadata: { qwen: { provider: "scripted", model: "a", attempts: [{ code }] } },
    });
    expect(b.calls).toHaveLength(0);
    const buffered = await ask(script, { commit: "buffered" });
    expect(textIn(buffered.parts)).toBe("Healthy answer");
  });

  test("sees nothing behind the finish, and lets go of the stream", async () => {
    const { a, parts } = await ask([...saying("Hello"), text("more"), finish("error")]);
    expect(textIn(parts)).toBe("Hello");
    expect(parts.at(-1)?.type).toBe("finish");
    expect(a.streams[0]?.locked).toBe(false);
  });

  test("passes parts of kinds that it does not know", async () => {
    const unknown = { type: "weather", sunny: true } as unknown as Part;
    const { parts } = await ask([start, unknown, { type: "ping" }, text("Hi"), unknown, { type: "ping" }, finish()]);
    expect(parts.filter((part) => part === unknown)).toHaveLength(2);
    expect(parts.filter(({ type }) => type === "ping")).toHaveLength(1);
  });

  test("rejects with an APICallError that says no more than codes, and has the error of the family as its cause", async () => {
    const fallback = createFallback({
      models: [model("a", { reject: apiError(500) }), model("b", { reject: apiError(503, { "x-secret": "secret" }) })],
      retry,
    });
    for (const asking of [fallback.doStream({ prompt }), fallback.doGenerate({ prompt })]) {
      const error = await asking.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!APICallError.isInstance(error)) throw error;
      expect(error).toMatchObject({
        message: "No model answered. scripted/a: space_unavailable, scripted/b: space_unavailable.",
        statusCode: 503,
        isRetryable: false,
        requestBodyValues: {},
        responseHeaders: undefined,
        responseBody: undefined,
        url: "https://api.example/v1/chat",
      });
      expect(error.cause).toMatchObject({ code: "all_failed", attempts: { length: 4 } });
      expect(JSON.stringify(error)).not.toMatch(/server's|secret|the-prompt/);
      const [first] = (error.cause as QwenError).attempts ?? [];
      expect(first).toMatchObject({ error: { cause: expect.any(APICallError) } });
    }
  });

  test("rejects with the reason of a signal that has aborted, and calls no model", async () => {
    const a = model("a", saying("no"));
    const fallback = createFallback({ models: [a] });
    const abortSignal = AbortSignal.abort("enough");
    await expect(fallback.doStream({ prompt, abortSignal })).rejects.toBe("enough");
    await expect(fallback.doGenerate({ prompt, abortSignal })).rejects.toBe("enough");
    expect(a.calls).toHaveLength(0);
  });

  test("errors with the reason of the caller's signal, and cancels the model", async () => {
    const a = model("a", [start, text("Half"), "hang"]);
    const abort = new AbortController();
    const { stream } = await createFallback({ models: [a] }).doStream({ prompt, abortSignal: abort.signal });
    const reading = read(stream);
    setTimeout(() => abort.abort("enough"), 5);
    expect(await reading).toMatchObject({ error: "enough" });
    expect(a.cancelled).toBe(1);
    expect(a.calls[0]?.abortSignal?.reason).toBe("enough");
  });

  test("generates by the models' own doGenerate", async () => {
    const a = model("a", { reject: apiError(500) });
    const b = model("b", saying("Whole"));
    const fallback = createFallback({ models: [a, b], retry });
    const result = await fallback.doGenerate({ prompt });
    expect(result).toMatchObject({
      content: [{ type: "text", text: "Whole" }],
      finishReason: { unified: "stop" },
      response: { modelId: "b" },
      providerMetadata: { qwen: { model: "b", attempts: { length: 3 } } },
    });
    expect(b.streams).toHaveLength(0);
  });

  test.each<[string, Script]>([
    ["is empty", [start, finish()]],
    ["failed", [start, text("Half"), finish("error")]],
    ["is no answer", () => ({ finishReason: { unified: "stop" } })],
    ["is nothing", () => undefined],
    [
      "holds what is no part",
      () => ({ content: [{ type: "text", text: "Hi" }, null], finishReason: { unified: "stop" } }),
    ],
    ["holds text that is none", () => ({ content: [{ type: "text", text: 7 }], finishReason: { unified: "stop" } })],
    ["is a number", () => ({ content: [7], finishReason: { unified: "stop" } })],
  ])("generates anew where an answer %s", async (_, script) => {
    const fallback = createFallback({ models: [model("a", script), model("b", saying("Whole"))], retry });
    await expect(fallback.doGenerate({ prompt })).resolves.toMatchObject({ content: [{ text: "Whole" }] });
  });

  test.each(["doGenerate", "doStream"] as const)(
    "fails an answer of %s without the call that toolChoice demands, where it can be tried again",
    async (method) => {
      const tools = [{ type: "function" as const, name: "look_up", inputSchema: {} }];
      for (const toolChoice of [{ type: "required" as const }, { type: "tool" as const, toolName: "look_up" }]) {
        const a = model(
          "a",
          toolChoice.type === "tool" ? [start, call("another"), finish("tool-calls")] : saying("I will not."),
        );
        const b = model("b", [start, call(), finish("tool-calls")]);
        const fallback = createFallback({ models: [a, b], commit: "buffered", retry });
        const given = await fallback[method]({ prompt, tools, toolChoice });
        const content = "stream" in given ? (await read(given.stream)).parts : given.content;
        expect(content.filter(({ type }) => type === "tool-call")).toEqual([call()]);
        expect(a.calls).toHaveLength(2);
        expect(fallback.health()[0]).toMatchObject({ breaker: "closed" });
      }
    },
  );

  test.each<[string, object]>([
    ["without tools", { toolChoice: { type: "required" } }],
    ["that is none of the tools", { tools: [], toolChoice: { type: "tool", toolName: "look_up" } }],
  ])("asks nobody again for a call %s, which no model could make", async (_, asked) => {
    const a = model("a", saying("I cannot."));
    const fallback = createFallback({ models: [a, model("b", saying("Nor I."))], commit: "buffered", retry });
    await expect(fallback.doGenerate({ prompt, ...asked })).resolves.toMatchObject({
      content: [{ text: "I cannot." }],
    });
    expect(textIn((await read((await fallback.doStream({ prompt, ...asked })).stream)).parts)).toBe("I cannot.");
    expect(a.calls).toHaveLength(2);
  });
});
