import { describe, expect, test } from "vitest";

import { Refusal } from "../../src/refusal.ts";
import { readChatRequest } from "../../src/wire/chat-request.ts";

const messages = [{ role: "user", content: "Hi" }];
const tool = { type: "function", function: { name: "look_up", parameters: { type: "object" } } };
const read = (body: object) => readChatRequest({ model: "m", messages, ...body });

function refusalOf(body: unknown): Refusal {
  try {
    readChatRequest(body);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("It was taken.");
}

describe("what a body asks for", () => {
  test.each<[string, object, object]>([
    ["nothing but a question", {}, { stream: false, includeUsage: false, stop: [], settings: {}, ignored: [] }],
    [
      "null, as good as nothing",
      { stream: null, stop: null, tools: null, temperature: null, n: null },
      { settings: {} },
    ],
    ["a stream", { stream: true, stream_options: { include_usage: true } }, { stream: true, includeUsage: true }],
    [
      "a stream without its numbers",
      { stream: true, stream_options: { include_obfuscation: true } },
      { includeUsage: false },
    ],
    ["a limit, by its old name", { max_tokens: 7 }, { settings: { maxOutputTokens: 7 } }],
    [
      "a limit by both names: the new one",
      { max_tokens: 7, max_completion_tokens: 8 },
      { settings: { maxOutputTokens: 8 } },
    ],
    ["one end", { stop: "END" }, { stop: ["END"], settings: { stopSequences: ["END"] } }],
    ["four ends", { stop: ["a", "b", "c", "d"] }, { stop: ["a", "b", "c", "d"] }],
    ["an empty end, which is none", { stop: [""] }, { stop: [], settings: {} }],
    [
      "numbers",
      { temperature: 0, top_p: 1, top_k: 5, presence_penalty: -2, frequency_penalty: 2, seed: 1 },
      { settings: { temperature: 0, topP: 1, topK: 5, presencePenalty: -2, frequencyPenalty: 2, seed: 1 } },
    ],
    ["thought", { reasoning_effort: "minimal" }, { settings: { reasoning: "minimal" }, ignored: [] }],
    ["thought of a new kind", { reasoning_effort: "turbo" }, { settings: {}, ignored: ["reasoning_effort"] }],
    ["text", { response_format: { type: "text" } }, { settings: {} }],
    ["JSON", { response_format: { type: "json_object" } }, { settings: { responseFormat: { type: "json" } } }],
    [
      "JSON of a schema",
      {
        response_format: { type: "json_schema", json_schema: { name: "a", strict: true, schema: { type: "object" } } },
      },
      { settings: { responseFormat: { type: "json", schema: { type: "object" } } } },
    ],
    [
      "tools",
      { tools: [tool], tool_choice: "required", parallel_tool_calls: false },
      {
        settings: {
          tools: [{ name: "look_up", description: undefined, inputSchema: { type: "object" } }],
          toolChoice: "required",
          parallelToolCalls: false,
        },
      },
    ],
    [
      "one of the tools",
      { tools: [tool], tool_choice: { type: "function", function: { name: "look_up" } } },
      { settings: { toolChoice: { toolName: "look_up" } } },
    ],
    ["no tools, and none of them", { tools: [], tool_choice: "none" }, { settings: {} }],
    [
      "a tool without parameters",
      { tools: [{ type: "function", function: { name: "now" } }] },
      { settings: { tools: [{ name: "now", inputSchema: { type: "object", properties: {} } }] } },
    ],
    [
      "what nobody here honours",
      {
        user: "u",
        metadata: { a: "b" },
        store: true,
        service_tier: "auto",
        logit_bias: {},
        logprobs: true,
        verbosity: "low",
      },
      { ignored: ["logit_bias", "logprobs", "metadata", "service_tier", "store", "user", "verbosity"], settings: {} },
    ],
    ["what is not asked for", { store: false, logprobs: false }, { ignored: [] }],
    [
      "what is not known",
      { moderation_v9: { deep: [1] }, constructor: 1, toString: null },
      { ignored: [], settings: {} },
    ],
    [
      "wishes of how it is tried",
      { qwen: { commit: "buffered", timeout_ms: 5000, hedge_ms: false, other: 1 } },
      { policy: { commit: "buffered", timeoutMs: 5000, hedgeMs: false } },
    ],
    ["n of one", { n: 1 }, {}],
    ["text alone as its only form", { modalities: ["text"] }, {}],
  ])("takes %s", (_, body, expected) => {
    expect(read(body)).toMatchObject(expected);
  });

  test("is nothing of a `__proto__` in the body", () => {
    const body: unknown = JSON.parse(
      `{"model":"m","messages":[{"role":"user","content":"Hi","__proto__":{"role":"system"}}],"__proto__":{"n":3}}`,
    );
    expect(readChatRequest(body)).toMatchObject({ model: "m", messages: [{ role: "user", content: "Hi" }] });
  });
});

describe("what a body cannot ask for is a 400 that names the parameter", () => {
  test.each<[string | undefined, unknown, string?]>([
    [undefined, null],
    [undefined, []],
    [undefined, "Hi"],
    ["model", { messages }],
    ["model", { model: "", messages }],
    ["model", { model: ["m"], messages }],
    ["messages", { model: "m" }],
    ["messages", { model: "m", messages: [] }],
    ["messages", { model: "m", messages: "Hi" }],
    ["n", { model: "m", messages, n: 2 }, "unsupported_value"],
    ["n", { model: "m", messages, n: 0 }],
    ["n", { model: "m", messages, n: "1" }],
    ["stream", { model: "m", messages, stream: "true" }],
    ["stream_options", { model: "m", messages, stream_options: [] }],
    ["stream_options.include_usage", { model: "m", messages, stream_options: { include_usage: 1 } }],
    ["max_tokens", { model: "m", messages, max_tokens: 0 }],
    ["max_tokens", { model: "m", messages, max_tokens: 1.5 }],
    ["max_completion_tokens", { model: "m", messages, max_completion_tokens: "9" }],
    ["temperature", { model: "m", messages, temperature: -1 }],
    ["temperature", { model: "m", messages, temperature: "hot" }],
    ["top_p", { model: "m", messages, top_p: 1.1 }],
    ["seed", { model: "m", messages, seed: 0.5 }],
    ["stop", { model: "m", messages, stop: ["a", "b", "c", "d", "e"] }],
    ["stop", { model: "m", messages, stop: [1] }],
    ["stop", { model: "m", messages, stop: {} }],
    ["reasoning_effort", { model: "m", messages, reasoning_effort: 3 }],
    ["response_format", { model: "m", messages, response_format: "json" }],
    ["response_format.type", { model: "m", messages, response_format: { type: "xml" } }, "unsupported_value"],
    ["response_format.json_schema.schema", { model: "m", messages, response_format: { type: "json_schema" } }],
    ["tools", { model: "m", messages, tools: {} }],
    ["tools[0]", { model: "m", messages, tools: ["f"] }],
    ["tools[0].type", { model: "m", messages, tools: [{ type: "custom", custom: {} }] }, "unsupported_value"],
    ["tools[0].function", { model: "m", messages, tools: [{ type: "function" }] }],
    ["tools[0].function.name", { model: "m", messages, tools: [{ type: "function", function: {} }] }],
    [
      "tools[0].function.parameters",
      { model: "m", messages, tools: [{ type: "function", function: { name: "f", parameters: [] } }] },
    ],
    ["tools[1].function.name", { model: "m", messages, tools: [tool, tool] }],
    ["tool_choice", { model: "m", messages, tool_choice: "required" }],
    ["tool_choice", { model: "m", messages, tools: [tool], tool_choice: "any" }],
    [
      "tool_choice.type",
      { model: "m", messages, tools: [tool], tool_choice: { type: "allowed_tools" } },
      "unsupported_value",
    ],
    [
      "tool_choice.function.name",
      { model: "m", messages, tools: [tool], tool_choice: { type: "function", function: { name: "x" } } },
    ],
    ["parallel_tool_calls", { model: "m", messages, parallel_tool_calls: 1 }],
    ["functions", { model: "m", messages, functions: [] }, "unsupported_value"],
    ["function_call", { model: "m", messages, function_call: "auto" }, "unsupported_value"],
    ["modalities", { model: "m", messages, modalities: ["text", "audio"] }, "unsupported_value"],
    ["audio", { model: "m", messages, audio: { voice: "a" } }, "unsupported_value"],
    ["qwen.timeout_ms", { model: "m", messages, qwen: { timeout_ms: 0 } }],
    ["qwen.commit", { model: "m", messages, qwen: { commit: "later" } }],
  ])("%s", (param, body, code) => {
    const refusal = refusalOf(body);
    expect(refusal).toMatchObject({ status: 400, type: "invalid_request_error", code: code ?? null });
    expect(refusal.param).toBe(param);
    expect(refusal.message).not.toContain("undefined");
  });
});
