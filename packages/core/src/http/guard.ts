import { debug } from "../debug.ts";
import { QwenError } from "../errors.ts";
import { aTransport, isGroup, requireOption } from "../options.ts";
import { isOwn } from "../own-functions.ts";
import { wordsOf } from "../printable.ts";
import { signalOf } from "../stop.ts";
import type {
  BodySink,
  OwnTransport,
  ResponseBody,
  Transport,
  TransportRequest,
  TransportResponse,
} from "./transport.ts";

/**
 * A transport of somebody else's, held to the contract; one of ours as it is: what comes of it that is no response is a
 * `TypeError`, what its bodies throw ends the reading with code `connection`, and throws nowhere else. An abort ends a request
 * whether it listens to its signal or not; what is answered later is dropped. What is no transport is a `TypeError`.
 */
export function guardedTransport(transport: Transport): OwnTransport {
  requireOption("transport", transport, aTransport);
  if (isOwn(transport.request)) return transport;
  return {
    async request(asked) {
      const request = { ...asked, signal: signalOf(asked.signal) };
      const response = await heard(transport.request(request), request.signal);
      if (!isResponse(response))
        throw new TypeError("`transport` must resolve with a response: an object with `status`, `headers` and `body`.");
      const { status, headers, body } = response;
      return { status, headers, body: new GuardedBody(body, request) };
    },
    close: async () => transport.close(),
  };
}

function heard(answer: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal === undefined) return Promise.resolve(answer);
  return new Promise((resolve, reject) => {
    let isLeft = false;
    const leave = (): void => {
      isLeft = true;
      reject(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    Promise.resolve(answer)
      .then((response) => {
        if (isLeft && isResponse(response)) response.body.cancel();
        resolve(response);
      })
      // Behind an abort nobody hears of it.
      .catch(reject)
      .finally(() => signal.removeEventListener("abort", leave));
    if (signal.aborted) leave();
  });
}

function isResponse(response: unknown): response is TransportResponse {
  if (!isGroup(response)) return false;
  const { status, headers, body } = response as Partial<Record<keyof TransportResponse, unknown>>;
  return (
    Number.isInteger(status) &&
    isGroup(headers) &&
    isGroup(body) &&
    METHODS.every((name) => typeof (body as Partial<ResponseBody>)[name] === "function")
  );
}

const METHODS = ["pipe", "pause", "resume", "cancel"] as const;

class GuardedBody implements ResponseBody {
  readonly #body: ResponseBody;
  readonly #request: TransportRequest;

  constructor(body: ResponseBody, request: TransportRequest) {
    this.#body = body;
    this.#request = request;
  }

  pipe(sink: BodySink): void {
    const guarded = new GuardedSink(sink, (cause) => this.#failure(cause));
    try {
      this.#body.pipe(guarded);
    } catch (error) {
      guarded.error(error);
    }
  }

  pause(): void {
    this.#try("pause");
  }

  resume(): void {
    this.#try("resume");
  }

  cancel(): void {
    this.#try("cancel");
  }

  #try(name: "pause" | "resume" | "cancel"): void {
    try {
      this.#body[name]();
    } catch (error) {
      debug(() => `\`${name}\` of a body from ${this.#request.url.host}: ${wordsOf(error)}`);
    }
  }

  #failure(cause: unknown): unknown {
    const { url, signal } = this.#request;
    if (QwenError.isInstance(cause) || signal?.aborted === true) return cause;
    return new QwenError("connection", `The connection to ${url.host} failed: ${wordsOf(cause)}.`, { cause });
  }
}

/** Hears one end, and of chunks that are bytes. */
class GuardedSink implements BodySink {
  readonly #sink: BodySink;
  readonly #failure: (cause: unknown) => unknown;
  #over = false;

  constructor(sink: BodySink, failure: (cause: unknown) => unknown) {
    this.#sink = sink;
    this.#failure = failure;
  }

  chunk(bytes: Uint8Array): void {
    if (this.#over) return;
    if (ArrayBuffer.isView(bytes)) this.#sink.chunk(bytes);
    else this.error(new TypeError("A body of `transport` must come as bytes."));
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink.end();
  }

  error(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink.error(this.#failure(error));
  }
}
