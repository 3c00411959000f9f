import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";

import { servedByOpenAI } from "./served.ts";

describe("images and files by address", () => {
  const image = (url: string) => [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }];

  test("of private hosts are a 400 in words that tell nothing of what is there", async () => {
    const { ask: send, server } = await servedByOpenAI({ m: "Hello" });
    for (const url of [
      `${server.url}/a.png`,
      "http://169.254.169.254/latest",
      "http://localhost:1/",
      "http://[::1]/",
    ]) {
      const response = await send({ model: "m", messages: image(url) });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { param: "messages", type: "invalid_request_error" } });
    }
    expect(server.requests).toHaveLength(0);
  });

  test("are fetched by the gateway and handed on as bytes", async () => {
    const { ask: send, server } = await servedByOpenAI({ m: "Hello" }, { urls: "any" });
    const response = await send({ model: "m", messages: image(`${server.url}/models`) });
    expect(response.status).toBe(200);
    expect(server.requests.map(({ route }) => route)).toStrictEqual(["models", "chat"]);
    expect(JSON.stringify(server.requests[1]?.body)).toContain("data:");
    expect(JSON.stringify(server.requests[1]?.body)).not.toContain(server.url);
  });

  test("are not fetched where the operator says so, nor for a model that takes none, nor for none at all", async () => {
    const closed = await servedByOpenAI({ m: "Hello" }, { urls: "none" });
    expect((await closed.ask({ model: "m", messages: image("https://example.com/a.png") })).status).toBe(400);
    expect((await closed.ask({ model: "m", messages: image("data:image/png;base64,AA==") })).status).toBe(200);
    const blind = await servedByOpenAI({ m: "Hello" }, { urls: "any", capabilities: {} });
    expect((await blind.ask({ model: "m", messages: image(`${blind.server.url}/models`) })).status).toBe(400);
    expect((await blind.ask({ model: "nobody", messages: image(`${blind.server.url}/models`) })).status).toBe(404);
    expect(blind.server.requests).toHaveLength(0);
  });
});

test("a file that comes too slowly ends with the deadline of its request, as a 504", async () => {
  const { ask: send, server } = await servedByOpenAI({ m: "Hello" }, { urls: "any" });
  server.fault({ name: "never-headers", route: "models" });
  const content = [{ type: "image_url", image_url: { url: `${server.url}/models` } }];
  const response = await send({ model: "m", messages: [{ role: "user", content }], qwen: { timeout_ms: 50 } });
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ error: { code: "timeout_total" } });
});

/** Files of which each takes its time, but for `/none`, which is not there. */
async function slowFiles(delayMs: number): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    asked.push(url);
    if (url === "/none") response.writeHead(404).end();
    else setTimeout(() => response.end("file"), delayMs);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function asking(urls: readonly string[]): object[] {
  return [{ role: "user", content: urls.map((url) => ({ type: "image_url", image_url: { url } })) }];
}

test("many files that come one after the other end with the deadline of their request as well", async () => {
  const { ask: send } = await servedByOpenAI({ m: "Hello" }, { urls: "any" });
  const { url, asked } = await slowFiles(60);
  const urls = Array.from({ length: 32 }, (_, index) => `${url}/${index}`);
  const response = await send({ model: "m", messages: asking(urls), qwen: { timeout_ms: 100 } });
  expect(await response.json()).toMatchObject({ error: { code: "timeout_total" } });
  expect(response.status).toBe(504);
  expect(asked.length).toBeLessThan(13);
});

test("once a file cannot be had the others are not fetched for nobody", async () => {
  const { ask: send } = await servedByOpenAI({ m: "Hello" }, { urls: "any" });
  const { url, asked } = await slowFiles(20);
  const urls = Array.from({ length: 31 }, (_, index) => `${url}/${index}`);
  expect((await send({ model: "m", messages: asking([`${url}/none`, ...urls]) })).status).toBe(400);
  await new Promise((resolve) => void setTimeout(resolve, 60));
  // Those that were under way beside it.
  expect(asked.length).toBeLessThan(5);
});
