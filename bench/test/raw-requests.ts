import { connect } from "node:net";

import { inputsOf } from "../src/apps.ts";
import type { GradioVersion } from "../src/server/wire.ts";

/** The bytes that join a queue. */
export function joinRequest(
  version: GradioVersion,
  { prompt, session }: { readonly prompt: string; readonly session: string },
): string {
  const body = JSON.stringify({
    data: inputsOf(version, prompt),
    session_hash: session,
    fn_index: 0,
    event_data: null,
    trigger_id: null,
  });
  return `POST /gradio_api/queue/join HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** The bytes that ask for a stream. */
export function streamRequest(session: string): string {
  return `GET /gradio_api/queue/data?session_hash=${session} HTTP/1.1\r\nhost: bench\r\n\r\n`;
}

/** When {@link exchange} goes on, and when it is over. */
export interface ExchangeOptions {
  /** Whether all has come. */
  whole(text: string): boolean;
  /** Whether the next piece may go out. @defaultValue at once, each as a packet of its own */
  mayGoOn?(text: string): boolean;
}

/** Sends pieces of bytes over one connection and resolves with those that come back, each as one character of Latin-1. */
export function exchange(url: string, pieces: readonly string[], { whole, mayGoOn }: ExchangeOptions): Promise<string> {
  const left = [...pieces];
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", noDelay: true });
    let text = "";
    function send(): void {
      const piece = left.shift();
      if (piece === undefined) return;
      socket.write(piece);
      if (mayGoOn === undefined) setTimeout(send, 5);
    }
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.on("connect", send);
    socket.on("data", (piece: string) => {
      text += piece;
      if (whole(text)) socket.destroy();
      else if (mayGoOn?.(text)) send();
    });
  });
}
