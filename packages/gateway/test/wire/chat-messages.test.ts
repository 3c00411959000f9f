import { describe, expect, test } from "vitest";

import { Refusal } from "../../src/refusal.ts";
import { readChatRequest } from "../../src/wire/chat-request.ts";

function refusalOf(body: unknown): unknown {
  try {
    return readChatRequest(body);
  } catch (error) {
    return error instanceof Refusal ? error : undefined;
  }
}

describe("messages", () => {
  const readAll = (...given: object[]) => readChatRequest({ model: "m", messages: given }).messages;
  const call = (id: string, name = "f", args = "{}") => ({ id, type: "function", function: { name, arguments: args } });

  test.each<[string, object[], object[]]>([
    [
      "a developer is the system",
      [{ role: "developer", content: "Be brief" }],
      [{ role: "system", content: "Be brief" }],
    ],
    [
      "a system prompt in parts is one text",
      [
        {
          role: "system",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
        },
      ],
      [{ role: "system", content: "a\nb" }],
    ],
    [
      "parts of a question stay parts",
      [
        {
          role: "user",
          content: [
            { type: "text", text: "What?" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
          ],
        },
      ],
      [
        {
          role: "user",
          content: [
            { type: "text", text: "What?" },
            { type: "image", image: "data:image/png;base64,AA==" },
          ],
        },
      ],
    ],
    [
      "an image by its bare URL",
      [{ role: "user", content: [{ type: "image_url", image_url: "https://example.com/a.png" }] }],
      [{ role: "user", content: [{ type: "image", image: "https://example.com/a.png" }] }],
    ],
    [
      "a file with its type",
      [
        {
          role: "user",
          content: [{ type: "file", file: { file_data: "data:application/pdf;base64,AA==", filename: "a.pdf" } }],
        },
      ],
      [
        {
          role: "user",
          content: [
            { type: "file", file: "data:application/pdf;base64,AA==", mediaType: "application/pdf", filename: "a.pdf" },
          ],
        },
      ],
    ],
    [
      "a file as bare base64, of the type that its name says",
      [{ role: "user", content: [{ type: "file", file: { file_data: "AA==", filename: "a.CSV" } }] }],
      [{ role: "user", content: [{ type: "file", file: "data:;base64,AA==", mediaType: "text/csv" }] }],
    ],
    [
      "calls and their results",
      [
        { role: "user", content: "Hi" },
        { role: "assistant", content: null, tool_calls: [call("1", "f", '{"a":1}'), call("2", "g", "")] },
        { role: "tool", tool_call_id: "2", content: "two" },
        { role: "tool", tool_call_id: "1", content: [{ type: "text", text: "one" }] },
      ],
      [
        { role: "user", content: "Hi" },
        {
          role: "assistant",
          content: [
            { type: "tool-call", toolCallId: "1", toolName: "f", input: '{"a":1}' },
            { type: "tool-call", toolCallId: "2", toolName: "g", input: "{}" },
          ],
        },
        {
          role: "tool",
          content: [{ type: "tool-result", toolCallId: "2", toolName: "g", output: { type: "text", value: "two" } }],
        },
        {
          role: "tool",
          content: [{ type: "tool-result", toolCallId: "1", toolName: "f", output: { type: "text", value: "one" } }],
        },
      ],
    ],
    [
      "calls whose ids begin anew in each turn",
      [
        { role: "assistant", content: "", tool_calls: [call("call_0", "f")] },
        { role: "tool", tool_call_id: "call_0", content: "1" },
        { role: "assistant", content: "", tool_calls: [call("call_0", "g")] },
        { role: "tool", tool_call_id: "call_0", content: "2" },
      ],
      [
        { role: "assistant", content: [{ toolCallId: "call_0" }] },
        { role: "tool", content: [{ toolCallId: "call_0", toolName: "f" }] },
        { role: "assistant", content: [{ toolCallId: "call_0.1" }] },
        { role: "tool", content: [{ toolCallId: "call_0.1", toolName: "g" }] },
      ],
    ],
    [
      "a refusal is what was said",
      [{ role: "assistant", content: null, refusal: "No." }],
      [{ role: "assistant", content: "No." }],
    ],
    [
      "thought goes back as thought",
      [{ role: "assistant", content: "4", reasoning_content: "2+2" }],
      [
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "2+2" },
            { type: "text", text: "4" },
          ],
        },
      ],
    ],
    [
      "a scheme is read whatever its letters",
      [{ role: "user", content: [{ type: "file", file: { file_data: "DATA:text/plain;base64,AA==" } }] }],
      [{ role: "user", content: [{ file: "DATA:text/plain;base64,AA==", mediaType: "text/plain" }] }],
    ],
    ["half an emoji is made whole", [{ role: "user", content: "a\uD83D" }], [{ role: "user", content: "a\uFFFD" }]],
  ])("%s", (_, given, expected) => {
    expect(readAll(...given)).toMatchObject(expected);
  });

  test.each<[string, object, string?]>([
    ["messages[0]", "Hi" as unknown as object],
    ["messages[0].role", { content: "Hi" }],
    ["messages[0].role", { role: "robot", content: "Hi" }],
    ["messages[0].role", { role: "function", name: "f", content: "1" }, "unsupported_value"],
    ["messages[0].content", { role: "user" }],
    ["messages[0].content", { role: "user", content: 3 }],
    ["messages[0].content[0]", { role: "user", content: ["Hi"] }],
    ["messages[0].content[0].type", { role: "user", content: [{ type: "video" }] }],
    [
      "messages[0].content[0].type",
      { role: "user", content: [{ type: "input_audio", input_audio: {} }] },
      "unsupported_value",
    ],
    ["messages[0].content[0].text", { role: "user", content: [{ type: "text" }] }],
    ["messages[0].content[0].image_url", { role: "user", content: [{ type: "image_url" }] }],
    ["messages[0].content[0].image_url.url", { role: "user", content: [{ type: "image_url", image_url: {} }] }],
    [
      "messages[0].content[0].image_url.url",
      { role: "user", content: [{ type: "image_url", image_url: { url: "file:///etc/passwd" } }] },
    ],
    ["messages[0].content[0].file", { role: "user", content: [{ type: "file" }] }],
    [
      "messages[0].content[0].file.file_id",
      { role: "user", content: [{ type: "file", file: { file_id: "f" } }] },
      "unsupported_value",
    ],
    ["messages[0].content[0].type", { role: "system", content: [{ type: "image_url", image_url: { url: "data:," } }] }],
    ["messages[0].tool_calls", { role: "assistant", tool_calls: {} }],
    [
      "messages[0].tool_calls[0].type",
      { role: "assistant", tool_calls: [{ id: "1", type: "custom" }] },
      "unsupported_value",
    ],
    ["messages[0].tool_calls[0].function.name", { role: "assistant", tool_calls: [{ id: "1", function: {} }] }],
    ["messages[0].tool_calls[0].id", { role: "assistant", tool_calls: [{ function: { name: "f" } }] }],
    ["messages[0].tool_call_id", { role: "tool", content: "1" }],
    ["messages[0].tool_call_id", { role: "tool", tool_call_id: "nobody's", content: "1" }],
  ])("names %s where that is wrong", (param, message, code) => {
    expect(refusalOf({ model: "m", messages: [message] })).toMatchObject({ status: 400, param, code: code ?? null });
  });

  test("reads 10,000 messages and 10,000 tools in time that is linear", () => {
    const timeOf = (count: number): number => {
      const many = Array.from({ length: count }, (_, index) => ({
        role: "assistant",
        content: "a",
        tool_calls: [call("same", `f${index}`)],
      }));
      const from = performance.now();
      readChatRequest({
        model: "m",
        messages: many,
        tools: many.map((_, index) => ({ type: "function", function: { name: `f${index}` } })),
      });
      return performance.now() - from;
    };
    timeOf(1000);
    expect(timeOf(10_000)).toBeLessThan(500);
  });
});
