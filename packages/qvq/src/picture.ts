import { QwenError, type ImagePart, type Message } from "@qwen/core";
import { imageSource, imagesOf, type InputSession, Later } from "@qwen/core/gradio";

/** A picture the Space can read. */
export interface Picture {
  readonly bytes: Uint8Array;
  /** With the extension of its kind, by which the Space's Gradio knows it. */
  readonly filename: string;
}

/** Largest picture that is fetched or read, in bytes. */
const MOST_BYTES = 20 * 1024 * 1024;

// An animated PNG is a PNG to whoever does not look for more.
const KINDS: ReadonlySet<string> = new Set(["image/png", "image/apng", "image/jpeg", "image/gif", "image/webp"]);

/**
 * The newest picture of a chat, if there is any; a warning tells of the others.
 *
 * Throws `unsupported` for two in one message, `invalid_request` for what is no readable picture.
 */
export async function pictureOf(messages: readonly Message[], session: InputSession): Promise<Picture | undefined> {
  const groups = messages.map(imagesOf).filter((images) => images.length > 0);
  const [newest, second] = groups.at(-1) ?? [];
  if (newest === undefined) return undefined;
  if (second !== undefined)
    throw new QwenError("unsupported", "QVQ looks at one picture. Send one in each message, or join them into one.");
  if (groups.length > 1)
    session.warn({
      feature: "images",
      message: "QVQ looks at one picture: the newest was sent, earlier ones were not.",
    });

  const bytes = await bytesOf(newest, session);
  if (bytes.byteLength > MOST_BYTES) throw tooLarge();
  const kind = await kindOf(bytes);
  if (kind === undefined || !KINDS.has(kind.mime)) {
    throw new QwenError(
      "invalid_request",
      `QVQ reads PNG, JPEG, GIF and WebP. By its bytes the picture is ${kind?.mime ?? "none of them"}.`,
    );
  }
  return { bytes, filename: `picture.${kind.ext}` };
}

async function bytesOf({ image }: ImagePart, session: InputSession): Promise<Uint8Array> {
  // Escaped base64 takes four characters a byte; nothing takes more.
  if (typeof image === "string" && image.length > 4 * MOST_BYTES + 1024) throw tooLarge();
  const source = imageSource(image);
  if (source instanceof Uint8Array) return source;
  return session.download(source, { maxBytes: MOST_BYTES });
}

/** What tells a picture by its bytes: most of a session has none. */
const fileTypes = /* @__PURE__ */ new Later(() => import("file-type"));

async function kindOf(bytes: Uint8Array) {
  const { fileTypeFromBuffer } = await fileTypes.load();
  // It reads on behind the first bytes, and may stumble there.
  return fileTypeFromBuffer(bytes).catch(() => undefined);
}

function tooLarge(): QwenError {
  return new QwenError("invalid_request", `The picture is larger than ${MOST_BYTES} bytes.`);
}
