import { QwenError } from "../errors.ts";
import { bytesIn } from "../message.ts";
import { aCountFrom, aString, mustBe, requireOption } from "../options.ts";
import { escapedByte } from "../percent-escape.ts";

/** Longest part of a data: URL before its comma, in characters. */
const LONGEST_HEAD = 1024;

/**
 * The bytes in a `data:` URL (RFC 2397), at most `maxBytes`, decoded in time linear to its length.
 *
 * Throws `invalid_request` for what cannot be decoded, and for more bytes than that, of most before they are decoded; a limit
 * that is none is a `TypeError`.
 */
export function bytesInDataUrl({ href }: URL, { maxBytes }: { readonly maxBytes: number }): Uint8Array {
  requireOption("maxBytes", maxBytes, aCountFrom(0));
  const comma = href.slice(0, LONGEST_HEAD).indexOf(",");
  if (comma < 0) throw unreadable();
  const base64 = /; *base64 *$/i.test(href.slice(0, comma));
  const hash = href.indexOf("#", comma);
  // An escape takes three characters, and base64 takes four for three bytes.
  const longest = 3 * Math.ceil(base64 ? (maxBytes / 3) * 4 : maxBytes) + 3;
  const written = (hash < 0 ? href.length : hash) - comma - 1;
  if (written > longest) throw tooLarge(maxBytes);
  const escaped = unescaped(href, comma + 1, comma + 1 + written);
  const bytes = base64 ? fromBase64(escaped) : escaped;
  if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
  return bytes;
}

/** A URL is ASCII: each of its characters is a byte, or begins the escape of one. */
function unescaped(href: string, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(to - from);
  let size = 0;
  for (let at = from; at < to; at += 1) {
    const escaped = escapedByte(href, at);
    const isWhole = escaped !== undefined && at + 2 < to;
    bytes[size] = isWhole ? escaped : href.charCodeAt(at);
    size += 1;
    if (isWhole) at += 2;
  }
  return bytes.subarray(0, size);
}

function fromBase64(ascii: Uint8Array): Uint8Array {
  try {
    const binary = atob(new TextDecoder("latin1").decode(ascii));
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
    return bytes;
  } catch {
    throw unreadable();
  }
}

function unreadable(): QwenError {
  return new QwenError("invalid_request", "The data: URL of a file cannot be decoded.");
}

function tooLarge(maxBytes: number): QwenError {
  return new QwenError("invalid_request", `The file in a data: URL is larger than ${maxBytes} bytes.`);
}

/**
 * Bytes as a `data:` URL of that type, which may be anybody's words: what would end it before its time is escaped. Throws a
 * `TypeError` for what are no bytes and no type.
 */
export function dataUrl(bytes: Uint8Array, mediaType: string): string {
  const own = bytesIn(bytes);
  if (own === undefined) throw mustBe("bytes", "bytes, such as a Uint8Array", bytes);
  requireOption("mediaType", mediaType, aString);
  let base64 = "";
  for (let at = 0; at < own.length; at += PIECE)
    // Not spread, which goes by an iterator: four times as long.
    base64 += btoa(Reflect.apply(String.fromCharCode, undefined, own.subarray(at, at + PIECE)));
  return `data:${mediaType.toWellFormed().replaceAll(/[^ -~]|[#,]/gu, encodeURIComponent)};base64,${base64}`;
}

/** A multiple of three, so that pieces can be joined, and few enough to be arguments. */
const PIECE = 0x6000;
