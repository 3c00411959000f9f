import { debug } from "../debug.ts";
import { QwenError, TimeoutError } from "../errors.ts";
import {
  aCountFrom,
  aFlag,
  aLimitMs,
  anAbortSignal,
  anObject,
  isGroup,
  readOptions,
  requireOption,
  type Rule,
  type Rules,
} from "../options.ts";
import { wordsOf } from "../printable.ts";
import { Deadline } from "../timers.ts";
import type { AbortSource } from "../stop.ts";
import { Pieces } from "./pieces.ts";

/**
 * One HTTP exchange at a time, over whatever the platform has.
 *
 * A transport follows no redirect and keeps no cookie: what is sent where is decided above it. Of its own it asks for
 * answers that are not compressed, and sends again what a kept connection lost: see {@link TransportRequest.sendAgain}.
 */
export interface Transport {
  /**
   * Sends a request and settles with the head of its response, whatever the status is.
   *
   * Rejects with the signal's reason when aborted, a `TimeoutError` of phase `connect` or `headers`,
   * or a `QwenError` of code `connection`. A response that is compressed all the same has a body that fails with
   * `protocol`, unless the platform decodes it.
   */
  request(request: TransportRequest): Promise<TransportResponse>;

  /** Closes idle connections; those in use close after their response, which is not waited for. Never rejects. */
  close(): Promise<void>;
}

/** A request as it goes on the wire. */
export interface TransportRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Aborting it before the response's body has ended closes the connection. */
  readonly signal?: AbortSignal | undefined;
  /** Until a connection stands, in ms: names, proxies and TLS included. Nothing else limits it. */
  readonly connectMs: number;
  /**
   * From then until the headers of the response, in ms. A body of more than 64 KiB does not count: it goes out in slices, each of which
   * may take as long, but at least 5 s; then the limit begins, later by the time that the system may need for what it holds of the
   * body. So a slow upload goes on, and one that stalls ends as `headers`. `fetch` tells nothing of all that: with it the body counts.
   */
  readonly headersMs: number;
  /** Called once when the request begins to be written: from here on the server may have seen it. */
  readonly onStart?: (() => void) | undefined;
  /**
   * Asked when the connection was lost before a byte of the answer, and had served before: then the server most likely closed it in
   * the moment of sending, but may have seen the request. Resolving with true sends it again, once, over a new connection. A GET is
   * sent again without asking, another request without this is not. One that throws says no, and one that takes longer than `headersMs`,
   * 10 s at least, ends the request as `headers`. Where the platform keeps its connections to itself it is not asked.
   */
  readonly sendAgain?: (() => Promise<boolean>) | undefined;
  /**
   * Requests of one lane may go out without waiting for each other, and are then answered in their order: over a connection they
   * have for themselves, where the platform can pipeline (RFC 9112, section 9.3.2). Where it cannot, they go like any others.
   */
  readonly lane?: symbol | undefined;
  /**
   * Connect to public addresses only. A transport that looks up the host's name itself connects to the very address it
   * checked, over a connection that only such requests use, and rejects with code `connection` where there is none. Where a
   * proxy or the platform does the lookup it has no effect. An address that is written out is its caller's to check: `follow` does.
   */
  readonly publicOnly?: boolean | undefined;
  /**
   * Whether cookies of its host go along, and are taken from the answer, where the platform keeps them, as browsers do.
   * Elsewhere they are headers like others, and this has no effect. @defaultValue false
   */
  readonly withCookies?: boolean | undefined;
  /** Whether it goes out even if the page that sends it is left in the same moment. For small bodies. @defaultValue false */
  readonly outlivesPage?: boolean | undefined;
}

/** A transport of this SDK, which can be stopped at less cost. Somebody else's is asked with signals only. */
export interface OwnTransport extends Transport {
  request(request: OwnRequest): Promise<TransportResponse>;
}

/** A request as this SDK sends it. */
export interface OwnRequest extends Omit<TransportRequest, "signal"> {
  /** See {@link TransportRequest.signal}. */
  readonly signal?: AbortSource | undefined;
}

/** The head of a response, and its body to come. */
export interface TransportResponse {
  readonly status: number;
  /** Lower-case names; `set-cookie` is a list, anything else sent twice is joined. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: ResponseBody;
}

/** A body that pushes its chunks: an async iterator would cost a promise for each. */
export interface ResponseBody {
  /**
   * Starts the flow into `sink`; to be called once. Before that nothing is lost, and the sender is held up once 64 KiB
   * wait. Nothing is called after `cancel`.
   */
  pipe(sink: BodySink): void;
  /** Asks for no more chunks until `resume`; a few may still come, no more than the buffer of a socket holds. */
  pause(): void;
  resume(): void;
  /** Drops the rest and closes the connection, unless the rest is there already. */
  cancel(): void;
}

/** Receives a body: any number of chunks, then exactly one end or error. */
export interface BodySink {
  chunk(bytes: Uint8Array): void;
  end(): void;
  error(error: unknown): void;
}

/** Options of a platform's transport. */
export interface TransportOptions {
  /**
   * URL of a proxy (`http`, `https`, `socks5` or `socks5h`; without a scheme it is `http`), or `false` for none. Where the platform
   * makes the connections (browsers, edge runtimes) one is a `TypeError`.
   *
   * @defaultValue what `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say
   */
  readonly proxy?: string | false | undefined;
}

/** The first value of a header. */
export function headerOf(response: Pick<TransportResponse, "headers">, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === "string" ? value : value?.[0];
}

/** How much of a body to read, and how long. */
export interface ReadOptions {
  /** Once there is more, reading ends and the connection is closed. @defaultValue 16 MiB */
  readonly maxBytes?: number | undefined;
  /** Until the whole body is there, in ms. @defaultValue 30_000 */
  readonly limitMs?: number | undefined;
  readonly signal?: AbortSource | undefined;
}

/**
 * Reads a whole body as UTF-8 text; see {@link readBytes}. One longer than `maxBytes` is a `protocol` error that says so,
 * unless it is to be `cut`.
 */
export function readText(
  body: ResponseBody,
  options: ReadOptions & { readonly cut?: boolean | undefined } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const { maxBytes = MAX_BYTES, cut = false, limitMs, signal } = readFor(body, options, TEXT_RULES);
    const asText = (bytes: Uint8Array): void => {
      if (bytes.byteLength > maxBytes && !cut) reject(tooLarge(maxBytes));
      else resolve(UTF8.decode(bytes));
    };
    new WholeBody(body, { maxBytes, limitMs, signal, resolve: asText, reject }).start();
  });
}

function tooLarge(maxBytes: number): QwenError {
  const most = Math.round(maxBytes / (1024 * 1024));
  return new QwenError(
    "protocol",
    `The server's answer is too large: more than ${most} MiB, which is the most that is read.`,
  );
}

const MAX_BYTES = 16 * 1024 * 1024;

const READ_RULES: Rules<ReadOptions> = { maxBytes: aCountFrom(0), limitMs: aLimitMs, signal: anAbortSignal };
const TEXT_RULES: Rules<ReadOptions & { readonly cut?: boolean | undefined }> = { ...READ_RULES, cut: aFlag };

/** Reads options. However that ends, the connection is not left open. */
function readFor<Options extends object>(body: ResponseBody, options: Options, rules: Rules<Options>): Options {
  requireOption("body", body, aBody);
  try {
    return requireOption("options", readOptions("options", options, rules), anObject) as Options;
  } catch (error) {
    body.cancel();
    throw error;
  }
}

/** Drops the rest of a body. One of somebody else's may throw, which nobody hears of: what was read of it is told. */
export function dropBody(body: ResponseBody): void {
  try {
    body.cancel();
  } catch (error) {
    debug(() => `\`cancel\` of a body threw ${wordsOf(error)}`);
  }
}

/** A body, and not the response it is of. */
export const aBody: Rule = (value) =>
  isGroup(value) && "pipe" in value && "cancel" in value ? undefined : "the `body` of a response";

const UTF8 = new TextDecoder();

/**
 * Reads a whole body. One longer than `maxBytes` is cut off somewhere after.
 *
 * Rejects with what the transport reports, a `TimeoutError` of phase `headers`, the reason of `signal`, or a `TypeError` for
 * what is no body and an option that is none. However it ends, the connection is done with.
 */
export function readBytes(body: ResponseBody, options: ReadOptions = {}): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const { maxBytes = MAX_BYTES, limitMs, signal } = readFor(body, options, READ_RULES);
    new WholeBody(body, { maxBytes, limitMs, signal, resolve, reject }).start();
  });
}

interface WholeBodyOptions {
  readonly maxBytes: number;
  /** @defaultValue 30_000 */
  readonly limitMs: number | undefined;
  readonly signal: AbortSource | undefined;
  resolve(bytes: Uint8Array): void;
  reject(error: unknown): void;
}

/** A body that is read to its end. */
class WholeBody implements BodySink {
  readonly #body: ResponseBody;
  readonly #options: WholeBodyOptions;
  readonly #pieces = new Pieces();
  readonly #limitMs: number;
  readonly #timer = new Deadline(() => this.#giveUp(new TimeoutError("headers", this.#limitMs)));
  #isOver = false;

  constructor(body: ResponseBody, options: WholeBodyOptions) {
    this.#body = body;
    this.#options = options;
    this.#limitMs = options.limitMs ?? 30_000;
  }

  start(): void {
    const { signal } = this.#options;
    if (signal?.aborted === true) {
      this.handleEvent();
      return;
    }
    try {
      this.#body.pipe(this);
    } catch (error) {
      // It may have another reader already, whose it stays.
      this.error(error);
    }
    // Small ones are nearly always there as a whole.
    if (this.#isOver) return;
    this.#timer.start(this.#limitMs);
    signal?.addEventListener("abort", this, { once: true });
  }

  chunk(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    if (this.#pieces.size <= this.#options.maxBytes) return;
    this.#release();
    dropBody(this.#body);
    this.#options.resolve(this.#pieces.takeJoined());
  }

  end(): void {
    this.#release();
    this.#options.resolve(this.#pieces.takeJoined());
  }

  error(error: unknown): void {
    this.#release();
    this.#options.reject(error);
  }

  /** The signal has aborted. */
  handleEvent(): void {
    this.#giveUp(this.#options.signal?.reason);
  }

  #giveUp(error: unknown): void {
    this.#release();
    dropBody(this.#body);
    this.#options.reject(error);
  }

  #release(): void {
    this.#isOver = true;
    this.#timer.stop();
    this.#options.signal?.removeEventListener("abort", this);
  }
}
