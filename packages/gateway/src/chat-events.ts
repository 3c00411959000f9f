import type { RouterFinishPart, StreamPart, Warning } from "@qwen/core";
import { QwenError } from "@qwen/core";
import { AppendOnlyText } from "@qwen/core/router";
import { ChatStream, errorEvent } from "./wire/chat-stream.ts";
import type { AnswerLabel } from "./wire/chat-answer.ts";
import { refusalOf, rewrittenText } from "./wire/errors.ts";
import { StopCut } from "./wire/stop-cut.ts";

/** What a stream of events is made for. */
export interface ChatEventsOptions {
  /** Asked once, when the first output is there. */
  label(): AnswerLabel;
  readonly includeUsage: boolean;
  readonly stop: readonly string[];
}

/** Writes the parts of one answer as events of the wire. */
export class ChatEvents {
  readonly #options: ChatEventsOptions;
  readonly #text = new AppendOnlyText();
  readonly #cut: StopCut;
  #stream: ChatStream | undefined;
  #isOver = false;
  #warnings: readonly Warning[] = [];

  constructor(options: ChatEventsOptions) {
    this.#options = options;
    this.#cut = new StopCut(options.stop);
  }

  /** Whether the last event was given: nothing more is to be read. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What of the request the provider does not honour, as far as known. */
  get warnings(): readonly Warning[] {
    return this.#warnings;
  }

  /** The events for a part; none for most that are no output. Throws what ends the answer badly. */
  add(part: StreamPart): string {
    switch (part.type) {
      case "text-delta":
        return this.#say(this.#text.append(part.text));
      case "text-replace":
        return this.#say(this.#text.replace(part.text));
      case "reasoning-delta":
        return this.#write((stream) => stream.reasoning(part.text));
      case "tool-input-delta":
        return this.#write((stream) => stream.toolInput(part));
      case "tool-call":
        return this.#write((stream) => known(stream.toolCall(part)));
      case "file":
        return this.#write((stream) => stream.file(part));
      case "source":
        return this.#write((stream) => stream.source(part));
      case "start":
        this.#warnings = part.warnings;
        return "";
      case "finish":
        return this.#finish(part);
      default:
        return "";
    }
  }

  /** The event that says that there will be no whole answer. */
  fail(error: unknown): string {
    this.#isOver = true;
    return errorEvent(refusalOf(error), rewrittenText(error));
  }

  #say(text: string): string {
    const passed = this.#cut.push(text);
    const said = passed === "" ? "" : this.#write((stream) => stream.text(passed));
    // Half a call is none: its end is waited for, and what is said meanwhile is cut off.
    if (!this.#cut.isOver || this.#stream?.hasOpenCalls === true) return said;
    this.#isOver = true;
    return said + this.#write((stream) => stream.finish("stop", undefined));
  }

  #finish({ reason, usage }: RouterFinishPart): string {
    const before = this.#say(this.#text.end());
    if (this.#isOver) return before;
    if (this.#stream?.hasOpenCalls === true)
      throw new QwenError("protocol", "A tool call was begun of which the whole never came.");
    const held = this.#cut.end();
    this.#isOver = true;
    const last = held === "" ? "" : this.#write((stream) => stream.text(held));
    return before + last + this.#write((stream) => stream.finish(reason, usage));
  }

  #write(write: (stream: ChatStream) => string): string {
    if (this.#stream !== undefined) return write(this.#stream);
    const stream = (this.#stream = new ChatStream(this.#options.label(), this.#options));
    return stream.first() + write(stream);
  }
}

/** A provider told pieces of a call that are not those of the whole: what was shown cannot be taken back. */
function known(call: string | undefined): string {
  if (call !== undefined) return call;
  throw new QwenError("protocol", "The input of a tool call is another than its pieces were.");
}
