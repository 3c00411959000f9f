import { describe, expect, test, vi } from "vitest";

import { emulate } from "../../src/emulate/index.ts";
import type { ProviderRequest, Settings } from "../../src/provider.ts";
import type { ProviderPart } from "../../src/part.ts";
import { createRouter } from "../../src/router/router.ts";
import { collect, finish, messages, outline, scripted, text, type Step } from "../router/scripted.ts";

const weather = {
  name: "weather",
  description: "Tells the weather.",
  inputSchema: { type: "object", properties: { city: { type: "string" } } },
};
const settings: Settings = { tools: [weather] };
const call = '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>';
const called = { type: "tool-call", toolName: "weather", input: '{"city":"Rome"}' };
const bad = '<tool_call>{"name": weather}</tool_call>';

async function ask(
  scripts: readonly (readonly Step[])[],
  request: Partial<ProviderRequest> = {},
  options: Parameters<typeof emulate>[1] = { tools: true },
): Promise<{
  readonly parts: readonly ProviderPart[];
  readonly error: unknown;
  readonly requests: readonly ProviderRequest[];
}> {
  const provider = scripted("p", scripts);
  const answer = await collect(emulate(provider, options).stream({ messages, settings, ...request }));
  return { ...answer, requests: provider.requests };
}

const finishOf = (parts: readonly ProviderPart[]): ProviderPart | undefined => parts.at(-1);

describe("an emulated provider", () => {
  test("says that its models can what is emulated, and keeps names, limits and close", async () => {
    const close = vi.fn<() => Promise<void>>(async () => {});
    const provider = { ...scripted("p", []), timeouts: { idleMs: 5 }, close };
    const emulated = emulate(provider, { tools: true, json: true, reasoning: undefined });
    expect(emulated).toMatchObject({ id: "p", timeouts: { idleMs: 5 } });
    expect(emulated.models[0]).toMatchObject({ id: "m", capabilities: { tools: true, json: true, images: false } });
    await emulated.close?.();
    expect(close).toHaveBeenCalledOnce();
    const honest = scripted("p", [], { models: [{ id: "m", capabilities: { settings: ["seed"] } }] });
    const [model] = emulate(honest, { tools: true }).models;
    expect(model.capabilities).toEqual({ tools: true, settings: ["seed", "tools", "toolChoice", "parallelToolCalls"] });
    expect(emulate(scripted("p", []), { tools: false }).models[0].capabilities).toMatchObject({
      tools: false,
      json: false,
    });
  });

  test("hands a request that asks for nothing emulated through untouched", () => {
    const provider = scripted("p", [[text("Hi"), finish]]);
    const request = { messages, settings: { temperature: 1 } };
    const stream = vi.spyOn(provider, "stream");
    const answer = emulate(provider, { tools: true, json: true }).stream(request);
    expect(stream.mock.results[0]?.value).toBe(answer);
    expect(provider.requests[0]).toBe(request);
  });

  test("reads calls, warns at the start and the end, and finishes with tool-calls", async () => {
    const { parts } = await ask([[text("Let me see.\n<tool"), text(`_call>${call.slice(11)}`), finish]]);
    expect(outline(parts)).toEqual(["start", "Let me see.", "tool-call", "finish"]);
    expect(parts[0]).toMatchObject({ warnings: [{ feature: "tools" }] });
    expect(parts[2]).toMatchObject({ ...called, toolCallId: expect.stringMatching(/^call_\w{20}$/) as string });
    expect(parts[3]).toMatchObject({ reason: "tool-calls", warnings: [{ feature: "tools" }] });
  });

  test("gives calls ids of their own", async () => {
    const { parts } = await ask([[text(call + call), finish]]);
    const ids = parts.flatMap((part) => (part.type === "tool-call" ? [part.toolCallId] : []));
    expect(new Set(ids).size).toBe(2);
  });

  test("tells one start, with the warnings of the provider and its own", async () => {
    const warning = { feature: "seed", message: "No seed." };
    const { parts } = await ask([
      [
        { type: "start", warnings: [warning], response: { id: "7" } },
        text("Hi"),
        { ...finish, warnings: [warning] } as Step,
      ],
    ]);
    expect(outline(parts)).toEqual(["start", "Hi", "finish"]);
    expect(parts[0]).toMatchObject({ response: { id: "7" }, warnings: [warning, { feature: "tools" }] });
    expect(finishOf(parts)).toMatchObject({ reason: "stop", warnings: [warning, { feature: "tools" }] });
  });

  test("stops the provider where it makes up what follows on a call, or one call was asked for", async () => {
    for (const [words, more] of [
      [`${call}\n<tool_response>`, {}],
      [call, { parallelToolCalls: false }],
    ] as const) {
      const provider = scripted("p", [[text(words), "stall"]]);
      const stream = emulate(provider, { tools: true }).stream({ messages, settings: { ...settings, ...more } });
      const { parts, error } = await collect(stream);
      expect(error).toBeUndefined();
      expect(outline(parts)).toEqual(["start", "tool-call", "finish"]);
      expect(finishOf(parts)).toMatchObject({ reason: "tool-calls" });
    }
  });

  test("keeps the reason of an answer that was cut", async () => {
    const { parts } = await ask([[text(`${call}\n<tool_call>{"na`), { ...finish, reason: "length" } as Step]]);
    expect(finishOf(parts)).toMatchObject({ reason: "length" });
  });

  test("asks once again for a call that cannot be read, and takes only calls from the answer", async () => {
    const usage = { inputTokens: 2, outputTokens: 3 };
    const { parts, requests } = await ask([
      [text(`Sure. ${bad} And so on.`), { ...finish, usage } as Step],
      [{ type: "queue", position: 0 }, text(`Sorry! ${call}`), { ...finish, usage } as Step],
    ]);
    expect(outline(parts)).toEqual(["start", "Sure.", "queue", "tool-call", "finish"]);
    expect(parts[3]).toMatchObject(called);
    expect(finishOf(parts)).toMatchObject({
      reason: "tool-calls",
      usage: { inputTokens: 4, outputTokens: 6 },
      warnings: [{ feature: "tools" }, { feature: "tools", message: expect.stringContaining("once again") as string }],
    });
    expect(requests).toHaveLength(2);
    expect(requests[1]?.messages.slice(0, 2)).toEqual(requests[0]?.messages);
    expect(requests[1]?.messages.slice(2)).toEqual([
      { role: "assistant", content: bad },
      { role: "user", content: expect.stringMatching(/cannot be read: .*<tool_call>/) as string },
    ]);
  });

  test.each<readonly [string, readonly Step[]]>([
    ["writes no call", [text("I cannot."), finish]],
    ["writes another that cannot be read", [text(bad), finish]],
    ["fails", [new Error("No.")]],
    ["breaks off", [text(call)]],
  ])("gives the call that cannot be read as text where the second answer %s", async (_, second) => {
    const { parts, error, requests } = await ask([[text(`Sure. ${bad} So.`), finish], second]);
    expect(error).toBeUndefined();
    expect(outline(parts)).toEqual(["start", "Sure.", ` ${bad} So.`, "finish"]);
    expect(finishOf(parts)).toMatchObject({ reason: "stop" });
    expect(requests).toHaveLength(2);
  });

  test.each<readonly [string, readonly Step[], Partial<ProviderRequest>]>([
    ["a call could be read", [text(`${bad}${call}`), finish], {}],
    ["the answer was cut", [text(bad), { ...finish, reason: "length" } as Step], {}],
    ["the server's memory has moved on", [text(bad), finish], { conversation: "c" }],
  ])("does not ask again where %s", async (_, script, request) => {
    const { parts, requests } = await ask([script], request);
    expect(requests).toHaveLength(1);
    expect(outline(parts)[1]).toBe(bad);
  });

  test("follows a provider that rewrites what it said", async () => {
    const replaced = (words: string): ProviderPart => ({ type: "text-replace", text: words });
    const { parts } = await ask([
      [text("One"), replaced("One two <tool"), replaced(`On ${call}`), replaced(`On ${call}.`), finish],
    ]);
    expect(outline(parts)).toEqual(["start", "One", " two", "On", "tool-call", "finish"]);
  });

  test("asks for JSON with its schema, and cuts it out of what is said", async () => {
    const format = { type: "json", schema: { type: "object" } } as const;
    const { parts, requests } = await ask(
      [[text("Here: ```json\n{"), text('"a": 1}\n```'), finish]],
      { settings: { responseFormat: format } },
      { json: true },
    );
    expect(outline(parts)).toEqual(["start", "{", '"a": 1}', "finish"]);
    expect(finishOf(parts)).toMatchObject({ reason: "stop", warnings: [{ feature: "responseFormat" }] });
    expect(requests[0]?.settings).toEqual({});
    expect(requests[0]?.messages[0]).toMatchObject({
      role: "system",
      content: expect.stringMatching(/JSON.*\n<schema>\n\{"type":"object"\}/) as string,
    });
  });

  test("fails with invalid_output where the answer is no JSON, which a buffered call tries again", async () => {
    const json = { settings: { responseFormat: { type: "json" } } } as const;
    const { error } = await ask([[text("{'a': 1}"), finish]], json, { json: true });
    expect(error).toMatchObject({ code: "invalid_output", provider: "p" });
    const provider = scripted("p", [
      [text("No idea."), finish],
      [text("[1]"), finish],
    ]);
    const router = createRouter({ plugins: [emulate(provider, { json: true })], retry: { baseDelayMs: 1 } });
    expect(await router.complete({ model: "m", messages, ...json })).toMatchObject({ text: "[1]" });
    await router.close();
  });

  test.each<readonly [string, readonly Step[]]>([
    ["is no call", [text("I cannot."), finish]],
    ["is cut", [text("I ca")]],
    ["fails", [new Error("Gone.")]],
  ])(
    "ends where a call cannot be read, is no JSON either, and what is asked for it once again %s",
    async (_, again) => {
      const both = { settings: { ...settings, responseFormat: { type: "json" } } } as const;
      const { error } = await ask([[text(bad), finish], again], both, { tools: true, json: true });
      expect(error).toMatchObject({ code: "invalid_output", provider: "p" });
    },
  );

  test("never counts an answer that is no JSON for the provider: what is asked decides", async () => {
    const json = { settings: { responseFormat: { type: "json" } }, retry: { maxAttempts: 1 } } as const;
    const provider = scripted(
      "p",
      Array.from({ length: 6 }, () => [text("I will not."), finish]),
    );
    const router = createRouter({ plugins: [emulate(provider, { json: true })] });
    for (let index = 0; index < 6; index++)
      await expect(router.complete({ model: "m", messages, ...json })).rejects.toMatchObject({
        code: "invalid_output",
      });
    expect(router.health()).toMatchObject([{ breaker: "closed" }]);
  });

  test("tells thought apart, in a channel of its own", async () => {
    const { parts } = await ask(
      [[text("<think>\nHm"), text("m.\n</think>\n\nHi"), finish]],
      { settings: undefined },
      { reasoning: true },
    );
    expect(parts.map(({ type }) => type)).toEqual([
      "start",
      "reasoning-delta",
      "reasoning-delta",
      "reasoning-end",
      "text-delta",
      "finish",
    ]);
    expect(outline(parts)).toEqual(["start", "Hm", "m.", "reasoning-end", "Hi", "finish"]);
  });

  test.each<readonly [string, Partial<ProviderRequest>, RegExp]>([
    ["a choice of no tool", { settings: { ...settings, toolChoice: { toolName: "x" } } }, /settings\.toolChoice/],
    [
      "a schema that JSON cannot tell",
      { settings: { tools: [{ name: "x", inputSchema: 1n }] } },
      /tools\[0\]\.inputSchema/,
    ],
    ["messages that are none", { messages: [null as never] }, /messages\[0\]/],
    [
      "an input that is no JSON",
      {
        messages: [
          ...messages,
          { role: "assistant", content: [{ type: "tool-call", toolCallId: "1", toolName: "x", input: "{" }] },
          ...messages,
        ],
      },
      /messages\[1\]\.content\[0\]\.input/,
    ],
  ])("refuses %s before anything is sent", async (_, request, message) => {
    const { error, requests } = await ask([[finish]], request);
    expect(error).toMatchObject({ code: "invalid_request", message: expect.stringMatching(message) as string });
    expect(requests).toHaveLength(0);
  });

  test.each<readonly [string, () => unknown, RegExp]>([
    ["gives a promise", async () => {}, /must return an async iteration/],
    ["gives nothing", () => null, /must return an async iteration/],
    [
      "gives a text without words",
      async function* () {
        yield { type: "text-delta" };
      },
      /must be a string/,
    ],
    [
      "gives no part",
      async function* () {
        yield null;
      },
      /null/,
    ],
  ])("ends with an error where the provider %s", async (_, stream, message) => {
    const careless = { ...scripted("p", []), stream: stream as never };
    const { error } = await collect(emulate(careless, { reasoning: true }).stream({ messages }));
    expect(error).toMatchObject({ message: expect.stringMatching(message) as string });
  });

  test("passes errors and endings on as they are", async () => {
    expect((await ask([[text("Hi"), new Error("No.")]])).error).toMatchObject({ message: "No." });
    const { parts, error } = await ask([[text("Hi")]]);
    expect(outline(parts)).toEqual(["start", "Hi"]);
    expect(error).toBeUndefined();
  });

  test("ends at once when it is left or aborted, also while it asks again", async () => {
    for (const script of [[["stall"]], [[text(bad), finish], ["stall"]]] satisfies readonly (readonly Step[])[][]) {
      const provider = scripted("p", script);
      const controller = new AbortController();
      const reading = collect(
        emulate(provider, { tools: true }).stream({ messages, settings, signal: controller.signal }),
      );
      await vi.waitFor(() => expect(provider.requests).toHaveLength(script.length));
      const reason = new Error("Enough.");
      controller.abort(reason);
      expect((await reading).error).toBe(reason);
      expect(provider.requests.at(-1)?.signal?.aborted).toBe(true);
      const stream = emulate(scripted("p", script), { tools: true }).stream({ messages, settings });
      const iterator = stream[Symbol.asyncIterator]();
      const pending = iterator.next();
      await iterator.return?.();
      expect((await pending).done).toBe(true);
    }
  });
});
