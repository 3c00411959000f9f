import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import type { QwenError } from "@qwen/core";
import OpenAI from "openai";
import { openaiCompatible } from "../../src/index.ts";

/** What a client has told of an answer: its text, why it ended, and the error in words. */
export interface Told {
  text: string;
  reason?: string | undefined;
  error?: string | undefined;
}

/** A client that asks a model, and notes at once whatever it tells. */
export interface Client {
  readonly name: string;
  ask(model: string, told: Told): Promise<void>;
}

const PROMPT = "Hi";
const messages = [{ role: "user", content: PROMPT }] as const;

/** The clients, each told by its own options to wait no longer than `limitMs` for more, and to try nothing again. */
export function clientsOf(baseURL: string, { limitMs }: { readonly limitMs: number }): readonly Client[] {
  return [openai(baseURL, limitMs), ai(baseURL, limitMs), ours(baseURL, limitMs)];
}

function openai(baseURL: string, limitMs: number): Client {
  const client = new OpenAI({ baseURL, apiKey: "sk-any", maxRetries: 0, timeout: limitMs, logLevel: "off" });
  return {
    name: "`openai` 7",
    async ask(model, told) {
      try {
        const stream = await client.chat.completions.create({
          model,
          messages: [...messages],
          stream: true,
          stream_options: { include_usage: true },
        });
        for await (const { choices } of stream) {
          told.text += choices?.[0]?.delta?.content ?? "";
          told.reason = choices?.[0]?.finish_reason ?? told.reason;
        }
      } catch (error) {
        told.error = error instanceof Error ? `\`${error.constructor.name}\`${statusOf(error)}` : String(error);
      }
    },
  };
}

function ai(baseURL: string, limitMs: number): Client {
  const provider = createOpenAICompatible({ name: "any", baseURL, apiKey: "sk-any", includeUsage: true });
  return {
    name: "`@ai-sdk/openai-compatible`, `ai` 7",
    async ask(model, told) {
      try {
        const { fullStream } = streamText({
          model: provider(model),
          prompt: PROMPT,
          maxRetries: 0,
          timeout: { firstChunkMs: limitMs, chunkMs: limitMs },
          // It would go to the console.
          onError: () => undefined,
        });
        for await (const part of fullStream) {
          if (part.type === "text-delta") told.text += part.text;
          else if (part.type === "finish") told.reason = part.finishReason;
          else if (part.type === "error") told.error = named(part.error);
          else if (part.type === "abort") told.error = "aborted";
        }
      } catch (error) {
        told.error = named(error);
      }
    },
  };
}

function ours(baseURL: string, limitMs: number): Client {
  const timeouts = { connectMs: limitMs, headersMs: limitMs, firstOutputMs: limitMs, idleMs: limitMs };
  return {
    name: "`@qwen/openai-compatible`",
    async ask(model, told) {
      const provider = openaiCompatible({ id: "any", baseURL, apiKey: "sk-any", models: [model], timeouts });
      try {
        for await (const part of provider.stream({ messages })) {
          if (part.type === "text-delta") told.text += part.text;
          else if (part.type === "finish") told.reason = part.reason;
        }
      } catch (error) {
        const { code, retryAfterMs } = error as Partial<QwenError>;
        told.error = `\`${code ?? String(error)}\`${retryAfterMs === undefined ? "" : ", and the wait"}`;
      } finally {
        await provider.close();
      }
    },
  };
}

/** The name of an error of the AI SDK, or of whatever a server has sent in place of one. */
function named(error: unknown): string {
  return error instanceof Error ? `\`${error.name}\`${statusOf(error)}` : `no \`Error\`: ${typeof error}`;
}

function statusOf(error: Error): string {
  const { status, statusCode = status } = error as { readonly status?: unknown; readonly statusCode?: unknown };
  return typeof statusCode === "number" ? ` ${statusCode}` : "";
}
