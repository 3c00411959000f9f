import { createRouter } from "@qwen/core";
import { scriptedProvider } from "@qwen/testing";
import { expect, it, onTestFinished } from "vitest";

import { createGateway } from "../../src/index.ts";
import { serveGateway } from "../../src/node/index.ts";
import { raw } from "./raw.ts";

it("the first piece of a stream goes out with the headers, and what follows as it comes", async () => {
  const router = createRouter({ plugins: [scriptedProvider({ script: ["Hello", { waitMs: 20 }, " there"] })] });
  const { port, close } = await serveGateway(createGateway({ router }), { port: 0, signals: [] });
  onTestFinished(() => close({ drainMs: 0 }));
  const body = JSON.stringify({ model: "scripted-model", messages: [{ role: "user", content: "Hi" }], stream: true });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const answers = await raw(port, head + body + head + body);
  expect(answers.statuses).toEqual([200, 200]);
  expect(answers.text.match(/transfer-encoding: chunked/gi)).toHaveLength(2);
  expect(answers.text.match(/data: \[DONE\]\n\n\r\n0\r\n\r\n/g)).toHaveLength(2);
});

it("a stream for HTTP/1.0, as some proxies speak it, is not in chunks, and ends with its connection", async () => {
  const router = createRouter({ plugins: [scriptedProvider({ script: ["Hello", { waitMs: 20 }, " there"] })] });
  const { port, close } = await serveGateway(createGateway({ router }), { port: 0, signals: [] });
  onTestFinished(() => close({ drainMs: 0 }));
  const body = JSON.stringify({ model: "scripted-model", messages: [{ role: "user", content: "Hi" }], stream: true });
  const head = `POST /v1/chat/completions HTTP/1.0\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const { text, isClosed } = await raw(port, head + body);
  expect(text).not.toMatch(/transfer-encoding/i);
  expect(text).toMatch(/\r\n\r\ndata: \{.*data: \[DONE\]\n\n$/s);
  expect(isClosed).toBe(true);
});
