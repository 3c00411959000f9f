/**
 * Cuts a text before the first of some stop sequences, as its pieces come: what may be the beginning of one is held back until
 * the next piece or the end says what it was. Each character is looked at once for each sequence, however it comes.
 */
export class StopCut {
  readonly #stops: readonly Matcher[];
  #held = "";
  #isOver = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops.map((stop) => new Matcher(stop));
  }

  /** Whether a stop sequence came: all that follows is cut off. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The next piece; returns what can be passed on now, maybe nothing. */
  push(piece: string): string {
    if (this.#isOver) return "";
    if (this.#stops.length === 0) return piece;
    const all = this.#held + piece;
    for (let at = this.#held.length; at < all.length; at++) {
      const found = this.#longest(all.charCodeAt(at));
      if (found === 0) continue;
      this.#isOver = true;
      this.#held = "";
      return all.slice(0, at + 1 - found);
    }
    const begun = Math.max(...this.#stops.map(({ matched }) => matched));
    this.#held = all.slice(all.length - begun);
    return all.slice(0, all.length - begun);
  }

  /** The text is whole; returns what was held back. */
  end(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }

  /** The length of the longest sequence that ends with this character; 0 where none does. */
  #longest(unit: number): number {
    let longest = 0;
    for (const stop of this.#stops) if (stop.step(unit)) longest = Math.max(longest, stop.length);
    return longest;
  }
}

/** A whole text, cut in the same way. */
export function cutAtStop(text: string, stops: readonly string[]): { readonly text: string; readonly isCut: boolean } {
  const cut = new StopCut(stops);
  const before = cut.push(text);
  return { text: before + cut.end(), isCut: cut.isOver };
}

/** Looks for one sequence, by the algorithm of Knuth, Morris and Pratt. */
class Matcher {
  readonly #stop: string;
  /** For each length that is matched, the longest shorter one that is matched as well. */
  readonly #shorter: readonly number[];
  /** How much of the sequence stands at the end of what came. */
  matched = 0;

  constructor(stop: string) {
    this.#stop = stop;
    const shorter = [0, 0];
    for (let length = 1; length < stop.length; length++) {
      let matched = shorter[length] ?? 0;
      while (matched > 0 && stop[matched] !== stop[length]) matched = shorter[matched] ?? 0;
      shorter.push(stop[matched] === stop[length] ? matched + 1 : 0);
    }
    this.#shorter = shorter;
  }

  get length(): number {
    return this.#stop.length;
  }

  /** Whether the sequence ends with this character. */
  step(unit: number): boolean {
    while (this.matched > 0 && this.#stop.charCodeAt(this.matched) !== unit)
      this.matched = this.#shorter[this.matched] ?? 0;
    if (this.#stop.charCodeAt(this.matched) === unit) this.matched++;
    return this.matched === this.#stop.length;
  }
}
