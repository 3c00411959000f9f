import { field } from "./field.ts";
import { escapedByte } from "./percent-escape.ts";

/** Longest part of a data: URL before its comma, in characters. */
const LONGEST_HEAD = 1024;

/**
 * What is wrong with what an image or a file was read as, or with the `data:` URL it stands in; `undefined` where nothing is.
 *
 * Nothing is decoded or copied: it may be megabytes.
 */
export function attachmentProblem(
  source: string | Uint8Array | Blob | URL,
  { mayBeEmpty }: { readonly mayBeEmpty: boolean },
): string | undefined {
  const isAddress = typeof source === "string" || source instanceof URL;
  if (isAddress) return dataUrlProblem(String(source), { mayBeEmpty });
  const size = source instanceof Uint8Array ? source.byteLength : field(() => source.size);
  return size === 0 && !mayBeEmpty ? EMPTY : undefined;
}

const EMPTY = "is empty: it has no bytes";

function dataUrlProblem(url: string, { mayBeEmpty }: { readonly mayBeEmpty: boolean }): string | undefined {
  const head = url.slice(0, LONGEST_HEAD);
  if (!/^\s*data:/i.test(head)) return undefined;
  const comma = head.indexOf(",");
  if (comma < 0) return "cannot be read: a data: URL has a comma between its type and its data";
  const hash = url.indexOf("#", comma);
  const data = url.slice(comma + 1, hash < 0 ? undefined : hash);
  if (data === "") return mayBeEmpty ? undefined : EMPTY;
  if (!/; *base64 *$/i.test(head.slice(0, comma)) || isBase64(data)) return undefined;
  return "cannot be read: the data of its data: URL is no base64";
}

/** By the rules of `atob()`: padding may be left out, and escapes and white space may stand in it. */
function isBase64(data: string): boolean {
  return isPlainBase64(data) || isWrittenBase64(data);
}

function isPlainBase64(data: string): boolean {
  const padding = data.length % 4 !== 0 || !data.endsWith("=") ? 0 : data.endsWith("==") ? 2 : 1;
  const digits = data.slice(0, data.length - padding);
  return digits.length % 4 !== 1 && !/[^A-Za-z\d+/]/.test(digits);
}

/** With escapes and white space in it. Looked at one by one: a copy without them took gigabytes of their pieces. */
function isWrittenBase64(data: string): boolean {
  let digits = 0;
  let padding = 0;
  for (let at = 0; at < data.length; at++) {
    const escaped = escapedByte(data, at);
    const code = escaped ?? data.charCodeAt(at);
    if (escaped !== undefined) at += 2;
    if (SPACES.has(code)) continue;
    if (code === EQUALS) padding += 1;
    else if (padding > 0 || !isDigit(code)) return false;
    else digits += 1;
  }
  return digits % 4 !== 1 && (padding === 0 || (padding <= 2 && (digits + padding) % 4 === 0));
}

const EQUALS = 0x3d;
const SPACES: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x20]);

function isDigit(code: number): boolean {
  // Letters in both cases, then figures, "+" and "/".
  const letter = code | 0x20;
  return (letter >= 0x61 && letter <= 0x7a && code < 0x80) || (code >= 0x2f && code <= 0x39) || code === 0x2b;
}
