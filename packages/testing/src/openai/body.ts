import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

import type { Reply } from "../server/reply.ts";
import { sendWhole, type WholeFault } from "../server/send.ts";
import { beat } from "./heartbeat.ts";
import type { OpenAIFault, OpenAIFaultName } from "./faults.ts";

/** Sends an answer that is known whole, or what the faults leave of it. */
export function sendBody(
  response: ServerResponse,
  reply: Reply,
  { faults, heartbeatMs }: { readonly faults: readonly OpenAIFault[]; readonly heartbeatMs: number },
): void {
  const has = (name: OpenAIFaultName): boolean => faults.some((fault) => fault.name === name);
  const { status, headers = {}, body } = reply;
  const half = body.slice(0, Math.ceil(body.length / 2));
  if (has("cut-body")) return sendWhole(response, { ...reply, body: half }, () => false);
  if (has("heartbeats-only") || has("short-body") || has("gzip")) {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  }
  if (has("heartbeats-only")) {
    response.writeHead(status);
    response.flushHeaders();
    // White space before the JSON, as servers send it to keep a connection alive.
    return beat(response, heartbeatMs, "\n");
  }
  if (has("short-body")) {
    response.writeHead(status, { "content-length": Buffer.byteLength(body) });
    const { socket } = response;
    response.write(half, () => socket?.end());
    return;
  }
  if (has("gzip")) return void response.writeHead(status, { "content-encoding": "gzip" }).end(gzipSync(body));
  sendWhole(response, reply, (name: WholeFault) => has(name));
}
