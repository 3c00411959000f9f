import { QwenError } from "../errors.ts";
import { readText } from "../http/transport.ts";
import type { Timeouts } from "../provider.ts";
import { failureOf } from "./failure.ts";
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

/** Sends one file to a Space by `POST /upload`. Rejects when the server does not take it. */
export async function uploadFile(
  session: Session,
  file: Blob | Uint8Array,
  { filename, signal, timeouts }: UploadOptions = {},
): Promise<FileData> {
  const { url } = session.client;
  const blob = file instanceof Blob ? file : new Blob([new Uint8Array(file)]);
  const name = filename ?? (file instanceof File ? file.name : "file");
  const form = new FormData();
  form.append("files", blob, name);
  // The platform writes the multipart body: it knows how to quote names and choose a boundary.
  const encoded = new Response(form);
  const bytes = new Uint8Array(await encoded.arrayBuffer());
  const response = await session.request({
    path: `upload?upload_id=${encodeURIComponent(session.hash)}`,
    body: { bytes, contentType: encoded.headers.get("content-type") ?? "multipart/form-data" },
    signal,
    timeouts,
  });
  if (response.status !== 200) throw await failureOf(response, { url, signal });
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

function parsePaths(body: string): readonly string[] {
  const json = parseJson(body);
  return Array.isArray(json) ? json.filter((path) => typeof path === "string") : [];
}
