import { QwenError } from "./errors.ts";

/** Who speaks. `developer` is another word for `system`. */
export type Role = "system" | "developer" | "user" | "assistant" | "tool";

/** Words. */
export interface TextPart {
  readonly type: "text";
  readonly text: string;
  readonly providerMetadata?: ProviderMetadata | undefined;
}

/** A picture: its bytes, or where they are (`data:`, `http:` or `https:`). A local file comes as a `Blob`: `fs.openAsBlob()`. */
export interface ImagePart {
  readonly type: "image";
  readonly image: ArrayBuffer | ArrayBufferView | Blob | URL | string;
  /** For example `image/png`. Providers tell the kind by the bytes, so it is a hint only. */
  readonly mediaType?: string | undefined;
  readonly filename?: string | undefined;
  readonly providerMetadata?: ProviderMetadata | undefined;
}

/** What a vendor wants back with a part, such as a signature or an id, by provider id. JSON-safe, and nobody else's business. */
export type ProviderMetadata = Readonly<Record<string, unknown>>;

/** A file: its bytes, or where they are (`data:`, `http:` or `https:`). A local file comes as a `Blob`: `fs.openAsBlob()`. */
export interface AttachedFilePart {
  readonly type: "file";
  readonly file: ArrayBuffer | ArrayBufferView | Blob | URL | string;
  /** For example `application/pdf`. Goes out as it is given, as do bytes and name. */
  readonly mediaType: string;
  readonly filename?: string | undefined;
  readonly providerMetadata?: ProviderMetadata | undefined;
}

/** What the model thought before it answered, in a message of the assistant. Providers that cannot take it back leave it out. */
export interface ReasoningPart {
  readonly type: "reasoning";
  readonly text: string;
  readonly providerMetadata?: ProviderMetadata | undefined;
}

/** The model asks the caller to run a tool: a part of a stream, and of the assistant's message that follows from it. */
export interface ToolCallPart {
  readonly type: "tool-call";
  /** Unlike that of any other call of the chat. */
  readonly toolCallId: string;
  readonly toolName: string;
  /** JSON text. */
  readonly input: string;
  readonly providerMetadata?: ProviderMetadata | undefined;
}

/** What became of a tool call that an earlier message holds, in a message of the role `tool`. */
export interface ToolResultPart {
  readonly type: "tool-result";
  readonly toolCallId: string;
  readonly toolName: string;
  readonly output:
    | { readonly type: "text"; readonly value: string }
    /** Any value that JSON can tell. */
    | { readonly type: "json"; readonly value: unknown }
    | { readonly type: "content"; readonly value: readonly (TextPart | ImagePart | AttachedFilePart)[] };
  /** The tool failed, and `output` says how. @defaultValue false */
  readonly isError?: boolean | undefined;
  readonly providerMetadata?: ProviderMetadata | undefined;
}

/** A piece of a message. Providers leave out types they do not know: new ones come in minor releases. */
export type ContentPart = TextPart | ImagePart | AttachedFilePart | ReasoningPart | ToolCallPart | ToolResultPart;

/** One turn of a chat. */
export interface Message {
  readonly role: Role;
  readonly content: string | readonly ContentPart[];
  readonly providerMetadata?: ProviderMetadata | undefined;
}

/** The text of a message: its text parts, joined as they stand. */
export function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  let text = "";
  for (const part of content) if (part.type === "text") text += part.text;
  return text;
}

/** The images of a message, in order, those in the results of tools as well. */
export function imagesOf({ content }: Message): readonly ImagePart[] {
  return typeof content === "string" ? [] : flattened(content).filter((part) => part.type === "image");
}

/** The files of a message, in order, those in the results of tools as well. Images are none of them. */
export function filesOf({ content }: Message): readonly AttachedFilePart[] {
  return typeof content === "string" ? [] : flattened(content).filter((part) => part.type === "file");
}

/** Parts, and in place of a tool's result that consists of parts, those. */
function flattened(content: readonly ContentPart[]): readonly ContentPart[] {
  return content.flatMap<ContentPart>((part) =>
    part.type === "tool-result" && part.output.type === "content" ? part.output.value : [part],
  );
}

/**
 * An image as providers read it, nothing copied: bytes of any kind as a `Uint8Array` of this realm, an address as
 * a `data:`, `http:` or `https:` URL.
 *
 * Throws `invalid_request` for anything else, such as a `file:` URL.
 */
export function imageSource(image: ImagePart["image"]): Uint8Array | Blob | URL {
  return sourceOf(image, "An image");
}

/** A file as providers read it. The same as {@link imageSource}. */
export function fileSource(file: AttachedFilePart["file"]): Uint8Array | Blob | URL {
  return sourceOf(file, "A file");
}

function sourceOf(given: ImagePart["image"], what: string): Uint8Array | Blob | URL {
  const bytes = bytesIn(given);
  if (bytes !== undefined) return bytes;
  if (isBlob(given)) return given;
  const url = typeof given === "string" || isUrl(given) ? URL.parse(String(given)) : null;
  if (url !== null && FETCHABLE.has(url.protocol)) return url;
  throw new QwenError(
    "invalid_request",
    url?.protocol === "file:"
      ? `${what} cannot be a file: URL, which a message from elsewhere could aim at any file. Open the file yourself and give the Blob: \`await fs.openAsBlob(path)\`.`
      : `${what} is bytes, a Blob, or a data:, http: or https: URL.`,
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
