import type { ServerResponse } from "node:http";
import { createGzip, type Gzip } from "node:zlib";

import { writeBytes } from "../server/send.ts";

/** Options of {@link Outlet}. */
export interface OutletOptions {
  readonly splitsBytes: boolean;
  readonly compresses: boolean;
  /** Keeps all until it ends, and then says how long it is. */
  readonly holds: boolean;
}

/** A body on its way to the client, that waits where the client does not read. */
export class Outlet {
  readonly #response: ServerResponse;
  readonly #splitsBytes: boolean;
  readonly #gzip: Gzip | undefined;
  readonly #held: string[] | undefined;

  constructor(response: ServerResponse, { splitsBytes, compresses, holds }: OutletOptions) {
    this.#response = response;
    this.#splitsBytes = splitsBytes;
    this.#gzip = compresses ? createGzip() : undefined;
    this.#held = holds ? [] : undefined;
  }

  /** Whether the client has left. */
  get isClosed(): boolean {
    return this.#response.destroyed || this.#response.socket?.destroyed === true;
  }

  open(headers: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(headers)) this.#response.setHeader(name, value);
    if (this.#held !== undefined) return;
    if (this.#gzip !== undefined) {
      this.#response.setHeader("content-encoding", "gzip");
      this.#gzip.on("data", (bytes) => this.#response.write(bytes)).on("end", () => this.#response.end());
    }
    this.#response.writeHead(200);
    this.#response.flushHeaders();
  }

  /** Resolves when there is room for more; nothing where there is. */
  write(text: string): Promise<void> | undefined {
    if (text === "") return undefined;
    if (this.#held !== undefined) this.#held.push(text);
    else if (this.#gzip !== undefined) {
      this.#gzip.write(text);
      this.#gzip.flush();
    } else if (this.#splitsBytes) writeBytes(this.#response, text);
    else if (!this.#response.write(text)) return this.#drained();
    return undefined;
  }

  /** Ends the body. Of one that is held, `missing` bytes are told and never come. */
  end(missing = 0): void {
    const response = this.#response;
    if (this.#gzip !== undefined) return void this.#gzip.end();
    if (this.#held === undefined) return void response.end();
    const body = this.#held.join("");
    response.writeHead(200, { "content-length": Buffer.byteLength(body) + missing });
    if (missing === 0) return void response.end(body);
    const { socket } = response;
    response.write(body, () => socket?.end());
  }

  reset(): void {
    const { socket } = this.#response;
    // A reset overtakes what the client has not read yet.
    setTimeout(() => socket?.resetAndDestroy(), 20);
  }

  #drained(): Promise<void> {
    const response = this.#response;
    return new Promise((resolve) => {
      const done = (): void => {
        response.off("drain", done);
        response.off("close", done);
        resolve();
      };
      response.on("drain", done);
      response.on("close", done);
    });
  }
}
