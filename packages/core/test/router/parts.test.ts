import { describe, expect, test, vi } from "vitest";

import type { QwenError } from "../../src/errors.ts";
import type { Message } from "../../src/message.ts";
import type { FinishReason, ProviderPart, StreamPart } from "../../src/part.ts";
import { createRouter, type Router } from "../../src/router/router.ts";
import type { RouterRequest } from "../../src/router/router-request.ts";
import { object } from "../../src/schema/index.ts";
import { capabilities, collect, finish, messages, outline, scripted, start, text, type Step } from "./scripted.ts";
import { failure, useVirtualTime } from "./virtual.ts";

// The parts of an answer besides its words, on their way through a router.

const warning = (feature: string) => ({ feature, message: `It has no ${feature}.` });
const begin = (more: object): ProviderPart => ({ type: "start", warnings: [], ...more });
const request = { model: "m", messages, retry: { baseDelayMs: 0 } } as const;

const ask = async (script: readonly Step[], more: Partial<RouterRequest> = {}) => {
  const provider = scripted("a", [script]);
  const stream = createRouter({ plugins: [provider] }).stream({ ...request, ...more });
  return { ...(await collect(stream)), provider, completion: await stream.completion.catch(() => undefined) };
};
const starts = (parts: readonly StreamPart[]) => parts.filter(({ type }) => type === "start");

describe("the start of an answer", () => {
  test.each<[string, readonly Step[]]>([
    ["none", [text(" "), text("Hi"), finish]],
    ["one", [begin({ warnings: [warning("seed")] }), text(" "), text("Hi"), finish]],
    ["two", [begin({}), text(" "), begin({}), text("Hi"), finish]],
    ["one too late", [text(" "), text("Hi"), begin({ warnings: [warning("seed")] }), finish]],
  ])("is told once, before the first output, by a provider that tells %s", async (_, script) => {
    for (const commit of ["first-output", "buffered"] as const) {
      const { parts } = await ask(script, { commit });
      expect(outline(parts)).toEqual(["attempt", "start", " ", "Hi", "finish"]);
    }
  });

  test("is that of the attempt which answers", async () => {
    const provider = scripted("a", [
      [begin({ warnings: [warning("seed")] }), failure("connection")],
      [begin({ warnings: [warning("topP")] }), text("Hi"), finish],
    ]);
    const { parts } = await collect(createRouter({ plugins: [provider] }).stream(request));
    expect(starts(parts)).toEqual([begin({ warnings: [warning("topP")] })]);
    expect(parts.at(-1)).toMatchObject({ warnings: [warning("topP")] });
  });

  test("says all that was known by then, and finish all there is, each warning once", async () => {
    const { parts, completion } = await ask([
      begin({ warnings: [warning("seed")], response: { id: "1" }, providerMetadata: { a: { x: 1 } } }),
      begin({ warnings: [warning("seed"), warning("topP")], response: { modelId: "m-1" }, providerMetadata: { b: 2 } }),
      text("Hi"),
      begin({ warnings: [warning("topK")] }),
      { ...finish, warnings: [warning("topP"), warning("tools")], response: { id: "2" } } as ProviderPart,
    ]);
    expect(starts(parts)).toEqual([
      begin({
        warnings: [warning("seed"), warning("topP")],
        response: { id: "1", modelId: "m-1" },
        providerMetadata: { a: { x: 1 }, b: 2 },
      }),
    ]);
    const warnings = ["seed", "topP", "topK", "tools"].map(warning);
    expect(parts.at(-1)).toMatchObject({ warnings, response: { id: "2", modelId: "m-1" } });
    expect(completion).toMatchObject({ warnings, response: { id: "2", modelId: "m-1" } });
  });

  test("does without the warnings that a provider leaves out, and is one of ours to change", async () => {
    const careless = { type: "start" } as unknown as ProviderPart;
    const { parts } = await ask([careless, text("Hi"), { type: "finish", reason: "stop" }]);
    expect(starts(parts)).toEqual([start]);
    expect(parts.at(-1)).toMatchObject({ warnings: [] });
  });
});

describe("a part that is no words", () => {
  const call: ProviderPart = {
    type: "tool-call",
    toolCallId: "1",
    toolName: "t",
    input: "{}",
    providerMetadata: { a: { signature: "s" } },
  };
  const piece: ProviderPart = { type: "tool-input-delta", toolCallId: "1", toolName: "t", text: "{" };
  const source: ProviderPart = { type: "source", url: new URL("https://example.com/"), title: "Example" };
  const thought: ProviderPart = { type: "reasoning-end", providerMetadata: { a: { signature: "s" } } };

  test("passes as it is, in its place", async () => {
    const script = [{ type: "reasoning-delta", text: "Hm" } as const, thought, source, piece, call];
    const end: ProviderPart = {
      type: "finish",
      reason: "tool-calls",
      rawReason: "tool_calls",
      usage: { inputTokens: 1, cachedInputTokens: 1, reasoningTokens: 1, estimated: true, raw: { n: 1 } },
      warnings: [],
      providerMetadata: { a: { id: 1 } },
    };
    const { parts, completion } = await ask([...script, end]);
    expect(parts.slice(2, -1)).toEqual(script);
    expect(parts.at(-1)).toMatchObject(end);
    expect(completion).toMatchObject({ sources: [source], toolCalls: [call], reasoning: "Hm", response: undefined });
  });

  test("begins no answer where it is a source or the end of reasoning, and is dropped with a failed attempt", async () => {
    const provider = scripted("a", [
      [source, thought, failure("connection")],
      [source, finish],
      [piece, call, finish],
    ]);
    const { parts } = await collect(createRouter({ plugins: [provider] }).stream(request));
    expect(outline(parts)).toEqual(["attempt", "attempt", "attempt", "start", "{", "tool-call", "finish"]);
    expect(parts.at(-1)).toMatchObject({
      attempts: [{ error: { code: "connection" } }, { error: { code: "empty_response" } }, {}],
    });
  });
});

describe("a whole answer", () => {
  useVirtualTime();

  test("says how long its first output took and how long it took in all, from the beginning of the request", async () => {
    const provider = scripted("a", [
      [{ waitMs: 30 }, failure("connection")],
      [{ waitMs: 30 }, text("Hi"), { waitMs: 30 }, finish],
    ]);
    const router = createRouter({ plugins: [provider] });
    const completing = router.complete(request);
    await vi.runAllTimersAsync();
    expect(await completing).toMatchObject({ firstOutputMs: 60, durationMs: 90 });
    const stream = router.stream(request);
    const reading = collect(stream);
    await vi.runAllTimersAsync();
    await reading;
    expect(await stream.completion).toMatchObject({ firstOutputMs: 30, durationMs: 60 });
  });
});

describe("tools in a chat", () => {
  const chat = [
    ...messages,
    {
      role: "assistant",
      content: [{ type: "tool-call", toolCallId: "1", toolName: "clock", input: '{"zone":"UTC"}' }],
    },
    {
      role: "tool",
      content: [
        { type: "tool-result", toolCallId: "1", toolName: "clock", output: { type: "json", value: { at: "12:00" } } },
      ],
    },
  ] as const;

  test("are told in words to a model without tools, and as they are to one with tools", async () => {
    const able = scripted("b", [[text("Noon."), finish]], {
      models: [{ id: "m", aliases: [], capabilities: { ...capabilities, tools: true } }],
    });
    const plain = scripted("a", [[failure("space_changed")]]);
    await createRouter({ plugins: [plain, able] }).complete({ ...request, messages: chat });
    expect(plain.requests[0]?.messages.slice(1)).toEqual([
      { role: "assistant", content: [{ type: "text", text: 'Tool call 1: clock {"zone":"UTC"}' }] },
      { role: "tool", content: [{ type: "text", text: 'Result of tool call 1 (clock): {"at":"12:00"}' }] },
    ]);
    expect(able.requests[0]?.messages).toEqual(chat);
  });

  test("may be all that there was to say: behind the results of tools nothing is an answer, if the model stops by itself", async () => {
    const models = [{ id: "m", aliases: [], capabilities: { tools: true } }] as const;
    const ends = (reason: FinishReason) => scripted("b", [[{ type: "finish", reason }]], { models });
    const answered = createRouter({ plugins: [ends("stop")] });
    expect(await answered.complete({ ...request, messages: chat.slice(0, 3) })).toMatchObject({
      text: "",
      finishReason: "stop",
    });
    const { parts } = await collect(answered.stream({ ...request, messages: chat.slice(0, 3) }));
    expect(parts.map(({ type }) => type)).toEqual(["attempt", "start", "finish"]);
    const codeOf = (router: Router, asked: readonly Message[]) =>
      router.complete({ model: "m", messages: asked, retry: { maxAttempts: 1 } }).catch(({ code }: QwenError) => code);
    expect(await codeOf(answered, [{ role: "user", content: "Hi" }])).toBe("empty_response");
    expect(await codeOf(createRouter({ plugins: [ends("length")] }), chat.slice(0, 3))).toBe("context_length_exceeded");
    expect(await codeOf(createRouter({ plugins: [ends("content-filter")] }), chat.slice(0, 3))).toBe("content_policy");
  });

  test("are what they were at the call, bytes and classes the caller's own", async () => {
    const value = { list: [1] };
    const file = {
      type: "file" as const,
      file: new Uint8Array(1),
      mediaType: "x/y",
      providerMetadata: { a: { b: 1 } },
    };
    const words = { type: "text" as const, text: "Hi", providerMetadata: { a: { b: 1 } } };
    const models = [{ id: "m", aliases: [], capabilities: { tools: true, files: true } }] as const;
    const able = scripted("b", [[text("Noon."), finish]], { models });
    const result = { ...chat[2].content[0], output: { type: "json" as const, value } };
    const last = { role: "user" as const, content: [file, words], providerMetadata: { a: { b: 1 } } };
    const asked = [...chat.slice(0, 2), { role: "tool" as const, content: [result] }, last];
    const stream = createRouter({ plugins: [able] }).stream({ ...request, messages: asked });
    value.list.push(2);
    file.providerMetadata.a.b = 2;
    words.providerMetadata.a.b = 2;
    last.providerMetadata.a.b = 2;
    await collect(stream);
    const [, , tool, user] = able.requests[0]!.messages;
    expect(tool?.content[0]).toMatchObject({ output: { value: { list: [1] } } });
    expect(user?.content[0]).toMatchObject({ providerMetadata: { a: { b: 1 } } });
    expect(user).toMatchObject({
      content: [{}, { providerMetadata: { a: { b: 1 } } }],
      providerMetadata: { a: { b: 1 } },
    });
    expect((user!.content[0] as typeof file).file).toBe(file.file);
  });
});

test.each(["text-delta", "text-replace", "reasoning-delta"])(
  "a %s without a text ends its attempt with a word on it",
  async (type) => {
    const slip = { type, delta: "Hi" } as unknown as ProviderPart;
    const retry = { maxAttempts: 1 };
    const { error } = await ask([slip, finish], { retry });
    const router = createRouter({ plugins: [scripted("a", [[slip, finish]])] });
    const checked: unknown = await router
      .complete({ ...request, retry, output: object({}) })
      .catch((one: unknown) => one);
    for (const each of [error, checked]) {
      expect(each).toMatchObject({ code: "protocol" });
      expect(String(each)).toContain(`It yielded a "${type}" whose \`text\` is no string.`);
    }
  },
);
