import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { createRouter, type Message, type ProviderPart } from "@qwen/core";
import { openaiCompatible } from "@qwen/openai-compatible";
import { scriptedProvider } from "@qwen/testing";
import { generateText, jsonSchema, type LanguageModel, stepCountIs, tool } from "ai";
import OpenAI from "openai";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { CallMemory } from "../src/call-memory.ts";
import { createGateway, createKey, type GatewayOptions } from "../src/index.ts";
import { serveGateway } from "../src/node/index.ts";
import { question, servedBy } from "./served.ts";

type Body = Readonly<Record<string, unknown>>;

/** What a vendor tells with a call and what was thought before it, of which it refuses to see any missing. */
interface Vendor {
  readonly message?: (asked: string) => Body;
  readonly call?: (asked: string) => Body;
}

const VENDORS = {
  Gemini: { call: (asked) => ({ extra_content: { google: { thought_signature: `signed: ${asked}` } } }) },
  DeepSeek: { message: (asked) => ({ reasoning_content: `I look for "${asked}".` }) },
  OpenRouter: {
    message: (asked) => ({ reasoning_details: [{ type: "reasoning.encrypted", data: `sealed: ${asked}`, index: 0 }] }),
  },
} as const satisfies Record<string, Vendor>;
type Name = keyof typeof VENDORS;

/** Its ids count: they come again in every chat. */
const ID = "functions.look_up:0";

/** A stand-in of a vendor: it calls a tool, and refuses what comes back without what it gave. */
async function startVendor({ message = () => ({}), call = () => ({}) }: Vendor) {
  const requests: { readonly messages: readonly Body[]; readonly stream?: boolean }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    request.on("end", () => {
      const body = JSON.parse(text) as (typeof requests)[number];
      requests.push(body);
      const asked = String(body.messages.find(({ role }) => role === "user")?.["content"]);
      const called = { id: ID, type: "function", function: { name: "look_up", arguments: "{}" }, ...call(asked) };
      const back = body.messages.find(({ role }) => role === "assistant");
      const isRight = back === undefined || holds(back, { ...message(asked), tool_calls: [called] });
      const said = isRight && back !== undefined ? { content: "Sunny." } : { ...message(asked), tool_calls: [called] };
      const choice = { index: 0, finish_reason: back === undefined ? "tool_calls" : "stop" };
      response.writeHead(isRight ? 200 : 400, {
        "content-type": isRight && body.stream === true ? "text/event-stream" : "application/json",
      });
      if (!isRight) response.end(JSON.stringify({ error: { message: "What was given must be passed back." } }));
      else if (body.stream !== true)
        response.end(JSON.stringify({ id: "1", model: "m", choices: [{ ...choice, message: said }] }));
      else
        response.end(
          `data: ${JSON.stringify({ id: "1", model: "m", choices: [{ ...choice, delta: said }] })}\n\ndata: [DONE]\n\n`,
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests };
}

function holds(given: Body, wanted: Body): boolean {
  return Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(given[name], value));
}

/** A gateway in front of a vendor, and what asks it. */
async function served(url: string, options: Partial<GatewayOptions> = {}) {
  const capabilities = { tools: true };
  const provider = openaiCompatible({ id: "vendor", baseURL: url, models: ["m"], capabilities });
  const router = createRouter({ plugins: [provider] });
  const { url: own, close } = await serveGateway(createGateway({ router, ...options }), { port: 0, signals: [] });
  onTestFinished(() => close({ drainMs: 0 }));
  return (apiKey = "none"): OpenAI => new OpenAI({ baseURL: `${own}/v1`, apiKey, maxRetries: 0 });
}

/** How a client does a step of its loop. */
interface Way {
  readonly api: "chat completions" | "responses";
  readonly stream: boolean;
  /** Whether it sends back what it does not know, or only what OpenAI's API has. */
  readonly keeps: boolean;
}

const WAYS = (["chat completions", "responses"] as const).flatMap((api) =>
  [false, true].flatMap((stream) => [true, false].map((keeps): Way => ({ api, stream, keeps }))),
);

const FUNCTION = { name: "look_up", parameters: { type: "object", properties: {} } };
const RESPONSE_TOOLS: OpenAI.Responses.Tool[] = [{ type: "function", strict: false, ...FUNCTION }];

/** What was asked and answered: the beginning of the next step. */
async function chatBegun(client: OpenAI, asked: string, { stream, keeps }: Omit<Way, "api">) {
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: asked }];
  const body = { model: "m", messages, tools: [{ type: "function" as const, function: FUNCTION }] };
  const { choices } = await (stream
    ? client.chat.completions.stream(body).finalChatCompletion()
    : client.chat.completions.create(body));
  const message = choices[0]?.message as OpenAI.ChatCompletionMessage;
  const calls = (message.tool_calls ?? []) as OpenAI.ChatCompletionMessageFunctionToolCall[];
  const known = {
    role: "assistant" as const,
    content: message.content,
    tool_calls: calls.map(({ id, function: { name, arguments: input } }) => ({
      id,
      type: "function" as const,
      function: { name, arguments: input },
    })),
  };
  const results = calls.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "22 degrees" }));
  return { ...body, messages: [...messages, keeps ? message : known, ...results] };
}

async function responseBegun(client: OpenAI, asked: string, { stream, keeps }: Omit<Way, "api">) {
  const input: OpenAI.Responses.ResponseInputItem[] = [{ role: "user", content: asked }];
  const body = { model: "m", input, tools: RESPONSE_TOOLS };
  const made = await (stream ? client.responses.stream(body).finalResponse() : client.responses.create(body));
  const output: readonly OpenAI.Responses.ResponseOutputItem[] = made.output;
  const calls = output.filter((item) => item.type === "function_call");
  const known = calls.map((call) => ({
    type: "function_call" as const,
    call_id: call.call_id,
    name: call.name,
    arguments: call.arguments,
  }));
  const results = calls.map(({ call_id }) => ({
    type: "function_call_output" as const,
    call_id,
    output: "22 degrees",
  }));
  return { ...body, input: [...input, ...(keeps ? (output as typeof input) : known), ...results] };
}

/** What a client is told at the end of a loop of two steps, of which the second may be asked of another gateway. */
async function looped(first: OpenAI, second: OpenAI, asked: string, { api, ...way }: Way): Promise<string | null> {
  if (api === "responses") {
    const next = await responseBegun(first, asked, way);
    return (await second.responses.create(next)).output_text;
  }
  const next = await chatBegun(first, asked, way);
  return (await second.chat.completions.create(next)).choices[0]?.message.content ?? null;
}

describe.each(Object.keys(VENDORS) as Name[])("what %s wants back with its calls", (name) => {
  test.each(WAYS)("comes back by a client: %o", async (way) => {
    const { url, requests } = await startVendor(VENDORS[name]);
    const here = await served(url);
    // What a client keeps, any gateway takes back: this one remembers nothing.
    const there = way.keeps ? await served(url) : here;
    expect(await looped(here(), there(), "the weather", way)).toBe("Sunny.");
    expect(requests).toHaveLength(2);
    // By its own ids, which it knows its calls by.
    expect(requests[1]?.messages.at(-1)).toMatchObject({ role: "tool", tool_call_id: ID });
  });
});

/** How clients of others go through the loop by themselves. */
const LOOPS: Readonly<Record<string, (baseURL: string) => Promise<string>>> = {
  "@ai-sdk/openai": (baseURL) => generated(createOpenAI({ baseURL, apiKey: "none" }).chat("m")),
  "@ai-sdk/openai, Responses": (baseURL) => generated(createOpenAI({ baseURL, apiKey: "none" }).responses("m")),
  "@ai-sdk/openai-compatible": (baseURL) => generated(createOpenAICompatible({ baseURL, name: "other" })("m")),
  "@langchain/openai": async (baseURL) => {
    const model = new ChatOpenAI({ model: "m", apiKey: "none", configuration: { baseURL }, maxRetries: 0 });
    const withTools = model.bindTools([{ type: "function", function: FUNCTION }]);
    const asked = new HumanMessage("the weather");
    const answer = await withTools.invoke([asked]);
    const results = (answer.tool_calls ?? []).map(({ id = "" }) => new ToolMessage("22 degrees", id));
    return (await withTools.invoke([asked, answer, ...results])).text;
  },
};

async function generated(model: LanguageModel): Promise<string> {
  const inputSchema = jsonSchema({ type: "object", properties: {} });
  const tools = { look_up: tool({ inputSchema, execute: async () => "22 degrees" }) };
  const asking = { model, prompt: "the weather", tools, stopWhen: stepCountIs(2), maxRetries: 0 };
  const { text } = await generateText(asking);
  return text;
}

test.each(Object.entries(LOOPS))("The loop of %s goes through", async (_, loop) => {
  for (const vendor of Object.values(VENDORS)) {
    const { url } = await startVendor(vendor);
    expect(await loop((await served(url))().baseURL)).toBe("Sunny.");
  }
});

describe("what a vendor wants back with its calls", () => {
  const drops = { stream: false, keeps: false };

  test("is each chat's own, though the vendor's ids are the same in all of them", async () => {
    const { url } = await startVendor(VENDORS.DeepSeek);
    const client = (await served(url))();
    const [one, other] = [await chatBegun(client, "one", drops), await chatBegun(client, "other", drops)];
    for (const begun of [one, other, one])
      expect((await client.chat.completions.create(begun)).choices[0]?.message.content).toBe("Sunny.");
  });

  test("is remembered for as long as its chat goes on, and an hour behind that", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const memory = new CallMemory();
    const providerMetadata = { vendor: { call: {} } };
    const call = { type: "tool-call", toolCallId: ID, toolName: "look_up", input: "{}", providerMetadata } as const;
    const { toolCallId } = memory.telling("").call(call);
    const sent: Message[] = [{ role: "assistant", content: [{ ...call, toolCallId, providerMetadata: undefined }] }];
    for (const minutes of [50, 50]) {
      vi.advanceTimersByTime(minutes * 60_000);
      expect(await memory.recalled("", sent)).toMatchObject([{ content: [{ toolCallId: ID, providerMetadata }] }]);
    }
    vi.advanceTimersByTime(61 * 60_000);
    expect(await memory.recalled("", sent)).toMatchObject([{ content: [{ providerMetadata: undefined }] }]);
  });

  test("is not remembered for another key", async () => {
    const { url, requests } = await startVendor(VENDORS.DeepSeek);
    const [mine, other] = [await createKey(), await createKey()];
    const client = await served(url, { keys: [mine.record, other.record] });
    const begun = await chatBegun(client(mine.key), "mine", drops);
    await expect(client(other.key).chat.completions.create(begun)).rejects.toThrow("400");
    expect(JSON.stringify(requests.at(-1))).not.toContain("I look");
    expect((await client(mine.key).chat.completions.create(begun)).choices[0]?.message.content).toBe("Sunny.");
  });

  test("is not remembered of a response that nothing is to be left of", async () => {
    const { url } = await startVendor(VENDORS.DeepSeek);
    const client = (await served(url))();
    const asked = { model: "m", input: "the weather", tools: RESPONSE_TOOLS, store: false };
    const { output } = await client.responses.create(asked);
    const call = output.find((item) => item.type === "function_call") as OpenAI.Responses.ResponseFunctionToolCall;
    const { call_id, name, arguments: input } = call;
    const result = { type: "function_call_output" as const, call_id, output: "22 degrees" };
    const next = (item: OpenAI.Responses.ResponseInputItem) => ({
      model: "m",
      input: [{ role: "user" as const, content: "the weather" }, item, result],
    });
    await expect(
      client.responses.create(next({ type: "function_call", call_id, name, arguments: input })),
    ).rejects.toThrow("400");
    expect((await client.responses.create(next(call))).output_text).toBe("Sunny.");
  });

  test("comes back by the response before as well", async () => {
    const { url } = await startVendor(VENDORS.OpenRouter);
    const client = (await served(url))();
    const { id, output } = await client.responses.create({ model: "m", input: "the weather", tools: RESPONSE_TOOLS });
    const call = output.find((item) => item.type === "function_call") as OpenAI.Responses.ResponseFunctionToolCall;
    const input = [{ type: "function_call_output" as const, call_id: call.call_id, output: "22 degrees" }];
    const next = await client.responses.create({ model: "m", input, previous_response_id: id });
    expect(next.output_text).toBe("Sunny.");
  });

  test("goes to nobody else, and nothing beside it to anybody, whatever a client says", async () => {
    const { url, requests } = await startVendor({});
    const client = (await served(url))();
    const { messages, ...body } = await chatBegun(client, "the weather", drops);
    const [asked, answer, result] = messages as unknown as [Body, { readonly tool_calls: readonly Body[] }, Body];
    const told = (qwen: unknown): unknown[] => [
      asked,
      { ...answer, tool_calls: answer.tool_calls.map((call) => ({ ...call, extra_content: { qwen } })) },
      result,
    ];
    const own = { call: { extra_content: {} }, message: { reasoning_content: "Hm." } };
    const foreign = [{ other: own }, { vendor: { call: { seed: 1 }, message: { prefix: true } } }, { vendor: 7 }, 7];
    for (const qwen of foreign) {
      const asking = client.chat.completions.create({ ...body, messages: told(qwen) as typeof messages });
      expect((await asking).choices[0]?.message.content).toBe("Sunny.");
      expect(JSON.stringify(requests.at(-1))).not.toMatch(/Hm\.|prefix|seed|qwen|extra_content/);
    }
  });

  test("is remembered whatever it is, where JSON can tell it, and told by the client in the one form that is known", async () => {
    const models = [{ id: "m", capabilities: { tools: true } }] as const;
    const providerMetadata = { openai: { itemId: "fc_1" } };
    const calls = [providerMetadata, { openai: { itemId: 1n } }].map((metadata, index): ProviderPart => ({
      type: "tool-call",
      toolCallId: String(index),
      toolName: "f",
      input: "{}",
      providerMetadata: metadata,
    }));
    const provider = scriptedProvider({
      models,
      script: ({ messages }) => (messages.length === 1 ? calls : ["Sunny."]),
    });
    const { ask } = servedBy([provider]);
    const next = async (change: (call: Body) => Body): Promise<unknown> => {
      const { choices } = (await (await ask({ model: "m", messages: question })).json()) as OpenAI.ChatCompletion;
      const told = choices[0]?.message as unknown as Body & { readonly tool_calls: readonly Body[] };
      expect(JSON.stringify(told)).not.toContain("extra_content");
      const tool_calls = told.tool_calls.map(change);
      const results = tool_calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: "x" }));
      const answer = await ask({ model: "m", messages: [...question, { ...told, tool_calls }, ...results] });
      expect(await answer.text()).toContain("Sunny.");
      return provider.calls.at(-1)?.request.messages[1]?.content;
    };
    const call = { type: "tool-call", toolName: "f", input: "{}" };
    expect(await next((told) => told)).toEqual([
      { ...call, toolCallId: "0", providerMetadata },
      { ...call, toolCallId: "1" },
    ]);
    const forged = { extra_content: { qwen: { openai: { itemId: "fc_2" } } } };
    expect(await next(({ id, ...told }) => ({ ...told, ...forged, id: `my ${String(id)}` }))).toEqual([
      { ...call, toolCallId: "my 0" },
      { ...call, toolCallId: "my 1" },
    ]);
  });
});

test("Two calls to which a provider gave one id have two in a whole answer", async () => {
  const call = (input: string): ProviderPart => ({ type: "tool-call", toolCallId: "1", toolName: "f", input });
  const models = [{ id: "m", capabilities: { tools: true } }] as const;
  const provider = scriptedProvider({ models, script: [call('{"a":1}'), call('{"b":2}')] });
  const { ask } = servedBy([provider]);
  const body = { model: "m", messages: question, tools: [{ type: "function", function: FUNCTION }] };
  const { choices } = (await (await ask(body)).json()) as OpenAI.ChatCompletion;
  const calls = choices[0]?.message.tool_calls ?? [];
  expect(calls).toHaveLength(2);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
});
