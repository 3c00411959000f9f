import type { Completion } from "../completion.ts";
import { FlowCursor } from "../flow-iterator.ts";
import type { Flow } from "../flow.ts";
import type { StreamPart } from "../part.ts";
import { pullFlow } from "../pulled-flow.ts";
import type { RoutedPart } from "./provider-parts.ts";
import type { Run } from "./run.ts";
import { textFlowOf } from "./text-flow.ts";

/**
 * One answer on its way. It can be read once: as parts, as text, or as a `ReadableStream`; a second
 * reading is a `TypeError`. Work starts when it is first read, or when `completion` is first asked for.
 *
 * `break`, `return()` and `throw()` stop the work at its source, and end the iteration at once,
 * even while a `next()` is pending.
 */
export interface RouterStream extends AsyncIterable<StreamPart, undefined> {
  [Symbol.asyncIterator](): AsyncIterableIterator<StreamPart, undefined>;

  /** By which events, errors and `finish` tell the request: its own `requestId`, or one of the router's. */
  readonly requestId: string;

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
export function createRouterStream(run: Run<RoutedPart, Completion>): RouterStream {
  return new RunStream(run);
}

/**
 * The parts of a stream as a flow, for who reads them without a promise for each; the stream counts as read from then on. Of one that no
 * router of ours made, or that somebody wrapped, the flow asks for one part ahead at most.
 */
export function flowOf(stream: AsyncIterable<StreamPart, undefined>): Flow<StreamPart> {
  return RunStream.claim(stream) ?? pullFlow(stream);
}

class RunStream implements RouterStream {
  readonly #run: Run<RoutedPart, Completion>;
  #isClaimed = false;

  constructor(run: Run<RoutedPart, Completion>) {
    this.#run = run;
  }

  /** Told by identity, so of a wrapper, a copy or a proxy there is none. */
  static claim(stream: object): Flow<StreamPart> | undefined {
    return #run in stream ? stream.#claim() : undefined;
  }

  get requestId(): string {
    return this.#run.log.requestId;
  }

  get textStream(): AsyncIterable<string, undefined> {
    const text = (): FlowCursor<string> => new FlowCursor(textFlowOf(this.#claim(), this.requestId));
    return { [Symbol.asyncIterator]: text };
  }

  get completion(): Promise<Completion> {
    const completion = this.#run.completion();
    // Who asked for it may never look at it.
    completion.catch(ignore);
    return completion;
  }

  [Symbol.asyncIterator](): FlowCursor<StreamPart> {
    return new FlowCursor(this.#claim());
  }

  toReadableStream(): ReadableStream<StreamPart> {
    return readableStream(new FlowCursor(this.#claim()));
  }

  #claim(): Flow<StreamPart> {
    if (this.#isClaimed)
      throw new TypeError(
        "A stream can be read only once, and this one is read already. `completion` has the whole answer.",
      );
    this.#isClaimed = true;
    // Every `finish` of a run is sealed, which makes its parts StreamParts.
    return this.#run.flow as unknown as Flow<StreamPart>;
  }
}

function readableStream(iterator: FlowCursor<StreamPart>): ReadableStream<StreamPart> {
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
}

function ignore(): void {}
