import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { StreamPart } from "@qwen/core";
import { isAbort } from "./model-errors.ts";
import type { PartWriter } from "./router-provider-parts.ts";

/** The stream of one answer of a router, written as one of the AI SDK. It reads no further than it is read. */
export class WrittenStream {
  readonly #parts: AsyncIterator<StreamPart, undefined>;
  readonly #writer: PartWriter;
  readonly #signal: AbortSignal | undefined;
  /** Written before anybody could read it. */
  #ready: LanguageModelV4StreamPart[] = [];
  #headers: Record<string, string> | undefined;
  #isOver = false;

  constructor(parts: AsyncIterator<StreamPart, undefined>, writer: PartWriter, signal: AbortSignal | undefined) {
    this.#parts = parts;
    this.#writer = writer;
    this.#signal = signal;
  }

  /** Of the answer's service, where it told them before its first output. */
  get headers(): Record<string, string> | undefined {
    return this.#headers;
  }

  /** Waits for the first output, or for the first sign of life. Rejects with what comes instead. */
  async begin({ atFirstSign }: { readonly atFirstSign: boolean }): Promise<void> {
    const push = (part: LanguageModelV4StreamPart): void => void this.#ready.push(part);
    for (;;) {
      const { done, value } = await this.#parts.next();
      if (done === true) return;
      this.#writer.write(value, push);
      if (value.type === "start") {
        const { headers } = value.response ?? {};
        this.#headers = headers && { ...headers };
        return;
      }
      // That somebody is asked is no sign of theirs: where nobody can be reached it still rejects.
      if (atFirstSign && value.type !== "attempt" && this.#ready.length > 0) return;
    }
  }

  readable(): ReadableStream<LanguageModelV4StreamPart> {
    return new ReadableStream<LanguageModelV4StreamPart>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: () => {
          this.#isOver = true;
          void this.#parts.return?.();
        },
      },
      // Nothing is read ahead of whoever reads.
      { highWaterMark: 0 },
    );
  }

  async #pull(controller: ReadableStreamDefaultController<LanguageModelV4StreamPart>): Promise<void> {
    let isWritten = this.#ready.length > 0;
    for (const part of this.#ready.splice(0)) controller.enqueue(part);
    const push = (part: LanguageModelV4StreamPart): void => {
      isWritten = true;
      if (!this.#isOver) controller.enqueue(part);
    };
    try {
      // A part may be nothing to a stream that can only append: who waits is to get one.
      while (!isWritten && !this.#isOver) {
        const { done, value } = await this.#parts.next();
        if (done === true) {
          this.#close(controller);
          return;
        }
        this.#writer.write(value, push);
      }
    } catch (error) {
      // Only who aborts gets an error that is thrown, and none but the reason: what failed before says more than may be shown.
      if (isAbort(error, this.#signal)) throw error;
      void this.#parts.return?.();
      this.#writer.fail(error, push);
      this.#close(controller);
    }
  }

  #close(controller: ReadableStreamDefaultController<LanguageModelV4StreamPart>): void {
    if (!this.#isOver) controller.close();
    this.#isOver = true;
  }
}
