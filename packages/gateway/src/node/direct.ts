import type { IncomingMessage, ServerResponse } from "node:http";

import type { Answer } from "../answer.ts";
import type { IncomingBody, IncomingReader } from "../connection.ts";
import type { Outlet, StreamBody } from "../stream-body.ts";

/** The body of a request as Node hands it out. Where its connection breaks, the signal of the request says so. */
export class NodeBody implements IncomingBody {
  readonly #incoming: IncomingMessage;
  #reader: IncomingReader | undefined;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  read(reader: IncomingReader): void {
    this.#reader = reader;
    this.#incoming.on("data", this.#take).on("end", this.#end).on("error", ignore);
  }

  leave(): void {
    this.#reader = undefined;
    this.#incoming.off("data", this.#take).off("end", this.#end);
    if (!this.#incoming.readableEnded) this.#incoming.pause();
  }

  readonly #take = (chunk: Uint8Array): void => this.#reader?.take(chunk);
  readonly #end = (): void => this.#reader?.end();
}

/** Writes an answer, and its body as it comes. */
export function write(outgoing: ServerResponse, { headers, body }: Answer): void {
  if (typeof body === "string") {
    outgoing.writeHead(200, { ...headers, "content-length": Buffer.byteLength(body) });
    outgoing.end(body);
  } else if (outgoing.destroyed) body.leave();
  else {
    outgoing.writeHead(200, headers);
    new NodeOutlet(outgoing, body).open();
  }
}

/** The events of an answer, written to a response as fast as its connection takes them. */
class NodeOutlet implements Outlet {
  readonly #outgoing: ServerResponse;
  readonly #body: StreamBody;

  constructor(outgoing: ServerResponse, body: StreamBody) {
    this.#outgoing = outgoing;
    this.#body = body;
  }

  open(): void {
    const body = this.#body;
    this.#outgoing
      .on("drain", () => body.want())
      .on("close", () => body.leave())
      .on("error", ignore);
    body.goTo(this);
    body.want();
  }

  write(events: string): void {
    if (!this.#outgoing.destroyed && this.#outgoing.write(events)) this.#body.want();
  }

  end(): void {
    if (!this.#outgoing.destroyed) this.#outgoing.end();
  }
}

/** Of what breaks the closing of the connection tells. */
function ignore(): void {}
