import { QwenError, type ProviderPart } from "@qwen/core";
import { scriptedProvider, type ScriptItem } from "@qwen/testing";
import { describe, expect, test } from "vitest";

import { eventsOf, question, servedBy, textIn, type Chunk, type Served, type ServedOptions } from "./served.ts";

const finish: ProviderPart = { type: "finish", reason: "stop" };
const ask = { model: "scripted-model", messages: question, stream: true };

function saying(script: readonly ScriptItem[], options: ServedOptions = {}): Served {
  const models = [{ id: "scripted-model", capabilities: { tools: true, json: true } }] as const;
  return servedBy([scriptedProvider({ models, script })], options);
}

async function chunksOf(script: readonly ScriptItem[], body: object = {}): Promise<readonly (Chunk | string)[]> {
  return eventsOf(await saying(script).ask({ ...ask, ...body }));
}

const deltasIn = (events: readonly (Chunk | string)[]): readonly unknown[] =>
  events.flatMap((event) => (typeof event === "string" ? [] : (event.choices ?? []).map(({ delta }) => delta)));

describe("a stream", () => {
  test("has one id, time and model in all of its chunks, and no usage that was not asked for", async () => {
    const events = (await chunksOf(["a", "b", finish])).filter((event) => typeof event !== "string");
    expect(new Set(events.map(({ id, model }) => `${id} ${model}`)).size).toBe(1);
    expect(events.every((event) => !("usage" in event))).toBe(true);
  });

  test("tells the usage behind the finish where that is asked for and known; before it is null", async () => {
    const usage = { inputTokens: 3, outputTokens: 2, cachedInputTokens: 1, reasoningTokens: 1, estimated: true };
    const events = await chunksOf(["a", { ...finish, usage }], { stream_options: { include_usage: true } });
    const chunks = events.filter((event) => typeof event !== "string");
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 3,
        completion_tokens: 2,
        total_tokens: 5,
        prompt_tokens_details: { cached_tokens: 1 },
        completion_tokens_details: { reasoning_tokens: 1 },
        estimated: true,
      },
    });
    expect(events.at(-1)).toBe("data: [DONE]");
  });

  test("makes up no usage", async () => {
    const events = await chunksOf(["a", { ...finish, usage: { inputTokens: 3 } }], {
      stream_options: { include_usage: true },
    });
    expect(events.at(-2)).toMatchObject({ choices: [{ finish_reason: "stop" }], usage: null });
  });

  test.each([
    ["stop", "stop"],
    ["length", "length"],
    ["content-filter", "content_filter"],
    ["tool-calls", "tool_calls"],
    ["other", "stop"],
  ] as const)("that ends with %s says %s", async (reason, word) => {
    const served = saying(["a", { type: "finish", reason }]);
    const events = await eventsOf(await served.ask(ask));
    expect(events.at(-2)).toMatchObject({ choices: [{ finish_reason: word }] });
    const whole = (await (await served.ask({ ...ask, stream: false })).json()) as Chunk;
    expect(whole.choices?.[0]?.finish_reason).toBe(word);
  });

  test("tells thought apart from text", async () => {
    const script: ScriptItem[] = [
      { type: "reasoning-delta", text: "Hm. " },
      { type: "reasoning-delta", text: "Yes" },
      "Hello",
      finish,
    ];
    expect(deltasIn(await chunksOf(script))).toStrictEqual([
      { role: "assistant", content: "" },
      { reasoning_content: "Hm. " },
      { reasoning_content: "Yes" },
      { content: "Hello" },
      {},
    ]);
    const whole = await (await saying(script).ask({ ...ask, stream: false })).json();
    expect(whole).toMatchObject({ choices: [{ message: { content: "Hello", reasoning_content: "Hm. Yes" } }] });
  });

  test("begins a call with its name and no arguments, tells its pieces by its index, and nothing twice", async () => {
    const piece = (toolCallId: string, text: string): ProviderPart => ({
      type: "tool-input-delta",
      toolCallId,
      toolName: "f",
      text,
    });
    const call = (toolCallId: string, input: string): ProviderPart => ({
      type: "tool-call",
      toolCallId,
      toolName: "f",
      input,
    });
    const script = [
      piece("1", '{"a"'),
      piece("2", "{"),
      piece("1", ":1}"),
      piece("2", "}"),
      call("1", '{"a":1}'),
      call("2", "{}"),
      call("3", "[]"),
      { ...finish, reason: "tool-calls" } as const,
    ];
    // Its provider's, and an end by which it is unlike that of every other chat.
    const idOf = (index: number): unknown => expect.stringMatching(new RegExp(`^${index + 1}_[\\da-f]{10}$`));
    const begin = (index: number) => ({
      tool_calls: [{ index, id: idOf(index), type: "function", function: { name: "f", arguments: "" } }],
    });
    const more = (index: number, text: string) => ({ tool_calls: [{ index, function: { arguments: text } }] });
    const events = await chunksOf(script);
    expect(deltasIn(events)).toStrictEqual([
      { role: "assistant", content: "" },
      begin(0),
      more(0, '{"a"'),
      begin(1),
      more(1, "{"),
      more(0, ":1}"),
      more(1, "}"),
      begin(2),
      more(2, "[]"),
      {},
    ]);
    expect(events.at(-2)).toMatchObject({ choices: [{ finish_reason: "tool_calls" }] });
    const whole = await (await saying(script).ask({ ...ask, stream: false })).json();
    expect(whole).toMatchObject({
      choices: [
        {
          message: {
            content: null,
            tool_calls: [
              { id: idOf(0), type: "function", function: { name: "f", arguments: '{"a":1}' } },
              { id: idOf(1) },
              { id: idOf(2) },
            ],
          },
          finish_reason: "tool_calls",
        },
      ],
    });
  });

  test("says tool_calls also where the provider called it a stop", async () => {
    const events = await chunksOf([{ type: "tool-call", toolCallId: "1", toolName: "f", input: "{}" }, finish]);
    expect(events.at(-2)).toMatchObject({ choices: [{ finish_reason: "tool_calls" }] });
  });

  test("ends with an error where the whole call is another than its pieces", async () => {
    const events = await chunksOf([
      { type: "tool-input-delta", toolCallId: "1", toolName: "f", text: "{" },
      { type: "tool-call", toolCallId: "1", toolName: "f", input: "[]" },
      finish,
    ]);
    expect(events.at(-1)).toMatchObject({ error: { code: "protocol", type: "server_error" } });
    expect(events.some((event) => typeof event !== "string" && event.choices?.[0]?.finish_reason)).toBe(false);
  });

  test("has files and sources in fields of their own", async () => {
    const script: ScriptItem[] = [
      "a",
      { type: "file", url: new URL("https://example.com/a.png"), mediaType: "image/png" },
      { type: "file", url: new URL("https://example.com/a.wav"), mediaType: "audio/wav" },
      { type: "source", url: new URL("https://example.com/page"), title: "Page" },
      finish,
    ];
    const images = [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }];
    const files = [{ url: "https://example.com/a.wav", media_type: "audio/wav" }];
    const annotations = [
      {
        type: "url_citation",
        url_citation: { url: "https://example.com/page", title: "Page", start_index: 0, end_index: 0 },
      },
    ];
    expect(deltasIn(await chunksOf(script)).slice(2, 5)).toStrictEqual([{ images }, { files }, { annotations }]);
    const whole = await (await saying(script).ask({ ...ask, stream: false })).json();
    expect(whole).toMatchObject({ choices: [{ message: { images, files, annotations } }] });
  });

  test("goes on where a rewrite fits, and is an error with the exact text where it does not", async () => {
    const fits = await chunksOf(["Hello", { type: "text-replace", text: "Hello there" }, finish]);
    expect(textIn(fits)).toBe("Hello there");
    const other = await chunksOf(["Hello", { type: "text-replace", text: "Goodbye" }, finish]);
    expect(other.at(-1)).toMatchObject({
      error: { code: "text_rewritten", type: "server_error" },
      qwen: { text: "Goodbye" },
    });
    const whole = await (
      await saying(["Hello", { type: "text-replace", text: "Goodbye" }, finish]).ask({ ...ask, stream: false })
    ).json();
    expect(whole).toMatchObject({ choices: [{ message: { content: "Goodbye" } }] });
  });

  test("is cut before a stop sequence, streamed and whole, and the work is stopped", async () => {
    for (const stream of [true, false]) {
      const provider = scriptedProvider({ script: ["Hello E", "ND more", { waitMs: 60_000 }, "never"] });
      const { ask: send } = servedBy([provider]);
      const response = await send({ ...ask, stream, stop: ["END"] });
      expect(response.status).toBe(200);
      if (stream) {
        const events = await eventsOf(response);
        expect(textIn(events)).toBe("Hello ");
        expect(events.at(-2)).toMatchObject({ choices: [{ finish_reason: "stop" }] });
        expect(events.at(-1)).toBe("data: [DONE]");
      } else
        expect(await response.json()).toMatchObject({
          model: "scripted-model",
          choices: [{ message: { content: "Hello " }, finish_reason: "stop" }],
        });
      expect(response.headers.get("x-qwen-provider")).toBe("scripted");
      expect(provider.calls.map(({ state }) => state)).toStrictEqual(["stopped"]);
    }
  });

  test("breaks off with an error in band: no finish reason, no [DONE]", async () => {
    const served = saying(["Hello", { waitMs: 5 }, new QwenError("connection", "Reset by 10.0.0.1")]);
    const events = await eventsOf(await served.ask(ask));
    expect(textIn(events)).toBe("Hello");
    expect(events.at(-1)).toStrictEqual({
      error: {
        message: expect.not.stringContaining("10.0.0.1") as string,
        type: "server_error",
        code: "connection",
        param: null,
      },
    });
    expect(events.some((event) => typeof event !== "string" && event.choices?.[0]?.finish_reason)).toBe(false);
  });

  test("tells the model that answered, also where another was asked first", async () => {
    const bad = scriptedProvider({
      id: "bad",
      models: [{ id: "bad-1" }],
      script: [new QwenError("connection", "No.")],
    });
    const good = scriptedProvider({ id: "good", models: [{ id: "good-1" }], script: ["Hello", finish] });
    const { ask: send } = servedBy([bad, good], { routes: { smart: ["bad-1", "good-1"] } });
    for (const stream of [true, false]) {
      const response = await send({ ...ask, model: "smart", stream });
      expect(response.headers.get("x-qwen-provider")).toBe("good");
      expect(response.headers.get("x-qwen-route")).toBe("smart");
      expect(Number(response.headers.get("x-qwen-attempts"))).toBeGreaterThan(1);
      expect(await response.text()).toContain('"model":"good-1"');
    }
  });

  test("tells who was quicker of two that were asked at once", async () => {
    const slow = scriptedProvider({ id: "slow", models: [{ id: "slow-1" }], script: [{ waitMs: 5000 }, "late"] });
    const quick = scriptedProvider({
      id: "quick",
      models: [{ id: "quick-1" }],
      script: [{ waitMs: 20 }, "Hello", finish],
    });
    const { ask: send } = servedBy([slow, quick], { routes: { smart: ["slow-1", "quick-1"] } });
    for (const commit of ["first-output", "buffered"]) {
      const response = await send({ ...ask, model: "smart", qwen: { hedge_ms: 5, commit } });
      const text = await response.text();
      expect(text).toContain('"model":"quick-1"');
      expect(response.headers.get("x-qwen-provider")).toBe("quick");
    }
    expect(slow.calls.map(({ state }) => state)).toStrictEqual(["stopped", "stopped"]);
  });

  test("warns of what is not honoured in a header", async () => {
    const provider = scriptedProvider({
      script: [
        {
          type: "start",
          warnings: [
            { feature: "temperature", message: "No." },
            { feature: "ü,\n", message: "x" },
          ],
        },
        "a",
        finish,
      ],
    });
    for (const stream of [true, false]) {
      const response = await servedBy([provider]).ask({ ...ask, stream, user: "me", temperature: 1 });
      expect(response.headers.get("x-qwen-warnings")).toBe("user, temperature, %C3%BC,%0A");
    }
  });
});
