import { debug } from "../debug.ts";
import { copyOf } from "../error-copy.ts";
import { AllFailedError, QwenError, type Attempt } from "../errors.ts";
import { wordsOf } from "../printable.ts";
import type { Usage } from "../part.ts";
import type { Observers } from "./observers.ts";

/** Which attempt it is. */
type AttemptName = Pick<Attempt, "provider" | "model" | "number">;

/** What was tried for one request: for its result, its error, observers and the log. */
export class AttemptLog {
  /** In the order of their start, once nothing is under way. */
  readonly attempts: Attempt[] = [];
  readonly #name: string;
  readonly #observers: Observers | undefined;

  /** Of a request for `name`. */
  constructor(name: string, observers: Observers | undefined) {
    this.#name = name;
    this.#observers = observers;
  }

  started({ provider, model, number }: AttemptName, { hedge }: { readonly hedge: boolean }): void {
    const name = this.#name;
    if (this.#observers?.any === true)
      this.#observers.tell({ type: "attempt-started", name, provider, model, number, hedge });
    debug(() => `"${name}": attempt ${number} asks ${provider}/${model}`);
  }

  output({ provider, model, number }: AttemptName, latencyMs: number): void {
    if (this.#observers?.any === true)
      this.#observers.tell({ type: "output", name: this.#name, provider, model, number, latencyMs });
  }

  /** `cancelled`: for a reason that is not its own, such as an abort or a lost race. */
  ended(
    attempt: Attempt,
    { usage, cancelled = false }: { readonly usage?: Usage | undefined; readonly cancelled?: boolean } = {},
  ): void {
    this.#add(attempt);
    const { provider, number, durationMs, error } = attempt;
    const outcome = cancelled ? "cancelled" : error === undefined ? "answered" : "failed";
    if (this.#observers?.any === true)
      this.#observers.tell({ type: "attempt-ended", name: this.#name, outcome, usage, ...attempt });
    debug(() => {
      const why = error === undefined ? "" : `: ${wordsOf(error)}`;
      return `"${this.#name}": attempt ${number} at ${provider} ${outcome} after ${Math.round(durationMs)} ms${why}`;
    });
  }

  /** A candidate was passed over without being asked. */
  passedOver(attempt: Attempt): void {
    this.#add(attempt);
    debug(() => `"${this.#name}": ${attempt.provider}/${attempt.model} is passed over: ${wordsOf(attempt.error)}`);
  }

  /** The last attempt did not do, although it answered. */
  turnDown(error: Error): void {
    const answered = this.attempts.pop();
    if (answered !== undefined) this.attempts.push({ ...answered, error });
  }

  /** The error that ends the request, with what was tried. `exhausted`: nobody is left, or no attempt. */
  finalError(error: unknown, { exhausted = false } = {}): unknown {
    const { attempts } = this;
    // Where nobody could, nobody was asked, and that error says more.
    const unsupported = attempts.every((one) => QwenError.isInstance(one.error) && one.error.code === "unsupported");
    if (exhausted && attempts.length > 1 && !unsupported) return new AllFailedError(this.#name, attempts);
    return QwenError.isInstance(error) ? copyOf(error, { attempts }) : error;
  }

  // Hedges end in another order than they start; nearly always there is nothing to move.
  #add(attempt: Attempt): void {
    const { attempts } = this;
    const after = attempts.findLastIndex(({ number }) => number < attempt.number);
    attempts.splice(after + 1, 0, attempt);
  }
}
