/** A block that an app itself puts below the answer, on a line of its own. */
export interface Footer {
  /** How it begins, such as `<summary>`. */
  readonly from: string;
  /** How it ends, such as `</summary>`. */
  readonly to: string;
}

/** While the text grows, what is longer than this is no footer: it is looked through for every piece. In characters. */
const LONGEST_HELD = 16 * 1024;

/**
 * Where the footer of a text begins: its last block, if nothing follows it. The text's length where there is none, so
 * what the answer itself says between such marks stays.
 *
 * `growing`: more is to come, so the end of the text may be the beginning of a footer. `start`: the text is not what
 * follows on something, so a footer needs no line break in front.
 */
export function footerStart(
  text: string,
  { from, to }: Footer,
  { growing, start }: { readonly growing: boolean; readonly start: boolean },
): number {
  const opening = `\n${from}`;
  const above = text.lastIndexOf(opening);
  const at = above === -1 && start && text.startsWith(from) ? 0 : above;
  if (at !== -1 && !(growing && text.length - at > LONGEST_HELD)) {
    const end = text.indexOf(to, at);
    if (end === -1 ? growing : text.slice(end + to.length).trim() === "") return at;
  }
  if (!growing) return text.length;
  if (start && from.startsWith(text)) return 0;
  for (let length = Math.min(opening.length - 1, text.length); length > 0; length--)
    if (text.endsWith(opening.slice(0, length))) return text.length - length;
  return text.length;
}
