import type { IncomingMessage, ServerResponse } from "node:http";

import type { Fault, FaultName } from "@qwen/testing";

/** Passes a stream of events on to a client, up to where a fault strikes. */
export function breakStream(
  answer: IncomingMessage,
  { response, faults }: { readonly response: ServerResponse; readonly faults: readonly Fault[] },
): void {
  const pending = new Set(faults);
  const has = (name: FaultName): boolean => faults.some((fault) => fault.name === name);
  let outputs = 0;
  let text = "";
  let over = false;

  response.writeHead(answer.statusCode ?? 502, { "content-type": answer.headers["content-type"] });
  response.flushHeaders();
  // A client that leaves is one that leaves the app.
  response.on("close", () => answer.destroy());

  function write(piece: string): void {
    if (!has("byte-split")) response.write(piece);
    else for (const byte of Buffer.from(piece)) response.write(Uint8Array.of(byte));
  }

  /** Lets go of the app as a network does that fails between the two. */
  function leave(): void {
    over = true;
    answer.destroy();
  }

  function strike({ name }: Fault): void {
    switch (name) {
      case "eof":
        leave();
        response.end();
        break;
      case "reset":
        leave();
        // A reset throws away what has not been read yet; a moment later the client has it.
        setTimeout(() => response.socket?.resetAndDestroy(), 20);
        break;
      case "truncated":
        leave();
        response.end('data: {"msg":"process_gen');
        break;
      case "server-stopped":
        leave();
        write(eventOf({ msg: "unexpected_error", event_id: null, message: "Server stopped.", success: false }));
        response.socket?.end();
        break;
      case "session-not-found":
        leave();
        write(eventOf({ msg: "unexpected_error", message: "404: Not Found", session_not_found: true, success: false }));
        response.socket?.end();
        break;
      case "headers-only":
      case "stall":
        over = true;
        break;
      case "heartbeats-only": {
        over = true;
        const timer = setInterval(() => write(eventOf({ msg: "heartbeat", event_id: null })), 50);
        response.on("close", () => clearInterval(timer));
        break;
      }
      case "unknown-message":
        write(eventOf({ msg: "weather_report", event_id: null, output: { data: ["sunny"] } }));
        break;
      case "garbage-line":
        write("data: {this is not JSON\n\n");
        break;
      default:
    }
  }

  /** Strikes with what is due after so many messages with output. */
  function due(): void {
    for (const fault of pending) {
      if (over || (fault.after ?? 1) !== outputs) continue;
      pending.delete(fault);
      strike(fault);
    }
  }

  function pass(event: string): void {
    const output = event.includes('"process_generating"');
    const completion = event.includes('"process_completed"');
    if (outputs === 0 && (output || completion)) due();
    if (over || (completion && has("missing-completion"))) return;
    write(event);
    if (!output) return;
    outputs += 1;
    due();
  }

  for (const fault of faults) {
    if (fault.name !== "headers-only" && fault.name !== "session-not-found") continue;
    strike(fault);
    return;
  }
  answer.setEncoding("utf8");
  answer.on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0 && !over; end = text.indexOf("\n\n")) {
      const event = text.slice(0, end + 2);
      text = text.slice(end + 2);
      pass(event);
    }
  });
  answer.on("end", () => {
    if (!over) response.end(text);
  });
  answer.on("error", () => {
    if (!over) response.destroy();
  });
}

function eventOf(message: object): string {
  return `data: ${JSON.stringify(message)}\n\n`;
}
