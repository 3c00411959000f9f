import { debug } from "../debug.ts";
import { QwenError, StreamInterruptedError, TimeoutError, type TimeoutPhase } from "../errors.ts";
import { decodeEvents } from "../http/sse.ts";
import { headerOf, readText, type ResponseBody, type TransportResponse } from "../http/transport.ts";
import { sleep, startTimer, type ResolvedTimeouts, type Timer } from "../timers.ts";
import { findEndpoint } from "./config.ts";
import { completionFailure, failureOf } from "./failure.ts";
import { isRecord, parseJson } from "./json.ts";
import { parseQueueMessage, type JobCompletion, type QueueMessage } from "./messages.ts";
import type { Session } from "./session.ts";

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

/** Longest time a clean-up may take, in ms. */
const CLEANUP_MS = 10_000;
/**
 * How long after closing the stream `/cancel` goes out where it would leave a generator open, in ms. Closing lets the
 * server end the generator at its next step; a `/cancel` that comes first drops it unclosed, and the model behind it
 * works on, unseen. Every Gradio does that before the first step, Gradio 4 after it as well.
 */
const CLOSING_MS = 500;
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
  onMessage,
  partialText,
}: JobOptions): Job {
  const { client } = session;
  const settled = Promise.withResolvers<JobCompletion>();
  const wire = new AbortController();
  let stage: "joining" | "joined" | "streaming" = "joining";
  /** The server may have made a job of the join. */
  let mayRun = false;
  let over = false;
  let eventId: string | undefined;
  let body: ResponseBody | undefined;
  let stepped = false;
  let output = false;
  let paused = false;
  let position: number | undefined;
  let timer = limit("first-output", timeouts.firstOutputMs);
  /** Runs while the job waits: before a Space has ended its first job it has no estimate to give. */
  let patience: Timer | undefined;

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
      client.background(cancel());
    } else if (!mayRun) wire.abort(error);
    // Else `run` is under way, and cleans up when it sees that it is over.
  }

  /** The job has ended on the server. That closes the stream by itself, which leaves the connection for the next call. */
  function finish(tell: () => void): void {
    if (!settle()) return;
    tell();
    const lingering = startTimer(LINGER_MS, () => body?.cancel());
    onClosed = lingering.stop;
  }

  let onClosed = (): void => {};

  async function run(): Promise<void> {
    const joined = await join();
    eventId = await eventIdOf(joined);
    stage = "joined";
    const response = await listen();
    if (response.status !== 200) throw await failureOf(response, { url: client.url, signal: wire.signal });
    if (over) {
      response.body.cancel();
      await cancel();
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

  function join(): Promise<TransportResponse> {
    const options = {
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
    if (response.status !== 200) throw await failureOf(response, { url: client.url, signal: wire.signal });
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

  function listen(): Promise<TransportResponse> {
    return session.request({
      path: `queue/data?session_hash=${session.hash}`,
      accept: "text/event-stream",
      signal: wire.signal,
      timeouts,
    });
  }

  function take(data: string): void {
    if (over) return;
    const parsed = parseQueueMessage(data);
    // What speaks of the whole session speaks of this job: the session is its own.
    if (parsed === undefined || (parsed.eventId !== undefined && parsed.eventId !== eventId)) return;
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
    if (error !== undefined && !output) {
      fail(error);
      return;
    }
    fail(
      new StreamInterruptedError(`${client.url.host} ended the stream before the answer was whole.`, {
        text: partialText(),
        cause: error,
      }),
    );
  }

  /** Asks the server to stop the job, where that is safe. */
  async function cancel(): Promise<void> {
    const config = client.knownConfig();
    const known = config === undefined || endpoint === undefined ? undefined : findEndpoint(config, endpoint);
    const verified = endpoint === undefined ? fnIndex : known?.fnIndex;
    if (verified === undefined || (fnIndex !== undefined && verified !== fnIndex)) return;
    if (!stepped || config?.version?.startsWith("4.") === true) await sleep(CLOSING_MS);
    await bounded(async (cleanUp) => {
      const response = await session.request({
        path: "cancel",
        json: { session_hash: session.hash, fn_index: verified, event_id: eventId },
        signal: cleanUp,
      });
      await readText(response.body, { signal: cleanUp });
      debug(() => `cancelled ${eventId} at ${client.url.host}: ${response.status}`);
    });
  }

  /** A join whose stream was never open may still have made a job: opening and closing its session removes it. */
  async function sweep(): Promise<void> {
    await bounded(async (cleanUp) => {
      const response = await session.request({
        path: `queue/data?session_hash=${session.hash}`,
        accept: "text/event-stream",
        signal: cleanUp,
      });
      response.body.cancel();
    });
    if (eventId !== undefined) await cancel();
  }

  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  else {
    const running = run().catch((error: unknown) => {
      fail(error);
      if (mayRun) client.background(sweep());
    });
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

/** Runs a clean-up for as long as it may take. */
async function bounded(work: (limit: AbortSignal) => Promise<void>): Promise<void> {
  const limit = new AbortController();
  const timer = startTimer(CLEANUP_MS, () => limit.abort(new Error("The clean-up took too long.")));
  try {
    await work(limit.signal);
  } finally {
    timer.stop();
  }
}

function eventIdIn(text: string): string | undefined {
  const json = parseJson(text);
  return isRecord(json) && typeof json["event_id"] === "string" ? json["event_id"] : undefined;
}
