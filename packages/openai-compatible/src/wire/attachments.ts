import { filesOf, imagesOf, QwenError, type AttachedFilePart, type ImagePart, type Message } from "@qwen/core";
import { bytesIn, bytesInDataUrl, dataUrl, fileSource, imageSource, isBlob } from "@qwen/core/http";

/** The bytes of the Blobs in messages, read before the messages are written. */
export type ReadBlobs = ReadonlyMap<Blob, Uint8Array>;

/** Reads the Blobs in messages; `undefined` at once where there are none. Rejects with `invalid_request` for one that cannot be read. */
export function readBlobs(messages: readonly Message[]): Promise<ReadBlobs> | undefined {
  const blobs = messages.flatMap((message) => [
    ...imagesOf(message).flatMap(({ image }) => (isBlob(image) ? [image] : [])),
    ...filesOf(message).flatMap(({ file }) => (isBlob(file) ? [file] : [])),
  ]);
  return blobs.length === 0 ? undefined : read(blobs);
}

async function read(blobs: readonly Blob[]): Promise<ReadBlobs> {
  const entries = blobs.map(async (blob) => [blob, bytesOfBlob(await blob.arrayBuffer())] as const);
  try {
    return new Map(await Promise.all(entries));
  } catch (cause) {
    throw new QwenError("invalid_request", "The request cannot be sent: a Blob in it cannot be read.", {
      cause,
    });
  }
}

/** A Blob may be of a class of the caller's own. */
function bytesOfBlob(given: unknown): Uint8Array {
  const bytes = bytesIn(given);
  if (bytes === undefined) throw new TypeError("It gives no bytes.");
  return bytes;
}

/** An image as a part of a message: an http(s) address as it is, bytes as a `data:` URL. */
export function wireImage({ image, mediaType }: ImagePart, blobs: ReadBlobs): object {
  const source = imageSource(image);
  if (source instanceof URL) return { type: "image_url", image_url: { url: source.href } };
  const bytes = bytesOf(source, blobs);
  const given = mediaType ?? (isBlob(source) && source.type !== "" ? source.type : undefined);
  return { type: "image_url", image_url: { url: dataUrl(bytes, kindOf(bytes) ?? given ?? "image/png") } };
}

/** A file as a part of a message: sound and film have parts of their own, an image is one. */
export function wireFile(part: AttachedFilePart, blobs: ReadBlobs): object {
  const { file, mediaType, filename } = part;
  const source = fileSource(file);
  const isUrl = source instanceof URL;
  const bytes = isUrl ? undefined : bytesOf(source, blobs);
  const url = isUrl ? source.href : dataUrl(bytes ?? NO_BYTES, typeOf(mediaType, bytes));
  const [kind] = mediaType.toLowerCase().split("/");
  if (kind === "image") return { type: "image_url", image_url: { url } };
  if (kind === "video") return { type: "video_url", video_url: { url } };
  const format = SOUNDS.get(mediaType.toLowerCase());
  if (format !== undefined && url.startsWith("data:")) {
    const plain = dataUrl(bytes ?? bytesInDataUrl(new URL(url), { maxBytes: Infinity }), "");
    return { type: "input_audio", input_audio: { data: plain.slice(plain.indexOf(",") + 1), format } };
  }
  return { type: "file", file: { filename: filename ?? "file", file_data: url } };
}

const NO_BYTES = new Uint8Array();

/** As it was given, but for an image of whatever kind. */
function typeOf(mediaType: string, bytes: Uint8Array | undefined): string {
  return (/^image(?:\/\*)?$/i.test(mediaType) && bytes && kindOf(bytes)) || mediaType;
}

const SOUNDS: ReadonlyMap<string, string> = new Map([
  ["audio/wav", "wav"],
  ["audio/x-wav", "wav"],
  ["audio/mpeg", "mp3"],
  ["audio/mp3", "mp3"],
]);

function bytesOf(source: Uint8Array | Blob, blobs: ReadBlobs): Uint8Array {
  return source instanceof Uint8Array ? source : (blobs.get(source) ?? NO_BYTES);
}

/** What kind of image bytes are, by how they begin. */
function kindOf(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 12));
  if (head.startsWith("\u0089PNG")) return "image/png";
  if (head.startsWith("\u00FF\u00D8\u00FF")) return "image/jpeg";
  if (head.startsWith("GIF8")) return "image/gif";
  return head.startsWith("RIFF") && head.endsWith("WEBP") ? "image/webp" : undefined;
}
