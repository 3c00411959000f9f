import type { AddressInfo } from "node:net";

import { createChat } from "./chat.ts";
import { createGradio } from "./gradio.ts";
import { createRawServer, type Traffic } from "./http.ts";
import type { ServerCommand, ServerReply } from "./server.ts";
import type { Protocol } from "./wire.ts";

const none = (): Traffic => ({ connections: 0, requests: 0, pipelined: 0, bytesIn: 0, bytesOut: 0 });

const traffic = none();
let firstOutput = none();
let seen = false;
let rttMs = 0;

function onFirstOutput(): void {
  if (!seen) firstOutput = { ...traffic };
  seen = true;
}

const protocol = (process.argv[2] ?? "5.50") as Protocol;
const answer = protocol === "chat" ? createChat({ onFirstOutput }) : createGradio({ version: protocol, onFirstOutput });
const server = createRawServer({ traffic, rttMs: () => rttMs, answer });

function reply(message: ServerReply): void {
  process.send?.(message);
}

process.on("message", (command: ServerCommand) => {
  if (command.type === "reset") {
    ({ rttMs } = command);
    Object.assign(traffic, none());
    firstOutput = none();
    seen = false;
  }
  reply({ type: "counts", total: { ...traffic }, firstOutput });
});
// Whoever started it is gone.
process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", 2048, () => reply({ type: "ready", port: (server.address() as AddressInfo).port }));
