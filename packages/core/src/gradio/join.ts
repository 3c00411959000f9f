import { QwenError } from "../errors.ts";
import { readText, type TransportResponse } from "../http/transport.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import type { ClientRequest } from "./client-request.ts";
import { failureOf } from "./failure.ts";
import type { Session } from "./session.ts";
import { sweepSession } from "./stopping.ts";
import type { TrackedEndpoint } from "./tracked-endpoint.ts";
import { callRequest, eventIdIn, joinRequest } from "./wire.ts";
import type { AbortSource } from "../stop.ts";

/** A job that is to be put on the queue. */
export interface JoinOptions {
  readonly session: Session;
  readonly endpoint: TrackedEndpoint;
  /** Joins by this, for edits; without it by the endpoint's name, for whole values. */
  readonly fnIndex: number | undefined;
  readonly inputs: readonly unknown[];
  readonly timeouts: ResolvedTimeouts;
  readonly lane: symbol | undefined;
  readonly signal: AbortSource;
  /** Told whether the server may have made a job by now. */
  mayRun(may: boolean): void;
}

/**
 * Puts a job on the queue and resolves with its event id.
 *
 * A join that a kept connection lost before any answer has its session opened and closed, which removes what the server
 * may have made of it: see {@link wasLost}.
 */
export async function join(options: JoinOptions): Promise<string> {
  const { session, timeouts, signal } = options;
  const { url } = session.client;
  let response: TransportResponse;
  let swept = false;
  try {
    response = await session.request(
      requestOf(options, () => {
        swept = true;
      }),
    );
  } catch (error) {
    if (swept && typeof error === "object" && error !== null) lost.add(error);
    throw error;
  }
  if (response.status !== 200)
    throw await failureOf(response, { url, conceal: session.conceal, signal, sent: "inputs" });
  const text = await readText(response.body, { limitMs: timeouts.headersMs, signal });
  const eventId = eventIdIn(text);
  if (eventId !== undefined) return eventId;
  const isPage = text.trimStart().startsWith("<");
  // A page is somebody else's answer; anything else may be the broken name of a job.
  if (isPage) options.mayRun(false);
  throw new QwenError(
    isPage ? "space_unavailable" : "protocol",
    `${url.host} accepts the job without naming it: it is no Gradio queue, or shows a page in its place.`,
    { status: 200 },
  );
}

/** Whether an error is that of a join that was lost, and of which nothing is left: it may be asked again, in a new session. */
export function wasLost(error: unknown): boolean {
  return typeof error === "object" && error !== null && lost.has(error);
}

/** Whether an error says that the server has no such path, as it has none for the name of an endpoint with a slash. */
export function hasNoRoute(error: unknown): boolean {
  return QwenError.isInstance(error) && (error.status === 404 || error.status === 405);
}

const lost = new WeakSet<object>();

function requestOf(options: JoinOptions, onSwept: () => void): Omit<ClientRequest, "jar" | "headers"> {
  const { session, endpoint, fnIndex, inputs, timeouts, lane, signal, mayRun } = options;
  const sessionHash = session.hash;
  return {
    ...(fnIndex === undefined
      ? callRequest({ sessionHash, inputs }, endpoint.name)
      : joinRequest({ sessionHash, inputs: endpoint.filled(inputs) }, fnIndex)),
    lane,
    signal,
    timeouts,
    onStart: () => mayRun(true),
    onStatus(status) {
      // A gateway that lost patience does not know either; any other refusal means that no job was made.
      if (status !== 200 && status !== 502 && status !== 504) mayRun(false);
    },
    async sendAgain() {
      await sweepSession(session);
      mayRun(false);
      onSwept();
      // Not as it is: the server may notice only later that the session was closed, and would end this job with it.
      return false;
    },
  };
}
