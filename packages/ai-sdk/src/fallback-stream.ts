import type { LanguageModelV4StreamPart, LanguageModelV4StreamResult } from "@ai-sdk/provider";
import type { AttemptsRun, FlowReader } from "@qwen/core/router";

import { failedEnd } from "./failed-end.ts";
import type { FallbackAnswer } from "./fallback-reader.ts";
import { asModelError, isAbort } from "./model-errors.ts";
import { OpenBlocks } from "./open-blocks.ts";
import { kindOfPart, OPENED, type ModelPart, type OpenedPart } from "./parts.ts";

type Part = LanguageModelV4StreamPart;

/** More signs of life than these are not kept until the answer comes. */
const MOST_UNKNOWN = 100;

/** What a stream tells of its call. */
export interface AnswerCall {
  readonly run: AttemptsRun<ModelPart, FallbackAnswer>;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
}

/**
 * The answer of a call as a stream. Asks for a part when it is asked for one, and never ahead.
 *
 * It errors only where the caller aborts. Any other failure is an `error` part and a `finish`.
 */
export class AnswerStream implements FlowReader<ModelPart> {
  readonly #call: AnswerCall;
  readonly #opening = Promise.withResolvers<void>();
  readonly #blocks = new OpenBlocks();
  /** To be read before what the run says next. */
  #ready: Part[] = [];
  /** How many parts were asked for, and are not there yet. */
  #asked = 0;
  #run: ReturnType<AttemptsRun<ModelPart, FallbackAnswer>["handTo"]> | undefined;
  #controller: ReadableStreamDefaultController<Part> | undefined;
  #opened: OpenedPart | undefined;
  #state: "opening" | "answering" | "ended" | "closed" = "opening";
  /** Who answers has said which model it is. */
  #isNamed = false;
  /** Signs of life are shown as they come, before the answer as well. */
  #showsLife = false;

  constructor(call: AnswerCall) {
    this.#call = call;
  }

  /** Resolves with the first output, or at the first sign of life; rejects with what fails before. */
  async open({ atSignOfLife }: { readonly atSignOfLife: boolean }): Promise<LanguageModelV4StreamResult> {
    this.#showsLife = atSignOfLife;
    this.#run = this.#call.run.handTo(this);
    await this.#opening.promise;
    const stream = new ReadableStream<Part>(this, { highWaterMark: 0 });
    const { request, response } = this.#opened ?? {};
    return { stream, ...(request !== undefined && { request }), ...(response !== undefined && { response }) };
  }

  // As a stream.

  start(controller: ReadableStreamDefaultController<Part>): void {
    this.#controller = controller;
    // It was aborted since it has opened.
    if (this.#state === "closed") controller.error(this.#call.signal?.reason);
  }

  // Once for each part that is asked for; nobody waits for what it returns.
  pull(): void {
    this.#asked += 1;
    if (this.#ready.length > 0 || this.#state === "ended") this.#give();
    else this.#run?.offer();
  }

  cancel(): void {
    this.#state = "closed";
    this.#ready = [];
    this.#run?.leave(new DOMException("The stream was cancelled.", "AbortError"));
  }

  // As who reads the run.

  wants(): boolean {
    return this.#asked > 0 || (this.#controller === undefined && this.#isOpening);
  }

  take(part: ModelPart): void {
    // Nearly always: nothing waits, and nothing is left to find out.
    if (this.#state === "answering" && this.#asked > 0 && isOfModel(part) && part.type.endsWith("-delta")) {
      this.#asked -= 1;
      this.#controller?.enqueue(part);
      return;
    }
    if (part.type === OPENED) this.#opened = part;
    else if (isOfModel(part)) this.#keep(part);
    if (!this.#isOpening) this.#opening.resolve();
    this.#give();
  }

  end(): void {
    this.#ended();
  }

  fail(error: unknown): void {
    if (isAbort(error, this.#call.signal)) {
      this.#abort(error);
    } else if (this.#isOpening && this.#controller === undefined) {
      this.#state = "closed";
      this.#opening.reject(asModelError(error));
    } else {
      this.#blocks.endAll(this.#ready);
      this.#ready.push(...failedEnd(error));
      this.#ended();
    }
  }

  /** For the caller's own reason, also where the stream has still to be made. */
  #abort(reason: unknown): void {
    this.#state = "closed";
    this.#opening.reject(reason);
    this.#controller?.error(reason);
  }

  get #isOpening(): boolean {
    return this.#state === "opening" && !(this.#showsLife && this.#ready.length > 0);
  }

  #ended(): void {
    if (this.#state === "closed") return;
    this.#state = "ended";
    this.#opening.resolve();
    this.#give();
  }

  /** Gives what is there, which the stream keeps until it is asked for, and the end behind the last part. */
  #give(): void {
    if (this.#controller === undefined) return;
    this.#asked = Math.max(0, this.#asked - this.#ready.length);
    for (const part of this.#ready.splice(0)) this.#controller.enqueue(part);
    if (this.#state !== "ended") return;
    this.#state = "closed";
    this.#controller.close();
  }

  #keep(part: Part): void {
    this.#blocks.endBefore(part, this.#ready);
    if (this.#state === "opening") this.#begin(part);
    else this.#ready.push(part);
    if (part.type === "finish") this.#state = "ended";
  }

  /** Keeps what comes up to the first output, before which stands who answers. */
  #begin(part: Part): void {
    const kind = kindOfPart(part);
    if (kind === "live" && !this.#showsLife && (part.type === "ping" || this.#ready.length >= MOST_UNKNOWN)) return;
    if (kind === "opening") this.#isNamed ||= part.type === "response-metadata" && typeof part.modelId === "string";
    else if (kind !== "live") {
      this.#state = "answering";
      const modelId = this.#opened?.modelId;
      if (!this.#isNamed && modelId !== undefined) this.#ready.push({ type: "response-metadata", modelId });
    }
    this.#ready.push(part);
  }
}

function isOfModel(part: ModelPart): part is Part {
  return typeof part.type === "string";
}
