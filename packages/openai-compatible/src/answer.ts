import { QwenError, TimeoutError, type FinishPart, type ProviderPart } from "@qwen/core";
import {
  type AnswerCall,
  type CallSource,
  type Deadline,
  failureInText,
  headerOf,
  type ResponseBody,
  type SaidFailure,
  startTimer,
  type TransportResponse,
} from "@qwen/core/http";
import { AnswerBody, type AnswerSink } from "./answer-body.ts";
import { AnswerReader, type AnswerListener } from "./answer-reader.ts";
import type { Dialect } from "./wire/dialect.ts";
import type { Endpoint } from "./endpoint.ts";
import { isRefusedBeside, refusedParameter } from "./refused-parameter.ts";
import { readBlobs, type ReadBlobs } from "./wire/attachments.ts";
import { chatBody, extrasOf, type Body } from "./wire/body.ts";
import { hasMessage } from "./wire/chunk.ts";
import { firstIn, isObject } from "./wire/json.ts";
import { SameChunk } from "./wire/same-chunk.ts";
import { wireMessages, type WireMessages } from "./wire/messages.ts";

/** Whom an answer is asked of, and how. */
export interface Asking {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly dialect: Dialect;
  readonly extraBody: Readonly<Record<string, unknown>> | undefined;
  readonly strictModel: boolean;
}

/** How long the tokens that were counted may take to follow the end of an answer, in ms. */
const USAGE_MS = 1000;
/** How long a stream that has said all may take to end, in ms: its connection is of use to the next call then. */
const LINGER_MS = 100;

/** How many parameters an endpoint may refuse, one after the other, in one attempt. */
const MOST_LEFT_OUT = 8;

/** Asks for an answer, pushes its parts, and resolves with its `finish`. */
export function answer(asking: Asking, call: AnswerCall): Promise<FinishPart> {
  return new Answer(asking, call).run();
}

const NO_BLOBS: ReadBlobs = new Map();

/** One answer, from its request to its end. */
class Answer implements CallSource, AnswerSink, AnswerListener {
  readonly #asking: Asking;
  readonly #call: AnswerCall;
  readonly #same = new SameChunk();
  readonly #ended = Promise.withResolvers<FinishPart>();
  /** Whether something may have been sent: all that the caller holds of its messages was read. */
  #isWritten = false;
  #reader: AnswerReader | undefined;
  #body: ResponseBody | undefined;
  #linger: Deadline | undefined;
  /** It was said that nothing more comes. */
  #isDone = false;
  /** Something was said in a `delta`: behind that a whole `message` says all of it again. */
  #hasDeltas = false;
  #paused = false;
  #over = false;

  constructor(asking: Asking, call: AnswerCall) {
    this.#asking = asking;
    this.#call = call;
  }

  get host(): string {
    return this.#asking.endpoint.host;
  }

  run(): Promise<FinishPart> {
    this.#call.follow(this);
    return this.#ended.promise;
  }

  start(): void {
    if (this.#over) return;
    this.#call.clock.startPhase();
    this.#ask().catch((error: unknown) => this.fail(error));
  }

  pause(): void {
    if (this.#over || this.#paused) return;
    this.#paused = true;
    this.#call.clock.pause();
    this.#linger?.pause();
    this.#body?.pause();
  }

  resume(): void {
    if (this.#over || !this.#paused) return;
    this.#paused = false;
    this.#call.clock.resume();
    this.#linger?.resume();
    this.#body?.resume();
  }

  fail(error: unknown): void {
    const isSilent = error instanceof TimeoutError && error.phase === "idle";
    // It said why it ended, in a word that nobody knows, and nothing more came.
    if (isSilent && this.#reader?.isComplete === true) this.#conclude();
    else if (!this.#settle()) return;
    this.#body?.cancel();
    const isUnsent = !this.#isWritten && error instanceof TimeoutError;
    this.#reject(isUnsent ? new TimeoutError(error.phase, error.limitMs, { sent: false }) : error);
  }

  event(data: string, name: string | undefined): void {
    if (this.#over) return;
    const reader = this.#reader;
    if (reader === undefined) return;
    if (data.startsWith("[DONE]")) {
      if (!this.#isDone) this.#said(LINGER_MS);
      this.#isDone = true;
      return;
    }
    try {
      this.#take(data, { name, reader });
    } catch (error) {
      // What comes behind an answer that is whole takes nothing away from it.
      if (reader.isComplete) this.#conclude();
      else this.fail(error);
      return;
    }
    if (reader.isOver && this.#linger === undefined) this.#said(USAGE_MS);
  }

  part(part: ProviderPart): void {
    this.#call.push(part);
  }

  output(): void {
    this.#call.clock.output();
    // What comes behind its end says that it was none: of those who say one in each chunk.
    if (!this.#over && !this.#isDone && this.#linger !== undefined) this.#said(this.#call.limits.idleMs);
  }

  failureOf(said: SaidFailure): QwenError {
    return this.#asking.endpoint.failure(said);
  }

  comesWhole(): void {
    const { clock } = this.#call;
    if (clock.comesWhole) return;
    clock.comesWhole = true;
    clock.startPhase();
  }

  whole(text: string): void {
    if (this.#over) return;
    const json = firstIn(text);
    try {
      if (!isObject(json)) throw this.#unreadable();
      this.#reader?.take(json);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#conclude();
  }

  end(): void {
    if (!this.#over) this.#conclude();
  }

  error(error: unknown): void {
    const reader = this.#reader;
    if (this.#over || reader === undefined) return;
    // No break explains that it was left for its size.
    const isTooLarge = QwenError.isInstance(error) && error.code === "protocol";
    if (reader.isComplete) this.#conclude();
    else this.fail(reader.hasOutput && !isTooLarge ? reader.interrupted(undefined, error) : error);
  }

  async #ask(): Promise<void> {
    const { endpoint } = this.#asking;
    const { model, request, stop, limits } = this.#call;
    const blobs = readBlobs(request.messages);
    const messages = wireMessages(request.messages, {
      provider: this.#asking.id,
      blobs: blobs === undefined ? NO_BLOBS : await blobs,
    });
    this.#isWritten = true;
    const refusals = new Set<string>();
    for (let leftOut = 0; !this.#over; leftOut++) {
      const body = this.#write(messages, refusals);
      const { headers } = request;
      const response = await endpoint.send({
        path: "chat/completions",
        body: body.json,
        headers,
        limits,
        signal: stop,
      });
      if (this.#over) {
        response.body.cancel();
        return;
      }
      const { status } = response;
      if (status >= 200 && status < 300) {
        this.#read(response, body, messages.beginning);
        return;
      }
      const error = await endpoint.refusal(response, stop);
      const refused = refusedParameter(error, { status, sent: body.optional() });
      if (refused === undefined || leftOut === MOST_LEFT_OUT) throw endpoint.failure(error, response);
      refusals.add(refused);
      if (!isRefusedBeside(error)) endpoint.refuse(model.id, refused);
    }
  }

  #write(messages: WireMessages, refusals: ReadonlySet<string>): Body {
    const { id, endpoint, dialect, extraBody } = this.#asking;
    const { model, request } = this.#call;
    return chatBody({
      model: model.id,
      messages,
      settings: request.settings,
      honoured: model.capabilities?.settings,
      dialect,
      extras: [dialect.extraBody, extraBody, extrasOf(request, id)],
      refused: new Set([...endpoint.refusedFor(model.id), ...refusals]),
    });
  }

  #read(response: TransportResponse, { warnings }: Body, beginning: string | undefined): void {
    const { endpoint, strictModel } = this.#asking;
    const { model, request } = this.#call;
    const known = {
      host: this.host,
      provider: this.#asking.id,
      messages: request.messages,
      callsTools: (request.settings?.tools?.length ?? 0) > 0,
      strictModel: strictModel ? model.id : undefined,
      beginning,
      warnings,
      keepsText: request.keepText !== false,
      headers: endpoint.told(response),
    };
    this.#body = response.body;
    this.#reader = new AnswerReader(known, this);
    if (headerOf(response, "content-type")?.includes("json") === true) this.comesWhole();
    if (this.#paused) this.#body.pause();
    this.#body.pipe(new AnswerBody(this));
  }

  #take(data: string, { name, reader }: { readonly name: string | undefined; readonly reader: AnswerReader }): void {
    const text = name === undefined ? this.#same.textIn(data) : undefined;
    if (text !== undefined) {
      reader.takeText(text);
      return;
    }
    const json = firstIn(data);
    if (isObject(json)) {
      const isWhole = hasMessage(json);
      reader.take(json, { saysAgain: isWhole && this.#hasDeltas });
      this.#hasDeltas ||= !isWhole && reader.hasOutput;
      this.#same.learn(data, json);
    } else if (name !== "error" && data.trim() !== "") throw this.#unreadable();
    if (name === "error") throw this.#asking.endpoint.failure(failureInText(data));
  }

  #unreadable(): QwenError {
    return new QwenError("protocol", `${this.host} sends what is no JSON in its answer.`);
  }

  /** All that counts was said: what is still to come has so long. */
  #said(limitMs: number): void {
    this.#call.clock.stopPhase();
    this.#linger ??= startTimer(limitMs, () => {
      this.#conclude();
      this.#body?.cancel();
    });
    this.#linger.start(limitMs);
    // What is held up for a reader that lags is on its way all the same.
    if (this.#paused) this.#linger.pause();
  }

  #conclude(): void {
    if (!this.#settle()) return;
    try {
      this.#ended.resolve((this.#reader as AnswerReader).finish());
    } catch (error) {
      this.#body?.cancel();
      this.#reject(error);
    }
  }

  /** Where all errors of an attempt leave. The reason of an abort is its caller's own. */
  #reject(error: unknown): void {
    const { request, stop } = this.#call;
    const isOwn = stop.aborted && error === stop.reason;
    this.#ended.reject(isOwn ? error : this.#asking.endpoint.leaving(error, request.headers));
  }

  #settle(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#call.clock.stopPhase();
    this.#linger?.stop();
    return true;
  }
}
