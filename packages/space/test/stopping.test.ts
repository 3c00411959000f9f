import { describe, expect, test } from "vitest";

import { completed, generating, says, type TestSpace } from "../../core/test/servers/test-space.ts";
import { space } from "../src/index.ts";
import { hear } from "./hearing.ts";
import { answer, ask, bodyOf, CHAT, serve, type App } from "./served.ts";

describe("stopped", () => {
  const steps: App = {
    components: [...CHAT.components, { id: 3, type: "state", props: {} }],
    dependencies: [
      { id: 0, api_name: "take", targets: [[1, "submit"]], inputs: [1], outputs: [1, 3] },
      { id: 1, api_name: "bot", targets: [[null, "then"]], trigger_after: 0, inputs: [3, 2], outputs: [2] },
      { id: 2, api_name: "on", targets: [[null, "then"]], trigger_after: 1, inputs: [], outputs: [1] },
    ],
  };

  async function stop(server: TestSpace, route: string): Promise<void> {
    const provider = space(server.origin, { id: "any", timeouts: { headersMs: 5000 } });
    const leave = new AbortController();
    const asked = hear(provider, { messages: ask("Hi"), signal: leave.signal });
    asked.catch(() => {});
    while (!server.log.includes(route)) await new Promise((resolve) => setTimeout(resolve, 5));
    const startedAt = performance.now();
    leave.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    expect(performance.now() - startedAt).toBeLessThan(250);
    await provider.close?.();
  }

  test("while /config is read, nothing else is asked", async () => {
    await using server = await serve(steps);
    server.handlers.config = () => {};
    await stop(server, "config");
    await expect.poll(() => server.log).toEqual(["config", "close config"]);
  });

  test("while a step runs on the queue, that one is cancelled and the next is not asked for", async () => {
    await using server = await serve(steps);
    server.handlers.data = ({ events }) => void events();
    await stop(server, "data");
    const cancelled = server.requests.filter(({ route }) => route === "cancel");
    expect(cancelled.map((one) => bodyOf(one)["fn_index"])).toEqual([0]);
    expect(server.log.filter((route) => route === "join")).toHaveLength(1);
  });

  test("while an unqueued step runs, nothing follows", async () => {
    const [first, ...others] = steps.dependencies;
    await using server = await serve({ ...steps, dependencies: [{ ...first, queue: false }, ...others] });
    server.handlers.run = () => {};
    await stop(server, "run");
    await expect.poll(() => server.log).toEqual(["config", "run", "close run"]);
  });

  test("while it answers, the answer is cancelled, and what the page does next is not sent", async () => {
    await using server = await serve(steps);
    let streams = 0;
    server.handlers.data = (exchange) => {
      streams += 1;
      if (streams === 1) return says(completed(["", null]))(exchange);
      exchange.events().send(generating([answer("He")]));
    };
    const provider = space(server.origin, { id: "any" });
    for await (const part of provider.stream({ messages: ask("Hi") })) if (part.type === "text-delta") break;
    await provider.close?.();
    const cancelled = server.requests.filter(({ route }) => route === "cancel");
    expect(cancelled.map((one) => bodyOf(one)["fn_index"])).toEqual([1]);
    expect(server.log.filter((route) => route === "join")).toHaveLength(2);
  });

  test("at its end nothing more is asked for than led to the answer", async () => {
    await using server = await serve(steps);
    let streams = 0;
    server.handlers.data = (exchange) =>
      says(completed((streams += 1) === 1 ? ["", null] : [answer("Hello.")]))(exchange);
    const provider = space(server.origin, { id: "any" });
    expect(await hear(provider, { messages: ask("Hi") })).toMatchObject({ text: "Hello." });
    expect(server.log).toEqual(["config", "join", "data", "join", "data"]);
    await provider.close?.();
  });
});
