import type { LanguageModelV4StreamPart, LanguageModelV4StreamResult } from "@ai-sdk/provider";
import { QwenError } from "@qwen/core";
import type { AttemptsRun } from "@qwen/core/router";

import { attemptsMetadata, type FallbackAnswer } from "./fallback-reader.ts";
import { kindOfPart, OPENED, UNKNOWN_USAGE, type ModelPart, type OpenedPart } from "./parts.ts";

type Part = LanguageModelV4StreamPart;

/** More signs of life than these are not kept until the answer comes. */
const MOST_UNKNOWN = 100;

/** What a stream tells of its call. */
export interface AnswerCall {
  readonly run: AttemptsRun<ModelPart, FallbackAnswer>;
  /** Whether the caller has ended it for this reason. */
  isAbort(reason: unknown): boolean;
  /** An error as the caller gets it. */
  asTold(error: unknown): unknown;
}

/**
 * The answer of a call as a stream. Asks for a part when it is asked for one, and never ahead.
 *
 * It errors only where the caller aborts. Any other failure is an `error` part and a `finish`.
 */
export class AnswerStream {
  readonly #call: AnswerCall;
  /** To be read before the next part is asked for. */
  #ready: Part[] = [];
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
    const { run, isAbort, asTold } = this.#call;
    this.#showsLife = atSignOfLife;
    try {
      do this.#take(await run.next());
      while (this.#state === "opening" && !(atSignOfLife && this.#ready.length > 0));
    } catch (error) {
      throw isAbort(error) ? error : asTold(error);
    }
    const stream = new ReadableStream<Part>(this, { highWaterMark: 0 });
    const { request, response } = this.#opened ?? {};
    return { stream, ...(request !== undefined && { request }), ...(response !== undefined && { response }) };
  }

  start(controller: ReadableStreamDefaultController<Part>): void {
    this.#controller = controller;
  }

  // Once for each part that is asked for; nobody waits for what it returns.
  pull(): void {
    if (this.#ready.length > 0 || this.#state === "ended") this.#give();
    else this.#ask();
  }

  cancel(): void {
    this.#state = "closed";
    this.#ready = [];
    void this.#call.run.return();
  }

  #ask(): void {
    this.#call.run.next().then(this.#arrived, this.#failed);
  }

  // Bound once: closures made anew for each part would cost as much as the part.
  readonly #arrived = (result: IteratorResult<ModelPart, undefined>): void => {
    if (this.#state === "closed") return;
    this.#take(result);
    this.#give();
  };

  readonly #failed = (error: unknown): void => {
    if (this.#state === "closed") return;
    const { isAbort, asTold } = this.#call;
    if (isAbort(error)) {
      this.#state = "closed";
      this.#controller?.error(error);
      return;
    }
    this.#state = "ended";
    this.#ready.push({ type: "error", error: asTold(error) }, finishOf(error));
    this.#give();
  };

  /** Gives what was asked for: a part, or the end. */
  #give(): void {
    const part = this.#ready.shift();
    if (part !== undefined) this.#controller?.enqueue(part);
    else if (this.#state !== "ended") this.#ask();
    if (this.#ready.length > 0 || this.#state !== "ended") return;
    this.#state = "closed";
    this.#controller?.close();
  }

  #take({ done, value: part }: IteratorResult<ModelPart, undefined>): void {
    if (done === true) this.#state = "ended";
    else if (part.type === OPENED) this.#opened = part;
    else if (isOfModel(part)) {
      if (this.#state === "opening") this.#begin(part);
      else this.#ready.push(part);
      if (part.type === "finish") this.#state = "ended";
    }
  }

  /** Keeps what comes up to the first output, before which stands who answers. */
  #begin(part: Part): void {
    const kind = kindOfPart(part);
    if (kind === "live" && !this.#showsLife && (part.type === "ping" || this.#ready.length >= MOST_UNKNOWN)) return;
    if (kind === "opening") this.#isNamed ||= part.type === "response-metadata" && part.modelId !== undefined;
    else if (kind !== "live") {
      this.#state = "answering";
      const modelId = this.#opened?.modelId;
      if (!this.#isNamed && modelId !== undefined) this.#ready.push({ type: "response-metadata", modelId });
    }
    this.#ready.push(part);
  }
}

/** The end of an answer that broke off or has failed. */
function finishOf(error: unknown): Part {
  const known = QwenError.isInstance(error) ? error : undefined;
  const { attempts = [] } = known ?? {};
  const isCut = known?.code === "stream_interrupted" || known?.code === "timeout";
  const last = attempts.at(-1);
  return {
    type: "finish",
    usage: UNKNOWN_USAGE,
    finishReason: { unified: isCut ? "interrupted" : "error", raw: undefined },
    providerMetadata: { qwen: attemptsMetadata({ ...last, attempts }) },
  };
}

function isOfModel(part: ModelPart): part is Part {
  return typeof part.type === "string";
}
