import { watch } from "../disregard.ts";
import type { Attempt } from "./attempt.ts";
import { tooMuchHeld } from "./attempt-failure.ts";
import { HeldParts } from "./held-parts.ts";
import type { PartKind, PartReader } from "./part-reader.ts";

/** An attempt that is under way, and what is still to be told of it. */
interface Kept<Part> {
  /** What announces it. */
  readonly announcement: Part | undefined;
  readonly said: HeldParts<Part>;
}

/**
 * Tells who watches a request what its attempts say, one attempt at a time: the oldest of those under way, and what the others
 * say once it is their turn.
 */
export class Telling<Part, Result> {
  readonly #onPart: (part: Part) => void;
  readonly #reader: PartReader<Part, Result>;
  readonly #host: { readonly isOver: boolean };
  /** In the order of their start. */
  readonly #attempts = new Map<Attempt<Part, Result>, Kept<Part>>();
  #told: Attempt<Part, Result> | undefined;

  constructor(
    onPart: (part: Part) => void,
    reader: PartReader<Part, Result>,
    /** Of a request that is over nothing more is told. */
    host: { readonly isOver: boolean },
  ) {
    this.#onPart = onPart;
    this.#reader = reader;
    this.#host = host;
  }

  /** An attempt begins. */
  begun(attempt: Attempt<Part, Result>, announcement: Part | undefined): void {
    this.#attempts.set(attempt, { announcement, said: new HeldParts(this.#reader, { keeps: true }) });
    this.goOn();
  }

  /** It says something. Throws where more would have to be kept than may be held. */
  said(attempt: Attempt<Part, Result>, part: Part, kind: PartKind): void {
    if (attempt === this.#told) {
      if (!this.#host.isOver) watch(this.#onPart, part);
      return;
    }
    const said = this.#attempts.get(attempt)?.said;
    // What passes at once, as places in a queue do, is no news later.
    if (said === undefined || kind === "live") return;
    said.add(part);
    if (said.isTooMuch) throw tooMuchHeld(attempt.candidate.provider);
  }

  /** The last part of the answer, as its caller gets it. */
  whole(part: Part): void {
    watch(this.#onPart, part);
  }

  /** It does not answer: nothing more is told of it. */
  left(attempt: Attempt<Part, Result>): void {
    this.#attempts.delete(attempt);
    if (this.#told === attempt) this.#told = undefined;
  }

  /** The oldest one is told from now on, where none is. */
  goOn(): void {
    const [oldest] = this.#attempts.keys();
    if (this.#told === undefined && oldest !== undefined) this.turnTo(oldest);
  }

  /** It is told from now on: what announces it, and what it has said so far. */
  turnTo(attempt: Attempt<Part, Result>): void {
    const kept = this.#attempts.get(attempt);
    if (attempt === this.#told || kept === undefined) return;
    this.#told = attempt;
    const { announcement, said } = kept;
    for (const part of announcement === undefined ? said.take() : [announcement, ...said.take()]) {
      // Who watches may end the request at any of them.
      if (this.#host.isOver || this.#told !== attempt) return;
      watch(this.#onPart, part);
    }
  }
}
