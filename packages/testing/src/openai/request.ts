import type { Exchange } from "../server/exchange.ts";
import type { Dialect, Fields, Refusal } from "./dialect.ts";
import type { OpenAIFaultName, OpenAIRoute } from "./faults.ts";

/** A request that came in, and how it ended. Times are milliseconds since the emulator started. */
export type RecordedOpenAIRequest = Exchange<OpenAIRoute, OpenAIFaultName>;

/** Which route a request is for, and the model that its path names. */
export function routeOf(
  method: string,
  pathname: string,
): { readonly route: OpenAIRoute; readonly model?: string | undefined } {
  if (method === "POST" && pathname === "/v1/chat/completions") return { route: "chat" };
  if (method === "POST" && pathname === "/v1/responses") return { route: "responses" };
  if (method === "GET" && pathname === "/v1/models") return { route: "models" };
  const [, model] = (method === "GET" && /^\/v1\/models\/(.+)$/u.exec(pathname)) || [];
  return model === undefined ? { route: "other" } : { route: "model", model: decoded(model) };
}

/** As it stands where it cannot be decoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a model is asked, over either route. */
export interface OpenAIQuestion {
  /** As the request names it. */
  readonly model: string;
  /** The messages of a chat, or the items of a response's input. */
  readonly messages: readonly Fields[];
  /** Text of the last message of the user. */
  readonly prompt: string;
  readonly tools: readonly unknown[];
  /** What the answer goes on behind; "" for nothing. */
  readonly prefill: string;
  readonly stream: boolean;
  /** All of the request. */
  readonly body: Fields;
  /** 1 for the first answer that the server was asked for. */
  readonly call: number;
}

/** Reads a question, or says what the server does of a request that is none. */
export function readQuestion(
  body: unknown,
  { route, dialect, call }: { readonly route: OpenAIRoute; readonly dialect: Dialect; readonly call: number },
): OpenAIQuestion | Refusal {
  if (!isFields(body)) return refusal("We could not parse the JSON body of your request.");
  const own = route === "chat" ? dialect.refuses(body) : undefined;
  if (own !== undefined) return own;
  const { model, tools, stream } = body;
  if (typeof model !== "string" && !dialect.anyModel) return refusal("you must provide a model parameter");
  const messages = route === "chat" ? body["messages"] : inputOf(body["input"]);
  const field = route === "chat" ? "messages" : "input";
  if (messages === undefined) return refusal(`'${field}' is required`, field);
  if (!Array.isArray(messages) || !messages.every(isFields))
    return refusal(`Expected '${field}' to be an array`, field);
  const last = messages.at(-1);
  const prefills = route === "chat" && last?.["role"] === "assistant" && dialect.prefills(body, last);
  return {
    model: typeof model === "string" ? model : "",
    messages,
    prompt: textOf(messages.findLast(({ role }) => role === "user")),
    tools: Array.isArray(tools) ? tools : [],
    prefill: prefills ? textOf(last) : "",
    stream: stream === true,
    body,
    call,
  };
}

/** Pieces that an answer may have, as the request says it. */
export function maxTokensOf(body: Fields): number {
  const limit = body["max_completion_tokens"] ?? body["max_tokens"] ?? body["max_output_tokens"];
  return typeof limit === "number" && limit > 0 ? limit : Infinity;
}

/** The words of all messages, as a stand-in for tokens. */
export function wordsOf(messages: readonly Fields[]): number {
  return messages.reduce((sum, message) => sum + (textOf(message).match(/\S+/gu)?.length ?? 0), 0);
}

/** Text of a message, whatever parts it is in. */
function textOf(message: Fields | undefined): string {
  const content = message?.["content"];
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (isFields(part) && typeof part["text"] === "string" ? part["text"] : "")).join("");
}

function inputOf(input: unknown): unknown {
  return typeof input === "string" ? [{ role: "user", content: input }] : input;
}

function refusal(message: string, param?: string): Refusal {
  return { status: 400, message, ...(param !== undefined && { param }) };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
