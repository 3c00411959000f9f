import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { configOf, startTestSpace } from "../servers/test-space.ts";
import { collect, rejection, until } from "../servers/waiting.ts";

const MB = 1024 * 1024;

describe("an endpoint without a queue", () => {
  const config = configOf({ dependencies: [{ id: 4, api_name: "quick", queue: false }] });

  it("answers at once by /run, whole", async () => {
    await using space = await startTestSpace({
      config: ({ reply }) => reply(200, config),
      run: ({ reply }) => reply(200, { data: ["done", 1], duration: 0.1 }),
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    expect(await collect(client.submit("quick", ["in"]))).toEqual([{ type: "completed", data: ["done", 1] }]);
    expect(space.log).toEqual(["config", "run"]);
    expect(space.requests[1]?.json).toMatchObject({ data: ["in"], fn_index: 4, session_hash: expect.any(String) });
    await client.close();
  });

  it.each([
    ["gr.Error", 500, { error: "gave up", title: "Oh" }, { code: "space_error", message: "gave up", title: "Oh" }],
    ["a hidden exception", 500, { error: null }, { code: "space_error", hidden: true }],
    ["a page", 503, "<html><title>Restarting</title></html>", { code: "space_unavailable", status: 503 }],
    ["429", 429, "slow", { code: "rate_limited", retryAfterMs: 2000 }],
    ["200 without outputs", 200, { ok: true }, { code: "protocol" }],
    ["200 that is a page", 200, "<html></html>", { code: "space_unavailable" }],
  ])("fails with %s in its own code", async (_, status, body, expected) => {
    await using space = await startTestSpace({
      config: ({ reply }) => reply(200, config),
      run: ({ reply }) => reply(status, body, { "retry-after": "2" }),
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    expect(await rejection(client.predict("quick", []))).toMatchObject(expected);
    await client.close();
  });

  it.each([
    [404, { code: "protocol", status: 404 }],
    [413, { code: "context_length_exceeded" }],
    [500, { code: "space_error", hidden: true }],
    [503, { code: "space_unavailable", status: 503 }],
  ])("that fails with a page without an end is left after the beginning of it: %i", async (status, expected) => {
    let sent = 0;
    const server = createServer((request, response) => {
      if (request.url?.endsWith("/config") === true) {
        response.end(JSON.stringify(config));
        return;
      }
      response.writeHead(status);
      const go = (): void => {
        while (!response.destroyed && sent < 64 * MB) {
          sent += 64 * 1024;
          if (response.write(Buffer.alloc(64 * 1024, "x"))) continue;
          response.once("drain", go);
          return;
        }
      };
      go();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const client = connectSpace(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await client.endpoints();
    expect(await rejection(client.predict("quick", []))).toMatchObject(expected);
    // What the system holds of it is a few MB.
    expect(sent).toBeLessThan(16 * MB);
    await client.close();
    server.close();
    server.closeAllConnections();
  });

  it("is awaited for `answerMs`, as it comes whole", async () => {
    await using space = await startTestSpace({ config: ({ reply }) => reply(200, config), run: () => {} });
    const client = connectSpace(space.origin);
    await client.endpoints();
    const timeouts = { headersMs: 10, firstOutputMs: 10, answerMs: 60 };
    expect(await rejection(client.predict("quick", [], { timeouts }))).toMatchObject({
      code: "timeout",
      phase: "answer",
      limitMs: 60,
      message: expect.stringContaining("answerMs"),
    });
    await client.close();
  });

  it("is dropped by an abort, with the signal's reason", async () => {
    await using space = await startTestSpace({ config: ({ reply }) => reply(200, config), run: () => {} });
    const client = connectSpace(space.origin);
    await client.endpoints();
    const controller = new AbortController();
    const failure = rejection(client.predict("quick", [], { signal: controller.signal }));
    await until(() => space.log.includes("run"));
    controller.abort(new Error("mine"));
    expect(await failure).toEqual(new Error("mine"));
    await until(() => space.log.includes("close run"));
    await client.close();
  });
});
