import { debug } from "../debug.ts";
import { copyOf } from "../error-copy.ts";
import { AllFailedError, QwenError, type Attempt } from "../errors.ts";
import { wordsOf } from "../printable.ts";
import type { Usage } from "../provider.ts";
import type { Observers } from "./observers.ts";

/** What was tried for one request: for its result, its error, observers and the log. */
export interface AttemptLog {
  /** In the order of their start, once nothing is under way. */
  readonly attempts: readonly Attempt[];
  started(attempt: Pick<Attempt, "provider" | "model" | "number">, options: { readonly hedge: boolean }): void;
  output(attempt: Pick<Attempt, "provider" | "model" | "number">, latencyMs: number): void;
  /** `cancelled`: for a reason that is not its own, such as an abort or a lost race. */
  ended(attempt: Attempt, how: { readonly usage?: Usage | undefined; readonly cancelled?: boolean | undefined }): void;
  /** A candidate was passed over without being asked. */
  passedOver(attempt: Attempt): void;
  /** The last attempt did not do, although it answered. */
  turnDown(error: Error): void;
  /** The error that ends the request, with what was tried. `exhausted`: nobody is left, or no attempt. */
  finalError(error: unknown, options?: { readonly exhausted?: boolean }): unknown;
}

/** Starts the log of one request for `name`. */
export function createAttemptLog(name: string, observers: Observers | undefined): AttemptLog {
  const attempts: Attempt[] = [];

  // Hedges end in another order than they start; nearly always there is nothing to move.
  function add(attempt: Attempt): void {
    let index = attempts.length;
    while (index > 0 && (attempts[index - 1]?.number ?? 0) > attempt.number) index--;
    attempts.splice(index, 0, attempt);
  }

  return {
    attempts,
    started({ provider, model, number }, { hedge }) {
      if (observers?.any === true) observers.tell({ type: "attempt-started", name, provider, model, number, hedge });
      debug(() => `"${name}": attempt ${number} asks ${provider}/${model}`);
    },
    output({ provider, model, number }, latencyMs) {
      if (observers?.any === true) observers.tell({ type: "output", name, provider, model, number, latencyMs });
    },
    ended(attempt, { usage, cancelled = false }) {
      add(attempt);
      const { provider, number, durationMs, error } = attempt;
      const outcome = cancelled ? "cancelled" : error === undefined ? "answered" : "failed";
      if (observers?.any === true) observers.tell({ type: "attempt-ended", name, outcome, usage, ...attempt });
      debug(() => {
        const why = error === undefined ? "" : `: ${wordsOf(error)}`;
        return `"${name}": attempt ${number} at ${provider} ${outcome} after ${Math.round(durationMs)} ms${why}`;
      });
    },
    passedOver(attempt) {
      add(attempt);
      debug(() => `"${name}": ${attempt.provider}/${attempt.model} is passed over: ${wordsOf(attempt.error)}`);
    },
    turnDown(error) {
      const answered = attempts.pop();
      if (answered !== undefined) attempts.push({ ...answered, error });
    },
    finalError(error, { exhausted = false } = {}) {
      // Where nobody could, nobody was asked, and that error says more.
      const unsupported = attempts.every((one) => QwenError.isInstance(one.error) && one.error.code === "unsupported");
      if (exhausted && attempts.length > 1 && !unsupported) return new AllFailedError(name, attempts);
      return QwenError.isInstance(error) ? copyOf(error, { attempts }) : error;
    },
  };
}
