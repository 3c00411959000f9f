import { QwenError } from "../errors.ts";
import { readText } from "../http/transport.ts";
import { bytesIn, isBlob } from "../message.ts";
import type { Timeouts } from "../provider.ts";
import { failureOf, uploadPath } from "./jobs.ts";
import { parseJson } from "./json.ts";
import type { Session } from "./session.ts";

/** A file on the server of a Space, as its endpoints take it. */
export interface FileData {
  /** Where the server keeps it. */
  readonly path: string;
  readonly orig_name?: string | undefined;
  readonly mime_type?: string | undefined;
  /** In bytes. */
  readonly size?: number | undefined;
  readonly meta: { readonly _type: "gradio.FileData" };
}

/** How to upload. */
export interface UploadOptions {
  /** The name the app sees. @defaultValue the name of a `File`, else "file" */
  readonly filename?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeouts?: Timeouts | undefined;
}

/**
 * Sends one file to a Space by `POST /upload`. Rejects when the server does not take it, with `invalid_request` where the
 * file cannot be read, and with a `TypeError` for what is neither bytes nor a `Blob`.
 */
export async function uploadFile(
  session: Session,
  file: Blob | ArrayBuffer | ArrayBufferView,
  { filename, signal, timeouts }: UploadOptions = {},
): Promise<FileData> {
  const { url } = session.client;
  const blob = await blobOf(file);
  const name = filename ?? nameOf(file);
  const { maxFileSize = Infinity } = session.client.config.known ?? {};
  if (blob.size > maxFileSize)
    throw new QwenError(
      "invalid_request",
      `The file "${name}" has ${blob.size} bytes, and ${url.host} takes ${maxFileSize} at most.`,
    );
  const form = new FormData();
  form.append("files", blob, name);
  // The platform writes the multipart body: it knows how to quote names and choose a boundary.
  const encoded = new Response(form);
  const bytes = await encoded.arrayBuffer().catch((cause: unknown) => {
    throw unreadable(name, cause);
  });
  const response = await session.request({
    path: uploadPath(session.hash),
    body: { bytes: new Uint8Array(bytes), contentType: encoded.headers.get("content-type") ?? "multipart/form-data" },
    signal,
    timeouts,
  });
  if (response.status !== 200) throw await failureOf(response, { url, conceal: session.conceal, signal, sent: "file" });
  const [path] = parsePaths(await readText(response.body, { signal }));
  if (path === undefined) throw new QwenError("protocol", `${url.host} took the upload without saying where it is.`);
  return {
    path,
    orig_name: name,
    ...(blob.type === "" ? {} : { mime_type: blob.type }),
    size: blob.size,
    meta: { _type: "gradio.FileData" },
  };
}

/** A `Blob` of this realm: the platform's forms take no other. */
async function blobOf(file: unknown): Promise<Blob> {
  if (file instanceof Blob) return file;
  if (isBlob(file)) {
    const copied = await (async () => file.arrayBuffer())().catch((cause: unknown) => {
      throw unreadable(nameOf(file), cause);
    });
    return new Blob([copied], { type: file.type });
  }
  const bytes = bytesIn(file);
  if (bytes === undefined)
    throw new TypeError(
      "What is uploaded must be bytes or a Blob. Open a local file with `await fs.openAsBlob(path)`.",
    );
  // A copy, since a Blob takes no shared memory.
  return new Blob([new Uint8Array(bytes)]);
}

/** As of a file that was changed since it was opened. It is the caller's, and says nothing of the Space. */
function unreadable(name: string, cause: unknown): QwenError {
  return new QwenError("invalid_request", `The file "${name}" cannot be read.`, { cause });
}

function nameOf(file: unknown): string {
  return isBlob(file) && "name" in file && typeof file.name === "string" ? file.name : "file";
}

function parsePaths(body: string): readonly string[] {
  const json = parseJson(body);
  return Array.isArray(json) ? json.filter((path) => typeof path === "string") : [];
}
