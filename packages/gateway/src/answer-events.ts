import type { FilePart, RouterFinishPart, SourcePart, StreamPart, ToolCallPart, Warning } from "@qwen/core";
import { QwenError } from "@qwen/core";
import { AppendOnlyText } from "@qwen/core/router";

import type { ToldCalls } from "./call-memory.ts";
import type { Refusal } from "./refusal.ts";
import { refusalOf, rewrittenText } from "./wire/errors.ts";
import type { QueuePlace } from "./wire/response-writer.ts";
import { StopCut } from "./wire/stop-cut.ts";

/** Writes one answer on the wire. Each method gives the events to send, maybe none. */
export interface Pen {
  /** Called once, before the first output. */
  begin(): string;
  text(text: string): string;
  reasoning(text: string): string;
  /** `undefined` for a piece of a call that is whole already. */
  toolInput(piece: Extract<StreamPart, { readonly type: "tool-input-delta" }>): string | undefined;
  /** A whole call: what of it was not said yet. `undefined` where something else was said before, or all of it. */
  toolCall(call: ToolCallPart): string | undefined;
  file(file: FilePart): string;
  source(source: SourcePart): string;
  /** Whether a call was begun of which not all has been said. */
  readonly hasOpenCalls: boolean;
  /** The answer is whole. */
  finish(part: Pick<RouterFinishPart, "reason" | "usage" | "model">): string;
  /** It is not. `text` is the exact one where one was rewritten after it had been shown. */
  fail(refusal: Refusal, text: string | undefined): string;
  /** The stream begins before there is any output, where that is said. */
  waiting?(place: QueuePlace | undefined): string;
  /** Its place in a queue is another now, where that is said. */
  queued?(place: QueuePlace): string;
}

/** What the events of an answer are written for. */
export interface AnswerEventsOptions {
  readonly pen: Pen;
  readonly calls: ToldCalls;
  /** Where the text is cut, before the first of them. @defaultValue none */
  readonly stop?: readonly string[] | undefined;
  /** The answer is whole: called before its last event is given. */
  onWhole?(finish: RouterFinishPart): void;
}

/** Writes the parts of one answer as events. */
export class AnswerEvents {
  readonly #options: AnswerEventsOptions;
  readonly #pen: Pen;
  readonly #text = new AppendOnlyText();
  readonly #cut: StopCut;
  #warnings: readonly Warning[] = [];
  #place: QueuePlace | undefined;
  /** Whether it was told of the time before the first output. */
  #isWaiting = false;
  #hasBegun = false;
  #isOver = false;

  constructor(options: AnswerEventsOptions) {
    this.#options = options;
    this.#pen = options.pen;
    this.#cut = new StopCut(options.stop ?? []);
  }

  /** Whether the last event was given: nothing more is to be read. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What of the request the provider does not honour, as far as known. */
  get warnings(): readonly Warning[] {
    return this.#warnings;
  }

  /** The events of a stream that begins before there is any output, where there are such. */
  waiting(): string | undefined {
    this.#isWaiting = true;
    return this.#pen.waiting?.(this.#place);
  }

  /** The events for a part; none for most that are no output. Throws what ends the answer badly. */
  add(part: StreamPart): string {
    const { pen, calls } = this.#options;
    switch (part.type) {
      case "text-delta":
        return this.#say(this.#text.append(part.text));
      case "text-replace":
        return this.#say(this.#text.replace(part.text));
      case "reasoning-delta":
        return this.#begin() + pen.reasoning(part.text);
      case "tool-input-delta":
        return this.#begin() + toldCall(pen.toolInput(calls.piece(part)));
      case "tool-call":
        return this.#begin() + toldCall(pen.toolCall(calls.call(part)));
      case "file":
        return this.#begin() + pen.file(part);
      case "source":
        return this.#begin() + pen.source(part);
      case "queue":
        this.#place = part;
        return this.#isWaiting && !this.#hasBegun ? (pen.queued?.(part) ?? "") : "";
      case "start":
        this.#warnings = part.warnings;
        return "";
      case "finish":
        return this.#finish(part);
      default:
        return "";
    }
  }

  /** The events that end an answer which is not whole. */
  fail(error: unknown): string {
    this.#isOver = true;
    return this.#pen.fail(refusalOf(error), rewrittenText(error));
  }

  #say(text: string): string {
    const passed = this.#cut.push(text);
    const said = passed === "" ? "" : this.#begin() + this.#pen.text(passed);
    // Half a call is none: its end is waited for, and what is said meanwhile is cut off.
    if (!this.#cut.isOver || this.#pen.hasOpenCalls) return said;
    this.#isOver = true;
    return said + this.#begin() + this.#pen.finish({ reason: "stop", usage: undefined, model: "" });
  }

  #finish(part: RouterFinishPart): string {
    // Before anything is written that nobody would get.
    if (this.#pen.hasOpenCalls) throw new QwenError("protocol", "A tool call was begun of which the whole never came.");
    const before = this.#say(this.#text.end());
    if (this.#isOver) return before;
    const held = this.#cut.end();
    const last = this.#begin() + (held === "" ? "" : this.#pen.text(held)) + this.#pen.finish(part);
    this.#isOver = true;
    this.#options.onWhole?.(part);
    return before + last;
  }

  #begin(): string {
    if (this.#hasBegun) return "";
    this.#hasBegun = true;
    return this.#pen.begin();
  }
}

/** A provider told pieces of a call that are not those of the whole, or two calls of one id: what was shown cannot be taken back. */
export function toldCall(call: string | undefined): string {
  if (call !== undefined) return call;
  throw new QwenError(
    "protocol",
    "The input of a tool call is another than its pieces were, or two calls have one id.",
  );
}
