import { scriptedProvider } from "@qwen/testing";
import { expect, test } from "vitest";

import type { KeyRecord } from "../src/index.ts";
import { eventsOf, question, servedBy, servedByOpenAI, textIn } from "./served.ts";

test("answers a chat whole, and says who answered", async () => {
  const { ask } = await servedByOpenAI({ "model-a": "Hello there" }, { routes: { smart: ["model-a"] } });
  const response = await ask({ model: "smart", messages: question });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    id: expect.stringMatching(/^chatcmpl-[\da-f]{32}$/),
    object: "chat.completion",
    model: "model-a",
    choices: [{ index: 0, message: { role: "assistant", content: "Hello there" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  });
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "application/json",
    "x-qwen-route": "smart",
    "x-qwen-provider": "up",
    "x-qwen-attempts": "1",
    "x-qwen-overhead-ms": expect.stringMatching(/^\d+\.\d\d$/),
    "x-request-id": expect.stringMatching(/^[\w-]{1,64}$/),
  });
});

test("answers a chat as a stream: the role, deltas, a finish reason and [DONE]", async () => {
  const { ask } = await servedByOpenAI({ "model-a": "Hello there" }, { routes: { smart: ["model-a"] } });
  const response = await ask({ model: "smart", messages: question, stream: true });
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    "x-qwen-route": "smart",
    "x-qwen-provider": "up",
    "x-qwen-attempts": "1",
  });
  const events = await eventsOf(response);
  expect(textIn(events)).toBe("Hello there");
  expect(events[0]).toMatchObject({
    object: "chat.completion.chunk",
    model: "model-a",
    choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
  });
  expect(events.at(-2)).toMatchObject({ choices: [{ delta: {}, finish_reason: "stop" }] });
  expect(events.at(-1)).toBe("data: [DONE]");
});

test("lists the names of the router, and finds each by its encoded id", async () => {
  const { get } = await servedByOpenAI({ "model-a": "Hello" }, { routes: { smart: ["model-a"] } });
  const list = (await (await get("/v1/models")).json()) as { readonly data: readonly object[] };
  expect(list).toMatchObject({
    object: "list",
    data: [
      { id: "smart", object: "model", owned_by: "up", created: expect.any(Number), qwen: { state: "up" } },
      { id: "model-a" },
    ],
  });
  for (const id of ["smart", "up%2Fmodel-a", "up/model-a"])
    expect(await (await get(`/v1/models/${id}`)).json()).toMatchObject({ id: decodeURIComponent(id), object: "model" });
});

test("never rejects, whatever it is asked to answer", async () => {
  const { gateway } = servedBy([scriptedProvider({ script: ["Hello"] })]);
  for (const asked of [undefined, "http://localhost/", { url: "http://localhost/v1/models", method: "GET" }]) {
    const answer = await gateway.fetch(asked as unknown as Request);
    expect(await answer.json()).toMatchObject({ error: { code: "internal_error" } });
    expect(answer.status).toBe(500);
  }
});

test("an option that throws when it is looked at is a TypeError that names it", () => {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  const throws = (): never => {
    throw new Error("sk-secret");
  };
  for (const odd of [proxy, new Proxy([], { get: throws })])
    for (const name of ["hosts", "cors", "mounts", "keys"])
      expect(() => servedBy([], { [name]: odd })).toThrow(`\`options.${name}\` cannot be read, it throws.`);
  expect(() => servedBy([], { keys: [proxy as unknown as KeyRecord] })).toThrow("`keys` cannot be read, it throws.");
});
