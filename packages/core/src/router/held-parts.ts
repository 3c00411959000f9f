import { lengthOfPart, weightOfPart } from "../part-weight.ts";
import type { PartReader } from "./part-reader.ts";

/** What is held at most, in characters and a constant for each part. */
export const MOST_HELD = 64 * 1024 * 1024;

/** What an attempt has said up to its commit point: parts to show, or only how much it is. */
export class HeldParts<Part> {
  /** Whether any output of it may be shown. */
  readonly isReady = true;
  readonly #reader: Pick<PartReader<Part, unknown>, "restates" | "isText">;
  readonly #keeps: boolean;
  #parts: Part[] = [];
  /** So many of them, from the first, are no text. */
  #sifted = 0;
  #textSize = 0;
  #otherSize = 0;

  constructor(reader: Pick<PartReader<Part, unknown>, "restates" | "isText">, { keeps }: { readonly keeps: boolean }) {
    this.#reader = reader;
    this.#keeps = keeps;
  }

  /** Whether it is more than may be held. */
  get isTooMuch(): boolean {
    return this.#textSize + this.#otherSize > MOST_HELD;
  }

  add(part: Part): void {
    if (this.#reader.restates?.(part) === true) this.#forgetText();
    if (this.#keeps) this.#parts.push(part);
    const size = this.#keeps ? weightOfPart(part as object) : lengthOfPart(part as object);
    if (this.#reader.isText?.(part) === true) this.#textSize += size;
    else this.#otherSize += size;
  }

  /** One that is not to be shown, and takes its place elsewhere. */
  count(part: Part): void {
    this.#otherSize += weightOfPart(part as object);
  }

  /** Hands them out; none is held any more. */
  take(): readonly Part[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  // An app that sends its whole text with each message would otherwise fill the memory with it.
  #forgetText(): void {
    for (const held of this.#parts.splice(this.#sifted))
      if (this.#reader.isText?.(held) !== true) this.#parts.push(held);
    this.#sifted = this.#parts.length;
    this.#textSize = 0;
  }
}
