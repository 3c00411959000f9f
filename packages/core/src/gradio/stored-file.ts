import { QwenError, TimeoutError } from "../errors.ts";
import { Pieces } from "../http/pieces.ts";
import type { BodySink, ResponseBody, TransportResponse } from "../http/transport.ts";
import { aCountFrom, anAbortSignal, readOptions, type Rules } from "../options.ts";
import { Stop } from "../stop.ts";
import { Deadline, type ResolvedTimeouts } from "../timers.ts";
import type { SpaceClient } from "./client.ts";
import { copyOfJson, isRecord } from "./json.ts";
import { failureOf, filePath, fileUrl, type Session } from "./jobs.ts";
import type { ReadFileOptions, SpaceFile } from "./space-file.ts";

const MOST_BYTES = 64 * 1024 * 1024;

/** How a file is asked for. */
export interface FileAccess {
  readonly session: Session;
  readonly timeouts: ResolvedTimeouts;
}

/** A file that the server of a Space keeps. */
export class StoredFile implements SpaceFile {
  readonly url: URL;
  readonly name: string;
  readonly mediaType: string | undefined;
  readonly size: number | undefined;
  readonly #data: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #access: FileAccess;

  /** `data` is what an endpoint said of it; see {@link pathIn}. */
  constructor(data: Readonly<Record<string, unknown>>, path: string, access: FileAccess) {
    const { orig_name: given, mime_type: type, size } = data;
    this.url = fileUrl(access.session.client, path);
    this.name = baseName(typeof given === "string" ? given : "") ?? baseName(path) ?? "file";
    this.mediaType = typeof type === "string" && /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : undefined;
    this.size = typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? size : undefined;
    this.#data = data;
    this.#path = path;
    this.#access = access;
  }

  /** Whether it is kept by that Space. */
  isOf(client: SpaceClient): boolean {
    return this.#access.session.client === client;
  }

  /** As an endpoint of its Space takes it. */
  toJSON(): unknown {
    return copyOfJson(this.#data).copy;
  }

  async bytes(given?: ReadFileOptions): Promise<Uint8Array<ArrayBuffer>> {
    const { maxBytes = MOST_BYTES, signal } = readOptions("options", given, RULES) ?? {};
    // However small they come, they cost what they are.
    const pieces = new Pieces();
    // Not all browsers can iterate over a stream.
    const reader = this.stream({ signal }).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      pieces.push(next.value);
      if (pieces.size <= maxBytes) continue;
      reader.cancel().catch(() => {});
      throw this.#tooLarge(maxBytes);
    }
    // Each is a copy, or was made here.
    return pieces.takeJoined() as Uint8Array<ArrayBuffer>;
  }

  async blob(options?: ReadFileOptions): Promise<Blob> {
    const { mediaType: type = "" } = this;
    return new File([await this.bytes(options)], this.name, { type });
  }

  stream(given?: Pick<ReadFileOptions, "signal">): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { signal } = readOptions("options", given, STREAM_RULES) ?? {};
    const { timeouts } = this.#access;
    // Nothing is asked for before somebody reads.
    return new ReadableStream(new FileBody((ends) => this.#open(ends), { timeouts, signal }), { highWaterMark: 0 });
  }

  async #open(signal: Stop): Promise<ResponseBody> {
    const { session, timeouts } = this.#access;
    const { conceal, client } = session;
    const response: TransportResponse = await session.request({ path: filePath(this.#path), signal, timeouts });
    if (response.status === 200) return response.body;
    throw await failureOf(response, { url: client.url, conceal, signal });
  }

  #tooLarge(maxBytes: number): QwenError {
    return new QwenError(
      "protocol",
      `The file "${this.name}" is larger than ${maxBytes} bytes, which is the most that is read.`,
    );
  }
}

/** The path that a JSON value names, where it is what Gradio says of a file. */
export function pathIn(value: object): string | undefined {
  if (!isRecord(value) || !isRecord(value["meta"]) || value["meta"]["_type"] !== "gradio.FileData") return undefined;
  const { path } = value;
  return typeof path === "string" && path !== "" ? path : undefined;
}

const STREAM_RULES: Rules<Pick<ReadFileOptions, "signal">> = { signal: anAbortSignal };
const RULES: Rules<ReadFileOptions> = { ...STREAM_RULES, maxBytes: aCountFrom(0) };

/** The last step of a path of any system, without control characters; `undefined` where that is no name. */
function baseName(path: string): string | undefined {
  const name =
    path
      .slice(-1000)
      .split(/[/\\]/)
      .at(-1)
      ?.replaceAll(/\p{Cc}/gu, "")
      .toWellFormed()
      .trim() ?? "";
  return name === "" || name === "." || name === ".." ? undefined : name;
}

interface FileBodyOptions {
  readonly timeouts: ResolvedTimeouts;
  readonly signal: AbortSignal | undefined;
}

/** The body of a file as it is read. Its clocks run while somebody waits for it. */
class FileBody implements BodySink {
  readonly #open: (signal: Stop) => Promise<ResponseBody>;
  readonly #options: FileBodyOptions;
  readonly #stop = new Stop();
  readonly #idle = new Deadline(() => this.error(new TimeoutError("idle", this.#options.timeouts.idleMs)));
  readonly #whole = new Deadline(() => this.error(new TimeoutError("total", this.#options.timeouts.totalMs)));
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #body: ResponseBody | undefined;
  #over = false;

  constructor(open: (signal: Stop) => Promise<ResponseBody>, options: FileBodyOptions) {
    this.#open = open;
    this.#options = options;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    this.#controller = controller;
  }

  async pull(): Promise<void> {
    if (this.#over) return;
    if (this.#body !== undefined) {
      this.#idle.start(this.#options.timeouts.idleMs);
      this.#body.resume();
      return;
    }
    const { signal, timeouts } = this.#options;
    try {
      signal?.throwIfAborted();
      signal?.addEventListener("abort", this, { once: true });
      this.#whole.start(timeouts.totalMs);
      const body = await this.#open(this.#stop);
      this.#body = body;
      if (this.#over) {
        body.cancel();
        return;
      }
      this.#idle.start(this.#options.timeouts.idleMs);
      body.pipe(this);
    } catch (error) {
      this.error(error);
    }
  }

  cancel(reason: unknown): void {
    this.#leave(reason);
  }

  chunk(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#idle.stop();
    // A copy: whoever sent it may write on it again.
    this.#controller?.enqueue(new Uint8Array(bytes));
    if ((this.#controller?.desiredSize ?? 0) <= 0) this.#body?.pause();
  }

  end(): void {
    if (!this.#settle()) return;
    this.#controller?.close();
  }

  error(error: unknown): void {
    if (this.#over) return;
    this.#leave(error);
    this.#controller?.error(error);
  }

  /** The caller's signal has aborted. */
  handleEvent(): void {
    this.error(this.#options.signal?.reason);
  }

  #leave(reason: unknown): void {
    if (!this.#settle()) return;
    this.#stop.abort(reason);
    this.#body?.cancel();
  }

  #settle(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#idle.stop();
    this.#whole.stop();
    this.#options.signal?.removeEventListener("abort", this);
    return true;
  }
}
