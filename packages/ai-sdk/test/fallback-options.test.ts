import type { LanguageModelV4 } from "@ai-sdk/provider";
import { describe, expect, test } from "vitest";

import { createFallback, type FallbackOptions } from "../src/index.ts";
import { finish, model, prompt, saying, start } from "./models.ts";

const make = (options: unknown) => () => createFallback(options as FallbackOptions);
const a = model("a", saying("Hi"));
const old = (specificationVersion: string) => ({ ...a, specificationVersion });

const throwing = () =>
  Object.defineProperty({ ...a }, "provider", {
    get() {
      throw new Error("secret");
    },
  });

describe("createFallback throws a TypeError when made", () => {
  test.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /createFallback/],
    ["a model instead of options", a, /createFallback/],
    ["an array", [a], /createFallback/],
    ["no `models`", {}, /`models`.*at least one/],
    ["no model in them", { models: [] }, /`models`.*at least one/],
    ["one model for an array", { models: a }, /`models`.*array/],
    ["a string", { models: [a, "openai/gpt-5"] }, /`models\[1\]`.*string/],
    ["a V2 model", { models: [a, old("v2")] }, /`models\[1\]`.*wrapLanguageModel/],
    ["a V3 model", { models: [old("v3")] }, /`models\[0\]`.*wrapLanguageModel/],
    ["a V3 model in an entry", { models: [{ model: old("v3") }] }, /`models\[0\]\.model`.*wrapLanguageModel/],
    ["a later model", { models: [old("v5")] }, /`models\[0\]`.*LanguageModelV4/],
    ["null", { models: [null] }, /`models\[0\]`/],
    // oxlint-disable-next-line no-sparse-arrays
    ["a hole", { models: [a, , a] }, /`models\[1\]`/],
    ["a promise of a model", { models: [Promise.resolve(a)] }, /`models\[0\]`/],
    ["a model without doStream", { models: [{ ...a, doStream: undefined }] }, /`models\[0\]`/],
    ["a model that throws where it is read", { models: [a, throwing()] }, /`models\[1\]`.*it throws/],
    [
      "an entry that does",
      { models: [new Proxy(a, { has: () => throwing().provider === "" })] },
      /`models\[0\]`.*it throws/,
    ],
    ["an unknown name of an entry", { models: [{ model: a, prepair: () => undefined }] }, /prepair.*prepare/],
    ["an id that is none", { models: [{ model: a, id: "" }] }, /`models\[0\]\.id`/],
    [
      "two of one id",
      {
        models: [
          { model: a, id: "x" },
          { model: a, id: "x" },
        ],
      },
      /`models\[1\]\.id`.*"x"/,
    ],
    ["a `prepare` that is none", { models: [{ model: a, prepare: {} }] }, /`models\[0\]\.prepare`.*function/],
    ["an unknown option", { models: [a], timeout: {} }, /timeout/],
    ["an unknown `commit`", { models: [a], commit: "late" }, /`commit`/],
    ["`continue` by a prefill", { models: [a], commit: { continue: "prefill" } }, /`commit`.*{ continue: "replay" }/],
    ["more than one way to go on", { models: [a], commit: { continue: "replay", by: "b" } }, /`commit`/],
    ["an unknown strategy", { models: [a], strategy: "fastest" }, /`strategy`/],
    ["a limit that is NaN", { models: [a], timeouts: { idleMs: Number.NaN } }, /`timeouts\.idleMs`/],
    ["a limit that is a string", { models: [a], timeouts: { totalMs: "1000" } }, /`timeouts\.totalMs`/],
    ["a limit of 0", { models: [a], timeouts: { firstOutputMs: 0 } }, /`timeouts\.firstOutputMs`/],
    ["a limit below 0", { models: [a], timeouts: { answerMs: -1 } }, /`timeouts\.answerMs`/],
    ["a limit that cannot be kept", { models: [a], timeouts: { connectMs: 100 } }, /connectMs/],
    ["`maxAttempts` that is NaN", { models: [a], retry: { maxAttempts: Number.NaN } }, /`retry\.maxAttempts`/],
    ["`shouldRetry` in `retry`", { models: [a], retry: { shouldRetry: () => undefined } }, /beside `retry`/],
    ["`shouldRetry` that is none", { models: [a], shouldRetry: "next" }, /`.*shouldRetry`.*function/],
    ["a hedge without a delay", { models: [a], hedge: {} }, /`hedge\.delayMs`/],
    ["a breaker that is none", { models: [a], breaker: { failureRate: 50 } }, /`breaker\.failureRate`/],
    ["limits that are none", { models: [a], limits: { maxConcurrent: 0 } }, /`limits\.maxConcurrent`/],
    ["`random` that is none", { models: [a], random: 0.5 }, /random`.*function/],
  ])("for %s", (_, options, message) => {
    expect(make(options)).toThrow(TypeError);
    expect(make(options)).toThrow(message);
  });

  test("and takes an explicit undefined for what is not set", async () => {
    const names = ["timeouts", "retry", "commit", "hedge", "strategy", "breaker", "limits", "shouldRetry", "random"];
    const unset = Object.fromEntries(names.map((name) => [name, undefined]));
    const fallback = make({ ...unset, models: [{ model: a, id: undefined, prepare: undefined }] })();
    await expect(fallback.doGenerate({ prompt })).resolves.toMatchObject({ content: [{ text: "Hi" }] });
  });
});

describe("createFallback", () => {
  test("gives models of one provider and name ids, and breakers, of their own", async () => {
    const failing = model("m", { reject: new Error("no") });
    const fallback = createFallback({
      models: [
        failing,
        model("m", saying("Hi")),
        model("other", saying("Hi")),
        { model: model("m", []), id: "mine" },
        model("m", []),
      ],
      retry: { baseDelayMs: 0, maxAttempts: 10 },
      breaker: { minimumCalls: 1 },
    });
    await fallback.doGenerate({ prompt });
    expect(fallback.health().map(({ provider, model: name, breaker }) => [provider, name, breaker])).toEqual([
      ["scripted", "m", "open"],
      ["scripted#2", "m", "closed"],
      ["scripted", "other", "closed"],
      ["mine", "m", "closed"],
      ["scripted#3", "m", "closed"],
    ]);
  });

  test("tells thousands of one provider and name apart in time that grows as they do", () => {
    const models = Array.from({ length: 3000 }, () => a) as unknown as FallbackOptions["models"];
    const before = process.cpuUsage().user;
    expect(createFallback({ models }).health().at(-1)).toMatchObject({ provider: "scripted#3000" });
    expect(process.cpuUsage().user - before).toBeLessThan(1_000_000);
  });

  test("reads its options once, and writes on nothing", async () => {
    const b = model("b", saying("b"));
    const models: [LanguageModelV4, ...LanguageModelV4[]] = [model("a", [start, finish()]), b];
    const retry = { maxAttempts: 2, baseDelayMs: 0 };
    const options = { models, retry, commit: "buffered" as "buffered" | "first-output" };
    const fallback = createFallback(options);
    models.length = 0;
    retry.maxAttempts = Number.NaN;
    options.commit = "late" as "buffered";
    expect(await fallback.doGenerate({ prompt })).toMatchObject({
      content: [{ text: "b" }],
      providerMetadata: { qwen: { attempts: [{ model: "a" }, { model: "b" }] } },
    });
    expect(() => createFallback(Object.freeze({ models: Object.freeze([a] as const) }))).not.toThrow();
  });

  test("fetches by itself what all of its models do", async () => {
    const http = /^https?:\/\/.*$/;
    const urls = (supportedUrls: LanguageModelV4["supportedUrls"]) => model("m", [], { supportedUrls });
    const some = urls({ "image/*": [http, /^data:/], "application/pdf": [http] });
    const all = urls({ "*/*": [/^https?:\/\/.*$/] });
    expect(createFallback({ models: [some, all] }).supportedUrls).toEqual({
      "image/*": [http],
      "application/pdf": [http],
    });
    expect(createFallback({ models: [some, urls({})] }).supportedUrls).toEqual({});
    const later = urls(Promise.resolve({ "image/png": [http] }));
    expect(await createFallback({ models: [some, later] }).supportedUrls).toEqual({ "image/png": [http] });
    const lost = urls(Promise.reject(new Error("no")));
    expect(await createFallback({ models: [lost, some] }).supportedUrls).toEqual({});
    expect(createFallback({ models: [urls(undefined as never)] }).supportedUrls).toEqual({});
    for (const careless of [{ "image/*": undefined, "a/*": "x" }, "any", 7])
      expect(createFallback({ models: [urls(careless as never), some] }).supportedUrls).toEqual({});
  });
});
