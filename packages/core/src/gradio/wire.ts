import type { ClientRequest } from "./client-request.ts";
import { isRecord, parseJson } from "./json.ts";

// What is sent to a Gradio server, by its own names. Paths are below the prefix of its API.

type WireRequest = Pick<ClientRequest, "path" | "json" | "accept">;

/** What a job is asked for with. */
export interface WireJob {
  readonly sessionHash: string;
  readonly inputs: readonly unknown[];
}

/** Puts a job on the queue, whose messages are edits. */
export function joinRequest({ sessionHash, inputs }: WireJob, fnIndex: number): WireRequest {
  return { path: "queue/join", json: numbered({ sessionHash, inputs }, fnIndex) };
}

/** Puts a job on the queue by the name of its endpoint, whose messages are whole values. */
export function callRequest({ sessionHash, inputs }: WireJob, endpoint: string): WireRequest {
  const name = encodeURIComponent(endpoint.replace(/^\//, ""));
  return { path: `call/${name}`, json: { data: inputs, session_hash: sessionHash } };
}

/** Runs an endpoint at once. */
export function runRequest({ sessionHash, inputs }: WireJob, fnIndex: number): WireRequest {
  return { path: "run/predict", json: numbered({ sessionHash, inputs }, fnIndex) };
}

/** Opens the stream of a session's messages. */
export function streamRequest(sessionHash: string): WireRequest {
  return { path: `queue/data?session_hash=${sessionHash}`, accept: "text/event-stream" };
}

/** Stops a job. A wrong `fnIndex` starts it again. */
export function cancelRequest(job: {
  readonly sessionHash: string;
  readonly fnIndex: number;
  readonly eventId: string | undefined;
}): WireRequest {
  const { sessionHash, fnIndex, eventId } = job;
  return { path: "cancel", json: { session_hash: sessionHash, fn_index: fnIndex, event_id: eventId } };
}

/** The path that files are sent to. */
export function uploadPath(sessionHash: string): string {
  return `upload?upload_id=${encodeURIComponent(sessionHash)}`;
}

/** The path of a file that the server keeps. */
export function filePath(path: string): string {
  return `file=${encodeURI(path.toWellFormed()).replaceAll(/[?#]/g, encodeURIComponent)}`;
}

/** The event id that the answer to a job's request names; `undefined` where it names none. */
export function eventIdIn(text: string): string | undefined {
  const json = parseJson(text);
  return isRecord(json) ? eventIdOf(json) : undefined;
}

/** The job that a message speaks of, by its event id. */
export function eventIdOf(message: Readonly<Record<string, unknown>>): string | undefined {
  const id = message["event_id"];
  return typeof id === "string" ? id : undefined;
}

/** How a server begins the message of a delta, up to the job's event id. */
export const GENERATING_START = '{"msg":"process_generating","event_id":"';

function numbered({ sessionHash, inputs }: WireJob, fnIndex: number): unknown {
  return { data: inputs, session_hash: sessionHash, fn_index: fnIndex, event_data: null, trigger_id: null };
}
