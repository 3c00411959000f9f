import type { BodySink, ResponseBody, TransportResponse } from "../http/transport.ts";
import { sleep, within } from "../timers.ts";
import type { ClientRequest } from "./client-request.ts";
import type { SpaceClient } from "./client.ts";
import { Session } from "./jobs.ts";
import type { SessionOptions } from "./session.ts";

/**
 * How long a server may take to close the stream of a job that has ended, in ms. It does at once, unless a job of the session was left
 * before: that one counts as running for as long as the session lives.
 */
const LINGER_MS = 250;

/** How long a server may take to hear that a stream was closed, in ms: it ends what the session runs then, whenever that was begun. */
const HEARING_MS = 250;

/** The streams of a session, whichever call opened them. */
interface Streams {
  readonly open: Set<WatchedBody>;
  /** When one was closed that its server had not ended. */
  leftAt: number;
}

/** How a call goes on with a session. */
interface SharedSessionOptions extends SessionOptions {
  readonly same?: SharedSession | undefined;
}

/** A session that several calls share, one after the other. It knows when the next one may begin. */
export class SharedSession extends Session {
  readonly #streams: Streams;

  constructor(client: SpaceClient, options: SharedSessionOptions) {
    super(client, options);
    this.#streams = options.same === undefined ? { open: new Set(), leftAt: -Infinity } : options.same.#streams;
  }

  override async request(request: ClientRequest): Promise<TransportResponse> {
    if (request.accept !== "text/event-stream") return super.request(request);
    try {
      const response = await super.request(request);
      return { ...response, body: new WatchedBody(response.body, this.#streams) };
    } catch (error) {
      this.#streams.leftAt = performance.now();
      throw error;
    }
  }

  /**
   * Resolves once none of its streams is left, on the server neither: of two that are read, either takes the other's messages, and
   * closing one ends the job of the other. Never rejects.
   */
  async quiet(): Promise<void> {
    const { open } = this.#streams;
    for (const stream of open) if ((await within(LINGER_MS, stream.gone)) !== true) stream.cancel();
    const leftMs = this.#streams.leftAt + HEARING_MS - performance.now();
    if (leftMs > 0) await sleep(leftMs);
  }
}

/** The body of a stream, as it came. */
class WatchedBody implements ResponseBody, BodySink {
  readonly #body: ResponseBody;
  readonly #streams: Streams;
  readonly #gone = Promise.withResolvers<true>();
  #sink: BodySink | undefined;

  constructor(body: ResponseBody, streams: Streams) {
    this.#body = body;
    this.#streams = streams;
    streams.open.add(this);
  }

  /** Resolves once it has ended, or was closed. */
  get gone(): Promise<true> {
    return this.#gone.promise;
  }

  pipe(sink: BodySink): void {
    this.#sink = sink;
    this.#body.pipe(this);
  }

  pause(): void {
    this.#body.pause();
  }

  resume(): void {
    this.#body.resume();
  }

  cancel(): void {
    this.#body.cancel();
    this.#leave();
  }

  chunk(bytes: Uint8Array): void {
    this.#sink?.chunk(bytes);
  }

  end(): void {
    this.#settle();
    this.#sink?.end();
  }

  error(error: unknown): void {
    this.#leave();
    this.#sink?.error(error);
  }

  #leave(): void {
    if (this.#settle()) this.#streams.leftAt = performance.now();
  }

  #settle(): boolean {
    this.#gone.resolve(true);
    return this.#streams.open.delete(this);
  }
}
