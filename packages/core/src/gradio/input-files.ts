import { openFile } from "#platform";
import { QwenError } from "../errors.ts";
import { field } from "../field.ts";
import { bytesIn, isBlob } from "../message.ts";
import { aUrl, isPlain } from "../options.ts";
import { printable } from "../printable.ts";
import type { Stop } from "../stop.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import type { SpaceClient } from "./client.ts";
import { download, uploadFile } from "./file-transfers.ts";
import type { Session } from "./session.ts";
import { StoredFile } from "./stored-file.ts";
import type { EndpointInputs } from "./submit-options.ts";
import type { FileData } from "./upload.ts";

/** What a file at an http(s) address may be where the Space names no limit, in bytes. */
const MOST_BYTES = 256 * 1024 * 1024;

/** For whom files are sent. */
export interface FileSending {
  /** Behind replicas only that of the call leads to the one that has them. */
  readonly session: Session;
  readonly timeouts: ResolvedTimeouts;
  /** Ends it. */
  readonly stop: Stop;
}

/** A file among inputs, and where it stands. */
interface Place {
  readonly within: unknown[] | Record<string, unknown>;
  readonly key: string | number;
  readonly file: object;
}

/**
 * Sends the files that stand anywhere in the inputs of a call, each once, and puts what the Space calls them in their place: bytes,
 * Blobs, and URL objects (`data:`, `http:`, `https:`, in Node `file:`). A text is a text, whatever it says.
 *
 * Throws `invalid_request` for one that cannot be read, or that is larger than the Space takes, of each before any is sent; and for
 * what is neither a file nor anything that JSON can say.
 */
export async function sendFiles(given: readonly unknown[], sending: FileSending): Promise<readonly unknown[]> {
  const { session } = sending;
  const { client } = session;
  if (!hasFiles(given, client)) return given;
  // What was asked stays as it is: a Space that was woken is asked again, and what has a class is its caller's.
  const { whole, places } = placesIn(given, { client, copies: true });
  const { signal } = sending.stop;
  const { maxFileSize = Infinity } = await client.config.read(signal);
  const files = new Map<object, Opened>();
  for (const { file } of places) if (!files.has(file)) files.set(file, await opened(file, { ...sending, maxFileSize }));
  const sent = new Map<object, FileData>();
  for (const [file, { content, name }] of files)
    sent.set(file, await uploadFile(session, content, { filename: name, signal, timeouts: sending.timeouts }));
  for (const place of places) put(sent.get(place.file), place);
  return whole as readonly unknown[];
}

/** Whether a file stands among inputs that is yet to be sent. */
export function hasFiles(inputs: EndpointInputs, client: SpaceClient): boolean {
  return placesIn(inputs, { client, copies: false }).places.length > 0;
}

/** Where files stand in inputs, or in a copy of them. */
function placesIn(
  inputs: EndpointInputs,
  { client, copies }: { readonly client: SpaceClient; readonly copies: boolean },
): { readonly whole: EndpointInputs; readonly places: readonly Place[] } {
  const places: Place[] = [];
  const seen = new Map<object, Place["within"]>();
  // A list, not recursion: it may be nested deeper than the stack is.
  const open: Place["within"][] = [];
  const enter = (value: object): Place["within"] => {
    const one = copies ? copyOf(value) : (value as Place["within"]);
    seen.set(value, one);
    open.push(one);
    return one;
  };
  const look = (within: Place["within"], key: string | number, value: unknown): void => {
    // In an object it is left out, as JSON has it.
    if (Array.isArray(within) && (typeof value === "function" || typeof value === "symbol"))
      throw unsayable(typeof value);
    if (typeof value !== "object" || value === null) return;
    if (isFile(value, client)) places.push({ within, key, file: value });
    else if (!isSaid(value)) {
      const known = seen.get(value);
      if (known === undefined && isLost(value)) throw unsayable(field(() => value.constructor.name) ?? "object");
      const one = known ?? enter(value);
      if (copies) put(one, { within, key });
    }
  };
  const whole = enter(inputs);
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    // By index: the names of a long list would be as many strings.
    if (Array.isArray(one)) for (let index = 0; index < one.length; index++) look(one, index, one[index]);
    else for (const name of Object.keys(one)) look(one, name, one[name]);
  }
  return { whole, places };
}

function copyOf(value: object): Place["within"] {
  return Array.isArray(value) ? [...(value as readonly unknown[])] : { ...value };
}

function put(value: unknown, { within, key }: Pick<Place, "within" | "key">): void {
  (within as Record<string | number, unknown>)[key] = value;
}

function isFile(value: object, client: SpaceClient): boolean {
  // A snapshot keeps what has a class as it is; all else is data, also where it looks like a file. Most of it is, so it is told first.
  if (Array.isArray(value) || isPlain(value)) return false;
  if (value instanceof StoredFile) return !value.isOf(client);
  return bytesIn(value) !== undefined || isBlob(value) || aUrl(value) === undefined;
}

/** Whether it says itself what it is, as a file of this Space does, or `new String("x")`: nothing in it is sent. */
function isSaid(value: object): boolean {
  return "toJSON" in value || typeof field(() => value.valueOf()) !== "object";
}

/** Whether nothing of it would be sent but "{}", such as a promise that nobody awaited, or a `Map`. */
function isLost(value: object): boolean {
  return !Array.isArray(value) && !isPlain(value) && Object.keys(value).length === 0;
}

function unsayable(what: string): QwenError {
  return new QwenError(
    "invalid_request",
    `Among the inputs is a value of the kind ${printable(what, 40)}, which JSON cannot say.`,
  );
}

/** A file that can be sent. */
interface Opened {
  readonly content: Blob | Uint8Array;
  readonly name: string;
}

interface Opening extends FileSending {
  readonly maxFileSize: number;
}

async function opened(file: object, opening: Opening): Promise<Opened> {
  const { maxFileSize } = opening;
  opening.stop.throwIfAborted();
  const one = await contentOf(file, opening);
  const { content, name } = one;
  const size = content instanceof Uint8Array ? content.byteLength : content.size;
  if (size <= maxFileSize) return one;
  throw new QwenError(
    "invalid_request",
    `The file "${name}" has ${size} bytes, and ${opening.session.client.url.host} takes ${maxFileSize} at most.`,
  );
}

async function contentOf(file: object, opening: Opening): Promise<Opened> {
  const { timeouts, maxFileSize } = opening;
  const { client } = opening.session;
  const { signal } = opening.stop;
  const maxBytes = Math.min(maxFileSize, MOST_BYTES);
  if (file instanceof StoredFile) return { content: await file.bytes({ maxBytes, signal }), name: file.name };
  const bytes = bytesIn(file);
  if (bytes !== undefined) return { content: bytes, name: `file${extensionOf(kindOf(bytes))}` };
  if (isBlob(file)) return { content: file, name: nameOf(file) };
  // Read once, whatever it is: what is checked must be what is fetched.
  const url = URL.parse((file as URL).href);
  if (url === null) throw new QwenError("invalid_request", "The address of a file is no URL.");
  if (url.protocol === "file:") return { content: await openFile(url), name: lastStep(url) };
  const limitMs = Math.min(timeouts.answerMs, timeouts.totalMs);
  // The arguments of `connectSpace` are its caller's own: they may lead anywhere.
  const fetched = await download(client, { source: url, maxBytes, signal, timeouts, limitMs, reach: () => "any" });
  if (url.protocol !== "data:") return { content: fetched, name: lastStep(url) };
  const type = /^data:([\w.+-]+\/[\w.+-]+)/.exec(url.href.slice(0, 200))?.[1] ?? "";
  return { content: new Blob([new Uint8Array(fetched)], { type }), name: `file${extensionOf(type)}` };
}

function nameOf(blob: Blob): string {
  if ("name" in blob && typeof blob.name === "string" && blob.name !== "") return blob.name;
  return `file${extensionOf(blob.type)}`;
}

/** The last step of a URL's path, as a name. */
function lastStep({ pathname }: URL): string {
  const step = pathname.split("/").findLast((one) => one !== "") ?? "file";
  try {
    return decodeURIComponent(step).replaceAll(/[/\\]/g, "_");
  } catch {
    return step;
  }
}

/** By the kind of a file, such as "image/png". Without one Gradio 4 makes a lossy picture of any. */
function extensionOf(type: string): string {
  const [, kind] = /^(?:image|audio|video|text|application)\/(?:x-)?([a-z\d]{2,5})$/i.exec(type) ?? [];
  if (kind === undefined) return "";
  return `.${EXTENSIONS[kind.toLowerCase()] ?? kind.toLowerCase()}`;
}

const EXTENSIONS: Readonly<Record<string, string>> = { jpeg: "jpg", plain: "txt", mpeg: "mp3" };

/** What bytes are, where they are a picture. */
function kindOf(bytes: Uint8Array): string {
  const start = Array.from(bytes.subarray(0, 12), (byte) => String.fromCodePoint(byte)).join("");
  if (start.startsWith("\u0089PNG\r\n\u001A\n")) return "image/png";
  if (start.startsWith("\u00FF\u00D8\u00FF")) return "image/jpeg";
  if (start.startsWith("GIF8")) return "image/gif";
  return start.startsWith("RIFF") && start.endsWith("WEBP") ? "image/webp" : "";
}
