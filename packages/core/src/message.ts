import { QwenError } from "./errors.ts";

/** Who speaks. `developer` is another word for `system`. */
export type Role = "system" | "developer" | "user" | "assistant" | "tool";

/** Words. */
export interface TextPart {
  readonly type: "text";
  readonly text: string;
}

/** A picture: its bytes, or where they are (`data:`, `http:` or `https:`). A local file comes as a `Blob`: `fs.openAsBlob()`. */
export interface ImagePart {
  readonly type: "image";
  readonly image: ArrayBuffer | ArrayBufferView | Blob | URL | string;
  /** For example `image/png`. Providers tell the kind by the bytes, so it is a hint only. */
  readonly mediaType?: string | undefined;
  readonly filename?: string | undefined;
}

/** A piece of a message. */
export type ContentPart = TextPart | ImagePart;

/** One turn of a chat. */
export interface Message {
  readonly role: Role;
  readonly content: string | readonly ContentPart[];
}

/** The text of a message: its text parts, joined as they stand. */
export function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  let text = "";
  for (const part of content) if (part.type === "text") text += part.text;
  return text;
}

/** The images of a message, in order. */
export function imagesOf({ content }: Message): readonly ImagePart[] {
  return typeof content === "string" ? [] : content.filter((part) => part.type === "image");
}

/**
 * An image as providers read it, nothing copied: bytes of any kind as a `Uint8Array` of this realm, an address as
 * a `data:`, `http:` or `https:` URL.
 *
 * Throws `invalid_request` for anything else, such as a `file:` URL.
 */
export function imageSource(image: ImagePart["image"]): Uint8Array | Blob | URL {
  const bytes = bytesIn(image);
  if (bytes !== undefined) return bytes;
  if (isBlob(image)) return image;
  const url = typeof image === "string" || isUrl(image) ? URL.parse(String(image)) : null;
  if (url !== null && FETCHABLE.has(url.protocol)) return url;
  throw new QwenError(
    "invalid_request",
    url?.protocol === "file:"
      ? "An image cannot be a file: URL, which a message from elsewhere could aim at any file. Open the file yourself and give the Blob: `await fs.openAsBlob(path)`."
      : "An image is bytes, a Blob, or a data:, http: or https: URL.",
  );
}

/** Bytes of any kind and realm as a `Uint8Array` of this one, not copied; `undefined` for what are none. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  // Told by what they are, not by their class: a vm context, jsdom and Electron have classes of their own.
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return isArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

/** Whether a value is a `Blob` or `File`, of any realm. */
export function isBlob(value: unknown): value is Blob {
  if (value instanceof Blob) return true;
  const kind = kindOf(value);
  return (
    (kind === "[object Blob]" || kind === "[object File]") && typeof (value as Partial<Blob>).arrayBuffer === "function"
  );
}

function isArrayBuffer(value: unknown): value is ArrayBuffer {
  if (value instanceof ArrayBuffer) return true;
  try {
    // Throws for whatever is none, whatever it calls itself.
    byteLengthOf?.call(value);
    return true;
  } catch {
    return false;
  }
}

function isUrl(value: unknown): value is URL {
  return value instanceof URL || (kindOf(value) === "[object URL]" && typeof (value as URL).href === "string");
}

function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value);
}

const byteLengthOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")?.get as
  | ((this: unknown) => number)
  | undefined;

const FETCHABLE: ReadonlySet<string> = new Set(["data:", "http:", "https:"]);

/** A chat as demo Spaces take it: pairs of question and answer, and what is asked now. */
export interface Dialogue {
  /** All system messages, joined by blank lines; absent where there is none. */
  readonly system: string | undefined;
  /** Earlier turns. Messages of one side that follow each other are one, joined by blank lines. */
  readonly turns: readonly (readonly [question: string, answer: string])[];
  /** What the user says last. */
  readonly question: string;
}

/**
 * Splits messages into a dialogue. Nothing is lost: a tool's result counts as said by the user, and
 * an answer that nobody asked for gets an empty question.
 */
export function dialogueOf(messages: readonly Message[]): Dialogue {
  const system: string[] = [];
  const turns: [string, string][] = [];
  let question: string | undefined;
  for (const message of messages) {
    const text = textOf(message);
    const last = turns.at(-1);
    if (message.role === "system" || message.role === "developer") system.push(text);
    else if (message.role !== "assistant") question = question === undefined ? text : `${question}\n\n${text}`;
    else if (question === undefined && last !== undefined) last[1] += `\n\n${text}`;
    else {
      turns.push([question ?? "", text]);
      question = undefined;
    }
  }
  return { system: system.length === 0 ? undefined : system.join("\n\n"), turns, question: question ?? "" };
}

/**
 * A whole chat as one prompt, for Spaces without slots for a system prompt or earlier turns. A lone
 * question stays as it is; who said nothing is left out.
 */
export function promptOf(messages: readonly Message[]): string {
  const { system, turns, question } = dialogueOf(messages);
  const spoken = [
    ...turns.flatMap(([asked, answered]) => [
      ["User", asked],
      ["Assistant", answered],
    ]),
    ["User", question],
  ]
    .filter(([, words]) => words !== "")
    .map(([speaker, words]) => (turns.length === 0 ? words : `${speaker}: ${words}`));
  return [...(system === undefined || system === "" ? [] : [system]), ...spoken].join("\n\n");
}
