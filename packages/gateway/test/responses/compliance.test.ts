import { scriptedProvider } from "@qwen/testing";
import { describe, expect, it, vi } from "vitest";

import { asked, lastOf, textOf } from "./asked.ts";

const IMAGE =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const weather = {
  type: "function",
  name: "weather",
  description: "The weather.",
  parameters: { type: "object", properties: { place: { type: "string" } } },
};

/** A model that can do all that the cases ask for: it calls a tool where it has one and no result, and says how much it was told else. */
function able() {
  return scriptedProvider({
    models: [{ id: "scripted-model", capabilities: { tools: true, json: true, images: true, files: true } }],
    script: ({ messages, settings }) => {
      const isAnswered = messages.some(({ role }) => role === "tool");
      if (settings?.tools !== undefined && !isAnswered)
        return [
          { type: "reasoning-delta", text: "I look it up." },
          { type: "tool-input-delta", toolCallId: "call_1", toolName: "weather", text: '{"place":' },
          { type: "tool-input-delta", toolCallId: "call_1", toolName: "weather", text: '"Oslo"}' },
          { type: "tool-call", toolCallId: "call_1", toolName: "weather", input: '{"place":"Oslo"}' },
          { type: "finish", reason: "tool-calls", usage: { inputTokens: 5, outputTokens: 7 } },
        ];
      return [
        "Heard ",
        `${messages.length}`,
        { type: "finish", reason: "stop", usage: { inputTokens: 3, outputTokens: 2, reasoningTokens: 1 } },
      ];
    },
  });
}

describe("a server of Open Responses", () => {
  it("answers a basic request", async () => {
    const { create } = asked([able()]);
    const made = await create({ input: "Say hello." });
    expect(made).toMatchObject({
      status: "completed",
      model: "scripted-model",
      error: null,
      store: true,
      background: false,
    });
    expect(textOf(made)).toBe("Heard 1");
    expect(made.output).toHaveLength(1);
    expect(made.completed_at).toBeGreaterThanOrEqual(made.created_at);
    expect(made.usage).toEqual({
      input_tokens: 3,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 2,
      output_tokens_details: { reasoning_tokens: 1 },
      total_tokens: 5,
    });
  });

  it("streams, each event as its schema says, in order", async () => {
    const { stream } = asked([able()]);
    const events = await stream({ input: "Count." });
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(textOf(lastOf(events))).toBe("Heard 1");
    expect(events[0]).toMatchObject({ response: { status: "in_progress", model: "scripted-model", output: [] } });
  });

  it("takes a system prompt, as a message and as instructions", async () => {
    const model = able();
    const { create } = asked([model]);
    await create({
      input: [
        { type: "message", role: "system", content: "Be a pirate." },
        { type: "message", role: "user", content: "Hi" },
      ],
    });
    const made = await create({ instructions: "Be a pirate.", input: "Hi" });
    await create({
      input: [
        { role: "developer", content: [{ type: "input_text", text: "Be a pirate." }] },
        { role: "user", content: "Hi" },
      ],
    });
    for (const { request } of model.calls)
      expect(request.messages).toEqual([
        { role: "system", content: "Be a pirate." },
        { role: "user", content: "Hi" },
      ]);
    expect(made.instructions).toBe("Be a pirate.");
  });

  it("calls tools", async () => {
    const { create } = asked([able()]);
    const made = await create({ input: "The weather in Oslo?", tools: [weather] });
    expect(made.output).toMatchObject([
      { type: "reasoning", summary: [{ type: "summary_text", text: "I look it up." }] },
      {
        type: "function_call",
        call_id: expect.stringMatching(/^call_1_[\da-f]{10}$/),
        name: "weather",
        arguments: '{"place":"Oslo"}',
        status: "completed",
      },
    ]);
    expect(made.tools).toEqual([{ ...weather, strict: null }]);
  });

  it("tells a call that is under way by its name and its id from the beginning", async () => {
    const piece = { type: "tool-input-delta", toolCallId: "call_1", toolName: "weather", text: '{"place":' } as const;
    const models = [{ id: "scripted-model", capabilities: { tools: true } }] as const;
    const { create, call } = asked([scriptedProvider({ models, script: [piece, { waitMs: 5000 }] })]);
    const { id } = await create({ input: "Hi", background: true });
    await vi.waitFor(async () => {
      const { output } = (await (await call("GET", `/${id}`)).json()) as { readonly output: readonly object[] };
      expect(output).toMatchObject([{ name: "weather", call_id: expect.stringMatching(/^call_1/), arguments: "" }]);
    }, 10_000);
  });

  it("streams the call of a tool", async () => {
    const { stream } = asked([able()]);
    const events = await stream({ input: "The weather in Oslo?", tools: [weather] });
    const types = events.map(({ type }) => type);
    expect(types).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(lastOf(events).output.at(-1)).toMatchObject({ type: "function_call", arguments: '{"place":"Oslo"}' });
  });

  it("takes images and files", async () => {
    const model = able();
    const { create } = asked([model]);
    await create({
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "What is it?" },
            { type: "input_image", image_url: IMAGE, detail: "low" },
            { type: "input_file", filename: "a.txt", file_data: "data:text/plain;base64,SGk=" },
          ],
        },
      ],
    });
    expect(model.calls[0]?.request.messages[0]?.content).toMatchObject([
      { type: "text", text: "What is it?" },
      { type: "image", image: IMAGE },
      { type: "file", file: "data:text/plain;base64,SGk=", mediaType: "text/plain", filename: "a.txt" },
    ]);
  });

  it("takes several turns", async () => {
    const model = able();
    const { create } = asked([model]);
    await create({
      input: [
        { type: "message", role: "user", content: "I am Ada." },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hello Ada." }] },
        { type: "message", role: "user", content: "Who am I?" },
      ],
    });
    expect(model.calls[0]?.request.messages).toEqual([
      { role: "user", content: "I am Ada." },
      { role: "assistant", content: "Hello Ada." },
      { role: "user", content: "Who am I?" },
    ]);
  });

  it("goes on with a response that it made", async () => {
    const model = able();
    const { create } = asked([model]);
    const first = await create({ input: "I am Ada.", instructions: "Be short." });
    const second = await create({ input: "Who am I?", previous_response_id: first.id });
    expect(second.previous_response_id).toBe(first.id);
    const third = await create({ input: "And now?", previous_response_id: second.id });
    // Instructions are those of each request.
    expect(model.calls.at(-1)?.request.messages).toEqual([
      { role: "user", content: "I am Ada." },
      { role: "assistant", content: textOf(first) },
      { role: "user", content: "Who am I?" },
      { role: "assistant", content: textOf(second) },
      { role: "user", content: "And now?" },
    ]);
    expect(textOf(third)).toBe("Heard 5");
  });

  it("takes what became of a call, with the call before it and by the response that has it", async () => {
    const model = able();
    const { create } = asked([model]);
    const call = { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"place":"Oslo"}' };
    const output = (call_id: unknown) => ({ type: "function_call_output", call_id, output: "Snow." });
    const asks = { role: "user", content: "The weather?" };
    const whole = await create({ input: [asks, call, output("call_1")], tools: [weather] });
    expect(textOf(whole)).toBe("Heard 3");
    const first = await create({ input: "The weather?", tools: [weather] });
    const called = first.output.find(({ type }) => type === "function_call") as { readonly call_id: string };
    const input = [output(called.call_id)];
    const second = await create({ input, previous_response_id: first.id, tools: [weather] });
    expect(textOf(second)).toBe("Heard 3");
    expect(model.calls.at(-1)?.request.messages.at(-1)).toMatchObject({
      role: "tool",
      content: [
        { type: "tool-result", toolCallId: "call_1", toolName: "weather", output: { type: "text", value: "Snow." } },
      ],
    });
  });

  it("takes pictures that a call gave", async () => {
    const model = able();
    const { create, call } = asked([model]);
    const asks = { type: "function_call", call_id: "call_1", name: "weather", arguments: "{}" };
    const gave = (image: string): object => ({
      type: "function_call_output",
      call_id: "call_1",
      output: [
        { type: "input_text", text: "Snow." },
        { type: "input_image", image_url: image },
      ],
    });
    await create({ input: [{ role: "user", content: "The weather?" }, asks, gave(IMAGE)], tools: [weather] });
    expect(model.calls[0]?.request.messages.at(-1)?.content).toMatchObject([
      {
        output: {
          type: "content",
          value: [
            { type: "text", text: "Snow." },
            { type: "image", image: IMAGE },
          ],
        },
      },
    ]);
    const elsewhere = {
      model: "scripted-model",
      input: [{ role: "user", content: "x" }, asks, gave("http://127.0.0.1/")],
    };
    expect((await call("POST", "", elsewhere)).status).toBe(400);
  });

  it("does all of it at once", async () => {
    const { create, stream } = asked([able()]);
    const all = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        if (index % 3 === 0) return create({ input: `Question ${index}` });
        if (index % 3 === 1) return lastOf(await stream({ input: `Question ${index}` }));
        return create({ input: `Question ${index}`, tools: [weather] });
      }),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(30);
    expect(all.every(({ status }) => status === "completed")).toBe(true);
  });
});
