import type { LanguageModelV4, LanguageModelV4Usage } from "@ai-sdk/provider";
import { createRouter } from "@qwen/core";
import { expect, test } from "vitest";

import { createFallback, createRouterProvider, fromLanguageModel } from "../src/index.ts";
import { finish, model, prompt, read, saying, start, text, textIn, usage, type Part, type Step } from "./models.ts";

const retry = { maxAttempts: 2, baseDelayMs: 1 };
const good = model("good", saying("Whole"));

/** The models that stand for one that is odd, and a healthy one behind it. */
function routes(odd: LanguageModelV4): Readonly<Record<string, LanguageModelV4>> {
  const router = createRouter({
    plugins: [fromLanguageModel(odd, { id: "a" }), fromLanguageModel(good, { id: "b" })],
    routes: { r: ["a/odd", "b/good"] },
    retry,
  });
  return {
    createFallback: createFallback({ models: [odd, good], retry: { ...retry, maxAttempts: 3 } }),
    buffered: createFallback({ models: [odd, good], commit: "buffered", retry: { ...retry, maxAttempts: 3 } }),
    fromLanguageModel: createRouterProvider({ router })("r"),
  };
}

const tool = { type: "tool-call", toolCallId: "1", toolName: "look_up", input: "{}" };
const file = { type: "file", mediaType: "image/png" };

test.each<[string, unknown]>([
  ["the call of a tool without a name", { ...tool, toolName: undefined }],
  ["one whose name is empty", { ...tool, toolName: "" }],
  ["one whose name is a number", { ...tool, toolName: 5 }],
  ["one without an id", { ...tool, toolCallId: undefined }],
  ["one whose input is no text", { ...tool, input: { a: 1 } }],
  ["one without input", { ...tool, input: undefined }],
  ["the begin of a tool's input without its name", { type: "tool-input-start", id: "1" }],
  ["input of a tool that is no text", { type: "tool-input-delta", id: "1", delta: 5 }],
  ["text that is a number", text(5 as never)],
  ["thoughts that are none", { type: "reasoning-delta", id: "1", delta: null }],
  ["a file without data", file],
  ["a file of a number", { ...file, data: { type: "data", data: 5 } }],
  ["a file whose address is no URL", { ...file, data: { type: "url", url: "picture.png" } }],
  ["warnings that are none", { type: "stream-start", warnings: "none" }],
  ["a warning that is none", { type: "stream-start", warnings: [null] }],
  ["a string", "Hi"],
  ["an array", []],
  ["an object without a type", {}],
])("%s fails the attempt with protocol, in each role", async (_, part) => {
  for (const each of Object.values(routes(model("odd", [part as Part, text("Odd"), finish()])))) {
    const { parts } = await read((await each.doStream({ prompt })).stream);
    expect(textIn(parts)).toBe("Whole");
    const end = parts.at(-1);
    const told = end?.type === "finish" ? end.providerMetadata?.["qwen"]?.["attempts"] : undefined;
    expect(told).toMatchObject([{ code: "protocol" }, ...(Array.isArray(told) ? told.slice(1) : [])]);
  }
});

test.each<[string, unknown]>([
  ["the call of a tool without a name", { ...tool, toolName: undefined }],
  ["one whose input is no text", { ...tool, input: { a: 1 } }],
  ["a file of a number", { ...file, data: { type: "data", data: 5 } }],
])("%s in a whole answer fails the attempt", async (_, piece) => {
  const odd = model("odd", () => ({ content: [piece], finishReason: { unified: "stop" }, usage, warnings: [] }));
  const { content } = await createFallback({ models: [odd, good], retry }).doGenerate({ prompt });
  expect(content).toMatchObject([{ text: "Whole" }]);
});

const nothing: LanguageModelV4Usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};

test.each<[string, unknown]>([
  ["below 0 or no number", { inputTokens: { total: -5 }, outputTokens: { total: Number.NaN } }],
  ["Infinity or a string", { inputTokens: { total: Infinity }, outputTokens: { total: "3" } }],
  ["numbers alone", { inputTokens: 3, outputTokens: 4 }],
  ["null", null],
  ["a string", "three"],
  ["absent", undefined],
])("usage that is %s is unknown, in each role and way", async (_, told) => {
  const end = { ...finish(), usage: told } as Step;
  for (const each of Object.values(routes(model("odd", [start, text("Hi"), end])))) {
    const { parts } = await read((await each.doStream({ prompt })).stream);
    expect(parts.at(-1)).toMatchObject({ type: "finish", finishReason: { unified: "stop" } });
    expect(parts.at(-1)).toHaveProperty("usage", nothing);
    await expect(each.doGenerate({ prompt })).resolves.toHaveProperty("usage", nothing);
  }
});

test("an end that throws where it is read fails its attempt, as any other part", async () => {
  const end = {
    ...finish(),
    get usage(): never {
      throw new Error("no");
    },
  } as Part;
  const fallback = createFallback({
    models: [model("odd", [start, text("Hi"), end]), good],
    commit: "buffered",
    retry,
  });
  expect(textIn((await read((await fallback.doStream({ prompt })).stream)).parts)).toBe("Whole");
});
