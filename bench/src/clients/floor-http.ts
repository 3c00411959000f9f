import { Agent, request } from "node:http";

import type { BenchClient, Target } from "./client.ts";
import { createFloorReader, joinBody } from "./floor.ts";

/** Written by hand on `node:http`, the least that can be written. */
export function createClient(target: Target): BenchClient {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: Infinity });
  let sessions = 0;

  function send(path: string, body: string | undefined, onData: (bytes: Uint8Array) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = request(
        `${target.url}${path}`,
        {
          agent,
          method: body === undefined ? "GET" : "POST",
          headers:
            body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
        },
        (response) => {
          response.on("data", onData);
          response.on("end", resolve);
          response.on("error", reject);
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }

  return {
    async ask(prompt, onText) {
      const session = `floor${process.pid}x${++sessions}`;
      await send("/gradio_api/queue/join", joinBody(target, prompt, session), () => {});
      // The agent has its connection back one turn after the end.
      await new Promise(setImmediate);
      await send(`/gradio_api/queue/data?session_hash=${session}`, undefined, createFloorReader(target, onText).feed);
    },
    async close() {
      agent.destroy();
    },
  };
}
