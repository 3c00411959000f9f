/** What a part costs besides its text, in bytes: an object and its place in a queue. */
const PART_BYTES = 100;

/** The size of a part that waits: the length of its text and a constant; of a part of unknown kind, the constant. */
export function weightOfPart(part: object): number {
  const { text, message, input }: Texts = part;
  const words = text ?? message ?? input;
  return typeof words === "string" ? words.length + PART_BYTES : PART_BYTES;
}

interface Texts {
  readonly text?: unknown;
  readonly message?: unknown;
  readonly input?: unknown;
}
