import type { Ending } from "./accounts.ts";
import { Refusal } from "./refusal.ts";
import type { Call } from "./route.ts";

/** Of whose answers a response is made. */
export interface HandedOverOptions {
  readonly call: Call;
  /** How long a client may read nothing of a body before it is left, in ms. */
  readonly idleClientMs: number;
}

/**
 * What somebody else's function answers to a request, as a response that may be written on, and whose call is over once its body is.
 *
 * One that never answers is left with its caller, and a body with a reader that takes nothing. Rejects with a `TypeError` for what is no
 * response, and for one whose body somebody has read already: nothing would pass for an answer.
 */
export async function handedOver(
  work: () => Response | Promise<Response>,
  options: HandedOverOptions,
): Promise<Response> {
  const answer = (async () => work())();
  const left = Promise.withResolvers<never>();
  const { signal } = options.call;
  const leave = (): void => left.reject(signal.reason);
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  try {
    return held(await Promise.race([answer, left.promise]), options);
  } catch (error) {
    // What comes later is nobody's.
    if (signal.aborted) answer.then((late) => late.body?.cancel()).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

function held(response: Response, options: HandedOverOptions): Response {
  if (!(response instanceof Response)) throw new TypeError("It must answer with a Response.");
  const { body, status, statusText } = response;
  const headers = new Headers(response.headers);
  // Of another connection, as where it was fetched: this one has its own framing.
  for (const name of OF_A_CONNECTION) headers.delete(name);
  if (body === null) return new Response(null, { status, statusText, headers });
  if (response.bodyUsed) throw new TypeError("The body of its response has been read.");
  const stream = new ReadableStream(new HandedBody(body.getReader(), options), { highWaterMark: 0 });
  return new Response(stream, { status, statusText, headers });
}

const OF_A_CONNECTION = ["connection", "keep-alive", "transfer-encoding", "upgrade", "trailer", "content-length"];

/** A body of somebody else's, read as its client reads. */
class HandedBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #options: HandedOverOptions;
  readonly #release: (ending: Ending) => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #hasEnded = false;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, options: HandedOverOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#release = options.call.hold();
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    this.#options.call.signal.addEventListener("abort", this.#leave, { once: true });
    this.#awaitReader();
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    clearTimeout(this.#idle);
    try {
      const { done, value } = await this.#reader.read();
      if (this.#hasEnded) return;
      if (done) {
        this.#end("whole");
        controller.close();
        return;
      }
      controller.enqueue(bytesOf(value));
      this.#awaitReader();
    } catch (error) {
      this.#break(error, { error });
    }
  }

  cancel(): void {
    this.#end("cancelled");
  }

  #awaitReader(): void {
    const { idleClientMs } = this.#options;
    if (idleClientMs === Infinity) return;
    this.#idle = setTimeout(() => this.#break(new Error("Nothing of the body was read."), "cancelled"), idleClientMs);
  }

  readonly #leave = (): void => {
    const { reason } = this.#options.call.signal;
    this.#break(reason, reason instanceof Refusal ? { error: reason } : "cancelled");
  };

  /** The connection breaks, so that what came passes for no whole answer. */
  #break(error: unknown, ending: Ending): void {
    if (this.#hasEnded) return;
    this.#end(ending);
    if (this.#options.call.leave()) this.#controller?.close();
    else this.#controller?.error(error);
  }

  #end(ending: Ending): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#idle);
    this.#options.call.signal.removeEventListener("abort", this.#leave);
    this.#release(ending);
    if (ending !== "whole") this.#reader.cancel().catch(() => {});
  }
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("The body of a response must be bytes.");
}
