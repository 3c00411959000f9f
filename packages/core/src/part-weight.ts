/** What a part costs besides its text, in bytes: an object and its place in a queue. */
const PART_BYTES = 100;

/** The size of a part that waits: the length of its text and a constant; of a part of unknown kind, the constant. */
export function weightOfPart(part: object): number {
  return lengthOfPart(part) + PART_BYTES;
}

/** The length of a part's text; 0 of a part of unknown kind. */
export function lengthOfPart(part: object): number {
  const texts: Texts = part;
  // Looked at one after the other: nearly all have the first, and what is not there costs most to look for.
  const words = texts.text ?? texts.message ?? texts.input ?? texts.delta;
  return typeof words === "string" ? words.length : 0;
}

interface Texts {
  readonly text?: unknown;
  readonly message?: unknown;
  readonly input?: unknown;
  /** In the parts of other SDKs. */
  readonly delta?: unknown;
}
