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
const able: ModelInfo = {
  ...plain,
  capabilities: { images: true, files: true, tools: true, json: true, prefill: true },
};
const unsaid: ModelInfo = { ...plain, capabilities: {} };
const question = { role: "user", content: "Hi" } as const;
const picture = { role: "user", content: [{ type: "image", image: new URL("data:,x") }] } as const;
const image = (given: unknown) => ({ type: "image", image: given });
const file = { type: "file", file: new URL("data:,x"), mediaType: "text/plain" } as const;
const call = { type: "tool-call", toolCallId: "1", toolName: "t", input: "{}" } as const;
const result = { type: "tool-result", toolCallId: "1", toolName: "t", output: { type: "text", value: "42" } } as const;
const shown = { ...result, output: { type: "content", value: [file] } } as const;
const tool = { name: "t", inputSchema: {} };

test.each<[string, AskedFor]>([
  ["images", { messages: [picture, question] }],
  ["tools", { messages: [question], settings: { tools: [tool] } }],
  ["files", { messages: [{ role: "user", content: [file] }] }],
  [
    "files",
    {
      messages: [
        { role: "assistant", content: [call] },
        { role: "tool", content: [shown] },
      ],
    },
  ],
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
  expect(findUnsupported(unsaid, request)).toMatchObject({ code: "unsupported" });
  expect(findUnsupported(able, request)).toBeUndefined();
});

test("a model takes text in messages of any role, and the calls and results of tools, which can be told in words", () => {
  const messages = [
    { role: "system", content: "s" },
    question,
    { role: "assistant", content: [{ type: "reasoning", text: "Hm." }, call] },
    { role: "tool", content: [result] },
    { role: "tool", content: "42" },
  ] as const;
  expect(findUnsupported(unsaid, { messages })).toBeUndefined();
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
      "messages[1].role must be one of system, developer, user, assistant, tool",
      { messages: [question, { role: "bot" }] },
    ],
    ["messages[0].content must be a string or an array of parts", { messages: [{ role: "user", content: 1 }] }],
    [
      "messages[0].content[0] must be a part of the type text, image, file, reasoning, tool-call or tool-result",
      { messages: [{ role: "user", content: ["Hi"] }] },
    ],
    ["messages[0].content[0].image cannot be read", { messages: [{ role: "user", content: [image("x.png")] }] }],
    ["Open the file yourself", { messages: [{ role: "user", content: [image(new URL("file:///etc/passwd"))] }] }],
    ["Open the file yourself", { messages: [{ role: "user", content: [image("file:///etc/passwd")] }, question] }],
    ["messages[0].content[0].image", { messages: [{ role: "user", content: [image(null)] }] }],
    ["messages[0].content[0].image", { messages: [{ role: "user", content: [image({ byteLength: 1 })] }] }],
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
    ["`settings.tools` must be an array of tools", { messages: [question], settings: { tools: {} } }],
    ["`settings.tools[1]` must be an object with a `name`", { messages: [question], settings: { tools: [tool, {}] } }],
    [
      '`settings.tools[30]` has no "inputShema", but `inputSchema`',
      {
        messages: [question],
        settings: {
          tools: Array.from({ length: 31 }, (_, at) => ({ name: `t${at}`, ...(at === 30 && { inputShema: {} }) })),
        },
      },
    ],
    ["`settings.responseFormat` must be", { messages: [question], settings: { responseFormat: "json" } }],
    ["`settings.topK` must be a whole number from 1", { messages: [question], settings: { topK: 0 } }],
    ["`settings.presencePenalty` must be a number", { messages: [question], settings: { presencePenalty: "1" } }],
    ["`settings.frequencyPenalty` must be a number", { messages: [question], settings: { frequencyPenalty: NaN } }],
    ["`settings.reasoning` must be one of none, minimal", { messages: [question], settings: { reasoning: "much" } }],
    ["`settings.parallelToolCalls` must be true or", { messages: [question], settings: { parallelToolCalls: 1 } }],
    ["`settings.toolChoice` must be", { messages: [question], settings: { toolChoice: 1 } }],
    [
      '`settings.toolChoice` names "u", which is none of `settings.tools`',
      { messages: [question], settings: { tools: [tool], toolChoice: { toolName: "u" } } },
    ],
    ['`settings.toolChoice` names "t"', { messages: [question], settings: { toolChoice: { toolName: "t" } } }],
    [
      "`settings.toolChoice` requires a tool, and there is none",
      { messages: [question], settings: { toolChoice: "required" } },
    ],
    [
      "`settings.toolChoice` requires a tool, and there is none",
      { messages: [question], settings: { tools: [], toolChoice: "required" } },
    ],
    [
      '`settings.tools[2].name` is that of an earlier tool: "t"',
      { messages: [question], settings: { tools: [tool, { ...tool, name: "u" }, tool] } },
    ],
  ])("is invalid_request: %s", (what, request) => {
    expect(() => checkRequest(request as AskedFor)).toThrow(
      expect.objectContaining({ code: "invalid_request", message: expect.stringContaining(what) }),
    );
  });

  const asked = { role: "assistant", content: [call] } as const;
  const part = (given: object, role = "user") => ({ messages: [question, { role, content: [given] }] });
  const of = (given: object) => ({ messages: [question, asked, { role: "tool", content: [{ ...result, ...given }] }] });
  test.each<[string, unknown]>([
    ["messages[1].content[0].text must be a string", part({ type: "text" })],
    ["messages[1].content[0].file cannot be read: A file cannot be", part({ ...file, file: "file:///etc/passwd" })],
    ...["data:nonsense", new URL("data:nonsense"), "DATA:image/png;base64", `data:${"x".repeat(2000)},x`].map(
      (url) =>
        ["messages[1].content[0].image cannot be read: a data: URL has a comma", part(image(url))] satisfies [
          string,
          unknown,
        ],
    ),
    ...["@@@", "A", "AAAAA", "AA=", "A===", "====", "%%%", "AA AA A", "AA-_", `${"A".repeat(99_999)}@`].map(
      (data) =>
        [
          "messages[1].content[0].image cannot be read: the data of its data: URL is no base64",
          part(image(`data:image/png;base64,${data}`)),
        ] satisfies [string, unknown],
    ),
    ...["data:image/png;base64,", new URL("data:,"), "data:,#x", new Uint8Array(), new ArrayBuffer(), new Blob([])].map(
      (nothing) =>
        ["messages[1].content[0].image is empty: it has no bytes", part(image(nothing))] satisfies [string, unknown],
    ),
    ["messages[1].content[0].file cannot be read: a data: URL", part({ ...file, file: "data:nonsense" })],
    ["messages[1].content[0].file cannot be read: the data of", part({ ...file, file: "data:a/b;base64,@@@" })],
    ["messages[1].content[0].mediaType must be a string that is not empty", part({ ...file, mediaType: "" })],
    ["messages[1].content[0].filename must be a string", part({ ...file, filename: 1 })],
    ["messages[1].content[0].providerMetadata must be an object", part({ ...file, providerMetadata: "x" })],
    [
      "messages[1].content[0].providerMetadata must be an object",
      part({ type: "text", text: "x", providerMetadata: [] }),
    ],
    [
      "messages[0].providerMetadata must be an object",
      { messages: [{ role: "user", content: "Hi", providerMetadata: 7 }] },
    ],
    ["messages[1].content[0].text must be a string", part({ type: "reasoning" }, "assistant")],
    [
      "messages[1].content[0] is a reasoning, which belongs in a message of the role assistant",
      part({ type: "reasoning", text: "" }),
    ],
    ["messages[1].content[0] is a tool-call, which belongs in a message of the role assistant", part(call)],
    ["messages[1].content[0] is a tool-result, which belongs in a message of the role tool", part(result)],
    ["messages[1].content[0].input must be JSON text", part({ ...call, input: "{" }, "assistant")],
    ["messages[1].content[0].input must be a string", part({ ...call, input: {} }, "assistant")],
    ["messages[1].content[0].toolName must be a string that is not", part({ ...call, toolName: "" }, "assistant")],
    ["messages[1].content[0].toolCallId must be a string that is not", part({ ...call, toolCallId: 1 }, "assistant")],
    ['messages[2].content[0].toolCallId is that of an earlier call: "1"', { messages: [question, asked, asked] }],
    [
      'messages[1].content[0].toolCallId is that of no tool-call before it: "1"',
      { messages: [question, { role: "tool", content: [result] }, asked] },
    ],
    [
      'messages[2].content[1].toolCallId is that of a call which has a result already: "1"',
      { messages: [question, asked, { role: "tool", content: [result, result] }] },
    ],
    ["messages[2].content[0].output must be { type", of({ output: "42" })],
    ["messages[2].content[0].output.value must be a string", of({ output: { type: "text", value: 42 } })],
    ["messages[2].content[0].output.value must be a value that JSON", of({ output: { type: "json", value: 1n } })],
    ["messages[2].content[0].output.value must be a value that JSON", of({ output: { type: "json" } })],
    ["messages[2].content[0].output.value must be an array of parts", of({ output: { type: "content", value: "" } })],
    ["messages[2].content[0].output.value[0] must be a part", of({ output: { type: "content", value: [call] } })],
    [
      "messages[2].content[0].output.value[0].image cannot be read",
      of({ output: { type: "content", value: [image(1)] } }),
    ],
    ["messages[2].content[0].isError must be true or false", of({ isError: "no" })],
  ])("is invalid_request, by the path of what is wrong: %s", (what, request) => {
    expect(() => checkRequest(request as AskedFor)).toThrow(
      expect.objectContaining({ code: "invalid_request", message: expect.stringContaining(what) }),
    );
  });

  test("is told all that is wrong with it in one error, and no more than 20 things", () => {
    const told = (request: unknown): string => {
      try {
        checkRequest(request as AskedFor);
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error("Nothing was wrong.");
    };
    const bad = { role: "bot", content: "Hi" };
    expect(told({ messages: [bad, question, null, bad], settings: { seed: 0.5 } })).toBe(
      "The request cannot be sent: messages[0].role must be one of system, developer, user, assistant, tool; messages[2] must be an object; messages[3].role must be one of system, developer, user, assistant, tool; `settings.seed` must be a whole number.",
    );
    const many = told({ messages: Array.from({ length: 100_000 }, () => bad) });
    expect(many).toMatch(/messages\[19\]\.role .*; and more\.$/);
    expect(many).not.toContain("messages[20]");
    expect(told({ messages: Array.from({ length: 20 }, () => bad) })).not.toContain("and more");
  });

  test("is none where the last message holds nothing but a tool's results, a file or an image", () => {
    checkRequest({ messages: [question, asked, { role: "tool", content: [{ ...result, isError: true }] }] });
    checkRequest({ messages: [question, asked, { role: "tool", content: [shown] }, question] });
    checkRequest({ messages: [{ role: "user", content: [file] }] });
    expect(() => checkRequest({ messages: [question, { role: "tool", content: "" }] })).toThrow(
      "last message is empty",
    );
  });

  test("is none of the good ones", () => {
    checkRequest({ messages: [{ role: "system", content: "" }, question] });
    checkRequest({ messages: [question, { role: "system", content: "" }] });
    checkRequest({ messages: [{ role: "developer", content: "x" }, question], settings: { seed: undefined, topP: 1 } });
    const tools = [tool, { ...tool, name: "constructor" }];
    for (const toolChoice of ["auto", "none", "required", { toolName: "constructor" }, undefined] as const)
      checkRequest({ messages: [question], settings: { tools, toolChoice } });
    for (const toolChoice of ["auto", "none"] as const)
      checkRequest({ messages: [question], settings: { toolChoice } });
    checkRequest({ messages: [{ role: "user", content: [{ type: "image", image: new Uint8Array(1) }] }] });
    const images = ["AA", "AA==", "AA%3D%3d", "AA A\n=", "A".repeat(99_999), "+/+/#x"].map(
      (data) => `data:image/png;base64,${data}`,
    );
    for (const good of [...images, ` ${images[0]}`, new URL("data:,@@@"), "DATA:image/svg+xml; charset=utf-8,<svg/>"])
      checkRequest({ messages: [{ role: "user", content: [{ type: "image", image: good }] }] });
    for (const empty of ["data:,", new Uint8Array(), new Blob([])])
      checkRequest({ messages: [{ role: "user", content: [{ ...file, file: empty }] }] });
  });
});

test("several tools at once are asked for where there are tools", () => {
  const asked = (settings: AskedFor["settings"]) => warnOfSettings(settings, ["tools"]).map(({ feature }) => feature);
  expect(asked({ parallelToolCalls: false })).toEqual([]);
  expect(asked({ parallelToolCalls: false, tools: [tool] })).toEqual(["parallelToolCalls"]);
  expect(asked({ reasoning: "low", topK: 1, presencePenalty: 0, frequencyPenalty: 0 })).toEqual([
    "topK",
    "presencePenalty",
    "frequencyPenalty",
    "reasoning",
  ]);
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

test.each([undefined, null, 5, []])("what is no request at all is said to be none: %o", (given) => {
  expect(() => checkRequest(given as never)).toThrow(/The request must be an object with `messages`/);
});
