import { QwenError, StreamInterruptedError } from "../errors.ts";
import { weightOfPart } from "../part-weight.ts";
import { MOST_HELD } from "./held-parts.ts";
import type { PartKind, PartReader } from "./part-reader.ts";

/** How an answer that broke off is gone on with: asked again from the start, up to where it was and on. */
export type ContinuedBy = "replay";

/** An answer that broke off after some of its text was shown, and is to be gone on with. */
export class Continuation<Part> {
  /** What the request ends with where nobody goes on: it has all that was shown. */
  readonly error: StreamInterruptedError;
  readonly #reader: PartReader<Part, unknown>;
  readonly #shown: string;

  constructor(shown: string, reason: QwenError, reader: PartReader<Part, unknown>) {
    this.error = interrupted(shown, reason);
    this.#reader = reader;
    this.#shown = shown;
  }

  /** For one attempt. */
  replay(provider: string): Replay<Part> {
    return new Replay(this.#shown, provider, this.#reader);
  }
}

/** An answer said anew from its start: it is shown from where it goes beyond what was shown, and left where it differs. */
export class Replay<Part> {
  readonly continuedBy: ContinuedBy = "replay";
  readonly #shown: string;
  readonly #provider: string;
  readonly #reader: PartReader<Part, unknown>;
  /** How much of what was shown was said again. */
  #same = 0;
  #beyond = "";
  #otherSize = 0;
  #isRewritten = false;

  constructor(shown: string, provider: string, reader: PartReader<Part, unknown>) {
    this.#shown = shown;
    this.#provider = provider;
    this.#reader = reader;
  }

  /** The characters that were shown before. */
  get continuedAt(): number {
    return this.#shown.length;
  }

  /** Whether all that was shown was said again, to the character. */
  get isReady(): boolean {
    return this.#same === this.#shown.length;
  }

  /** Whether it has said more than may be held that is not its text. */
  get isTooMuch(): boolean {
    return this.#otherSize > MOST_HELD;
  }

  /** Whether it took back what another attempt had shown. */
  get isRewritten(): boolean {
    return this.#isRewritten;
  }

  /** Throws at the first difference. */
  add(part: Part, kind: PartKind): void {
    if (this.#reader.isText?.(part) !== true) {
      // What belongs to an answer and is none of it was shown before, or is of the whole only.
      if (kind === "output") this.refuse();
      this.count(part);
      return;
    }
    if (this.#reader.restates?.(part) === true) {
      this.#same = 0;
      this.#beyond = "";
    }
    const text = this.#reader.textIn?.(part) ?? "";
    const known = Math.min(text.length, this.#shown.length - this.#same);
    if (!this.#shown.startsWith(text.slice(0, known), this.#same)) this.refuse();
    this.#same += known;
    this.#beyond += text.slice(known);
  }

  /** One that is not to be shown. */
  count(part: Part): void {
    this.#otherSize += weightOfPart(part as object);
  }

  /** It is not the answer that was shown. It is left, which says nothing against its provider. */
  refuse(): never {
    const fact = `The answer of "${this.#provider}" is not the one of which ${this.#shown.length} characters were shown, so it cannot be gone on with.`;
    throw new QwenError("unsupported", fact, { provider: this.#provider });
  }

  /** What is to be shown of it by now. */
  take(): readonly Part[] {
    const beyond = this.#beyond;
    this.#beyond = "";
    return beyond === "" || this.#reader.textPart === undefined ? [] : [this.#reader.textPart(beyond)];
  }

  /** A part of it that is to be shown. Throws for one that takes back what another attempt has shown. */
  check(part: Part): void {
    if (this.#reader.restates?.(part) !== true || this.#reader.textIn?.(part).startsWith(this.#shown) !== false) return;
    this.#isRewritten = true;
    throw new Error("The provider rewrote what another attempt had shown.");
  }
}

function interrupted(text: string, reason: QwenError): StreamInterruptedError {
  if (QwenError.isInstance(reason) && reason.code === "stream_interrupted" && reason.text === text) return reason;
  const { provider } = reason;
  const fact = `The stream of "${provider ?? "the provider"}" ended before the answer did, and nobody went on with it.`;
  return new StreamInterruptedError(fact, { text, provider, cause: reason });
}
