import { ERROR_RULES, type ErrorCode } from "@qwen/core";

import {
  expectationOf,
  isShown,
  RETRY,
  SECOND_TEXT,
  type Column,
  type Expectation,
  MACHINE_MS,
} from "./expectation.ts";
import { FIRST_PIECES, FIRST_TEXT, type FaultRow } from "./fault-table.ts";

/**
 * What a cell comes to where both can go on behind the beginning of an answer: what was shown stands, and the rest is written
 * behind it, by the errors table and the budget. The second one says its whole text behind any beginning.
 */
export function prefillExpectationOf(row: Omit<FaultRow, "fault">, column: Column): Expectation | undefined {
  const { damage, limits, holdsMs, strikesNext = false } = row;
  if (damage.type !== "failure" || !isShown(row, column) || !ERROR_RULES[damage.code].nextCandidate)
    return expectationOf(row, column);
  const { code, partial } = damage;
  const { company } = column;
  const tries = failuresOf(code, company);
  const isOut = strikesNext && tries === FIRST_PIECES.length;
  const failures = isOut ? tries - 1 : tries;
  const isWhole = partial === FIRST_TEXT;
  const shown = isWhole ? FIRST_TEXT : FIRST_PIECES.slice(0, failures).join("");
  const failed = Array.from({ length: failures }, () => ({ by: "first", ends: code }) as const);
  const common = {
    // What each has said itself, behind what was shown before.
    partials: failed.map((_, at) => (isWhole ? [FIRST_TEXT][at] : FIRST_PIECES[at]) ?? ""),
    hedgeAnswers: company === "hedged" ? { afterFailures: 1 } : "never",
    atLeastMs: limits === undefined ? 0 : failures * holdsMs,
    atMostMs: failures * (holdsMs * 1.125 + RETRY.maxDelayMs) + MACHINE_MS,
  } as const;
  if (isOut || (company === "recovering" && ERROR_RULES[code].sameProvider !== "never")) {
    const attempts = [...failed, { by: "first", ends: "answered" } as const];
    return { result: { text: FIRST_TEXT, by: "first" }, shown: FIRST_TEXT, attempts, ...common };
  }
  if (company === "alone" || company === "recovering")
    return { result: { code: "stream_interrupted" }, shown, attempts: failed, ...common };
  const [first, ...again] = failed;
  // The hedge was under way, and is left once the first has said something.
  const left = company === "hedged" ? [{ by: "second", ends: "cancelled" } as const] : [];
  const attempts = [first, ...left, ...again, { by: "second", ends: "answered" } as const].filter(
    (one) => one !== undefined,
  );
  return { result: { text: shown + SECOND_TEXT, by: "second" }, shown: shown + SECOND_TEXT, attempts, ...common };
}

/** How often the first one breaks off: the rule, and one try more at most where another one may be asked. */
function failuresOf(code: ErrorCode, company: Column["company"]): number {
  if (ERROR_RULES[code].sameProvider === "never" || company === "recovering") return 1;
  return company === "alone" ? 3 : 2;
}
