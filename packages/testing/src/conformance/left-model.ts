import { strict as assert } from "node:assert";

import type { TestedCall, TestedModel } from "./tested-model.ts";

/** An answer to a check that has more parts than these has no end. */
const MOST_PARTS = 20_000;

/** A model under test for one check, which leaves whatever of it is open once it is over. */
export class LeftModel implements TestedModel {
  readonly #model: TestedModel;
  readonly #readers = new Set<ReadableStreamDefaultReader<object>>();
  #isLeft = false;

  constructor(model: TestedModel) {
    this.#model = model;
  }

  get specificationVersion(): string {
    return this.#model.specificationVersion;
  }

  get provider(): string {
    return this.#model.provider;
  }

  get modelId(): string {
    return this.#model.modelId;
  }

  get supportedUrls(): unknown {
    return this.#model.supportedUrls;
  }

  doGenerate(call: TestedCall): PromiseLike<object> {
    return this.#model.doGenerate(call);
  }

  // What throws in place of a promise throws here, too.
  doStream(call: TestedCall): Promise<{ readonly stream: ReadableStream<object> }> {
    return this.#opened(this.#model.doStream(call));
  }

  async #opened(asked: ReturnType<TestedModel["doStream"]>): Promise<{ readonly stream: ReadableStream<object> }> {
    const answer = await asked;
    const { stream } = answer;
    if (this.#isLeft) void stream.cancel().catch(() => {});
    const getReader = (): ReadableStreamDefaultReader<object> => this.#read(stream);
    return { ...answer, stream: { getReader } as ReadableStream<object> };
  }

  leave(): void {
    this.#isLeft = true;
    for (const reader of this.#readers) void reader.cancel().catch(() => {});
    this.#readers.clear();
  }

  #read(stream: ReadableStream<object>): ReadableStreamDefaultReader<object> {
    const reader = stream.getReader();
    this.#readers.add(reader);
    let parts = 0;
    const read = reader.read.bind(reader);
    // One that never lets go of the event loop is stopped by no clock.
    return Object.assign(reader, {
      read: () => {
        parts += 1;
        assert.ok(parts <= MOST_PARTS, `an answer of more than ${MOST_PARTS} parts has no end`);
        return read();
      },
    });
  }
}
