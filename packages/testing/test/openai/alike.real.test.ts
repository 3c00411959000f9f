import { modelId, startModel } from "@qwen/local-spaces";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createOpenAIEmulator, type OpenAIEmulator } from "../../src/index.ts";
import { ask, type AskOptions, chunksIn, eventsIn, type Heard } from "./raw-client.ts";

const CONTEXT_TOKENS = 512;
const PROMPT = "Tell me about the sea, in a few sentences.";
const messages = [{ role: "user", content: PROMPT }];

const usage = { prompt_tokens: 0, total_tokens: 0, prompt_tokens_details: { cached_tokens: 0 } };

let model: Awaited<ReturnType<typeof startModel>>;
let emulator: OpenAIEmulator;

/** The pieces in which the real model says its answer. */
async function piecesOf(question: object): Promise<string[]> {
  const heard = await ask(`${model.url}/v1`, { ...question, temperature: 0, stream: true }, { leaveAfterMs: 30_000 });
  return chunksIn(heard!).flatMap(({ choices }) => choices?.[0]?.delta.content ?? []);
}

beforeAll(async () => {
  model = await startModel({ slots: 1, contextTokens: CONTEXT_TOKENS });
  const pieces = await piecesOf({ messages, max_tokens: 40 });
  const short = await piecesOf({ messages: [{ role: "user", content: "Say hi." }] });
  const json = await piecesOf({ messages, max_tokens: 20, response_format: { type: "json_object" } });
  emulator = await createOpenAIEmulator({
    dialect: "llama.cpp",
    models: {
      [modelId]({ prompt, body }) {
        if (prompt === "Say hi.") return short;
        if (body["response_format"] === undefined) return pieces;
        // Some tokens of JSON come together as one piece.
        return { steps: json, finishReason: "length", usage: { ...usage, completion_tokens: 20 } };
      },
    },
  });
}, 300_000);
afterAll(async () => {
  await emulator.close();
  await model.stop();
});

/** What differs from run to run, and what only a tokenizer knows. */
function masked(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      if (["id", "created", "created_at", "completed_at", "item_id"].includes(key)) return key;
      if (["prompt_tokens", "input_tokens", "total_tokens", "cached_tokens"].includes(key)) return "tokens";
      if (key === "timings") return "timings";
      return inner;
    }),
  ) as unknown;
}

/** Everything of an answer but its bytes' grouping. */
function told(heard: Heard): unknown {
  const { status, headers, end, body } = heard;
  const kept = ["content-type", "connection", "server"].map((name) => headers[name]);
  if (!String(headers["content-type"]).startsWith("text/event-stream"))
    return masked({ status, kept, end, body: JSON.parse(body) as unknown });
  const events = eventsIn(heard).map((event) => {
    const [, name, data] = /^(?:event: (.*)\n)?data: (.*)$/u.exec(event) ?? [];
    return { name, data: data === "[DONE]" ? data : (JSON.parse(data ?? event) as unknown) };
  });
  return masked({ status, kept, end, events });
}

async function expectAlike(body: unknown, options: AskOptions = {}): Promise<void> {
  const real = await ask(`${model.url}/v1`, body, { leaveAfterMs: 30_000, ...options });
  expect(told((await ask(emulator.url, body, options))!)).toEqual(told(real!));
}

const base = { temperature: 0, max_tokens: 6, messages };
const hi = [{ role: "user", content: "Say hi." }];

test.each([
  ["a stream", { ...base, stream: true }],
  ["a stream with usage", { ...base, stream: true, stream_options: { include_usage: true } }],
  ["a whole answer", base],
  ["a longer one", { ...base, max_tokens: 30 }],
  ["max_completion_tokens", { ...base, max_tokens: undefined, max_completion_tokens: 3 }],
  ["an answer that stops by itself", { temperature: 0, messages: hi, stream: true }],
  ["usage of one that stops by itself", { temperature: 0, messages: hi }],
  ["its own name", { ...base, model: modelId }],
  ["a name of no model", { ...base, model: "nobody" }],
  ["text in parts", { ...base, messages: [{ role: "user", content: [{ type: "text", text: PROMPT }] }] }],
  ["JSON", { ...base, max_tokens: 20, response_format: { type: "json_object" } }],
  ["JSON in a stream", { ...base, max_tokens: 20, response_format: { type: "json_object" }, stream: true }],
  ["a format that there is not", { ...base, response_format: { type: "nonsense" } }],
  ["no messages", { temperature: 0 }],
  ["messages that are no list", { messages: "x" }],
  ["a message without content", { messages: [{ role: "user" }] }],
  [
    "two beginnings",
    { ...base, messages: [...hi, { role: "assistant", content: "a" }, { role: "assistant", content: "b" }] },
  ],
])("the emulator does as llama.cpp with %s", async (_name, body) => {
  await expectAlike(body);
});

test.each([
  ["a stream", { stream: true, max_output_tokens: 6 }],
  ["a whole one", { max_output_tokens: 6 }],
  ["one that stops by itself", { input: "Say hi.", stream: true }],
])("the emulator responds as llama.cpp does, with %s", async (_name, body) => {
  await expectAlike({ model: "any", temperature: 0, input: PROMPT, ...body }, { path: "/responses" });
});

test.each([true, false])(
  "the emulator goes on behind a beginning as llama.cpp does, with stream: %s",
  async (stream) => {
    const [first, second, ...rest] = await piecesOf({ messages, max_tokens: 20 });
    const beginning = { role: "assistant", content: `${first}${second}` };
    const body = { ...base, max_tokens: 5, stream, messages: [...messages, beginning] };
    expect(rest.length).toBeGreaterThan(5);
    await expectAlike(body);
  },
);

test("the emulator says of a chat that is too long what llama.cpp says", async () => {
  const body = { ...base, messages: [{ role: "user", content: "word ".repeat(800) }] };
  const real = (await ask(`${model.url}/v1`, body))!;
  using fault = disposed(emulator.fault("context-too-long"));
  const emulated = (await ask(emulator.url, body))!;
  expect(fault).toBeDefined();
  const numbers = (heard: Heard) => JSON.parse(JSON.stringify(told(heard)).replaceAll(/\d{3,}/gu, "0")) as unknown;
  expect(numbers(emulated)).toEqual(numbers(real));
});

test("the emulator has the routes that llama.cpp has", async () => {
  for (const path of ["/models/x", "/nothing"]) await expectAlike(undefined, { method: "GET", path });
  const list = async (url: string) => {
    const heard = await ask(url, undefined, { method: "GET", path: "/models" });
    const { object, data } = JSON.parse(heard!.body) as { object: string; data: readonly Record<string, unknown>[] };
    return {
      status: heard?.status,
      object,
      data: data.map(({ id, object: kind, owned_by }) => ({ id, kind, owned_by })),
    };
  };
  expect(await list(emulator.url)).toEqual(await list(`${model.url}/v1`));
});

test("an answer that its client leaves is cut off by both, and the next one is whole", async () => {
  emulator.answer(({ prompt }) =>
    prompt === "Say hi." ? ["Hello", " there"] : { steps: Array(1000).fill("a"), delayMs: 5 },
  );
  for (const url of [`${model.url}/v1`, emulator.url]) {
    const left = (await ask(url, { messages, stream: true, max_tokens: 400 }, { leaveAt: '"content":"' }))!;
    expect(left.end).toBe("left");
    const start = performance.now();
    const next = (await ask(url, { messages: hi, stream: true, max_tokens: 2, temperature: 0 }))!;
    expect([next.end, next.body.includes("data: [DONE]")]).toEqual(["eof", true]);
    // The one slot was free again: what was left would have taken seconds.
    expect(performance.now() - start).toBeLessThan(2500);
  }
  expect(emulator.calls.slice(-2).map(({ state }) => state)).toEqual(["cancelled", "finished"]);
});

test("a body that is no JSON is refused by both, in words of their own", async () => {
  const refused = async (url: string) => {
    const { status, body } = (await ask(url, "{nonsense"))!;
    const { error } = JSON.parse(body) as { error: { code: number; type: string } };
    return [status, error.code, error.type];
  };
  expect(await refused(emulator.url)).toEqual(await refused(`${model.url}/v1`));
});

function disposed(undo: () => void): Disposable {
  return { [Symbol.dispose]: undo };
}
