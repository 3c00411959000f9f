import { APICallError } from "@ai-sdk/provider";
import { describe, expect, test, vi } from "vitest";

import { createFallback, type FallbackOptions } from "../src/index.ts";
import { ask, useVirtualTime } from "./asking.ts";
import { model, prompt, saying, textIn } from "./models.ts";

useVirtualTime();

type Options = Omit<FallbackOptions, "models">;

const busy = new APICallError({ message: "busy", url: "https://a.example", requestBodyValues: {}, statusCode: 503 });

describe("prepare", () => {
  const asking = (prepare: unknown, options: Options = {}) => {
    const a = model("a", { reject: busy });
    const b = model("b", saying("Hi"));
    const fallback = createFallback({
      models: [a, { model: b, prepare: prepare as never }],
      retry: { baseDelayMs: 0 },
      ...options,
    });
    const asked = fallback.doGenerate({ prompt, headers: { "x-a": "1" } }).then(
      (result) => ({ result, rejected: undefined }),
      (rejected: unknown) => ({ result: undefined, rejected }),
    );
    return { a, b, fallback, asked };
  };

  test.each([
    ["at once", (options: object) => ({ ...options, headers: { "x-b": "2" } })],
    ["later", async (options: object) => ({ ...options, headers: { "x-b": "2" } })],
  ])("makes the options of one attempt %s, and is told which", async (_, prepare) => {
    const spy = vi.fn<(...given: [options: object, context?: unknown]) => unknown>(prepare);
    const { a, b, asked } = asking(spy);
    await vi.runAllTimersAsync();
    expect((await asked).rejected).toBeUndefined();
    expect(a.calls[0]?.headers).toEqual({ "x-a": "1" });
    expect(b.calls[0]).toMatchObject({ headers: { "x-b": "2" }, abortSignal: expect.any(AbortSignal) });
    expect(b.calls[0]?.prompt).toBe(prompt);
    expect(spy.mock.calls[0]?.slice(1)).toEqual([
      { model: b, attempt: 3, lastError: expect.objectContaining({ cause: busy }) },
    ]);
  });

  test("leaves the options as they came where it gives nothing", async () => {
    const { b, asked } = asking(() => undefined);
    await vi.runAllTimersAsync();
    await asked;
    expect(b.calls[0]).toMatchObject({ headers: { "x-a": "1" }, abortSignal: expect.any(AbortSignal) });
  });

  const slip = new Error("a slip of mine");
  test.each<[string, unknown, unknown]>([
    [
      "throws",
      () => {
        throw slip;
      },
      slip,
    ],
    ["rejects", () => Promise.reject(slip), slip],
    ["gives what is none", () => "options", expect.any(TypeError)],
    ["promises what is none", async () => null, expect.any(TypeError)],
  ])("ends the call where it %s, and counts for no model", async (_, prepare, expected) => {
    const { b, fallback, asked } = asking(prepare, { breaker: { minimumCalls: 1 } });
    await vi.runAllTimersAsync();
    expect((await asked).rejected).toEqual(expected);
    expect(b.calls).toHaveLength(0);
    expect(fallback.health()[1]).toMatchObject({ model: "b", breaker: "closed", busy: 0 });
  });

  test("that never settles ends with the call's own clock, and counts for no model", async () => {
    const { b, fallback, asked } = asking(() => new Promise(() => {}), {
      timeouts: { firstOutputMs: 100, answerMs: 100, totalMs: 5000 },
      breaker: { minimumCalls: 1 },
    });
    await vi.runAllTimersAsync();
    expect((await asked).rejected).toMatchObject({ cause: { code: "timeout", phase: "total" } });
    expect(b.calls).toHaveLength(0);
    expect(fallback.health()[1]).toMatchObject({ breaker: "closed", busy: 0 });
  });
});

describe("shouldRetry", () => {
  test("decides otherwise than the table, with the options of the call", async () => {
    const seen: unknown[] = [];
    const { a, rejected } = await ask(
      { reject: busy },
      {
        shouldRetry(outcome, attempt, options) {
          seen.push([outcome.error, attempt.number, options.prompt]);
          return "stop";
        },
      },
    );
    expect(rejected).toMatchObject({ statusCode: 503 });
    expect(seen).toEqual([[expect.objectContaining({ code: "space_unavailable" }), 1, prompt]]);
    expect(a.calls).toHaveLength(1);
  });

  test("turns a whole answer down where nobody has seen it", async () => {
    const { parts } = await ask(saying("I", " cannot"), {
      commit: "buffered",
      shouldRetry: ({ result }) => (result?.text.startsWith("I cannot") === true ? "next" : undefined),
    });
    expect(textIn(parts)).toBe("Healthy");
    expect(parts.at(-1)).toMatchObject({ providerMetadata: { qwen: { attempts: [{ code: "turned_down" }, {}] } } });
  });

  const slip = new Error("a slip of mine");
  test.each<[string, unknown, unknown]>([
    [
      "throws",
      () => {
        throw slip;
      },
      slip,
    ],
    ["gives a promise", async () => "next", expect.any(TypeError)],
    ["never settles", () => new Promise(() => {}), expect.any(TypeError)],
  ])("ends the call where it %s", async (_, shouldRetry, expected) => {
    const { b, rejected } = await ask({ reject: busy }, { shouldRetry: shouldRetry as never });
    expect(rejected).toEqual(expected);
    expect(b.calls).toHaveLength(0);
  });
});
