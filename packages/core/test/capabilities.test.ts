import { describe, expect, test } from "vitest";

import { checkRequest, findUnsupported, warnOfSettings, type AskedFor } from "../src/capabilities.ts";
import type { ModelInfo } from "../src/provider.ts";

const none = {
  images: false,
  system: "prompt",
  history: "prompt",
  conversation: false,
  tools: false,
  json: false,
} as const;
const plain: ModelInfo = { id: "m", aliases: [], capabilities: none };
const able: ModelInfo = { ...plain, capabilities: { ...none, images: true, tools: true, json: true } };
const question = { role: "user", content: "Hi" } as const;
const picture = { role: "user", content: [{ type: "image", image: new URL("data:,") }] } as const;
const tool = { name: "t", inputSchema: {} };

test.each<[string, AskedFor]>([
  ["images", { messages: [picture, question] }],
  ["tools", { messages: [question], settings: { tools: [tool] } }],
  ["tool results", { messages: [question, { role: "tool", content: "42" }] }],
  ["a JSON response format", { messages: [question], settings: { responseFormat: { type: "json" } } }],
])("%s asked of a model that cannot is unsupported, and says so", (feature, request) => {
  expect(findUnsupported(plain, request)).toMatchObject({
    code: "unsupported",
    message: `The model "m" cannot take ${feature}. Ask a model that can, or put one into the route.`,
  });
  expect(findUnsupported(able, request)).toBeUndefined();
});

test("what any model can is supported, such as tools that may not be called", () => {
  const settings = { temperature: 1, tools: [tool], toolChoice: "none", responseFormat: { type: "text" } } as const;
  expect(findUnsupported(plain, { messages: [question], settings })).toBeUndefined();
});

describe("a request that cannot be sent", () => {
  test.each<[string, unknown]>([
    ["`messages` must be an array", { messages: "Hi" }],
    ["`messages` is empty", { messages: [] }],
    ["messages[0] must be an object", { messages: [null] }],
    ["the role of messages[1] must be one of system, user, assistant, tool", { messages: [question, { role: "bot" }] }],
    ["the content of messages[0] must be a string or an array of parts", { messages: [{ role: "user", content: 1 }] }],
    ["a part of messages[0] is neither", { messages: [{ role: "user", content: ["Hi"] }] }],
    [
      "a part of messages[0] is neither",
      { messages: [{ role: "user", content: [{ type: "image", image: "x.png" }] }] },
    ],
    ["the last message is empty", { messages: [question, { role: "user", content: " \n" }] }],
    ["the last message is empty", { messages: [{ role: "user", content: [] }] }],
    ["`settings` must be an object", { messages: [question], settings: 1 }],
  ])("is invalid_request: %s", (what, request) => {
    expect(() => checkRequest(request as AskedFor)).toThrow(
      expect.objectContaining({ code: "invalid_request", message: expect.stringContaining(what) }),
    );
  });

  test("is none of the good ones", () => {
    checkRequest({ messages: [{ role: "system", content: "" }, question] });
    checkRequest({ messages: [{ role: "user", content: [{ type: "image", image: new Uint8Array(1) }] }] });
  });
});

test("every setting that asks for something and is not honoured earns a warning", () => {
  const settings = {
    temperature: 0,
    seed: undefined,
    toolChoice: "auto",
    responseFormat: { type: "text" },
    stopSequences: [],
  } as const;
  expect(warnOfSettings(settings)).toEqual([
    { feature: "temperature", message: 'The provider ignores the setting "temperature".' },
  ]);
  expect(
    warnOfSettings({ ...settings, topP: 1, stopSequences: ["x"] }, ["temperature"]).map(({ feature }) => feature),
  ).toEqual(["topP", "stopSequences"]);
  expect(warnOfSettings(undefined)).toEqual([]);
});
