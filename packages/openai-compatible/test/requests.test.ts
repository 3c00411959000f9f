import type { Message, ProviderRequest, Settings } from "@qwen/core";
import { describe, expect, test } from "vitest";
import { providerOf, QUESTION, words } from "./scripted-endpoint.ts";

const ABLE = { images: true, files: true, tools: true, json: true, prefill: true } as const;

/** The body that a request becomes. */
async function bodyOf(request: Partial<ProviderRequest>) {
  const { ask, requests } = await providerOf(words("Hello"), { capabilities: ABLE });
  const { error } = await ask(request);
  if (error !== undefined) throw error;
  const [{ body } = { body: undefined }] = requests;
  return body!;
}

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PNG_URL = "data:image/png;base64,iVBORw0KGgo=";
const TOOLS = [{ name: "look_up", description: "Looks it up.", inputSchema: { type: "object" } }];

describe("a message goes out", () => {
  test.each<[string, readonly Message[], readonly object[]]>([
    [
      "as text of any role",
      [{ role: "developer", content: "Be brief." }, ...QUESTION],
      [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
    ],
    [
      "as one text, where its parts are nothing else",
      [
        {
          role: "user",
          content: [
            { type: "text", text: "Hi " },
            { type: "text", text: "there" },
          ],
        },
      ],
      [{ role: "user", content: "Hi there" }],
    ],
    [
      "with images, an address as it is and bytes as what they are",
      [
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image", image: new URL("https://example.com/a.png") },
            { type: "image", image: PNG, mediaType: "image/jpeg" },
            { type: "image", image: new Blob([PNG]) },
          ],
        },
      ],
      [
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image_url", image_url: { url: "https://example.com/a.png" } },
            { type: "image_url", image_url: { url: PNG_URL } },
            { type: "image_url", image_url: { url: PNG_URL } },
          ],
        },
      ],
    ],
    [
      "with files, sound and film as what they are",
      [
        {
          role: "user",
          content: [
            { type: "file", file: new Uint8Array([1, 2, 3]), mediaType: "application/pdf", filename: "a.pdf" },
            { type: "file", file: new Uint8Array([1, 2, 3]), mediaType: "audio/mpeg" },
            { type: "file", file: new URL("https://example.com/a.mp4"), mediaType: "video/mp4" },
          ],
        },
      ],
      [
        {
          role: "user",
          content: [
            { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AQID" } },
            { type: "input_audio", input_audio: { data: "AQID", format: "mp3" } },
            { type: "video_url", video_url: { url: "https://example.com/a.mp4" } },
          ],
        },
      ],
    ],
    [
      "with calls of tools and their results, and without what was thought",
      [
        ...QUESTION,
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "Hm." },
            { type: "text", text: "I look." },
            { type: "tool-call", toolCallId: "1", toolName: "look_up", input: '{"a":1}' },
            { type: "tool-call", toolCallId: "2", toolName: "look_up", input: "{}" },
          ],
        },
        {
          role: "tool",
          content: [
            { type: "tool-result", toolCallId: "1", toolName: "look_up", output: { type: "json", value: { b: 2 } } },
            {
              type: "tool-result",
              toolCallId: "2",
              toolName: "look_up",
              output: { type: "text", value: "none" },
              isError: true,
            },
          ],
        },
      ],
      [
        { role: "user", content: "Hi" },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: [
            { id: "1", type: "function", function: { name: "look_up", arguments: '{"a":1}' } },
            { id: "2", type: "function", function: { name: "look_up", arguments: "{}" } },
          ],
        },
        { role: "tool", tool_call_id: "1", content: '{"b":2}' },
        { role: "tool", tool_call_id: "2", content: "none" },
      ],
    ],
    [
      "as the user's, where words of a tool are the result of no call",
      [
        ...QUESTION,
        { role: "tool", content: "22 degrees" },
        { role: "tool", content: [{ type: "text", text: "and sunny" }] },
      ],
      [
        { role: "user", content: "Hi" },
        { role: "user", content: "22 degrees" },
        { role: "user", content: "and sunny" },
      ],
    ],
    [
      "as the beginning of the answer, last and in one piece",
      [
        ...QUESTION,
        { role: "assistant", content: "One, " },
        { role: "system", content: "Count." },
        { role: "assistant", content: "two, " },
      ],
      [
        { role: "user", content: "Hi" },
        { role: "system", content: "Count." },
        { role: "assistant", content: "One, two, " },
      ],
    ],
    [
      "not at all, where it is an empty beginning",
      [...QUESTION, { role: "assistant", content: "" }],
      [{ role: "user", content: "Hi" }],
    ],
  ])("%s", async (_, messages, wire) => {
    expect((await bodyOf({ messages })).messages).toEqual(wire);
  });
});

describe("a setting goes out", () => {
  test.each<[string, Settings, object]>([
    [
      "under its name on the wire",
      {
        maxOutputTokens: 5,
        temperature: 0.5,
        topP: 0.9,
        topK: 4,
        presencePenalty: 1,
        frequencyPenalty: -1,
        seed: 7,
        stopSequences: ["."],
      },
      {
        max_tokens: 5,
        temperature: 0.5,
        top_p: 0.9,
        top_k: 4,
        presence_penalty: 1,
        frequency_penalty: -1,
        seed: 7,
        stop: ["."],
      },
    ],
    ["as an effort of thought", { reasoning: "high" }, { reasoning_effort: "high" }],
    ["as a format", { responseFormat: { type: "json" } }, { response_format: { type: "json_object" } }],
    [
      "as a format with its schema",
      { responseFormat: { type: "json", schema: { type: "object" } } },
      { response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } } },
    ],
    [
      "as tools, and how they are to be chosen",
      { tools: TOOLS, toolChoice: { toolName: "look_up" }, parallelToolCalls: false },
      {
        tools: [
          {
            type: "function",
            function: { name: "look_up", description: "Looks it up.", parameters: { type: "object" } },
          },
        ],
        tool_choice: { type: "function", function: { name: "look_up" } },
        parallel_tool_calls: false,
      },
    ],
    [
      "and is left out, where it asks for nothing",
      { stopSequences: [], tools: [], parallelToolCalls: true, toolChoice: "auto", responseFormat: { type: "text" } },
      {},
    ],
  ])("%s", async (_, settings, wire) => {
    const { model, messages, stream, stream_options: options, ...rest } = await bodyOf({ settings });
    expect({ model, messages, stream, options }).toMatchObject({
      model: "model-a",
      stream: true,
      options: { include_usage: true },
    });
    expect(rest).toEqual(wire);
  });

  test("unless the model does not honour it, of which there is a warning", async () => {
    const { ask, requests } = await providerOf(words("Hello"), { capabilities: { settings: ["seed"] } });
    const { parts, finish } = await ask({ settings: { seed: 1, topK: 3 } });
    const warnings = [{ feature: "topK", message: expect.stringContaining("ignores") }];
    expect(parts[0]).toMatchObject({ type: "start", warnings });
    expect(finish).toMatchObject({ warnings });
    expect(requests[0]?.body).not.toHaveProperty("top_k");
  });

  test("of the endpoint's own, of all requests and of one", async () => {
    const { ask, requests } = await providerOf(words("Hello"), { extraBody: { top_a: 1, min_p: 1 } });
    await ask({
      providerOptions: { endpoint: { min_p: 2, temperature: 1 }, another: { min_p: 3 } },
      settings: { temperature: 0 },
    });
    expect(requests[0]?.body).toMatchObject({ top_a: 1, min_p: 2, temperature: 1 });
  });
});

describe("a request that cannot be sent is refused before anything is", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;

  test.each<[string, Partial<ProviderRequest>, object]>([
    [
      "a tool whose name no vendor takes",
      { settings: { tools: [{ name: "look up!", inputSchema: {} }] } },
      { code: "invalid_request" },
    ],
    [
      "a choice of a tool that is not there",
      { settings: { tools: TOOLS, toolChoice: { toolName: "other" } } },
      { code: "invalid_request" },
    ],
    [
      "a schema that is no JSON",
      { settings: { responseFormat: { type: "json", schema: circle } } },
      { code: "invalid_request" },
    ],
    [
      "an option that is the SDK's to set",
      { providerOptions: { endpoint: { n: 2 } } },
      { code: "invalid_request", message: expect.stringContaining("`n`") },
    ],
    ["options that are none", { providerOptions: { endpoint: "fast" } }, { code: "invalid_request" }],
    ["a model that the provider does not have", { model: "model-z" }, { code: "no_such_model" }],
    ["no messages", { messages: [] }, { code: "invalid_request" }],
  ])("%s", async (_, request, expected) => {
    const { ask, requests } = await providerOf(words("Hello"), { capabilities: ABLE });
    expect((await ask(request)).error).toMatchObject(expected);
    expect(requests).toEqual([]);
  });

  test.each<[string, Partial<ProviderRequest>]>([
    ["images", { messages: [{ role: "user", content: [{ type: "image", image: PNG }] }] }],
    ["files", { messages: [{ role: "user", content: [{ type: "file", file: PNG, mediaType: "text/plain" }] }] }],
    ["tools", { settings: { tools: TOOLS } }],
    ["JSON", { settings: { responseFormat: { type: "json" } } }],
  ])("%s, of a model that was not said to take them", async (_, request) => {
    const { ask, requests } = await providerOf(words("Hello"));
    expect((await ask(request)).error).toMatchObject({ code: "unsupported" });
    expect(requests).toEqual([]);
  });
});
