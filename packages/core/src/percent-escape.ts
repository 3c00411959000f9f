const NONE = -1;

/** The byte that is escaped at a place of a text, as `%41` is; `undefined` where none is. */
export function escapedByte(text: string, at: number): number | undefined {
  if (text.charCodeAt(at) !== PERCENT) return undefined;
  const high = hexDigit(text.charCodeAt(at + 1));
  const low = high === NONE ? NONE : hexDigit(text.charCodeAt(at + 2));
  return low === NONE ? undefined : high * 16 + low;
}

const PERCENT = 0x25;

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  // Letters in both cases.
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : NONE;
}
