import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import type { LanguageModelV4 } from "@ai-sdk/provider";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createOpenAIEmulator, type OpenAICall } from "@qwen/testing";
import { generateText, jsonSchema, streamText, tool, type ModelMessage, type ToolSet } from "ai";

import type { FaultCase } from "./faults.ts";
import type { Subject } from "./subjects.ts";

export const ways = ["streamText", "generateText"] as const;
export type Way = (typeof ways)[number];

/** A cell that is open after so long hangs, and is ended. */
const HANGS_MS = 3000;

const FIRST = "one two three four five";
const SECOND = "six seven eight nine ten";

/** What became of one call. */
interface Told {
  text: string;
  end?: string | undefined;
  error?: string | undefined;
}

export interface FaultServer extends AsyncDisposable {
  /** One cell of the table, in words. */
  cell(fault: FaultCase, subject: Subject, way: Way): Promise<string>;
}

/** The servers of the table: one that has the faults, and a port where nobody listens. */
export async function startFaultServer(): Promise<FaultServer> {
  const server = await createOpenAIEmulator({ heartbeatMs: 20 });
  const refused = await freePort();
  const healthy = createOpenAICompatible({ name: "second", baseURL: server.url, includeUsage: true });
  let cells = 0;

  function firstModel(fault: FaultCase, name: string): LanguageModelV4 {
    const baseURL = fault.isRefused === true ? `http://127.0.0.1:${refused}/v1` : server.url;
    if (fault.byOpenAI === true) return createOpenAI({ baseURL, apiKey: "any" }).chat(name);
    return createOpenAICompatible({ name: "first", baseURL, includeUsage: true })(name);
  }

  return {
    async cell(fault, subject, way) {
      const number = ++cells;
      // Models of its own, which nobody else's faults strike.
      const [first, second] = [`first ${number}`, `second ${number}`];
      server.answer(first, fault.answer ?? FIRST);
      const words = subject.hasMirror === true ? FIRST : SECOND;
      server.answer(second, [{ waitMs: fault.secondDelayMs ?? 0 }, ...words.split(/(?= )/)]);
      const undo = (fault.faults ?? []).map((one) => server.fault({ ...one, model: first }));
      const model = subject.model(firstModel(fault, first), healthy(second), { hedges: fault.hedges === true });
      const told: Told = { text: "" };
      const abort = new AbortController();
      const startedAt = performance.now();
      const asked = ASK[way](model, fault, abort.signal, told).then(() => true);
      const isOver = await Promise.race([asked, sleep(HANGS_MS, false)]);
      const ms = Math.round(performance.now() - startedAt);
      const callsOf = (name: string): readonly OpenAICall[] => server.calls.filter((call) => call.model === name);
      const asks = (name: string): number => server.requests.filter(({ body }) => modelIn(body) === name).length;
      const silent = fault.waits === true ? stateOf(await settled(callsOf(first))) : "";
      for (const one of undo) one();
      abort.abort();
      await asked;
      const asksFirst = fault.isRefused === true ? "?" : asks(first);
      const end = isOver ? inWords(told) : `${textOf(told)}**hangs**`;
      return `${end} · ${asksFirst} + ${asks(second)}${silent} · ${isOver ? `${ms} ms` : "3 s"}`;
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

const ASK = {
  async streamText(model, { messages, tools }, abortSignal, told) {
    try {
      const { fullStream } = streamText({ ...askedOf(model, messages, tools, abortSignal), onError: () => undefined });
      for await (const part of fullStream) {
        if (part.type === "text-delta") told.text += part.text;
        else if (part.type === "tool-call") told.text += " (call)";
        else if (part.type === "finish") told.end = part.finishReason;
        else if (part.type === "error") told.error ??= nameOf(part.error);
      }
    } catch (error) {
      told.error ??= nameOf(error);
    }
  },
  async generateText(model, { messages, tools }, abortSignal, told) {
    try {
      const { text, finishReason, toolCalls } = await generateText(askedOf(model, messages, tools, abortSignal));
      told.text = text + toolCalls.map(() => " (call)").join("");
      told.end = finishReason;
    } catch (error) {
      told.error = nameOf(error);
    }
  },
} satisfies Record<Way, (model: LanguageModelV4, fault: FaultCase, signal: AbortSignal, told: Told) => Promise<void>>;

function askedOf(
  model: LanguageModelV4,
  messages: ModelMessage[] | undefined,
  tools: boolean | undefined,
  abortSignal: AbortSignal,
) {
  const known: ToolSet = {
    look_up: tool({ description: "Looks a number up.", inputSchema: jsonSchema({ type: "object" }) }),
  };
  return {
    model,
    messages: messages ?? [{ role: "user" as const, content: "Count." }],
    abortSignal,
    maxRetries: 0,
    ...(tools === true && { tools: known }),
  };
}

function inWords(told: Told): string {
  if (told.error !== undefined)
    return `${textOf(told)}\`${told.error}\`${told.end === undefined ? "" : `, \`${told.end}\``}`;
  return `${textOf(told)}\`${told.end ?? "no end"}\``;
}

function textOf({ text }: Told): string {
  if (text === "") return "";
  return `“${text.replace(FIRST, "one … five").replace(SECOND, "six … ten").trim()}”, `;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name.replace(/^AI_/, "") : typeof error;
}

/** The calls of a server, once it had the time to notice who has left. */
async function settled(calls: readonly OpenAICall[]): Promise<readonly OpenAICall[]> {
  for (let waits = 0; waits < 10 && calls.some(({ state }) => state === "running"); waits++) await sleep(10);
  return calls;
}

function stateOf(calls: readonly OpenAICall[]): string {
  return calls.every(({ state }) => state === "cancelled") ? ", cancelled" : ", **left running**";
}

function modelIn(body: unknown): unknown {
  return (body as { readonly model?: unknown } | undefined)?.model;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
