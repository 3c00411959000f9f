import { randomBytes } from "node:crypto";

import { Deltas, WholeMessage } from "./delta.ts";
import type { Dialect, Fields } from "./dialect.ts";
import { type AnswerFormat, eventOf } from "./format.ts";
import type { Ending, Said } from "./script.ts";
import type { ScriptedError } from "./scripted-error.ts";

/** Options of {@link ChatFormat}. */
export interface ChatFormatOptions {
  readonly dialect: Dialect;
  /** The name that answers are under. */
  readonly model: string;
  /** All of the request. */
  readonly body: Fields;
  /** What an answer took; `null` is never told. */
  usageOf(ending: Ending): Fields | null;
  /** What the answer goes on behind. */
  readonly prefill: string;
}

/** An answer as a chat completion, streamed or whole. */
export class ChatFormat implements AnswerFormat {
  readonly done = "data: [DONE]\n\n";
  readonly #options: ChatFormatOptions;
  readonly #deltas: Deltas;
  readonly #message = new WholeMessage();
  readonly #id = `chatcmpl-${randomBytes(12).toString("base64url")}`;
  readonly #created = Math.floor(Date.now() / 1000);
  // What is the same in every chunk is made once: scripts of a million chunks are common.
  readonly #before: string;
  readonly #behind: string;

  constructor(options: ChatFormatOptions) {
    this.#options = options;
    this.#deltas = new Deltas(options.dialect);
    const [before = "", behind = ""] = this.#chunk({ delta: true }).split('{"delta":true}');
    this.#before = before;
    this.#behind = behind;
  }

  begin(): string {
    return this.#chunk({ role: "assistant", content: this.#options.dialect.firstContent });
  }

  say(said: Said): string {
    if (said.kind === "comment") return `: ${said.text}\n\n`;
    if (said.kind === "data") return eventOf(said.data);
    return `${this.#before}${JSON.stringify(this.#deltas.of(said))}${this.#behind}`;
  }

  end(ending: Ending): string {
    const { finishReason } = ending;
    const { body, usageOf } = this.#options;
    const includesUsage = (body["stream_options"] as Fields | undefined)?.["include_usage"] === true;
    const usage = includesUsage ? usageOf(ending) : null;
    const timings = this.#timings(ending);
    const left = this.#deltas.last();
    const events = [
      left === undefined ? "" : this.#chunk(left),
      finishReason === undefined ? "" : this.#chunk({}, finishReason, usage === null ? timings : {}),
      usage === null ? "" : eventOf({ ...this.#head("chat.completion.chunk"), choices: [], usage, ...timings }),
    ];
    return events.join("");
  }

  error(error: ScriptedError): string {
    return eventOf(this.#options.dialect.error(error));
  }

  add(said: Said): void {
    if (said.kind !== "comment" && said.kind !== "data") this.#message.add(said, this.#deltas.of(said));
  }

  whole(ending: Ending): unknown {
    const { dialect, usageOf, prefill } = this.#options;
    const prefix = dialect.repeatsPrefill ? prefill : "";
    const usage = usageOf(ending);
    const left = this.#deltas.last();
    if (left !== undefined) this.#message.add({ kind: "delta", delta: left }, left);
    const choice = {
      index: 0,
      message: this.#message.whole(prefix),
      ...(dialect.logprobs && { logprobs: null }),
      finish_reason: ending.finishReason ?? null,
    };
    const head = this.#head("chat.completion");
    return { ...head, choices: [choice], ...(usage !== null && { usage }), ...this.#timings(ending) };
  }

  #head(object: string): Fields {
    const { model, dialect } = this.#options;
    const { fingerprint } = dialect;
    const head = { id: this.#id, object, created: this.#created, model };
    return fingerprint === undefined ? head : { ...head, system_fingerprint: fingerprint };
  }

  #chunk(delta: Fields, finishReason: string | null = null, more: Fields = {}): string {
    const { logprobs } = this.#options.dialect;
    const choice = { index: 0, delta, ...(logprobs && { logprobs: null }), finish_reason: finishReason };
    return eventOf({ ...this.#head("chat.completion.chunk"), choices: [choice], ...more });
  }

  /** How long it took, where the server says it. Ours takes no time. */
  #timings({ tokens }: Ending): Fields {
    return this.#options.dialect.timings ? { timings: { predicted_n: tokens, predicted_ms: tokens } } : {};
  }
}
