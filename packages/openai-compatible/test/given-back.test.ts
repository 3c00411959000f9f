import type { Message, ToolCallPart } from "@qwen/core";
import { describe, expect, test } from "vitest";
import { chunk, json, providerOf, QUESTION, stream, words, type Answerer } from "./scripted-endpoint.ts";

const SETTINGS = { tools: [{ name: "look_up", inputSchema: {} }] };
const END = chunk({}, "tool_calls");
const piece = (fields: object): object => chunk({ tool_calls: [{ index: 0, type: "function", ...fields }] });
const CALL = piece({ id: "a", function: { name: "look_up", arguments: "{}" } });

/** The message with the calls of an answer, as it goes back to who has given it, or to another one. */
async function sentBack(answer: Answerer, { to = "endpoint", refuses = "" } = {}) {
  const first = await providerOf(answer, { capabilities: { tools: true } });
  const { parts } = await first.ask({ settings: SETTINGS });
  const calls = parts.filter((part): part is ToolCallPart => part.type === "tool-call");
  const isRefused = (message: object): boolean => refuses !== "" && refuses in message;
  const second = await providerOf(
    (response, request) => {
      const refused = json(
        { message: `messages.1.assistant.${refuses}: property 'messages.1.assistant.${refuses}' is unsupported` },
        { status: 400 },
      );
      const next = request.body.messages.some(isRefused) ? refused : words("Sunny.");
      next(response, request);
    },
    { id: to as "endpoint", capabilities: { tools: true } },
  );
  const results = calls.map(({ toolCallId, toolName }) => ({
    type: "tool-result" as const,
    toolCallId,
    toolName,
    output: { type: "text" as const, value: "22 degrees" },
  }));
  const messages: Message[] = [...QUESTION, { role: "assistant", content: calls }, { role: "tool", content: results }];
  const { text, finish, error } = await second.ask({ messages, settings: SETTINGS });
  const sent = second.requests.map(({ body }) => body.messages[1] ?? {});
  return { calls, text, warnings: finish?.warnings, error, sent };
}

describe("what a vendor wants back with its calls", () => {
  test("is the signature of each, as Gemini gives it", async () => {
    const extra_content = { google: { thought_signature: "CiQB==" } };
    const answer = stream([
      piece({ id: "a", extra_content, function: { name: "look_up", arguments: "{}" } }),
      chunk({ tool_calls: [{ index: 1, id: "b", function: { name: "look_up", arguments: "{}" } }] }),
      END,
    ]);
    const { sent, text } = await sentBack(answer);
    expect(text).toBe("Sunny.");
    expect(sent).toEqual([
      {
        role: "assistant",
        content: "",
        tool_calls: [
          { id: "a", type: "function", function: { name: "look_up", arguments: "{}" }, extra_content },
          { id: "b", type: "function", function: { name: "look_up", arguments: "{}" } },
        ],
      },
    ]);
  });

  test.each(["reasoning_content", "reasoning"])("is what was thought before, in its own field: %s", async (field) => {
    const answer = stream([chunk({ [field]: "Let me " }), chunk({ [field]: "look." }), CALL, END]);
    expect((await sentBack(answer)).sent).toMatchObject([{ role: "assistant", [field]: "Let me look." }]);
  });

  test.each([
    { more: [], back: { reasoning_content: "" } },
    { more: [chunk({ reasoning: "Hm." })], back: { reasoning: "Hm." } },
  ])("is its field also where that is told to be empty, unless another one has more: $back", async ({ more, back }) => {
    const { sent } = await sentBack(stream([chunk({ reasoning_content: "" }), ...more, CALL, END]));
    const { reasoning_content, reasoning } = sent[0] ?? {};
    expect({ reasoning_content, reasoning }).toEqual(back);
  });

  test("is the same of an answer that comes whole", async () => {
    const tool_calls = [{ id: "a", function: { name: "look_up", arguments: "{}" }, extra_content: { google: {} } }];
    const message = { role: "assistant", content: null, reasoning_content: "Hm.", tool_calls };
    const answer = json({ choices: [{ index: 0, message, finish_reason: "tool_calls" }] });
    const { sent } = await sentBack(answer);
    expect(sent).toMatchObject([
      { reasoning_content: "Hm.", tool_calls: [{ id: "a", extra_content: { google: {} } }] },
    ]);
  });

  test("is OpenRouter's own account of it, in place of its text", async () => {
    const text = (more: object): object => ({ type: "reasoning.text", format: "anthropic", index: 0, ...more });
    const secret = { type: "reasoning.encrypted", data: "x==", id: "a", format: "google", index: 1 };
    const answer = stream([
      chunk({ reasoning: "Let me ", reasoning_details: [text({ text: "Let me " })] }),
      chunk({ reasoning: "look.", reasoning_details: [text({ text: "look." })] }),
      chunk({ reasoning_details: [text({ signature: "s==" }), secret] }),
      CALL,
      END,
    ]);
    const { sent } = await sentBack(answer);
    expect(sent[0]).not.toHaveProperty("reasoning");
    expect(sent).toMatchObject([{ reasoning_details: [text({ text: "Let me look.", signature: "s==" }), secret] }]);
  });

  test("goes to nobody else", async () => {
    const answer = stream([chunk({ reasoning_content: "Hm." }), CALL, END]);
    const { sent } = await sentBack(answer, { to: "other" });
    expect(Object.keys(sent[0] ?? {})).toEqual(["role", "content", "tool_calls"]);
  });

  test("is left out, with a warning, where it is refused by its name", async () => {
    const answer = stream([chunk({ reasoning_content: "Hm." }), CALL, END]);
    const { sent, text, warnings } = await sentBack(answer, { refuses: "reasoning_content" });
    expect(text).toBe("Sunny.");
    expect(sent.map((message) => "reasoning_content" in message)).toEqual([true, false]);
    expect(warnings).toMatchObject([{ feature: "reasoning_content" }]);
  });

  test("costs of the room for an answer what is kept of it: a long thought comes in many pieces", async () => {
    const detail = { type: "reasoning.text", text: "a", format: "x".repeat(2000), index: 0 };
    const pieces = Array.from({ length: 10_000 }, () => chunk({ reasoning_details: [detail] }));
    const { sent, text } = await sentBack(stream([...pieces, CALL, END]));
    expect(text).toBe("Sunny.");
    expect(sent).toMatchObject([{ reasoning_details: [{ text: "a".repeat(10_000) }] }]);
  });

  test("is bounded as all of the answer is", async () => {
    const mebi = "x".repeat(1024 * 1024);
    const flood: Answerer = (response, request) =>
      stream(Array.from({ length: 20 }, () => chunk({ reasoning_details: [{ data: mebi }] })))(response, request);
    const { ask } = await providerOf(flood, { capabilities: { tools: true } });
    expect((await ask({ settings: SETTINGS })).error).toMatchObject({ code: "protocol" });
  });
});
