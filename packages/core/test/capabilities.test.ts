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
const able: ModelInfo = { ...plain, capabilities: { ...none, images: true, tools: true, json: true, prefill: true } };
const question = { role: "user", content: "Hi" } as const;
const picture = { role: "user", content: [{ type: "image", image: new URL("data:,") }] } as const;
const image = (given: unknown) => ({ type: "image", image: given });
const tool = { name: "t", inputSchema: {} };

test.each<[string, AskedFor]>([
  ["images", { messages: [picture, question] }],
  ["tools", { messages: [question], settings: { tools: [tool] } }],
  ["tool results", { messages: [question, { role: "tool", content: "42" }] }],
  ["a JSON response format", { messages: [question], settings: { responseFormat: { type: "json" } } }],
  [
    "a chat that ends with the assistant, only one that ends with a question",
    {
      messages: [
        { role: "assistant", content: "Once" },
        { role: "system", content: "x" },
      ],
    },
  ],
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
    [
      "the role of messages[1] must be one of system, developer, user, assistant, tool",
      { messages: [question, { role: "bot" }] },
    ],
    ["the content of messages[0] must be a string or an array of parts", { messages: [{ role: "user", content: 1 }] }],
    ["a part of messages[0] is neither", { messages: [{ role: "user", content: ["Hi"] }] }],
    ["the image of messages[0] cannot be read", { messages: [{ role: "user", content: [image("x.png")] }] }],
    ["Open the file yourself", { messages: [{ role: "user", content: [image(new URL("file:///etc/passwd"))] }] }],
    ["Open the file yourself", { messages: [{ role: "user", content: [image("file:///etc/passwd")] }, question] }],
    ["the image of messages[0]", { messages: [{ role: "user", content: [image(null)] }] }],
    ["the image of messages[0]", { messages: [{ role: "user", content: [image({ byteLength: 1 })] }] }],
    ["nothing but a system prompt", { messages: [{ role: "system", content: "Be kind." }] }],
    ["nothing but a system prompt", { messages: [{ role: "developer", content: "Be kind." }] }],
    [
      "the last message is empty",
      {
        messages: [
          { role: "user", content: "" },
          { role: "system", content: "x" },
        ],
      },
    ],
    ["the last message is empty", { messages: [question, { role: "user", content: " \n" }] }],
    ["the last message is empty", { messages: [{ role: "user", content: [] }] }],
    ["`settings` must be an object", { messages: [question], settings: 1 }],
    ["`settings.temperature` must be a number from 0", { messages: [question], settings: { temperature: NaN } }],
    ["`settings.temperature` must be", { messages: [question], settings: { temperature: "hot" } }],
    ["`settings.topP` must be a number from 0 to 1", { messages: [question], settings: { topP: 95 } }],
    ["`settings.maxOutputTokens` must be a whole", { messages: [question], settings: { maxOutputTokens: 1.5 } }],
    ["`settings.seed` must be a whole number", { messages: [question], settings: { seed: "1" } }],
    ["`settings.stopSequences` must be an array", { messages: [question], settings: { stopSequences: "\n" } }],
    ["`settings.tools` must be an array of tools", { messages: [question], settings: { tools: [null] } }],
    ["`settings.responseFormat` must be", { messages: [question], settings: { responseFormat: "json" } }],
    ["`settings.toolChoice` must be", { messages: [question], settings: { toolChoice: 1 } }],
  ])("is invalid_request: %s", (what, request) => {
    expect(() => checkRequest(request as AskedFor)).toThrow(
      expect.objectContaining({ code: "invalid_request", message: expect.stringContaining(what) }),
    );
  });

  test("is none of the good ones", () => {
    checkRequest({ messages: [{ role: "system", content: "" }, question] });
    checkRequest({ messages: [question, { role: "system", content: "" }] });
    checkRequest({ messages: [{ role: "developer", content: "x" }, question], settings: { seed: undefined, topP: 1 } });
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
