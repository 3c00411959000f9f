import { field } from "./error-fields.ts";

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
  if (isPlainBase64(data)) return true;
  const plain = data
    .replaceAll(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(/\s+/g, "");
  return plain.length < data.length && isPlainBase64(plain);
}

function isPlainBase64(data: string): boolean {
  const padding = data.length % 4 !== 0 || !data.endsWith("=") ? 0 : data.endsWith("==") ? 2 : 1;
  const digits = data.slice(0, data.length - padding);
  return digits.length % 4 !== 1 && !/[^A-Za-z\d+/]/.test(digits);
}
