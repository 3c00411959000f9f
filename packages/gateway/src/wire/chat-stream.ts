import type { FilePart, FinishReason, SourcePart, ToolCallPart, Usage } from "@qwen/core";
import type { Refusal } from "../refusal.ts";
import { filesOf, wireReason, wireSource, type AnswerLabel } from "./chat-answer.ts";
import { givenBack } from "./given-back.ts";
import { wireUsage } from "./usage.ts";

/** A piece of the input of a call, as core has it. */
interface ToolInput {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly text: string;
}

/** What a stream of chunks is made for. */
export interface ChatStreamOptions {
  /** Asked once, when the first output is there. */
  label(): AnswerLabel;
  /** Whether it tells at its end what the answer took. */
  readonly includeUsage: boolean;
}

/** One call that has been begun. */
interface Begun {
  readonly index: number;
  /** What of its input was said. */
  said: string;
  /** Whether that is all of it. */
  isWhole: boolean;
}

/**
 * Writes one answer as a stream of `chat.completion.chunk`: a first chunk with the role, deltas, and either a finish reason and
 * `[DONE]`, or an error and nothing after it. Each method gives the events to send.
 */
export class ChatStream {
  readonly #options: ChatStreamOptions;
  readonly #tail: string;
  #head = "";
  readonly #calls = new Map<string, Begun>();

  constructor(options: ChatStreamOptions) {
    this.#options = options;
    this.#tail = `${options.includeUsage ? ',"usage":null' : ""}}\n\n`;
  }

  /** The role, and an empty text, which clients want to see. */
  begin(): string {
    const { id, created, model } = this.#options.label();
    const label = JSON.stringify({ id, object: "chat.completion.chunk", created, model });
    // Written once: all chunks of an answer differ by what stands between.
    this.#head = `data: ${label.slice(0, -1)},"choices":[${CHOICE}`;
    return this.#delta('{"role":"assistant","content":""}');
  }

  text(text: string): string {
    return this.#delta(`{"content":${JSON.stringify(text)}}`);
  }

  reasoning(text: string): string {
    return this.#delta(`{"reasoning_content":${JSON.stringify(text)}}`);
  }

  /** A piece of the input of a call; its first one begins with the call. `undefined` where the call is whole already. */
  toolInput({ toolCallId, toolName, text }: ToolInput): string | undefined {
    const known = this.#calls.get(toolCallId);
    if (known?.isWhole === true) return undefined;
    const call = known ?? { index: this.#calls.size, said: "", isWhole: false };
    this.#calls.set(toolCallId, call);
    call.said += text;
    const { index } = call;
    const begin =
      known === undefined
        ? this.#call({ index, id: toolCallId, type: "function", function: { name: toolName, arguments: "" } })
        : "";
    return text === "" ? begin : begin + this.#call({ index, function: { arguments: text } });
  }

  /** A whole call: what of it was not said yet. `undefined` where something else was said before, or all of it. */
  toolCall(whole: ToolCallPart): string | undefined {
    const { toolCallId, toolName, input } = whole;
    const said = this.#calls.get(toolCallId)?.said ?? "";
    if (!input.startsWith(said)) return undefined;
    const rest = this.toolInput({ toolCallId, toolName, text: input.slice(said.length) });
    const call = this.#calls.get(toolCallId);
    if (rest === undefined || call === undefined) return undefined;
    call.isWhole = true;
    const back = givenBack(whole);
    // Some clients read the arguments of each piece, whether it has any or not.
    return back === undefined ? rest : rest + this.#call({ index: call.index, function: { arguments: "" }, ...back });
  }

  /** Whether a call was begun of which not all has been said. */
  get hasOpenCalls(): boolean {
    return [...this.#calls.values()].some(({ isWhole }) => !isWhole);
  }

  file(file: FilePart): string {
    return this.#delta(JSON.stringify(filesOf([file])));
  }

  source(source: SourcePart): string {
    return this.#delta(JSON.stringify({ annotations: [wireSource(source)] }));
  }

  /** The answer is whole. */
  finish({ reason, usage }: { readonly reason: FinishReason; readonly usage?: Usage | undefined }): string {
    const told = this.#options.includeUsage ? wireUsage(usage) : undefined;
    const word = wireReason(reason, this.#calls.size > 0);
    const finish = `${this.#head}{},"logprobs":null,"finish_reason":"${word}"}]${this.#tail}`;
    const noChoices = this.#head.slice(0, -CHOICE.length);
    const took = told === undefined ? "" : `${noChoices}],"usage":${JSON.stringify(told)}}\n\n`;
    return `${finish}${took}data: [DONE]\n\n`;
  }

  fail(refusal: Refusal, rewritten: string | undefined): string {
    return errorEvent(refusal, rewritten);
  }

  #call(call: object): string {
    return this.#delta(JSON.stringify({ tool_calls: [call] }));
  }

  #delta(delta: string): string {
    return `${this.#head}${delta},"logprobs":null,"finish_reason":null}]${this.#tail}`;
  }
}

/** How a choice of a chunk begins. */
const CHOICE = '{"index":0,"delta":';

/** The event that ends a stream whose answer is not whole: no finish reason and no `[DONE]` follow. */
export function errorEvent(refusal: Refusal, rewritten?: string): string {
  const { message, type, code, param = null } = refusal;
  const error = { message, type, code, param };
  return `data: ${JSON.stringify({ error, ...(rewritten !== undefined && { qwen: { text: rewritten } }) })}\n\n`;
}

/** A line that clients pass over. What it says is one line of printable ASCII. */
export function comment(words: string): string {
  return `: ${words.replaceAll(/[^\u0020-\u007E]/g, "?")}\n\n`;
}
