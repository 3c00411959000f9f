import { isDecision } from "./decision.ts";
import { isExcused } from "./error-excuse.ts";
import { ruleOfCode } from "./error-rules.ts";
import { QwenError } from "./errors.ts";

/** Whether an error says nothing against whoever threw it: a caller's mistake, what was never sent, what a function of theirs threw. */
export function isUncounted(error: unknown): boolean {
  if (isDecision(error)) return true;
  if (!QwenError.isInstance(error)) return false;
  return error.sent === false || isExcused(error) || ruleOfCode(error.code).breaker === "ignore";
}
