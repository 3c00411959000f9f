import type { ServerResponse } from "node:http";

import type { Reply } from "../server/reply.ts";
import { sendWhole, writeBytes } from "../server/send.ts";
import type { StreamReply } from "./app.ts";
import { repeat, type Clock } from "../server/clock.ts";
import type { Fault, FaultName } from "./faults.ts";
import type { Flavour } from "./flavour.ts";
import type { Queue } from "./queue.ts";
import type { RecordedRequest } from "./request.ts";
import type { Sessions } from "./sessions.ts";
import { streamSession } from "./stream.ts";

/** Options of {@link createResponder}. */
export interface ResponderOptions {
  readonly faults: readonly Fault[];
  readonly heartbeatMs: number;
  readonly sessions: Sessions;
  readonly queue: Queue;
  readonly flavour: Flavour;
  readonly clock: Clock;
}

/** Writes answers to the wire, and spoils them where a fault says so. */
export function createResponder(
  response: ServerResponse,
  { faults, heartbeatMs, sessions, queue, flavour, clock }: ResponderOptions,
): (reply: Reply | StreamReply, record: RecordedRequest) => Promise<void> {
  const fault = (name: FaultName): Fault | undefined => faults.find((entry) => entry.name === name);

  const write = (text: string): void => {
    if (fault("byte-split") === undefined) response.write(text);
    else writeBytes(response, text);
  };

  function sendStream(reply: StreamReply): void {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.flushHeaders();
    if (reply.stream === "session") {
      const { sessionHash, format } = reply;
      streamSession(response, { sessionHash, sessions, queue, flavour, heartbeatMs, faults, format, write });
      return;
    }
    write("data: ALIVE\n\n");
    const timer = repeat(heartbeatMs, () => write("data: ALIVE\n\n"));
    response.on("close", () => clearInterval(timer));
  }

  return async (reply, record) => {
    const delay = fault("delay");
    if (delay !== undefined) await clock.sleep(delay.ms ?? 1000);
    if (fault("never-headers") !== undefined || response.destroyed) return;
    if ("stream" in reply) {
      record.status = 200;
      sendStream(reply);
    } else {
      record.status = reply.status;
      sendWhole(response, reply, (name) => fault(name) !== undefined);
    }
  };
}
