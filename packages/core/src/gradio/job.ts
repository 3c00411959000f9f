import { QwenError, StreamInterruptedError, TimeoutError, type TimeoutPhase } from "../errors.ts";
import { decodeEvents } from "../http/sse.ts";
import { headerOf, readText, type ResponseBody, type TransportResponse } from "../http/transport.ts";
import { startTimer, within, type ResolvedTimeouts, type Deadline } from "../timers.ts";
import { completionFailure, failureOf } from "./failure.ts";
import { isRecord, parseJson } from "./json.ts";
import { parseQueueMessage, type JobCompletion, type QueueMessage } from "./messages.ts";
import type { ClientRequest } from "./client.ts";
import type { Session } from "./session.ts";
import { cancelJob, CLEANUP_MS, sweepSession } from "./stopping.ts";

/** A message of a job while it runs. */
export type JobMessage = Extract<QueueMessage, { type: "queue" | "started" | "generating" | "progress" | "log" }>;

/** What to run, and who listens. */
export interface JobOptions {
  readonly session: Session;
  /** Name of the endpoint, to check a guessed `fn_index` before it is used to cancel. */
  readonly endpoint: string | undefined;
  /** Runs on `/queue/join`, whose messages are edits. Without it `/call/{endpoint}` sends whole values. */
  readonly fnIndex: number | undefined;
  readonly inputs: readonly unknown[];
  readonly signal: AbortSignal;
  readonly timeouts: ResolvedTimeouts;
  /** Leave a queue whose estimate, or the wait itself, is longer than this, in ms. */
  readonly maxQueueMs?: number | undefined;
  /** Ask for the stream beside the join. For a new session only: in one that the server knows, it may find another job's. */
  readonly earlyStream?: boolean | undefined;
  /** Called in order for every message of this job. True once there is output: from then on the job must not idle. */
  onMessage(message: JobMessage): boolean;
  /** What is there of the answer, for the error of a cut stream. */
  partialText(): string;
}

/** A job under way. */
export interface Job {
  /** The successful completion. Rejects with a `QwenError`, or with the reason of `signal`. */
  readonly completion: Promise<JobCompletion>;
  /** Stops reading the stream, and with it the clock: a slow consumer is no silent server. */
  pause(): void;
  resume(): void;
}

/** How long a finished stream may take to close by itself, in ms. */
const LINGER_MS = 1000;

/**
 * Runs one job on Gradio's queue: joins, listens on a stream of its own, ends.
 *
 * However it ends early (abort, timeout, error), the promise settles at once and the job is stopped
 * on the server behind it: first the stream is closed, which takes a waiting job out of the queue;
 * then `/cancel` goes out, if `/config` has confirmed the `fn_index`, because a wrong one
 * restarts the job. A join that is not answered yet is awaited and its session opened and
 * closed, since dropping it would leave the job running.
 */
export function startJob({
  session,
  endpoint,
  fnIndex,
  inputs,
  signal,
  timeouts,
  maxQueueMs,
  earlyStream = false,
  onMessage,
  partialText,
}: JobOptions): Job {
  const { client } = session;
  const settled = Promise.withResolvers<JobCompletion>();
  const wire = new AbortController();
  const about = { url: client.url, signal: wire.signal };
  let stage: "joining" | "joined" | "streaming" = "joining";
  /** The server may have made a job of the join. */
  let mayRun = false;
  let over = false;
  let eventId: string | undefined;
  let body: ResponseBody | undefined;
  /** The stream was asked for before the session was known to exist, and has not spoken of the job yet. */
  let unproven = false;
  let stepped = false;
  let output = false;
  let paused = false;
  let position: number | undefined;
  let timer = limit("first-output", timeouts.firstOutputMs);
  /** Runs while the job waits: before a Space has ended its first job it has no estimate to give. */
  let patience: Deadline | undefined;

  function limit(phase: TimeoutPhase, limitMs: number) {
    return startTimer(limitMs, () => fail(new TimeoutError(phase, limitMs)));
  }

  function switchTimer(phase: TimeoutPhase, limitMs: number): void {
    timer.stop();
    timer = limit(phase, limitMs);
    if (paused) timer.pause();
  }

  function onAbort(): void {
    fail(signal.reason);
  }

  function settle(): boolean {
    if (over) return false;
    over = true;
    timer.stop();
    patience?.stop();
    signal.removeEventListener("abort", onAbort);
    return true;
  }

  function fail(error: unknown): void {
    if (!settle()) return;
    settled.reject(error);
    if (stage === "streaming") {
      body?.cancel();
      client.background(stop());
    } else if (!mayRun) wire.abort(error);
    // Else `run` is under way, and cleans up when it sees that it is over.
  }

  /** The job has ended on the server. That closes the stream by itself, which leaves the connection for the next call. */
  function finish(tell: () => void): void {
    if (!settle()) return;
    tell();
    const lingering = startTimer(LINGER_MS, () => body?.cancel());
    onClosed = () => lingering.stop();
  }

  let onClosed = (): void => {};
  let running: Promise<void>;

  function start(work: () => Promise<void>): void {
    running = work().catch((error: unknown) => {
      fail(error);
      if (mayRun) client.background(stop({ sweep: true }));
    });
  }

  async function run(): Promise<void> {
    const lane = earlyStream ? Symbol("lane") : undefined;
    const joined = join(lane);
    const early = lane === undefined ? undefined : listenEarly(lane);
    try {
      eventId = await eventIdOf(await joined);
      stage = "joined";
      // Its own time begins with the join's answer, behind which it comes.
      const response = early && (await within(timeouts.headersMs, early.response));
      if (response !== undefined && response.status !== 404) {
        unproven = true;
        await read(response);
        return;
      }
    } catch (error) {
      early?.drop();
      throw error;
    }
    early?.drop();
    await read(await listen());
  }

  async function read(response: TransportResponse): Promise<void> {
    if (response.status !== 200) throw await failureOf(response, about);
    if (over) {
      response.body.cancel();
      await stop();
      return;
    }
    if (headerOf(response, "content-type")?.startsWith("text/html") === true) {
      response.body.cancel();
      throw new QwenError("space_unavailable", `${client.url.host} shows a page in place of the job's messages.`);
    }
    stage = "streaming";
    body = response.body;
    body.pipe(decodeEvents({ event: take, end: () => ended(), error: ended }));
  }

  function join(lane: symbol | undefined): Promise<TransportResponse> {
    const options = {
      lane,
      signal: wire.signal,
      timeouts,
      onStart: () => (mayRun = true),
      onStatus(status: number) {
        // A gateway that lost patience does not know either.
        if (status === 200 || status === 502 || status === 504) return;
        // No job was made, and after an abort none is to be asked for elsewhere.
        mayRun = false;
        if (over) wire.abort();
      },
    };
    const common = { data: inputs, session_hash: session.hash };
    if (fnIndex === undefined)
      return session.request({
        path: `call/${encodeURIComponent((endpoint ?? "").replace(/^\//, ""))}`,
        json: common,
        ...options,
      });
    return session.request({
      path: "queue/join",
      json: { ...common, fn_index: fnIndex, event_data: null, trigger_id: null },
      ...options,
    });
  }

  async function eventIdOf(response: TransportResponse): Promise<string> {
    if (response.status !== 200) throw await failureOf(response, { ...about, sent: "inputs" });
    const text = await readText(response.body, { limitMs: timeouts.headersMs, signal: wire.signal });
    const id = eventIdIn(text);
    if (id !== undefined) return id;
    const isPage = text.trimStart().startsWith("<");
    // A page is somebody else's answer; anything else may be the broken name of a job.
    if (isPage) mayRun = false;
    throw new QwenError(
      isPage ? "space_unavailable" : "protocol",
      `${client.url.host} accepts the job without naming it: it is no Gradio queue, or shows a page in its place.`,
    );
  }

  function listen(otherwise?: Partial<ClientRequest>): Promise<TransportResponse> {
    const path = `queue/data?session_hash=${session.hash}`;
    return session.request({ path, accept: "text/event-stream", signal: wire.signal, timeouts, ...otherwise });
  }

  function listenEarly(lane: symbol) {
    const dropped = new AbortController();
    const response = listen({
      signal: AbortSignal.any([wire.signal, dropped.signal]),
      timeouts: { ...timeouts, headersMs: Infinity },
      lane,
    });
    return { response: response.catch(() => undefined), drop: () => dropped.abort() };
  }

  function take(data: string): void {
    if (over) return;
    const parsed = parseQueueMessage(data);
    // What speaks of the whole session speaks of this job: the session is its own.
    if (parsed === undefined || (parsed.eventId !== undefined && parsed.eventId !== eventId)) return;
    if (unproven && parsed.message.type === "failed" && parsed.message.sessionNotFound) {
      // It overtook the join, which has been answered by now.
      unproven = false;
      stage = "joined";
      body?.cancel();
      start(async () => read(await listen()));
      return;
    }
    unproven = false;
    try {
      receive(parsed.message);
    } catch (error) {
      fail(error);
    }
  }

  function receive(message: QueueMessage): void {
    switch (message.type) {
      case "completed":
        if (!message.success) finish(() => settled.reject(completionFailure(message)));
        else if (message.data !== undefined) finish(() => settled.resolve(message));
        // This is what a cancelled job looks like, and it was not us.
        else if (output) ended();
        else fail(new QwenError("empty_response", `${client.url.host} ended the job without outputs.`));
        return;
      case "failed":
        fail(
          message.sessionNotFound
            ? new QwenError(
                "session_not_found",
                `${client.url.host} does not know the session it just accepted a job for: its replicas share none.`,
              )
            : new QwenError("space_unavailable", `${client.url.host} gave the job up: ${message.message}`),
        );
        return;
      case "closed":
        ended();
        return;
      case "queue":
        if (maxQueueMs !== undefined) {
          if (message.etaMs !== undefined && message.etaMs > maxQueueMs) {
            fail(tooLong(`takes about ${message.etaMs} ms`, maxQueueMs));
            return;
          }
          patience ??= startTimer(maxQueueMs, () => fail(tooLong("did not end", maxQueueMs)));
        }
        if (!output && message.position !== position) switchTimer("queue", timeouts.queueMs);
        position = message.position;
        onMessage(message);
        return;
      case "started":
        patience?.stop();
        if (!output) switchTimer("first-output", timeouts.firstOutputMs);
        onMessage(message);
        return;
      default:
        stepped ||= message.type === "generating";
        // A message that still comes while reading is paused must not start the clock again.
        if (output && !paused) timer.touch();
        if (onMessage(message) && !output && !over) {
          output = true;
          switchTimer("idle", timeouts.idleMs);
        }
    }
  }

  function tooLong(what: string, limitMs: number): QwenError {
    return new QwenError(
      "queue_full",
      `The queue of ${client.url.host} ${what}, and ${limitMs} ms is the longest wait.`,
    );
  }

  function ended(error?: unknown): void {
    onClosed();
    if (over) return;
    if (error !== undefined && !output) return fail(error);
    fail(
      new StreamInterruptedError(`${client.url.host} ended the stream before the answer was whole.`, {
        text: partialText(),
        cause: error,
      }),
    );
  }

  /** Stops the job on the server, once its stream is closed. A stream that was not the job's has stopped nothing. */
  function stop({ sweep = unproven } = {}): Promise<void> {
    const job = { session, endpoint, fnIndex, eventId, stepped };
    return sweep ? sweepSession(job) : cancelJob(job);
  }

  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  else {
    start(run);
    // What goes on after an abort is bounded, and `close()` waits for it.
    settled.promise.catch(() => {
      if (stage === "streaming") return;
      const bound = startTimer(CLEANUP_MS, () => wire.abort(new Error("The clean-up took too long.")));
      client.background(running.finally(() => bound.stop()));
    });
  }

  return {
    completion: settled.promise,
    pause() {
      if (over) return;
      paused = true;
      body?.pause();
      timer.pause();
    },
    resume() {
      paused = false;
      body?.resume();
      timer.resume();
    },
  };
}

function eventIdIn(text: string): string | undefined {
  const json = parseJson(text);
  return isRecord(json) && typeof json["event_id"] === "string" ? json["event_id"] : undefined;
}
