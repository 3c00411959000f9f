import type { ServerResponse } from "node:http";

import type { Reply } from "./reply.ts";

/** What may happen to an answer that is known whole. */
export type WholeFault = "eof" | "reset" | "headers-only" | "truncated" | "stall" | "byte-split";

/** Sends an answer, or what the faults leave of it. */
export function sendWhole(response: ServerResponse, reply: Reply, has: (name: WholeFault) => boolean): void {
  const { status, headers = {}, body, closes = false } = reply;
  if (has("eof")) return void response.socket?.end();
  if (has("reset")) return void response.socket?.resetAndDestroy();
  for (const [name, value] of Object.entries(headers)) response.appendHeader(name, value);
  if (!(["headers-only", "truncated", "stall", "byte-split"] as const).some(has)) {
    response.writeHead(status, { "content-length": Buffer.byteLength(body) });
    const { socket } = response;
    response.end(body, () => (closes ? socket?.end() : undefined));
    return;
  }
  response.writeHead(status);
  response.flushHeaders();
  if (has("headers-only")) return;
  const said = has("truncated") || has("stall") ? body.slice(0, Math.ceil(body.length / 2)) : body;
  if (has("byte-split")) writeBytes(response, said);
  else response.write(said);
  if (!has("stall")) response.end();
}

/** Each byte as a chunk of its own, however the bytes are put into packets. */
export function writeBytes(response: ServerResponse, text: string): void {
  for (const byte of Buffer.from(text)) response.write(Uint8Array.of(byte));
}
