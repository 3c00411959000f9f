import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { createRouter } from "@qwen/core";
import { openaiCompatible } from "@qwen/openai-compatible";
import { createOpenAIEmulator, type OpenAIAnswers, type OpenAIEmulator } from "@qwen/testing";
import { expect, onTestFinished, test } from "vitest";

import { createGateway, type GatewayOptions } from "../src/index.ts";
import { type CloseOptions, serveGateway } from "../src/node/index.ts";

const PIECE = "x".repeat(10_000);

interface Stage {
  readonly server: OpenAIEmulator;
  close(options?: CloseOptions): Promise<void>;
  call(stream?: boolean): Promise<{ readonly call: ClientRequest; readonly response: IncomingMessage }>;
}

async function stageOf(answer: OpenAIAnswers, options: Partial<GatewayOptions> = {}): Promise<Stage> {
  const server = await createOpenAIEmulator({ models: { m: answer } });
  const router = createRouter({ plugins: [openaiCompatible({ id: "up", baseURL: server.url, models: ["m"] })] });
  const served = await serveGateway(createGateway({ router, ...options }), { port: 0, signals: [] });
  const calls: ClientRequest[] = [];
  onTestFinished(async () => {
    for (const call of calls) call.destroy();
    await served.close({ drainMs: 0 });
    await router.close();
    await server.close();
  });
  return {
    server,
    close: (how) => served.close(how),
    async call(stream = true) {
      const headers = { "content-type": "application/json" };
      const call = request(`${served.url}/v1/chat/completions`, { method: "POST", headers, agent: false });
      calls.push(call);
      call.on("error", () => {});
      call.end(JSON.stringify({ model: "m", stream, messages: [{ role: "user", content: "Hi" }] }));
      const response = await new Promise<IncomingMessage>((resolve) => call.once("response", resolve));
      response.on("error", () => {});
      return { call, response };
    },
  };
}

const piecesOf = ({ calls }: OpenAIEmulator): number => calls.reduce((all, { pieces }) => all + pieces, 0);

/** Waits until nothing more is said. */
async function untilStill(server: OpenAIEmulator): Promise<number> {
  for (let before = -1; ; await sleep(100)) {
    const now = piecesOf(server);
    if (now === before && now > 0) return now;
    before = now;
  }
}

test("a client that does not read stops the provider, and gets all of it once it reads", async () => {
  // More than what buffers of the sockets between hold.
  const count = 1400;
  const { server, call } = await stageOf({ steps: Array.from({ length: count }, () => PIECE) });
  const { response } = await call();
  const said = await untilStill(server);
  expect(said).toBeLessThan(count);
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await new Promise((resolve) => response.once("end", resolve));
  expect(piecesOf(server)).toBe(count);
  expect(text.split(PIECE).length - 1).toBe(count);
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
});

test("a client that reads nothing for `idleClientMs` is left: its job ends, and what it reads later is no whole answer", async () => {
  const { server, call } = await stageOf({ steps: Array.from({ length: 1400 }, () => PIECE) }, { idleClientMs: 300 });
  const { response } = await call();
  while (server.calls[0]?.state === "running") await sleep(20);
  expect(server.calls.map(({ state }) => state)).toStrictEqual(["cancelled"]);
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await new Promise((resolve) => response.once("close", resolve));
  expect(response.complete).toBe(false);
  expect(text).not.toContain("[DONE]");
  expect(text).not.toContain('"finish_reason":"');
});

test("a client that waits for a slow model is not taken for one that does not read", async () => {
  const steps = ["a", { waitMs: 400 }, "b"];
  const { call } = await stageOf({ steps }, { idleClientMs: 100, keepAliveMs: 50 });
  const { response } = await call();
  let text = "";
  for await (const chunk of response) text += String(chunk);
  expect(text).toContain("[DONE]");
});

/** All of an answer, and whether it came whole. */
async function read(response: IncomingMessage): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await new Promise((resolve) => response.once("close", resolve));
  return { text, isWhole: response.complete };
}

test("a client that reads nothing of a whole answer for `idleClientMs` is left as well", async () => {
  const { call } = await stageOf({ steps: Array.from({ length: 1400 }, () => PIECE) }, { idleClientMs: 200 });
  const stalled = await call(false);
  await sleep(600);
  expect((await read(stalled.response)).isWhole).toBe(false);
});

test("a client that reads a whole answer slowly gets all of it, however long that takes", async () => {
  const { call } = await stageOf({ steps: Array.from({ length: 1400 }, () => PIECE) }, { idleClientMs: 200 });
  const { response } = await call(false);
  let size = 0;
  const startedAt = performance.now();
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (performance.now() - startedAt < size / 30_000) await sleep(5);
  }
  expect(size).toBeGreaterThan(14_000_000);
  expect(performance.now() - startedAt).toBeGreaterThan(400);
});

test.each([false, true])("closing waits for who reads slowly, as long as it may (streamed: %s)", async (stream) => {
  const { call, close } = await stageOf({ steps: Array.from({ length: 600 }, () => PIECE) });
  const { response } = await call(stream);
  await sleep(100);
  const closing = close({ drainMs: 20_000 });
  await sleep(100);
  const { text, isWhole } = await read(response);
  expect(isWhole).toBe(true);
  expect(text.split(PIECE).length - 1).toBe(600);
  await closing;
});
