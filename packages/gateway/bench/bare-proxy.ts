import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

import { answerParent } from "./child.ts";

// What no gateway in Node can be below: it reads a body, asks with it, and pipes what comes. It looks at nothing.

const [, , upstream = ""] = process.argv;
const agent = new Agent({ keepAlive: true });

const server = createServer((incoming, outgoing) => {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => {
    const body = Buffer.concat(chunks);
    const headers = { "content-type": "application/json", "content-length": body.length };
    const asked = request(`${upstream}/chat/completions`, { method: "POST", agent, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, { "content-type": response.headers["content-type"] ?? "" });
      response.pipe(outgoing);
    });
    asked.end(body);
  });
}).listen(0, "127.0.0.1");
await once(server, "listening");

answerParent({ url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` });
