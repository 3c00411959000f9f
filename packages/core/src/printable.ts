/** Longest text of an error, in characters: a Space may fail with the contents of a table. */
const LONGEST_TEXT = 2000;
/** So that a secret at the edge is still seen whole. */
const MARGIN = 500;

/**
 * A text from anywhere as one line that is safe to show: what looks like a secret is masked, escape sequences of terminals,
 * other control characters and those that turn the direction of text are gone, white space is folded, and what is
 * longer than `most` characters is cut.
 *
 * This is where errors and log lines are cleaned: their texts come from Spaces, proxies and users' code.
 */
export function printable(text: string, most: number = LONGEST_TEXT): string {
  const visible = text
    .slice(0, most + MARGIN)
    .replaceAll(ESCAPE_SEQUENCES, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(CONTROLS, "")
    .trim();
  const clean = maskSecrets(visible);
  if (clean.length <= most && text.length <= most + MARGIN) return clean;
  // Not through the middle of a character.
  return `${clean.slice(0, most).replace(/[\uD800-\uDBFF]$/, "")}… (${text.length} characters)`;
}

/**
 * Replaces Hugging Face tokens, `Authorization` values, passwords in URLs, and what stands behind the name of a secret
 * (`cookie`, `password`, `access_token` and the like), as a server that shows what it was asked would, by `***`.
 */
export function maskSecrets(text: string): string {
  return text
    .replaceAll(/\bhf_\w{4,}/g, "hf_***")
    .replaceAll(/\b(Bearer|Basic) [\w.~+/=-]+/gi, "$1 ***")
    .replaceAll(/(\/\/[^/\s:@]*:)[^/\s]+@/g, "$1***@")
    .replaceAll(COOKIES, "$1***")
    .replaceAll(NAMED_SECRETS, "$1***");
}

// In a header, in JSON, in a form, or as Python writes them.
const COOKIES = /\b(cookie["']?\s*:\s*["']?)[^"'}\r\n]+/gi;
const NAMED_SECRETS =
  /\b((?:authorization|passw(?:or)?d|api[-_]?key|(?:client[-_])?secret|spaces-jwt|access[-_]token[\w-]{0,80})["']?\s*[:=]\s*["']?)(?!Bearer |Basic )[^\s"',;&}]+/gi;

/**
 * What was thrown, in words; it may be anything, and may itself throw when it is looked at.
 *
 * Of an error that is its message.
 */
export function wordsOf(thrown: unknown): string {
  try {
    if (typeof thrown === "function") return "a function";
    if (typeof thrown !== "object" || thrown === null) return String(thrown);
    const { message, name } = thrown as { readonly message?: unknown; readonly name?: unknown };
    if (typeof message === "string" && message !== "") return message;
    if (thrown instanceof Error) return typeof name === "string" ? name : "an error";
    return JSON.stringify(thrown) ?? "an object";
  } catch {
    return "something that cannot be read";
  }
}

// CSI and OSC with what belongs to them, then any other escape: each linear, since no two parts of one share a character.
const ESCAPE_SEQUENCES =
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]?|(?:\u001B[\]PX^_]|[\u009D\u0090\u0098\u009E\u009F])[^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)?|\u001B[ -/]*[0-~]?/g;

const CONTROLS = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
