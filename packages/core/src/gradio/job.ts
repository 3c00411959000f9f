import { QwenError, StreamInterruptedError } from "../errors.ts";
import { Stop } from "../stop.ts";
import { startTimer, within, type Deadline } from "../timers.ts";
import { CLEANUP_MS } from "./clean-ups.ts";
import { isOutOfTurn, type EarlyStream } from "./early-stream.ts";
import { completionFailure } from "./failure.ts";
import type { JobMessage } from "./job-listener.ts";
import type { JobOptions } from "./job-options.ts";
import { JobStream, type StreamListener } from "./job-stream.ts";
import { join } from "./join.ts";
import type { JobCompletion, QueueEstimation, QueueMessage, SessionMessage } from "./messages.ts";
import { stopJob, type Reached } from "./stopping.ts";
import { streamRequest } from "./wire.ts";

/** Longest time that leaving a job waits for a stream that was asked for, in ms. */
const OPENING_MS = 1000;

/**
 * One job on Gradio's queue, over a stream of its own.
 *
 * However it ends early, its listener hears of it at once, and the job is stopped on the server behind that: first the
 * stream is closed, which takes a waiting job out of the queue; then `/cancel` goes out, if `/config` has confirmed the
 * `fn_index`, because a wrong one restarts the job. A join that is not answered yet is awaited and its session opened
 * and closed, since dropping it would leave the job running.
 */
export class Job implements StreamListener {
  readonly #options: JobOptions;
  readonly #wire = new Stop();
  #reached: Reached = "unsent";
  #over = false;
  /** The requests that are under way for it. Never rejects. */
  #opening: Promise<void> = Promise.resolve();
  #eventId: string | undefined;
  #stream: JobStream | undefined;
  #paused = false;
  /** It has yielded something; something of that was output. */
  #stepped = false;
  #output = false;
  /** Runs while it waits: before a Space has ended its first job it has no estimate to give. */
  #patience: Deadline | undefined;

  /** Nothing is sent before `start`. */
  constructor(options: JobOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#over) return;
    const { clock, endpoint } = this.#options;
    clock.comesWhole = endpoint.comesWhole;
    clock.startPhase();
    this.#opening = this.#open();
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Stops reading the stream, and with it the clock of the phase: a slow consumer is no silent server. */
  pause(): void {
    if (this.#over || this.#paused) return;
    this.#paused = true;
    this.#options.clock.pause();
    this.#stream?.pause();
  }

  resume(): void {
    if (this.#over || !this.#paused) return;
    this.#paused = false;
    this.#options.clock.resume();
    this.#stream?.resume();
  }

  /** Ends it, for this reason, unless it has ended. */
  fail(error: unknown): void {
    if (!this.#settle()) return;
    if (this.#reached === "unsent") this.#wire.abort(error);
    else this.#options.session.client.cleanUps.add(this.#cleanUp());
    this.#options.listener.failed(error);
  }

  said({ eventId, message }: SessionMessage, size: number): void {
    // What speaks of the whole session speaks of this job: the session is its own.
    if (this.#over || (eventId !== undefined && eventId !== this.#eventId)) return;
    if (this.#reached === "joined" && message.type === "failed" && message.sessionNotFound) {
      // It overtook the join, which has been answered by now.
      this.#stream?.cancel();
      this.#opening = this.#listen().catch((error: unknown) => this.fail(error));
      return;
    }
    this.#reached = "streaming";
    try {
      this.#receive(message, size);
    } catch (error) {
      this.fail(error);
    }
  }

  ended(error?: unknown): void {
    if (error !== undefined && !this.#output) {
      this.fail(error);
      return;
    }
    this.fail(
      new StreamInterruptedError(`${this.#host} ended the stream before the answer was whole.`, {
        text: this.#options.listener.partialText(),
        cause: error,
      }),
    );
  }

  get #host(): string {
    return this.#options.session.client.url.host;
  }

  #settle(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#options.clock.stopPhase();
    this.#patience?.stop();
    return true;
  }

  async #open(): Promise<void> {
    const { session, earlyStream, timeouts, endpoint, fnIndex, inputs } = this.#options;
    const lane = earlyStream ? Symbol("lane") : undefined;
    const mayRun = (may: boolean): void => this.#mayRun(may);
    let early: EarlyStream | undefined;
    try {
      const joined = join({ session, endpoint, fnIndex, inputs, timeouts, lane, signal: this.#wire, mayRun });
      // Over the same connection only where that is known to stay open: else this one's answer would be lost, though its
      // reader may live on and take the job's messages.
      if (earlyStream) early = this.#listenEarly(session.client.keepsConnections() ? lane : undefined);
      this.#eventId = await joined;
      this.#reached = "joined";
      // The clean-up, which waits for this, opens and closes the session: it needs no stream that may not open.
      if (this.#over) {
        early?.drop();
        return;
      }
      // Its own time begins with the join's answer, behind which it comes.
      const stream = early && (await within(timeouts.headersMs, early.opened));
      if (stream === undefined) {
        early?.drop();
        await this.#listen();
      } else this.#read(stream, "joined");
    } catch (error) {
      early?.drop();
      this.fail(error);
    }
  }

  #mayRun(may: boolean): void {
    this.#reached = may ? "sent" : "unsent";
    // After an end no job is to be asked for elsewhere.
    if (!may && this.#over) this.#wire.abort(new DOMException("The job has ended.", "AbortError"));
  }

  #listenEarly(lane: symbol | undefined): EarlyStream {
    const { session, timeouts } = this.#options;
    const signal = new Stop();
    this.#wire.add(() => signal.abort(this.#wire.reason));
    const request = { ...streamRequest(session.hash), signal, timeouts: { ...timeouts, headersMs: Infinity }, lane };
    const opened = session.request(request).then(
      (response) => (isOutOfTurn(response.status) ? undefined : JobStream.open(response, { session, signal })),
      () => undefined,
    );
    // Of use only behind the join, which may fail before.
    opened.catch(() => {});
    return { opened, drop: () => signal.abort(new DOMException("The stream is of no use.", "AbortError")) };
  }

  async #listen(): Promise<void> {
    const { session, timeouts } = this.#options;
    const signal = this.#wire;
    const response = await session.request({ ...streamRequest(session.hash), signal, timeouts });
    this.#read(await JobStream.open(response, { session, signal }), "streaming");
  }

  /** Reads a stream. An early one is the job's only once it has spoken of it: until then the job is no more than joined. */
  #read(stream: JobStream, reached: Reached): void {
    this.#stream = stream;
    this.#reached = reached;
    // Else the clean-up closes it.
    if (this.#over) return;
    if (this.#paused) stream.pause();
    stream.start(this);
  }

  #receive(message: QueueMessage, size: number): void {
    const { clock, listener } = this.#options;
    switch (message.type) {
      case "completed":
        this.#complete(message, size);
        return;
      case "failed":
        this.fail(
          message.sessionNotFound
            ? new QwenError(
                "session_not_found",
                `${this.#host} does not know the session it just accepted a job for: its replicas share none.`,
              )
            : new QwenError(
                "space_unavailable",
                `${this.#host} gave the job up: ${this.#options.session.conceal(message.message)}`,
              ),
        );
        return;
      case "closed":
        this.ended();
        return;
      case "queue":
        this.#wait(message);
        if (!this.#over) listener.message(message, size);
        return;
      case "started":
        this.#patience?.pause();
        clock.working();
        listener.message(message, size);
        return;
      case "generating":
        this.#stepped = true;
        this.#pass(message, size);
        return;
      default:
        this.#pass(message, size);
    }
  }

  #pass(message: JobMessage, size: number): void {
    const { clock, listener } = this.#options;
    // Whoever works has left the queue, said or not.
    this.#patience?.pause();
    if (listener.message(message, size)) {
      this.#output = true;
      if (!this.#over) clock.output();
    } else if (!this.#over) clock.working();
  }

  #complete(message: JobCompletion, size: number): void {
    const { listener } = this.#options;
    const { data, success } = message;
    if (!success) {
      const failure = completionFailure(message, this.#options.session.conceal);
      if (!this.#settle()) return;
      this.#stream?.finish();
      listener.failed(failure);
    } else if (data !== undefined) {
      if (!this.#settle()) return;
      this.#stream?.finish();
      listener.completed(data, size);
    } else if (this.#output) {
      // This is what a cancelled job looks like, and it was not us.
      this.ended();
    } else this.fail(new QwenError("empty_response", `${this.#host} ended the job without outputs.`));
  }

  #wait({ etaMs, position }: QueueEstimation): void {
    const { clock, maxQueueMs } = this.#options;
    clock.queued(position);
    // What is told of a queue once there is output comes late.
    if (maxQueueMs === undefined || this.#output) return;
    if (etaMs !== undefined && etaMs > maxQueueMs) this.fail(this.#tooLong(`takes about ${etaMs} ms`, maxQueueMs));
    else if (this.#patience !== undefined) this.#patience.resume();
    else this.#patience = startTimer(maxQueueMs, () => this.fail(this.#tooLong("did not end", maxQueueMs)));
  }

  #tooLong(what: string, limitMs: number): QwenError {
    return new QwenError("queue_full", `The queue of ${this.#host} ${what}, and ${limitMs} ms is the longest wait.`);
  }

  /**
   * Stops it on the server. A join that was sent is awaited first: what it may have started could not be stopped before. Of a
   * stream that was asked for only its beginning is, since opening and closing the session does as well.
   */
  async #cleanUp(): Promise<void> {
    if (this.#reached === "sent") await within(CLEANUP_MS, this.#opening);
    else if (this.#reached === "joined") await within(OPENING_MS, this.#opening);
    if (this.#reached !== "streaming") this.#wire.abort(new Error("The job is stopped."));
    this.#stream?.cancel();
    const { session, endpoint, fnIndex } = this.#options;
    await stopJob(this.#reached, { session, endpoint, fnIndex, eventId: this.#eventId, stepped: this.#stepped });
  }
}
