import Agent from "undici/lib/dispatcher/agent.js";

import type { BenchClient, Target } from "./client.ts";
import { createFloorReader, joinBody } from "./floor.ts";

/** Written by hand on undici's `dispatch`, the least that can be written. */
export function createClient(target: Target): BenchClient {
  const agent = new Agent({
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000 },
    connectTimeout: 10_000,
  });
  let sessions = 0;

  function send(path: string, body: string | undefined, onData: (bytes: Uint8Array) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      agent.dispatch(
        {
          origin: target.url,
          path,
          method: body === undefined ? "GET" : "POST",
          headers: body === undefined ? {} : { "content-type": "application/json" },
          headersTimeout: 0,
          bodyTimeout: 0,
          ...(body === undefined ? {} : { body }),
        },
        {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData: (_, chunk) => onData(chunk),
          onResponseEnd: () => resolve(),
          onResponseError: (_, error) => reject(error),
        },
      );
    });
  }

  return {
    async ask(prompt, onText) {
      const session = `floor${process.pid}x${++sessions}`;
      await send("/gradio_api/queue/join", joinBody(target, prompt, session), () => {});
      // A GET in the same turn would open a second connection.
      await new Promise(setImmediate);
      await send(`/gradio_api/queue/data?session_hash=${session}`, undefined, createFloorReader(target, onText).feed);
    },
    close: () => agent.close(),
  };
}
