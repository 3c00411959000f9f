import { QwenError, type ImagePart, type Message } from "@qwen/core";
import { imageSource, imagesOf, type AnsweringSession, type FileData } from "@qwen/core/gradio";

import type { Component } from "./page.ts";
import { isMultimodal } from "./role.ts";

/** Largest picture that is fetched or read, in bytes. */
const MOST_BYTES = 20 * 1024 * 1024;

/**
 * The pictures of the newest message, for the input that takes them; a warning tells of those of earlier turns.
 *
 * Throws `unsupported` where there is no such input or more pictures than it takes, `invalid_request` for what is none.
 */
export function newestPictures(
  messages: readonly Message[],
  { input, warn }: { readonly input: Component | undefined; readonly warn: AnsweringSession["warn"] },
): readonly ImagePart[] {
  const groups = messages.map(imagesOf);
  const newest = groups.findLast((images) => images.length > 0) ?? [];
  if (newest.length === 0) return newest;
  if (input === undefined) throw new QwenError("unsupported", "The chat of this Space takes no picture.");
  if (newest.length > 1 && !(isMultimodal(input) && input.takesMany))
    throw new QwenError("unsupported", "The chat of this Space takes one picture in each message.");
  if (groups.filter((images) => images.length > 0).length > 1)
    warn({
      feature: "images",
      message: "Pictures of earlier messages were not sent.",
    });
  return newest;
}

/** Reads a picture and sends it to the Space. Its name has the extension of its kind, by which Gradio keeps it as it is. */
export async function uploadPicture({ image }: ImagePart, session: AnsweringSession): Promise<FileData> {
  // Escaped base64 takes four characters a byte; nothing takes more.
  if (typeof image === "string" && image.length > 4 * MOST_BYTES + 1024) throw tooLarge();
  const source = imageSource(image);
  const bytes = source instanceof Uint8Array ? source : await session.download(source, { maxBytes: MOST_BYTES });
  if (bytes.byteLength > MOST_BYTES) throw tooLarge();
  const kind = kindOf(bytes);
  if (kind === undefined)
    throw new QwenError("invalid_request", "By its bytes the picture is no PNG, JPEG, GIF or WebP.");
  const copy = new Uint8Array(bytes);
  return session.upload(new Blob([copy], { type: `image/${kind}` }), { filename: `picture.${kind}` });
}

function kindOf(bytes: Uint8Array): string | undefined {
  const start = String.fromCodePoint(...bytes.subarray(0, 12));
  if (start.startsWith("\u0089PNG\r\n\u001A\n")) return "png";
  if (start.startsWith("\u00FF\u00D8\u00FF")) return "jpeg";
  if (start.startsWith("GIF8")) return "gif";
  return start.startsWith("RIFF") && start.endsWith("WEBP") ? "webp" : undefined;
}

function tooLarge(): QwenError {
  return new QwenError("invalid_request", `The picture is larger than ${MOST_BYTES} bytes.`);
}
