import type { ErrorCode } from "@qwen/core";
import type { OpenAIFault, OpenAIFaultName } from "@qwen/testing";

import { type Damage, FIRST_PIECES, FIRST_TEXT, type FaultRow } from "./fault-table.ts";

/** A fault of an OpenAI-compatible endpoint as a row of the matrix. */
export type EndpointRow = FaultRow<OpenAIFault>;

const LIMIT_MS = 300;
const PAUSE_MS = 1000;

type Row = (name: OpenAIFaultName) => EndpointRow;

function row(
  damage: Damage,
  {
    limits,
    holdsMs,
    strikesNext,
    ...options
  }: Partial<Omit<OpenAIFault, "name">> & Partial<Pick<FaultRow, "limits" | "holdsMs" | "strikesNext">> = {},
): Row {
  return (name) => {
    const { after: count, ms } = options;
    const where = [count === undefined ? undefined : `@${count}`, ms === undefined ? undefined : `${ms} ms`];
    return {
      label: [name, ...where].filter((word) => word !== undefined).join(" "),
      fault: { name, ...options },
      damage,
      limits,
      strikesNext,
      holdsMs: holdsMs ?? (limits === undefined ? 0 : LIMIT_MS),
      permanent: false,
      healed: false,
      answer: undefined,
    };
  };
}

const NONE: Damage = { type: "none" };

function before(code: ErrorCode, retryAfterMs?: readonly [number, number]): Damage {
  return { type: "failure", code, strikes: "before output", partial: "", retryAfterMs };
}

function after(code: ErrorCode, partial = FIRST_PIECES[0]): Damage {
  return { type: "failure", code, strikes: "after output", partial };
}

/** The rows of a fault that ends the answer when it strikes, before the first output and after it. */
function cut(codeBefore: ErrorCode, codeAfter = codeBefore): readonly Row[] {
  return [row(before(codeBefore), { after: 0 }), row(after(codeAfter), { after: 1 })];
}

/** Those of one that ends it within the next piece. */
function halved(codeBefore: ErrorCode): readonly Row[] {
  return [row(before(codeBefore), { after: 0 }), row(after(codeBefore), { after: 1, strikesNext: true })];
}

const whole = [row(NONE)];
const broken = cut("space_unavailable");
const silent = [
  row(before("timeout"), { after: 0, limits: { firstOutputMs: LIMIT_MS } }),
  row(after("timeout"), { after: 1, limits: { idleMs: LIMIT_MS } }),
];

/** The row of an answer in place of the model's. */
function reply(code: ErrorCode): readonly Row[] {
  return [row(before(code))];
}

const ASKS_MS = [PAUSE_MS, PAUSE_MS] as const;

/** Faults of size, which no provider after it has less of: they have tests of their own, by what they cost. */
type OfSize = "huge-answer" | "huge-chunk" | "empty-chunks" | "many-tool-calls" | "huge-index" | "huge-id";

const BY_NAME: Readonly<Record<Exclude<OpenAIFaultName, OfSize>, readonly Row[]>> = {
  eof: cut("stream_interrupted"),
  "eof-done": cut("stream_interrupted"),
  "missing-finish": [row(after("stream_interrupted", FIRST_TEXT))],
  "missing-done": whole,
  reset: cut("connection", "stream_interrupted"),
  truncated: halved("stream_interrupted"),
  "short-body": cut("connection", "stream_interrupted"),
  "cut-body": halved("stream_interrupted"),
  stall: silent,
  "heartbeats-only": silent,
  "garbage-chunk": cut("protocol"),
  "error-chunk": broken,
  "error-done": broken,
  "error-event": broken,
  "error-choice": broken,
  "error-object": broken,
  "error-text": broken,
  // A field that no stream of events has: nothing is heard of it but the end.
  "error-field": cut("stream_interrupted"),
  "error-bare": broken,
  "error-fields": broken,
  "error-finish": cut("stream_interrupted"),
  // Behind output, both are an end that says what it is.
  "content-filter": [row(before("content_policy"), { after: 0 })],
  length: [row(before("context_length_exceeded"), { after: 0 })],
  empty: reply("empty_response"),
  "empty-body": reply("stream_interrupted"),
  "error-200": reply("space_unavailable"),
  "json-body": whole,
  "other-model": whole,
  "byte-split": whole,
  gzip: reply("protocol"),
  delay: [row(NONE, { ms: 150, holdsMs: 150 }), row(NONE, { ms: 2500, holdsMs: 2500 })],
  "never-headers": [row(before("timeout"), { limits: { headersMs: LIMIT_MS } })],
  "headers-only": [row(before("timeout"), { limits: { firstOutputMs: LIMIT_MS } })],
  // A prompt and a key are for the host they were given for.
  redirect: reply("protocol"),
  html: reply("space_unavailable"),
  "proxy-error": reply("space_unavailable"),
  status: reply("space_unavailable"),
  // It is asked again without it, in the same attempt.
  "refused-parameter": whole,
  "context-too-long": reply("context_length_exceeded"),
  "content-refused": reply("content_policy"),
  unauthorized: reply("authentication"),
  "payment-required": reply("quota_exceeded"),
  forbidden: reply("authentication"),
  "not-found": reply("unsupported"),
  conflict: reply("space_unavailable"),
  "too-large": reply("context_length_exceeded"),
  unprocessable: reply("unsupported"),
  "rate-limited": reply("rate_limited"),
  "rate-limited-seconds": [row(before("rate_limited", ASKS_MS), { ms: PAUSE_MS })],
  // A date has whole seconds.
  "rate-limited-date": [row(before("rate_limited", [PAUSE_MS, 2 * PAUSE_MS]), { ms: 2 * PAUSE_MS })],
  "rate-limited-ms": [row(before("rate_limited", [150, 150]), { ms: 150 })],
  "rate-limited-reset": [row(before("rate_limited", ASKS_MS), { ms: PAUSE_MS })],
  // What is left of it when it arrives.
  "rate-limited-epoch": [row(before("rate_limited", [PAUSE_MS - 500, PAUSE_MS]), { ms: PAUSE_MS })],
  quota: reply("quota_exceeded"),
  "server-error": reply("space_unavailable"),
  "bad-gateway": reply("space_unavailable"),
  unavailable: reply("space_unavailable"),
  "gateway-timeout": reply("space_unavailable"),
};

/** Every fault that the emulator knows but for those of size, where and when it can strike, and what comes of it. */
export const ENDPOINT_ROWS: readonly EndpointRow[] = (Object.keys(BY_NAME) as (keyof typeof BY_NAME)[]).flatMap(
  (name) => BY_NAME[name].map((make) => make(name)),
);

/** Those that strike where some of the answer was shown. */
export const STRIKING_LATE: readonly EndpointRow[] = ENDPOINT_ROWS.filter(
  ({ damage }) => damage.type === "failure" && damage.strikes === "after output",
);

/** The names in the table. */
export const endpointFaultNames: readonly string[] = Object.keys(BY_NAME);
