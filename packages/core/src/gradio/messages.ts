import { isRecord, parseJson } from "./json.ts";
import type { ProgressBar, SpaceMessage } from "./space-message.ts";
import { eventIdOf, GENERATING_START } from "./wire.ts";

/** Where a job stands in the queue. */
export interface QueueEstimation {
  readonly type: "queue";
  /** 0 is next. */
  readonly position: number;
  readonly size: number | undefined;
  readonly etaMs: number | undefined;
}

/** The end of a job, as the server tells it. */
export interface JobCompletion {
  readonly type: "completed";
  readonly success: boolean;
  /** One value an output; absent on an error and on a cancelled job. */
  readonly data: readonly unknown[] | undefined;
  /** What a `gr.Error` said; absent where Gradio hides it. */
  readonly error: string | undefined;
  readonly title: string | undefined;
  /** How long its app would show the error, in ms. */
  readonly durationMs?: number | undefined;
}

/** A message of Gradio's queue protocol on `GET /queue/data`, reduced to what we read. */
export type QueueMessage =
  | QueueEstimation
  | { readonly type: "started" }
  /** One value an output: whole ones first, then lists of edits, unless the job asked for whole values. */
  | {
      readonly type: "generating";
      readonly data: readonly unknown[];
      /** Where it is the same as the one before it but for the text that its only edit appends: that text. */
      readonly appended?: string | undefined;
    }
  | Extract<SpaceMessage, { type: "progress" | "log" }>
  | JobCompletion
  /** `unexpected_error`: the server gave up on the job, or does not know the session. */
  | { readonly type: "failed"; readonly message: string; readonly sessionNotFound: boolean }
  /** `close_stream`: nothing more comes on this session. */
  | { readonly type: "closed" };

/** A message, and the job it speaks of; without an event id it is about the whole session. */
export interface SessionMessage {
  readonly eventId: string | undefined;
  readonly message: QueueMessage;
}

/**
 * Reads one SSE `data` field. `undefined` for what is not JSON, heartbeats, and kinds this SDK has no
 * use for: newer servers have more of them.
 *
 * Checked by hand: it runs for every delta.
 */
export function parseQueueMessage(data: string): SessionMessage | undefined {
  const generating = readGenerating(data);
  if (generating !== undefined) return generating;
  const json = parseJson(data);
  if (!isRecord(json)) return undefined;
  const message = readMessage(json);
  return message === undefined ? undefined : { eventId: eventIdOf(json), message };
}

const DATA_START = '","output":{"data":';

/** How a server goes on behind the values of a delta. */
export const GENERATING_END = ',"is_generating":';

/**
 * Reads a delta as servers write it, parsing its values only: they are a tenth of the text, and parsing the whole of it
 * is half of what a delta costs. `undefined` for anything else, and where the values are not what was cut out.
 *
 * No string can hold the end it looks for, since its quotes would be escaped there; an object can, but what ends within
 * one is no JSON.
 */
function readGenerating(text: string): SessionMessage | undefined {
  const eventId = eventIdBefore(text);
  if (eventId === undefined) return undefined;
  const start = GENERATING_START.length + eventId.length + DATA_START.length;
  const end = text.indexOf(GENERATING_END, start);
  const values = end === -1 ? undefined : parseJson(text.slice(start, end));
  return isList(values) ? { eventId, message: { type: "generating", data: values } } : undefined;
}

/**
 * The event id of a delta that says what it is, and of which job, before its values; `undefined` for anything else: what
 * stands behind the values may make another message of it.
 */
export function eventIdBefore(text: string): string | undefined {
  if (!text.startsWith(GENERATING_START)) return undefined;
  const idEnd = text.indexOf('"', GENERATING_START.length);
  if (!text.startsWith(DATA_START, idEnd)) return undefined;
  const eventId = text.slice(GENERATING_START.length, idEnd);
  return eventId.includes("\\") ? undefined : eventId;
}

function readMessage(message: Readonly<Record<string, unknown>>): QueueMessage | undefined {
  switch (message["msg"]) {
    case "process_generating":
    case "process_streaming": {
      const output = message["output"];
      const values = isRecord(output) ? output["data"] : undefined;
      return isList(values) ? { type: "generating", data: values } : undefined;
    }
    case "process_completed":
      return readCompletion(message);
    case "estimation":
      return {
        type: "queue",
        position: Math.max(numberIn(message["rank"]) ?? 0, 0),
        size: numberIn(message["queue_size"]),
        etaMs: milliseconds(message["rank_eta"]),
      };
    case "process_starts":
      return { type: "started" };
    case "progress":
      return { type: "progress", ...readProgress(message["progress_data"]) };
    case "log":
      return {
        type: "log",
        level: readLevel(message["level"]),
        message: stringIn(message["log"]) ?? "",
        title: stringIn(message["title"]),
        durationMs: milliseconds(message["duration"]),
      };
    case "unexpected_error": {
      const text = stringIn(message["message"]) ?? "";
      // 4.x has no flag: it says "404: Session not found."
      return {
        type: "failed",
        message: text,
        sessionNotFound: message["session_not_found"] === true || text.startsWith("404"),
      };
    }
    case "close_stream":
      return { type: "closed" };
    default:
      return undefined;
  }
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** How a function ended, by what is told of it: on the queue, or in an answer at once. */
export function readCompletion(message: Readonly<Record<string, unknown>>): JobCompletion {
  const output = isRecord(message["output"]) ? message["output"] : {};
  const { data, error, title, duration } = output;
  return {
    type: "completed",
    success: message["success"] !== false && !("error" in output),
    data: isList(data) ? data : undefined,
    error: stringIn(error),
    title: stringIn(title) ?? stringIn(message["title"]),
    // Of an answer it is how long that took.
    durationMs: "error" in output ? milliseconds(duration) : undefined,
  };
}

/** Bars that are told; a page shows as many as fit. */
const MOST_BARS = 100;

function readProgress(units: unknown): Omit<Extract<SpaceMessage, { type: "progress" }>, "type"> {
  const bars = isList(units) ? units.slice(0, MOST_BARS).filter(isRecord).map(readBar) : [];
  // Nested progress bars come outermost first: that one speaks for the whole job.
  const [outermost] = bars;
  return { message: outermost?.message, fraction: outermost?.fraction, bars };
}

function readBar(unit: Readonly<Record<string, unknown>>): ProgressBar {
  const index = numberIn(unit["index"]);
  const length = numberIn(unit["length"]);
  const counted = index !== undefined && length !== undefined && length > 0 ? index / length : undefined;
  const fraction = numberIn(unit["progress"]) ?? counted;
  return {
    message: stringIn(unit["desc"]),
    fraction: fraction === undefined ? undefined : Math.min(Math.max(fraction, 0), 1),
    index,
    length,
    unit: stringIn(unit["unit"]),
  };
}

function readLevel(level: unknown): "info" | "warning" | "success" | "error" {
  return level === "warning" || level === "success" || level === "error" ? level : "info";
}

function milliseconds(seconds: unknown): number | undefined {
  const value = numberIn(seconds);
  return value === undefined ? undefined : Math.min(Math.max(Math.round(value * 1000), 0), Number.MAX_SAFE_INTEGER);
}

function stringIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
