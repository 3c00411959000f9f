import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatOpenAI } from "@langchain/openai";
import { generateObject, generateText, jsonSchema, streamText, tool, type LanguageModel, type ToolSet } from "ai";
import OpenAI from "openai";

import type { ClientCases, Told } from "./told.ts";

// One client of Node's, run as a program of its own: what each case came to is printed as JSON. Of several addresses only the stream is asked
// for at each.
const [, , name = "", apiKey = "", ...urls] = process.argv;

const messages = [{ role: "user" as const, content: "Hi" }];
const schema = {
  type: "object" as const,
  properties: { city: { type: "string" as const } },
  required: ["city"],
  additionalProperties: false,
};
const picture =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

function openai(baseURL: string): ClientCases {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, logLevel: "off" });
  const stream = async (model: string, signal?: AbortController): Promise<Told> => {
    const run = client.chat.completions.stream(
      { model, messages, stream_options: { include_usage: true } },
      { signal: signal?.signal },
    );
    let pieces = 0;
    run.on("content", () => {
      pieces++;
      signal?.abort();
    });
    const { choices, usage } = await run.finalChatCompletion();
    return {
      text: choices[0]?.message.content ?? "",
      reason: choices[0]?.finish_reason,
      pieces,
      usage: usage?.total_tokens,
    };
  };
  const tools = [{ type: "function" as const, function: { name: "look_up", parameters: schema, strict: true } }];
  return {
    list: async () => ({ text: (await client.models.list()).data.map(({ id }) => id).join(" ") }),
    ask: async () => {
      const { choices } = await client.chat.completions.create({ model: "ok", messages });
      return { text: choices[0]?.message.content ?? "", reason: choices[0]?.finish_reason };
    },
    stream: () => stream("ok"),
    tools: async () => {
      const { choices } = await client.chat.completions
        .stream({ model: "calls", messages, tools })
        .finalChatCompletion();
      const [call] = choices[0]?.message.tool_calls ?? [];
      return {
        text: call?.type === "function" ? `${call.function.name} ${call.function.arguments}` : "",
        reason: choices[0]?.finish_reason,
      };
    },
    structured: async () => {
      const { choices } = await client.chat.completions.create({
        model: "json",
        messages,
        response_format: { type: "json_schema", json_schema: { name: "place", strict: true, schema } },
      });
      return { text: choices[0]?.message.content ?? "" };
    },
    image: async () => {
      const content = [
        { type: "image_url" as const, image_url: { url: picture } },
        { type: "text" as const, text: "What is it?" },
      ];
      const { choices } = await client.chat.completions.create({
        model: "sees",
        messages: [{ role: "user", content }],
      });
      return { text: choices[0]?.message.content ?? "" };
    },
    before: async () => stream("limited"),
    cut: async () => stream("cut"),
    abort: async () => stream("slow", new AbortController()),
  };
}

/** Read chunk by chunk, without a helper. */
function rawOpenAI(baseURL: string): ClientCases {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, logLevel: "off" });
  return {
    stream: async () => {
      let text = "";
      for await (const { choices } of await client.chat.completions.create({ model: "ok", messages, stream: true }))
        text += choices[0]?.delta.content ?? "";
      return { text };
    },
  };
}

function openaiResponses(baseURL: string): ClientCases {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, logLevel: "off" });
  const stream = async (model: string, leaving?: AbortController): Promise<Told> => {
    let text = "";
    let pieces = 0;
    const options = { signal: leaving?.signal };
    for await (const event of await client.responses.create({ model, input: "Hi", stream: true }, options)) {
      if (event.type !== "response.output_text.delta") continue;
      text += event.delta;
      pieces++;
      leaving?.abort();
    }
    // Its iterator just ends where it was left by its own signal.
    if (leaving !== undefined) throw new Error("left");
    return { text, pieces };
  };
  const tools = [{ type: "function" as const, name: "look_up", parameters: schema, strict: true }];
  return {
    ask: async () => ({ text: (await client.responses.create({ model: "ok", input: "Hi" })).output_text }),
    stream: () => stream("ok"),
    tools: async () => {
      const { output } = await client.responses.create({ model: "calls", input: "Hi", tools });
      const call = output.find((item) => item.type === "function_call");
      return { text: `${call?.name} ${call?.arguments}` };
    },
    structured: async () => {
      const format = { type: "json_schema" as const, name: "place", strict: true, schema };
      return { text: (await client.responses.create({ model: "json", input: "Hi", text: { format } })).output_text };
    },
    image: async () => {
      const content = [
        { type: "input_image" as const, image_url: picture, detail: "auto" as const },
        { type: "input_text" as const, text: "What is it?" },
      ];
      return {
        text: (await client.responses.create({ model: "sees", input: [{ role: "user", content }] })).output_text,
      };
    },
    before: () => stream("limited"),
    cut: () => stream("cut"),
    abort: () => stream("slow", new AbortController()),
  };
}

function ai(modelOf: (id: string) => LanguageModel): ClientCases {
  const stream = async (id: string, controller?: AbortController): Promise<Told> => {
    const run = streamText({
      model: modelOf(id),
      prompt: "Hi",
      maxRetries: 0,
      ...(controller !== undefined && { abortSignal: controller.signal }),
      onError: () => undefined,
    });
    let text = "";
    let pieces = 0;
    for await (const part of run.fullStream) {
      if (part.type === "error") throw part.error;
      if (part.type === "abort") throw new Error("aborted");
      if (part.type !== "text-delta") continue;
      text += part.text;
      pieces++;
      controller?.abort();
    }
    return { text, pieces, reason: await run.finishReason };
  };
  return {
    ask: async () => {
      const { text, finishReason } = await generateText({ model: modelOf("ok"), prompt: "Hi", maxRetries: 0 });
      return { text, reason: finishReason };
    },
    stream: () => stream("ok"),
    tools: async () => {
      const tools: ToolSet = { look_up: tool({ inputSchema: jsonSchema(schema) }) };
      const { toolCalls, finishReason } = await generateText({
        model: modelOf("calls"),
        prompt: "Hi",
        tools,
        maxRetries: 0,
      });
      const [call] = toolCalls;
      return { text: `${call?.toolName} ${JSON.stringify(call?.input)}`, reason: finishReason };
    },
    structured: async () => {
      const { object } = await generateObject({
        model: modelOf("json"),
        prompt: "Hi",
        schema: jsonSchema(schema),
        maxRetries: 0,
      });
      return { text: JSON.stringify(object) };
    },
    image: async () => {
      const content = [
        { type: "image" as const, image: new URL(picture) },
        { type: "text" as const, text: "What is it?" },
      ];
      const { text } = await generateText({
        model: modelOf("sees"),
        messages: [{ role: "user", content }],
        maxRetries: 0,
      });
      return { text };
    },
    before: () => stream("limited"),
    cut: () => stream("cut"),
    abort: () => stream("slow", new AbortController()),
  };
}

const textOf = (content: unknown): string => (typeof content === "string" ? content : JSON.stringify(content));

function langchain(baseURL: string): ClientCases {
  const modelOf = (model: string): ChatOpenAI =>
    new ChatOpenAI({ model, apiKey, maxRetries: 0, configuration: { baseURL } });
  const stream = async (model: string, controller?: AbortController): Promise<Told> => {
    let text = "";
    let pieces = 0;
    for await (const { content } of await modelOf(model).stream(
      "Hi",
      controller === undefined ? {} : { signal: controller.signal },
    )) {
      if (typeof content !== "string" || content === "") continue;
      text += content;
      pieces++;
      controller?.abort();
    }
    return { text, pieces };
  };
  return {
    ask: async () => {
      const { content, response_metadata: about } = await modelOf("ok").invoke("Hi");
      return { text: textOf(content), reason: String(about["finish_reason"]) };
    },
    stream: () => stream("ok"),
    tools: async () => {
      const called = modelOf("calls").bindTools([
        { type: "function", function: { name: "look_up", parameters: schema } },
      ]);
      const { tool_calls: calls } = await called.invoke("Hi");
      return { text: `${calls?.[0]?.name} ${JSON.stringify(calls?.[0]?.args)}` };
    },
    structured: async () => {
      const asked = modelOf("json").withStructuredOutput(schema, { name: "place", method: "jsonSchema" });
      return { text: JSON.stringify(await asked.invoke("Hi")) };
    },
    image: async () => {
      const content = [
        { type: "image_url", image_url: { url: picture } },
        { type: "text", text: "What is it?" },
      ];
      const { content: said } = await modelOf("sees").invoke([{ role: "user", content }]);
      return { text: textOf(said) };
    },
    before: () => stream("limited"),
    cut: () => stream("cut"),
    abort: () => stream("slow", new AbortController()),
  };
}

const CLIENTS: Readonly<Record<string, (baseURL: string) => ClientCases>> = {
  openai,
  "openai, raw": rawOpenAI,
  "openai, responses": openaiResponses,
  "@ai-sdk/openai": (baseURL) => ai(createOpenAI({ baseURL, apiKey }).chat),
  "@ai-sdk/openai, responses": (baseURL) => ai(createOpenAI({ baseURL, apiKey }).responses),
  "@ai-sdk/openai-compatible": (baseURL) =>
    ai(createOpenAICompatible({ name: "any", baseURL, apiKey, supportsStructuredOutputs: true })),
  "@langchain/openai": langchain,
};

const told: Record<string, Told> = {};

async function tell(what: string, play: () => Promise<Told>): Promise<void> {
  try {
    told[what] = await play();
  } catch (error) {
    const {
      name: kindOfError = "",
      status,
      statusCode = status,
    } = error as { name?: string; status?: number; statusCode?: number };
    told[what] = {
      error: `${kindOfError} ${statusCode ?? ""}: ${error instanceof Error ? error.message : JSON.stringify(error)}`,
    };
  }
}

const [first = ""] = urls;
if (urls.length === 1)
  for (const [kind, play] of Object.entries(CLIENTS[name]?.(`${first}/v1`) ?? {})) await tell(kind, play);
else
  for (const url of urls) {
    const { stream } = CLIENTS[name]?.(`${url}/v1`) ?? {};
    if (stream !== undefined) await tell(url, stream);
  }
console.log(JSON.stringify(told));
// What a client keeps open is no reason to stay.
process.exit(0);
