import {
  QwenError,
  StreamInterruptedError,
  type FinishPart,
  type FinishReason,
  type Message,
  type ProviderPart,
  type ResponseInfo,
  type Usage,
  type Warning,
} from "@qwen/core";
import { failureIn, GrowingText, type SaidFailure, type ThoughtSink, ThoughtSplit } from "@qwen/core/http";
import { MOST_CHARS, tooLarge } from "./answer-body.ts";
import { shortened } from "./failures.ts";
import { ToolCalls, type ToolCallSink } from "./tool-calls.ts";
import { choiceIn, contentIn, reasoningIn, saidIn } from "./wire/chunk.ts";
import { ToldThought } from "./wire/given-back.ts";
import { finishReasonOf, lastingReason } from "./wire/finish-reason.ts";
import { countIn, textIn, told, type JsonObject } from "./wire/json.ts";
import { usageIn } from "./wire/usage.ts";

/** An id or a name of a model that is longer is none. */
const LONGEST_NAME = 4096;

/** What a part that is held costs besides its text, in characters. */
const PART_CHARS = 50;

/** So much is told of a vendor's word for why an answer ended. */
const LONGEST_REASON = 1000;

/** What an answer is read for. */
export interface AnswerReaderOptions {
  readonly host: string;
  /** Its id. */
  readonly provider: string;
  readonly messages: readonly Message[];
  /** Whether it may call tools, with which some vendors want back what was thought. */
  readonly callsTools: boolean;
  /** The model that was asked for, where no other may answer. Nothing is told before it is named, or else before the end. */
  readonly strictModel: string | undefined;
  /** The beginning of the answer that was given, which a server may say again where it does not stream. */
  readonly beginning: string | undefined;
  /** Read when the answer begins. */
  readonly warnings: readonly Warning[];
  /** Whether its text is kept, for the error of one that is cut. */
  readonly keepsText: boolean;
  /** What of the response's headers is told. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** Who hears what an {@link AnswerReader} reads. */
export interface AnswerListener {
  part(part: ProviderPart): void;
  /** More of the answer came. */
  output(): void;
  /** What an error that the vendor tells in its answer means. */
  failureOf(said: SaidFailure): QwenError;
}

/** Reads the chunks of one answer, or a whole response, and pushes its parts. */
export class AnswerReader implements ThoughtSink, ToolCallSink {
  readonly host: string;
  readonly #options: AnswerReaderOptions;
  readonly #listener: AnswerListener;
  /** Until all that comes is said: it holds more than all else here. */
  #split: ThoughtSplit | undefined;
  /** Made with the first call: most answers have none. */
  #tools: ToolCalls | undefined;
  readonly #told: ToldThought | undefined;
  /** Where it is not kept, the first piece of it. */
  readonly #text = new GrowingText();
  #refusal = "";
  #size = 0;
  #response: ResponseInfo | undefined;
  #usage: Usage | undefined;
  #rawReason: string | undefined;
  #hasOutput = false;
  #isThinking = false;
  /** What is not told before it is known which model says it; none where that does not matter any more. */
  #held: ProviderPart[] | undefined;

  constructor(options: AnswerReaderOptions, listener: AnswerListener) {
    this.host = options.host;
    this.#options = options;
    this.#listener = listener;
    if (options.strictModel !== undefined) this.#held = [];
    if (options.callsTools) this.#told = new ToldThought();
    this.#split = new ThoughtSplit(this, { behind: options.beginning });
  }

  /** Whether the vendor has said that the answer is whole, and why it ended. */
  get isComplete(): boolean {
    return this.#rawReason !== undefined;
  }

  /** Whether the vendor's word for why it ended is one that is known, so that no more of it is to come. */
  get isOver(): boolean {
    return this.#rawReason !== undefined && finishReasonOf(this.#rawReason) !== "other";
  }

  /** Whether there was more than white space. */
  get hasOutput(): boolean {
    return this.#hasOutput;
  }

  /**
   * Reads a chunk, or a whole response. Throws what is wrong with it. Where it says again what the chunks before it have said, all is
   * left out but calls, if there was none.
   */
  take(json: JsonObject, { saysAgain = false }: { readonly saysAgain?: boolean } = {}): void {
    const error = failureIn(json);
    if (error !== undefined) throw this.#listener.failureOf(error);
    this.#checkModel(textIn(json, "model"));
    const choice = choiceIn(json);
    this.#usage = usageIn(json, choice) ?? this.#usage;
    if (choice === undefined) return;
    // What comes before the first choice may name nothing: a ping, or what a filter has to say.
    if (this.#response === undefined) this.#begin(json);
    const said = saidIn(choice);
    const isWhole = said !== choice["delta"];
    if (!saysAgain) this.#takeSaid(said, isWhole);
    if (!saysAgain || this.#tools === undefined) this.#takeCalls(said, isWhole);
    const reason = textIn(choice, "finish_reason");
    if (reason !== undefined) this.#rawReason = lastingReason(this.#rawReason, shortened(reason, LONGEST_REASON));
  }

  /** Reads a chunk that does what the one before did, with another text. */
  takeText(text: string): void {
    if (text !== "") this.#say(text);
  }

  /**
   * Ends it, and gives its last part. Throws `stream_interrupted` where it never said that it is whole, and for an answer of
   * nothing what the errors table has for that.
   */
  finish(): FinishPart {
    const rawReason = this.#rawReason;
    const reason = rawReason === undefined ? "broken" : finishReasonOf(rawReason);
    if (reason === "broken" || reason === "none") throw this.interrupted(rawReason);
    this.#split?.end();
    this.thoughtEnd();
    this.#tools?.finish({ isCut: reason === "length" || reason === "content-filter", thought: this.#told?.fields() });
    const callsTools = this.#tools?.isEmpty === false;
    const refuses = this.#refusal !== "";
    if (refuses && this.#text.whole().trim() === "")
      throw new QwenError("content_policy", `The model refuses: ${shortened(this.#refusal)}`);
    const isEmpty = !this.#hasOutput && !callsTools;
    // Behind a beginning, nothing more may be the whole.
    if (isEmpty && (this.#options.beginning === undefined || reason !== "stop")) throw this.#empty(reason);
    const { warnings } = this.#options;
    this.#tellHeld();
    return told({
      type: "finish",
      reason: refuses ? "content-filter" : reasonFor(reason, callsTools),
      rawReason,
      usage: this.#usage,
      warnings,
      response: this.#response,
    });
  }

  /** The error for an answer that was cut. */
  interrupted(rawReason?: string, cause?: unknown): StreamInterruptedError {
    const why =
      rawReason === undefined
        ? "ended the stream before the answer was whole"
        : `broke off: "${shortened(rawReason, 40)}"`;
    const text = this.#options.keepsText ? this.#text.whole() : "";
    return new StreamInterruptedError(`${this.host} ${why}.`, { text, cause });
  }

  thought(text: string): void {
    this.#isThinking = true;
    this.#grewVisibly(text);
    this.#tell({ type: "reasoning-delta", text });
  }

  thoughtEnd(): void {
    if (!this.#isThinking) return;
    this.#isThinking = false;
    this.#tell({ type: "reasoning-end" });
  }

  words(text: string): void {
    this.thoughtEnd();
    if (this.#options.keepsText || this.#text.length === 0) this.#text.append(text);
    this.#grewVisibly(text);
    this.#tell({ type: "text-delta", text });
  }

  push(part: ProviderPart): void {
    this.thoughtEnd();
    this.#hasOutput = true;
    this.#tell(part);
  }

  grew(characters: number): void {
    this.#grew(characters);
    this.#listener.output();
  }

  #grew(characters: number): void {
    this.#size += characters;
    if (this.#size > MOST_CHARS) throw tooLarge(this.host);
  }

  #grewVisibly(text: string): void {
    this.#grew(text.length);
    this.#hasOutput ||= /\S/.test(text);
    // White space begins no answer.
    if (this.#hasOutput) this.#listener.output();
  }

  #tell(part: ProviderPart): void {
    if (this.#held === undefined) this.#listener.part(part);
    else {
      this.#held.push(part);
      this.#grew(PART_CHARS);
    }
  }

  #tellHeld(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const part of held) this.#listener.part(part);
  }

  #checkModel(model: string | undefined): void {
    const { strictModel } = this.#options;
    if (strictModel === undefined || model === undefined) return;
    if (model !== strictModel)
      throw new QwenError(
        "unsupported",
        `${this.host} answers with the model "${shortened(model, 100)}" in place of "${strictModel}".`,
      );
    this.#tellHeld();
  }

  #begin(json: JsonObject): void {
    const { headers, warnings } = this.#options;
    const created = countIn(json, "created");
    const timestamp = created === undefined ? undefined : new Date(created * 1000);
    this.#response = told({
      id: shortIn(json, "id"),
      modelId: shortIn(json, "model"),
      timestamp: Number.isNaN(timestamp?.getTime()) ? undefined : timestamp,
      headers,
    });
    this.#tell({ type: "start", warnings, response: this.#response });
  }

  #takeSaid(said: JsonObject, isWhole: boolean): void {
    const reasoning = reasoningIn(said);
    if (reasoning !== "") this.thought(reasoning);
    this.#grew(this.#told?.take(said, reasoning) ?? 0);
    const content = contentIn(said);
    const { beginning = "" } = this.#options;
    const isSaidAgain = isWhole && content.startsWith(beginning);
    if (content !== "") this.#say(isSaidAgain ? content.slice(beginning.length) : content);
    const refusal = textIn(said, "refusal");
    if (refusal !== undefined) {
      this.grew(refusal.length);
      // Its beginning is all that is told of it.
      if (this.#refusal.length < LONGEST_REASON) this.#refusal += refusal;
    }
  }

  #takeCalls({ tool_calls: calls }: JsonObject, isWhole: boolean): void {
    if (!Array.isArray(calls)) return;
    this.#tools ??= new ToolCalls(this.#options, this);
    this.#tools.take(calls, { areWhole: isWhole });
  }

  #say(text: string): void {
    if (this.#split === undefined) {
      this.words(text);
      return;
    }
    this.#split.feed(text);
    if (this.#split.isSpeaking) this.#split = undefined;
  }

  #empty(reason: FinishReason): QwenError {
    const nothing = `${this.host} finished without an answer`;
    if (reason === "content-filter")
      return new QwenError("content_policy", `${nothing}: its content filter stopped it.`);
    if (reason === "length")
      return new QwenError("context_length_exceeded", `${nothing}: no tokens were left for one.`);
    return new QwenError("empty_response", `${nothing}.`);
  }
}

/** Whoever waits for calls would do so for ever where none came. */
function reasonFor(reason: FinishReason, callsTools: boolean): FinishReason {
  if (callsTools) return reason === "stop" ? "tool-calls" : reason;
  return reason === "tool-calls" ? "other" : reason;
}

function shortIn(json: JsonObject, name: string): string | undefined {
  const value = textIn(json, name);
  return value !== undefined && value.length <= LONGEST_NAME ? value : undefined;
}
