/** Whether a text is white space only, or nothing. */
export function isBlank(text: string): boolean {
  // Asked of every part, and nearly always the first two characters tell: a regular expression takes five times as long.
  return !isPrintable(text.charCodeAt(0)) && !isPrintable(text.charCodeAt(1)) && !/\S/.test(text);
}

/** Whether it is ASCII and no white space. */
function isPrintable(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}
