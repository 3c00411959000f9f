import { createServer, type Server, type Socket } from "node:net";

import { createDelayLine } from "./delay-line.ts";

/** What a server has seen and said since it was last reset. */
export interface Traffic {
  connections: number;
  requests: number;
  /** Those of the requests that came before the answer to the one before them had left: only with a round trip is this exact. */
  pipelined: number;
  bytesIn: number;
  bytesOut: number;
}

/** A request, read whole. */
export interface RawRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly host: string;
  readonly body: string;
}

/** Where an answer goes, piece by piece. */
export interface RawResponse {
  /** Writes as given: head, chunk framing and all. False asks to wait for `onDrain`. */
  write(text: string): boolean;
  /** Ends this answer, so that the connection can take its next request. */
  done(): void;
  /** Calls back once what was written has left, or at once where nothing waits. */
  onDrain(callback: () => void): void;
  /** Calls back when the client leaves. */
  onClose(callback: () => void): void;
}

/** Options of {@link createRawServer}. */
export interface RawServerOptions {
  readonly traffic: Traffic;
  /** Read for every connection that is accepted. */
  rttMs(): number;
  answer(request: RawRequest, response: RawResponse): void;
}

/**
 * An HTTP/1.1 server on a bare socket, because the one of Node would cost more than the clients that are measured.
 *
 * It takes well-formed requests with a `content-length` or no body, keeps connections alive, and answers pipelined
 * requests in their order. The round-trip time is added to what arrives and to what leaves, half each; a new connection
 * waits a whole one more, as its handshake would.
 */
export function createRawServer({ traffic, rttMs, answer }: RawServerOptions): Server {
  return createServer({ noDelay: true }, (socket) => {
    traffic.connections += 1;
    serveConnection(socket, { traffic, rttMs: rttMs(), answer });
  });
}

function serveConnection(
  socket: Socket,
  { traffic, rttMs, answer }: { readonly traffic: Traffic; readonly rttMs: number } & Pick<RawServerOptions, "answer">,
): void {
  let received = "";
  let leaving = 0;
  let busy = false;
  let closed = false;
  let leave: (() => void) | undefined;
  const inbound = createDelayLine(rttMs / 2, { notBefore: performance.now() + rttMs * 1.5, deliver: take });
  const outbound = createDelayLine<string>(rttMs / 2, {
    deliver: (text) => {
      leaving -= 1;
      if (!closed) socket.write(text, "utf8");
    },
  });

  function take(text: string): void {
    received += text;
    next({ pipelined: leaving > 0 });
  }

  function next({ pipelined }: { readonly pipelined: boolean }): void {
    if (busy || closed) return;
    const parsed = parseRequest(received);
    if (parsed === undefined) return;
    received = received.slice(parsed.length);
    busy = true;
    traffic.requests += 1;
    if (pipelined) traffic.pipelined += 1;
    answer(parsed.request, {
      write(text) {
        if (closed) return true;
        traffic.bytesOut += Buffer.byteLength(text);
        if (rttMs === 0) return socket.write(text, "utf8");
        leaving += 1;
        outbound.push(text);
        return true;
      },
      done() {
        busy = false;
        leave = undefined;
        // What was there before this answer was over.
        next({ pipelined: true });
      },
      onDrain(callback) {
        if (socket.writableNeedDrain) socket.once("drain", callback);
        else setImmediate(callback);
      },
      onClose(callback) {
        leave = callback;
      },
    });
  }

  socket.on("data", (bytes) => {
    traffic.bytesIn += bytes.length;
    // One character a byte, so that lengths are those of the wire.
    inbound.push(bytes.toString("latin1"));
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    closed = true;
    inbound.stop();
    outbound.stop();
    leave?.();
  });
}

function parseRequest(text: string): { readonly request: RawRequest; readonly length: number } | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const head = text.slice(0, headEnd);
  const bodyLength = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  const length = headEnd + 4 + bodyLength;
  if (text.length < length) return undefined;
  const [method = "", target = ""] = head.slice(0, head.indexOf("\r\n")).split(" ");
  const body = Buffer.from(text.slice(headEnd + 4, length), "latin1").toString("utf8");
  return { request: { method, target, host: /\r\nhost: *([^\r]*)/i.exec(head)?.[1] ?? "", body }, length };
}
