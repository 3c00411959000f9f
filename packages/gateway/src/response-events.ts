import type { RouterFinishPart, StreamPart, Warning } from "@qwen/core";
import { QwenError } from "@qwen/core";
import { AppendOnlyText } from "@qwen/core/router";

import { refusalOf, rewrittenText } from "./wire/errors.ts";
import type { QueuePlace, ResponseWriter } from "./wire/response-writer.ts";

/** What the events of a response are written for. */
export interface ResponseEventsOptions {
  readonly writer: ResponseWriter;
  /** Who answers, once the first output is there. */
  model(): string | undefined;
  /** The answer is whole: kept before its last event is given. */
  onWhole(finish: RouterFinishPart): void;
}

/** Writes the parts of one answer as the events of a response. */
export class ResponseEvents {
  readonly #options: ResponseEventsOptions;
  readonly #text = new AppendOnlyText();
  #warnings: readonly Warning[] = [];
  #place: QueuePlace | undefined;
  #isOpen = false;
  #hasOutput = false;
  #isOver = false;

  constructor(options: ResponseEventsOptions) {
    this.#options = options;
  }

  /** Whether the last event was given. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What of the request the provider does not honour, as far as known. */
  get warnings(): readonly Warning[] {
    return this.#warnings;
  }

  /** The stream begins before there is any output: what is told of the time until then. */
  waiting(): string {
    this.#isOpen = true;
    const { writer } = this.#options;
    if (this.#place === undefined) return writer.created() + writer.inProgress();
    return writer.created("queued") + writer.queued(this.#place);
  }

  /** The events for a part; none for most that are no output. Throws what ends the answer badly. */
  add(part: StreamPart): string {
    const { writer } = this.#options;
    switch (part.type) {
      case "text-delta":
        return this.#say(this.#text.append(part.text));
      case "text-replace":
        return this.#say(this.#text.replace(part.text));
      case "reasoning-delta":
        return this.#begin() + writer.reasoning(part.text);
      case "tool-input-delta":
        return this.#begin() + writer.toolInput(part);
      case "tool-call":
        return this.#begin() + said(writer.toolCall(part));
      case "source":
        return this.#begin() + writer.source(part);
      case "file":
        writer.file(part);
        return this.#begin();
      case "queue":
        this.#place = part;
        return this.#isOpen && !this.#hasOutput ? writer.queued(part) : "";
      case "start":
        this.#warnings = part.warnings;
        return "";
      case "finish":
        return this.#finish(part);
      default:
        return "";
    }
  }

  /** The events that end a response which is not whole. */
  fail(error: unknown): string {
    this.#isOver = true;
    return this.#options.writer.fail(refusalOf(error), rewrittenText(error));
  }

  #say(text: string): string {
    return text === "" ? "" : this.#begin() + this.#options.writer.text(text);
  }

  /** What comes before the first output. */
  #begin(): string {
    if (this.#hasOutput) return "";
    this.#hasOutput = true;
    const { writer, model } = this.#options;
    const answering = model();
    if (answering !== undefined) writer.by(answering);
    const created = writer.hasBegun ? "" : writer.created();
    return this.#isOpen && this.#place === undefined ? created : created + writer.inProgress();
  }

  #finish(part: RouterFinishPart): string {
    const { writer, onWhole } = this.#options;
    const rest = this.#say(this.#text.end()) + this.#begin();
    writer.by(part.model);
    const end = writer.finish(part.reason, part.usage);
    this.#isOver = true;
    onWhole(part);
    return rest + end;
  }
}

function said(events: string | undefined): string {
  if (events !== undefined) return events;
  throw new QwenError("protocol", "The input of a tool call is another than its pieces were.");
}
