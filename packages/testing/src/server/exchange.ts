import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

/** A request that came in, and how it ended. Times are milliseconds since the server started. */
export interface Exchange<Route extends string, FaultName extends string> {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly route: Route;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON, the fields of a form, or the text. */
  readonly body: unknown;
  /** 1 for the first connection. */
  readonly connection: number;
  readonly at: number;
  /** The faults that struck it. */
  readonly faults: readonly FaultName[];
  /** Status of the answer, once there is one. */
  status?: number | undefined;
  /** When the answer was whole, or the client left. */
  endedAt?: number | undefined;
  /** Whether the client left before the answer was whole. */
  left?: boolean | undefined;
}

/** Notes how an exchange ends, once it does. */
export function noteEnd(record: Exchange<string, string>, response: ServerResponse, now: () => number): void {
  response.on("close", () => {
    record.endedAt = now();
    record.left = !response.writableFinished;
  });
}

/** A file of a multipart body. */
export interface UploadedFile {
  readonly field: string;
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Reads a whole body: JSON as its value, forms as fields and files, all else as text. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (bytes.length === 0) return undefined;

  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("multipart/form-data") || type.startsWith("application/x-www-form-urlencoded")) {
    try {
      return await readForm(bytes, type);
    } catch {
      // No form, whatever it is called.
    }
  }
  const text = bytes.toString("utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

async function readForm(bytes: Buffer, type: string): Promise<unknown> {
  const fields: Record<string, string> = {};
  const files: UploadedFile[] = [];
  const form = await new Response(new Uint8Array(bytes), { headers: { "content-type": type } }).formData();
  for (const [field, value] of form) {
    if (typeof value === "string") fields[field] = value;
    else files.push({ field, name: value.name, type: value.type, bytes: new Uint8Array(await value.arrayBuffer()) });
  }
  return files.length === 0 ? fields : { ...fields, files };
}
