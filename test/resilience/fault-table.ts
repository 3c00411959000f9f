import type { ErrorCode, Timeouts } from "@qwen/core";
import type { AnswerLike, AnswerStep, Fault, FaultName } from "@qwen/testing";

/** What an attempt comes to that meets a fault, by the fault's description and the errors table: never by a run. */
export type Damage =
  /** None: the answer is whole, if late. */
  | { readonly type: "none" }
  | {
      readonly type: "failure";
      readonly code: ErrorCode;
      /** Whether the caller may have seen output by then. */
      readonly strikes: "before output" | "after output";
      /** What had arrived of the answer; `undefined` where any beginning of it may have. */
      readonly partial?: string | undefined;
      /** The wait that the server asks for, in ms: at least and at most. */
      readonly retryAfterMs?: readonly [atLeast: number, atMost: number] | undefined;
    };

/** A fault as a row of the matrix: of a Space, or of another server. */
export interface FaultRow<AnyFault extends { readonly name: string } = Fault> {
  readonly label: string;
  /** Absent where the app's own answer is the fault. */
  readonly fault: AnyFault | undefined;
  readonly damage: Damage;
  /** For silence: the only limit that is short, so that the outcome does not depend on the machine. */
  readonly limits?: Timeouts | undefined;
  /** How long the fault holds an attempt up at least, in ms. */
  readonly holdsMs: number;
  /** Whether it is in the app, rather than in some of its answers. */
  readonly permanent: boolean;
  /** The provider asks once more by itself: what strikes one request only is no failure. */
  readonly healed: boolean;
  /** It strikes in the midst of the next piece, and does nothing behind the last one. */
  readonly strikesNext?: boolean | undefined;
  /** What the app says where the fault is the app's own, or where its job is lost and must not run on. */
  readonly answer: AnswerLike | undefined;
}

/** What the faulty Space says where it is let; the pieces are its messages. */
export const FIRST_PIECES = ["1", " 2", " 3"];
export const FIRST_TEXT = FIRST_PIECES.join("");

/** Works on and says nothing; each step is a chance to be stopped. */
export const ENDLESS = { steps: Array.from({ length: 2000 }, () => ""), delayMs: 50 };

const LIMIT_MS = 300;
const PAUSE_MS = 1000;

type RowOptions = Partial<Omit<Fault, "name">> &
  Partial<Pick<FaultRow, "limits" | "holdsMs" | "permanent" | "healed" | "answer">>;

const NONE: Damage = { type: "none" };

function before(code: ErrorCode, retryAfterMs?: readonly [number, number]): Damage {
  return { type: "failure", code, strikes: "before output", partial: "", retryAfterMs };
}

function after(code: ErrorCode, partial: string | undefined = FIRST_PIECES[0]): Damage {
  return { type: "failure", code, strikes: "after output", partial };
}

function row(damage: Damage, { limits, holdsMs, permanent, healed, answer, ...options }: RowOptions = {}) {
  return (name: FaultName): FaultRow => {
    const { route, after: count, ms } = options;
    const where = [route, count === undefined ? undefined : `@${count}`, ms === undefined ? undefined : `${ms} ms`];
    const limitMs = Math.min(...Object.values(limits ?? { none: Infinity }));
    return {
      label: [name, ...where].filter((word) => word !== undefined).join(" "),
      fault: { name, ...options },
      damage,
      limits,
      holdsMs: holdsMs ?? (Number.isFinite(limitMs) ? limitMs : 0),
      permanent: permanent ?? false,
      healed: healed ?? false,
      answer,
    };
  };
}

/** The rows of a fault that ends the answer when it strikes, before the first output and after it. */
function cut(codeBefore: ErrorCode, codeAfter: ErrorCode) {
  return [row(before(codeBefore), { after: 0 }), row(after(codeAfter), { after: 1 })];
}

const silent = [
  row(before("timeout"), { after: 0, limits: { firstOutputMs: LIMIT_MS } }),
  row(after("timeout"), { after: 1, limits: { idleMs: LIMIT_MS } }),
];

/** The rows of an answer in place of the app's: to the join and to the request for the stream. */
function reply(damage: Damage, options: RowOptions = {}) {
  return [row(damage, options), row(damage, { ...options, route: "data" })];
}

const ASKS_MS = [PAUSE_MS, PAUSE_MS] as const;

const BY_NAME: Readonly<Record<FaultName, readonly ((name: FaultName) => FaultRow)[]>> = {
  eof: [
    ...cut("stream_interrupted", "stream_interrupted"),
    // The whole answer to the join: a connection that closes without one.
    row(before("connection"), { route: "join", answer: ENDLESS }),
  ],
  reset: [...cut("connection", "stream_interrupted"), row(before("connection"), { route: "join", answer: ENDLESS })],
  // Half an answer to the join names no job.
  truncated: [
    ...cut("stream_interrupted", "stream_interrupted"),
    row(before("protocol"), { route: "join", answer: ENDLESS }),
  ],
  stall: [...silent, row(before("timeout"), { route: "join", limits: { headersMs: LIMIT_MS }, answer: ENDLESS })],
  "heartbeats-only": silent,
  "unknown-message": [row(NONE, { after: 0 }), row(NONE, { after: 1 })],
  "garbage-line": [row(NONE, { after: 0 }), row(NONE, { after: 1 })],
  "server-stopped": cut("space_unavailable", "space_unavailable"),
  "missing-completion": [row(after("stream_interrupted", FIRST_TEXT))],
  "first-edit": [row(NONE)],
  "session-not-found": [row(before("session_not_found"), { healed: true })],
  "headers-only": [
    row(before("timeout"), { limits: { firstOutputMs: LIMIT_MS } }),
    row(before("timeout"), { route: "join", limits: { headersMs: LIMIT_MS }, answer: ENDLESS }),
  ],
  "byte-split": reply(NONE),
  delay: [...reply(NONE, { ms: 150, holdsMs: 150 }), row(NONE, { ms: 2500, holdsMs: 2500 })],
  "never-headers": [
    row(before("timeout"), { limits: { headersMs: LIMIT_MS }, answer: ENDLESS }),
    row(before("timeout"), { route: "data", limits: { headersMs: LIMIT_MS } }),
  ],
  // A prompt is for the host it was given for: what it was joined with goes to no other origin.
  redirect: [row(before("protocol"))],
  "rate-limited": reply(before("rate_limited")),
  "rate-limited-seconds": reply(before("rate_limited", ASKS_MS), { ms: PAUSE_MS }),
  // A date has whole seconds.
  "rate-limited-date": reply(before("rate_limited", [PAUSE_MS, 2 * PAUSE_MS]), { ms: 2 * PAUSE_MS }),
  "rate-limited-ms": reply(before("rate_limited", [150, 150]), { ms: 150 }),
  "queue-full": reply(before("queue_full")),
  "queue-stopped": reply(before("space_unavailable")),
  "proxy-error": reply(before("space_unavailable")),
  sleeping: reply(before("space_unavailable")),
  "server-error": reply(before("space_unavailable")),
  html: reply(before("space_unavailable")),
  unauthorized: reply(before("authentication")),
  "slow-queue": [
    row(NONE, { positions: 3, ms: 50, holdsMs: 150 }),
    row(NONE, { positions: 3, ms: 900, holdsMs: 2700 }),
  ],
  "config-root": [row(NONE)],
  // The function that is called now answers something else altogether.
  "changed-fn-index": [row(before("space_changed"), { permanent: true })],
  // The function still answers, until its name is looked up after the first text.
  "changed-endpoint": [row({ ...after("space_changed"), partial: undefined } as Damage, { permanent: true })],
};

/** Every fault that the emulator knows, where and when it can strike, and what comes of it. */
export const FAULT_ROWS: readonly FaultRow[] = (Object.keys(BY_NAME) as FaultName[]).flatMap((name) =>
  BY_NAME[name].map((make) => make(name)),
);

/** What the app itself does wrong. Nothing strikes it on the way. */
export const APP_ROWS: readonly FaultRow[] = (
  [
    ["gr.Error @0", before("space_error"), [{ error: "I give up." }]],
    ["gr.Error @1", after("space_error"), ["1", { error: "I give up." }]],
    ["exception @0", before("space_error"), [{ exception: "a detail" }]],
    ["exception @1", after("space_error"), ["1", { exception: "a detail" }]],
    ["quota", before("quota_exceeded"), [{ error: "You have exceeded your GPU quota (60s requested vs. 5s left)." }]],
    ["no answer", before("empty_response"), []],
    ["an empty answer", before("empty_response"), [""]],
    ["a blank answer", before("empty_response"), [" ", "\n"]],
  ] satisfies readonly (readonly [string, Damage, readonly AnswerStep[]])[]
).map(([label, damage, answer]) => ({ ...row(damage, { answer })("delay"), label, fault: undefined }));

/** The rows in an order that is over sooner: a server without headers holds up clean-ups for as long as they may take. */
export function slowestFirst<Row extends Pick<FaultRow, "limits">>(rows: readonly Row[]): readonly Row[] {
  const slow = ({ limits }: Row): number => (limits?.headersMs === undefined ? 0 : 1);
  return rows.toSorted((a, b) => slow(b) - slow(a));
}

/** The names in the table. */
export const tableNames: readonly string[] = Object.keys(BY_NAME);
