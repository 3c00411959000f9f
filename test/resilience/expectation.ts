import { ERROR_RULES, type ErrorCode, type Timeouts } from "@qwen/core";

import { type Damage, FIRST_TEXT, type FaultRow as RowOf } from "./fault-table.ts";

/** Whose fault it is makes no difference. */
type FaultRow = Omit<RowOf, "fault">;

/** How a cell of the matrix asks. */
export interface Column {
  readonly call: "stream" | "complete";
  readonly commit: "first-output" | "buffered" | "continue";
  /**
   * `alone`: the faulty Space is the only candidate; `recovering`: that one, and only its first request is struck;
   * `second`: a healthy one comes next; `hedged`: the healthy one is asked at the same time.
   */
  readonly company: "alone" | "recovering" | "second" | "hedged";
}

/** Every way to ask. What breaks off can be gone on with only in a stream. */
export const COLUMNS: readonly Column[] = (
  [
    ["stream", "first-output"],
    ["stream", "buffered"],
    ["stream", "continue"],
    ["complete", "first-output"],
    ["complete", "buffered"],
  ] as const
).flatMap(([call, commit]) =>
  (["alone", "recovering", "second", "hedged"] as const).map((company) => ({ call, commit, company })),
);

/** How an attempt is to end. */
export type Ending = "answered" | "cancelled" | ErrorCode;

/** What a cell has to come to. */
export interface Expectation {
  /** The answer, or the code of the error that is thrown. */
  readonly result: { readonly text: string; readonly by: "first" | "second" } | { readonly code: ErrorCode };
  /** What a consumer of the stream has seen of text; `undefined` where any beginning of the answer will do. */
  readonly shown: string | undefined;
  /** The attempts in the order they began. */
  readonly attempts: readonly { readonly by: "first" | "second"; readonly ends: Ending }[];
  /** When a hedge answers, so that who is quicker does not depend on the machine. */
  readonly hedgeAnswers: "at once" | "never" | { readonly afterFailures: number };
  readonly atLeastMs: number;
  readonly atMostMs: number;
  /** What the attempts that broke off had said of the answer, each by itself. @defaultValue what the row says, of each */
  readonly partials?: readonly string[] | undefined;
}

/** The text of the healthy Space. */
export const SECOND_TEXT = "Beta says hello too.";
/** How often and how soon the matrix lets requests be tried again. */
export const RETRY = { baseDelayMs: 20, maxDelayMs: 40 };
/** What a busy machine may take on top of what is computed; the limits that hold without ours are 30 and 60 seconds. */
export const MACHINE_MS = 8000;
/** Who is held up for longer than this loses to a hedge that answers at once. */
const LATE_MS = 1000;

/** What the errors table, the commit point and the budget make of a fault. `undefined` where the column has no meaning. */
export function expectationOf(row: FaultRow, column: Column): Expectation | undefined {
  const { damage, permanent, healed, holdsMs } = row;
  const recovering = column.company === "recovering";
  const hedged = column.company === "hedged";
  if (recovering && permanent) return undefined;
  if (damage.type === "failure" && !(healed && recovering)) {
    const isOver = isShown(row, column) || !ERROR_RULES[damage.code].nextCandidate;
    return hedged && !isOver ? secondWins(row) : failure(row as Failing, column);
  }
  return hedged && holdsMs > LATE_MS ? secondWins(row) : firstAnswers(row, column);
}

/** The limits that the faulty Space gets: none where a hedge is to save the call from silence. */
export function limitsOf(row: FaultRow, column: Column): Timeouts | undefined {
  return column.company === "hedged" && !isShown(row, column) ? undefined : row.limits;
}

function firstAnswers({ holdsMs }: FaultRow, { company }: Column): Expectation {
  const others = company === "hedged" ? [{ by: "second", ends: "cancelled" } as const] : [];
  return {
    result: { text: FIRST_TEXT, by: "first" },
    shown: FIRST_TEXT,
    attempts: [{ by: "first", ends: "answered" }, ...others],
    hedgeAnswers: "never",
    atLeastMs: holdsMs,
    atMostMs: holdsMs + MACHINE_MS,
  };
}

type Failing = FaultRow & { readonly damage: Extract<Damage, { readonly type: "failure" }> };

/** Whether the caller has seen output when the fault strikes: then nothing is started again, or only to go on with it. */
export function isShown({ damage }: FaultRow, { call, commit }: Column): boolean {
  return damage.type === "failure" && damage.strikes === "after output" && call === "stream" && commit !== "buffered";
}

function failure(row: Failing, column: Column): Expectation {
  const { code, partial, retryAfterMs } = row.damage;
  const { company } = column;
  const { nextCandidate } = ERROR_RULES[code];
  const shown = isShown(row, column);
  const continues = shown && column.commit === "continue" && nextCandidate;
  const goesOn = !shown && nextCandidate && company === "second";
  // With a hedge another one is left that may go on.
  const tries = shown && !continues ? 1 : triesOf(code, continues && company === "hedged" ? "second" : company);
  const recovers = company === "recovering" && tries > 1;
  const failures = recovers ? 1 : tries;
  const waits = tries - 1;
  const failed = Array.from({ length: failures }, () => ({ by: "first", ends: code }) as const);
  const [waitMs, longestWaitMs] = retryAfterMs ?? [0, RETRY.maxDelayMs];
  const times = {
    hedgeAnswers: "never" as const,
    atLeastMs: (row.limits === undefined ? 0 : failures * row.holdsMs) + waits * waitMs,
    // A timer may be late by an eighth.
    atMostMs: failures * row.holdsMs * 1.125 + waits * longestWaitMs + MACHINE_MS,
  };
  if (goesOn) {
    const attempts = [...failed, { by: "second", ends: "answered" } as const];
    return { result: { text: SECOND_TEXT, by: "second" }, shown: SECOND_TEXT, attempts, ...times };
  }
  if (recovers) {
    const attempts = [...failed, { by: "first", ends: "answered" } as const];
    return { result: { text: FIRST_TEXT, by: "first" }, shown: FIRST_TEXT, attempts, ...times };
  }
  // What no other candidate is asked for ends the one under way.
  const others = company === "hedged" ? [{ by: "second", ends: "cancelled" } as const] : [];
  if (continues) {
    // The same words break off again; those of the other are not the same.
    const another =
      company === "alone" || company === "recovering" ? [] : [{ by: "second", ends: "unsupported" } as const];
    const [first, ...again] = failed as [(typeof failed)[0], ...typeof failed];
    const attempts = [first, ...others, ...again, ...another];
    return {
      result: { code: "stream_interrupted" },
      shown: partial,
      attempts,
      ...times,
      hedgeAnswers: { afterFailures: 1 },
    };
  }
  return {
    // One attempt's own error is thrown as it is, and so is one that came after the commit point.
    result: { code: tries === 1 ? code : "all_failed" },
    shown: shown ? partial : "",
    attempts: [...failed, ...others],
    ...times,
  };
}

/** How often the faulty Space is asked: the rule, within a budget of two attempts more than there are candidates. */
function triesOf(code: ErrorCode, company: Column["company"]): number {
  const { sameProvider, breaker } = ERROR_RULES[code];
  if (sameProvider === "never") return 1;
  if (company === "recovering") return 2;
  // Another one may answer now: the first has one more try, and none if it is full or asked for a pause.
  if (company === "second") return breaker === "pause" ? 1 : 2;
  return sameProvider === "once" ? 2 : 3;
}

function secondWins({ damage, limits, holdsMs }: FaultRow): Expectation {
  const answered = { by: "second", ends: "answered" } as const;
  const common = { result: { text: SECOND_TEXT, by: "second" }, shown: SECOND_TEXT } as const;
  if (damage.type === "none" || limits !== undefined || holdsMs > LATE_MS) {
    const attempts = [{ by: "first", ends: "cancelled" } as const, answered];
    return { ...common, attempts, hedgeAnswers: "at once", atLeastMs: 0, atMostMs: MACHINE_MS };
  }
  const failed = { by: "first", ends: damage.code } as const;
  const tries = triesOf(damage.code, "hedged");
  const [waitMs, longestWaitMs] = damage.retryAfterMs ?? [0, RETRY.maxDelayMs];
  return {
    ...common,
    attempts: [failed, answered, ...Array.from({ length: tries - 1 }, () => failed)],
    hedgeAnswers: { afterFailures: tries },
    atLeastMs: (tries - 1) * waitMs,
    atMostMs: (tries - 1) * longestWaitMs + MACHINE_MS,
  };
}
