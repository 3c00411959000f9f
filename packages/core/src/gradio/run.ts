import { QwenError, SpaceError, TimeoutError } from "../errors.ts";
import { readText } from "../http/transport.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import { completionFailure, failureOf, statusFailure } from "./failure.ts";
import { isRecord, parseJson } from "./json.ts";
import { readCompletion } from "./messages.ts";
import { valuesOf } from "./outputs.ts";
import type { Session } from "./session.ts";
import { runRequest } from "./wire.ts";
import type { AbortSource } from "../stop.ts";

/** A call that does not go through the queue. */
export interface RunOptions {
  readonly session: Session;
  readonly fnIndex: number;
  readonly inputs: readonly unknown[];
  readonly signal?: AbortSource | undefined;
  readonly timeouts: ResolvedTimeouts;
}

/** As large as an event on the queue may be. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** As much is read of what a function that failed says. */
const MAX_FAILURE_BYTES = 1024 * 1024;

/**
 * Runs an endpoint by `POST /run/predict`, which answers once and whole.
 *
 * The answer must be there within `answerMs`. Resolves with one value an output, `undefined` for one that the app left out.
 */
export async function runUnqueued({
  session,
  fnIndex,
  inputs,
  signal,
  timeouts,
}: RunOptions): Promise<readonly unknown[]> {
  const { conceal, client } = session;
  const { url } = client;
  const { answerMs } = timeouts;
  // The headers come with the result, after the function has run.
  const limits = { ...timeouts, headersMs: answerMs };
  const response = await session
    .request({ ...runRequest({ sessionHash: session.hash, inputs }, fnIndex), signal, timeouts: limits })
    .catch((error: unknown): never => {
      throw error instanceof TimeoutError && error.phase === "headers" ? new TimeoutError("answer", answerMs) : error;
    });
  const { status } = response;
  if (status !== 200 && status !== 500) throw await failureOf(response, { url, sent: "inputs", conceal, signal });
  const most = status === 200 ? { maxBytes: MAX_ANSWER_BYTES } : { maxBytes: MAX_FAILURE_BYTES, cut: true };
  const body = await readText(response.body, { ...most, limitMs: timeouts.idleMs, signal });
  const json = parseJson(body);
  if (status === 200 && isRecord(json) && Array.isArray(json["data"]))
    return valuesOf(json["data"] as readonly unknown[]);
  // Gradio answers a failed function with 500 and the error's payload.
  if (status === 500 && isRecord(json) && "error" in json)
    throw completionFailure(readCompletion({ output: json }), conceal);
  if (status === 500 && json === undefined)
    throw new SpaceError(`${url.host} failed before it ran the endpoint.`, { hidden: true, status });
  if (status === 500) throw statusFailure(response, { url, body, sent: "inputs", conceal });
  throw new QwenError(
    body.trimStart().startsWith("<") ? "space_unavailable" : "protocol",
    `${url.host} answers the call without its outputs: it is no Gradio app, or shows a page in its place.`,
    { status: 200 },
  );
}
