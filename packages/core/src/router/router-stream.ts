import { AppendOnlyText } from "../append-only.ts";
import type { Completion } from "../completion.ts";
import type { StreamPart } from "../provider.ts";
import type { AttemptsRun } from "./attempts.ts";
import { createInbox } from "./inbox.ts";
import type { RoutedPart } from "./provider-parts.ts";

/**
 * One answer on its way. It can be read once: as parts, as text, or as a `ReadableStream`; a second
 * reading is a `TypeError`. Work starts when it is first read, or when `completion` is first asked for.
 *
 * `break`, `return()` and `throw()` stop the work at its source, and end the iteration at once,
 * even while a `next()` is pending.
 */
export interface RouterStream extends AsyncIterable<StreamPart, undefined> {
  [Symbol.asyncIterator](): AsyncIterableIterator<StreamPart, undefined>;

  /**
   * The text alone, for consumers that can only append.
   *
   * Where the provider rewrites text, it goes on as far as the new text fits what was passed on; if
   * it does not fit at the end, the iteration throws `text_rewritten` with the exact text.
   */
  readonly textStream: AsyncIterable<string, undefined>;

  /**
   * The whole answer, exact.
   *
   * Asking for it makes the stream flow by itself. Who reads the parts as well, before or after,
   * still gets each of them; until then they wait in memory. Rejects with what the iteration
   * throws, never unhandled.
   */
  readonly completion: Promise<Completion>;

  /** The parts as a web stream that is read as fast as its consumer asks. Cancelling it stops the work. */
  toReadableStream(): ReadableStream<StreamPart>;
}

/** Makes the public stream of one run. */
export function createRouterStream(run: AttemptsRun<RoutedPart, Completion>): RouterStream {
  // Every `finish` of a run is sealed, which makes its parts StreamParts.
  const source = run as unknown as AttemptsRun<StreamPart, Completion>;
  let claimed = false;
  let flow: PartIterator<StreamPart> | undefined;
  let completion: Promise<Completion> | undefined;

  const parts: PartIterator<StreamPart> = {
    next: () => (flow ?? source).next(),
    return: () => (flow ?? source).return(),
    throw: (error) => (flow ?? source).throw(error),
    [Symbol.asyncIterator]() {
      return this;
    },
  };

  function claim(): PartIterator<StreamPart> {
    if (claimed)
      throw new TypeError(
        "A stream can be read only once, and this one is read already. `completion` has the whole answer.",
      );
    claimed = true;
    return parts;
  }

  async function complete(): Promise<Completion> {
    if (source.outcome() === undefined) {
      const { buffer, drained } = flowFrom(source);
      flow = buffer;
      await drained;
    }
    const outcome = source.outcome();
    if (outcome?.result === undefined) throw outcome?.error;
    return outcome.result;
  }

  const stream = {
    __proto__: lazyCompletion,
    [startCompletion]() {
      if (completion === undefined) {
        completion = complete();
        // Who asked for it may never look at it.
        completion.catch(() => {});
      }
      return completion;
    },
    [Symbol.asyncIterator]: claim,
    textStream: { [Symbol.asyncIterator]: () => readText(claim()) },
    toReadableStream() {
      const iterator = claim();
      return new ReadableStream<StreamPart>(
        {
          async pull(controller) {
            const { done, value } = await iterator.next();
            if (done === true) controller.close();
            else controller.enqueue(value);
          },
          async cancel() {
            await iterator.return();
          },
        },
        // Nothing is read before it is asked for.
        { highWaterMark: 0 },
      );
    },
  };
  return stream as unknown as RouterStream;
}

const startCompletion = Symbol("startCompletion");

// One getter for all streams: made anew for each, it would give each a hidden class of its own, and cost a microsecond.
const lazyCompletion = {
  get completion(): Promise<Completion> {
    return (this as unknown as { readonly [startCompletion]: () => Promise<Completion> })[startCompletion]();
  },
};

interface PartIterator<Part> extends AsyncIterableIterator<Part, undefined> {
  return(): Promise<IteratorResult<Part, undefined>>;
  throw(error: unknown): Promise<IteratorResult<Part, undefined>>;
}

/** Reads an iterator to its end, and keeps the parts for whoever comes for them. */
function flowFrom<Part>(source: PartIterator<Part>): {
  readonly buffer: PartIterator<Part>;
  readonly drained: Promise<void>;
} {
  const inbox = createInbox<IteratorResult<Part, undefined> | { readonly error: unknown }>();
  let over = false;
  let latest: Promise<unknown> = Promise.resolve();

  async function drain(): Promise<void> {
    try {
      for await (const value of source) inbox.post({ done: false, value });
      inbox.post(DONE);
    } catch (error) {
      inbox.post({ error });
    }
  }

  async function take(): Promise<IteratorResult<Part, undefined>> {
    if (over) return DONE;
    const event = await inbox.take();
    if ("error" in event) {
      over = true;
      throw event.error;
    }
    if (event.done === true) over = true;
    return event;
  }

  const buffer: PartIterator<Part> = {
    next() {
      const next = latest.then(take, take);
      latest = next;
      return next;
    },
    async return() {
      over = true;
      await source.return();
      return DONE;
    },
    throw(error) {
      over = true;
      return source.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { buffer, drained: drain() };
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The text of the parts, as far as it can be passed on. */
function readText(parts: PartIterator<StreamPart>): PartIterator<string> {
  const text = new AppendOnlyText();
  let left = false;

  return {
    async next() {
      for (;;) {
        const { done, value } = await parts.next();
        if (done === true) {
          // What was held back comes out before the end.
          const rest = left ? "" : text.end();
          left = true;
          return rest === "" ? { done, value: undefined } : { done: false, value: rest };
        }
        let piece = "";
        if (value.type === "text-delta") piece = text.append(value.text);
        else if (value.type === "text-replace") piece = text.replace(value.text);
        if (piece !== "") return { done: false, value: piece };
      }
    },
    async return() {
      left = true;
      await parts.return();
      return { done: true, value: undefined };
    },
    async throw(error) {
      left = true;
      await parts.throw(error);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
