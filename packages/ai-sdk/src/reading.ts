import type {
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from "@ai-sdk/provider";

import { GENERATED, OPENED, PREPARING, type ModelPart } from "./parts.ts";
import { isPromiseLike } from "./shared-urls.ts";

/** How a model is asked, and with what. What these throw or reject with, the reading fails with. */
export interface ModelCall<Options> {
  readonly modelId: string;
  /** Makes the options, or a promise of them. */
  options(): Options | PromiseLike<Options>;
  /** Asks `doStream`, or `doGenerate`. */
  ask(options: Options): Promise<Asked>;
}

/** What a model gave. */
export type Asked =
  | { readonly opened: LanguageModelV4StreamResult }
  | { readonly result: LanguageModelV4GenerateResult };

/**
 * The parts of a model's stream, {@link OPENED} first, or {@link GENERATED} alone. Where its options are a promise, those of the kind {@link PREPARING} come before.
 *
 * Works from the first `next()` on, and is read one part after the other. `return()` cancels the stream at once, also while
 * `doStream` or a part is pending, and waits for nothing: what comes late is cancelled, and what fails late is nobody's. Once
 * it is over the stream is not locked any more.
 */
export class ModelReading<Options> implements AsyncIterableIterator<ModelPart, undefined> {
  readonly #call: ModelCall<Options>;
  #options: Options | PromiseLike<Options> | undefined;
  #state: "new" | "preparing" | "prepared" | "reading" | "over" = "new";
  #reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart> | undefined;

  constructor(call: ModelCall<Options>) {
    this.#call = call;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<ModelPart, undefined>> {
    // What a reader resolves with is the result of an iterator: no promise is made in between.
    if (this.#state === "reading") return this.#reader?.read() as Promise<IteratorResult<ModelPart, undefined>>;
    if (this.#state === "over") return Promise.resolve(DONE);
    return this.#begin();
  }

  return(): Promise<IteratorResult<ModelPart, undefined>> {
    this.#state = "over";
    if (this.#reader !== undefined) void release(this.#reader);
    this.#reader = undefined;
    return Promise.resolve(DONE);
  }

  async #begin(): Promise<IteratorResult<ModelPart, undefined>> {
    if (this.#state === "new") {
      const options = this.#call.options();
      this.#options = options;
      this.#state = "prepared";
      if (isPromiseLike(options)) {
        // Nobody may ask for it any more.
        void Promise.resolve(options).catch(() => {});
        this.#state = "preparing";
        return { done: false, value: { type: PREPARING, isReady: false } };
      }
    }
    if (this.#state === "preparing") {
      this.#options = await this.#options;
      if (this.#isOver) return DONE;
      this.#state = "prepared";
      return { done: false, value: { type: PREPARING, isReady: true } };
    }
    return this.#open(this.#options as Options);
  }

  async #open(options: Options): Promise<IteratorResult<ModelPart, undefined>> {
    const asked = await this.#call.ask(options);
    if ("result" in asked)
      return this.#isOver ? DONE : { done: false, value: { type: GENERATED, result: asked.result } };
    const { stream, request, response } = asked.opened ?? {};
    if (typeof stream?.getReader !== "function")
      throw new TypeError("`doStream` gave no stream: an object with `stream`, a ReadableStream.");
    const reader = stream.getReader();
    if (this.#isOver) {
      void release(reader);
      return DONE;
    }
    this.#reader = reader;
    this.#state = "reading";
    return { done: false, value: { type: OPENED, modelId: this.#call.modelId, request, response } };
  }

  // The compiler does not know that it may be left while it waits.
  get #isOver(): boolean {
    return this.#state === "over";
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Cancels a stream and lets go of it. */
async function release(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
  try {
    const cancelled = reader.cancel();
    reader.releaseLock();
    await cancelled;
  } catch {
    // It was left, whatever it thinks of that.
  }
}
