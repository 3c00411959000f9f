import { describe, expect, test, vi } from "vitest";

import { completed, failed, says } from "../../core/test/servers/test-space.ts";
import { space } from "../src/index.ts";
import { hear } from "./hearing.ts";
import { recorded } from "./recorded.ts";
import { answer, ask, bodyOf, CHAT, serve, TURNS } from "./served.ts";

describe("what a call costs", () => {
  test("is /config, the job and its stream, and from then on the job and its stream", async () => {
    await using server = await serve(CHAT);
    const provider = space(server.origin, { id: "any" });
    expect(await hear(provider, { messages: ask("Hi") })).toMatchObject({ text: "Hello." });
    expect(server.log).toEqual(["config", "join", "data"]);
    await hear(provider, { messages: TURNS });
    expect(server.log.slice(3)).toEqual(["join", "data"]);
    expect(bodyOf(server.requests[3])).toMatchObject({
      fn_index: 4,
      data: [
        "And now?",
        [
          { role: "user", content: "Hi" },
          { role: "assistant", content: "Hello" },
        ],
      ],
    });
    await provider.close?.();
  });

  test("is one /config for as many calls as begin at once", async () => {
    await using server = await serve(CHAT);
    const provider = space(server.origin, { id: "any" });
    await Promise.all([1, 2, 3, 4].map((number) => hear(provider, { messages: ask(`Number ${number}`) })));
    expect(server.log.filter((route) => route === "config")).toHaveLength(1);
    await provider.close?.();
  });

  test("is one request more for a step, and one for a history that a function takes", async () => {
    await using server = await serve({ ...recorded("5.9", "interface") });
    server.handlers.data = says(completed(["Hello.", null]));
    const provider = space(server.origin, { id: "any" });
    await hear(provider, { messages: ask("Hi") });
    expect(server.log).toEqual(["config", "join", "data"]);
    await hear(provider, { messages: TURNS });
    expect(server.log.slice(3)).toEqual(["run", "join", "data"]);
    expect(bodyOf(server.requests[3])).toMatchObject({ data: [[["Hi", "Hello"]]] });
    expect(bodyOf(server.requests[3])["session_hash"]).toBe(bodyOf(server.requests[4])["session_hash"]);
    await provider.close?.();
  });

  test("is /info as well where an input is called nothing on the page", async () => {
    await using server = await serve({
      components: [...CHAT.components, { id: 3, type: "slider", props: { value: 1, maximum: 2, minimum: 0 } }],
      dependencies: [{ ...CHAT.dependencies[0], inputs: [1, 2, 3] }],
    });
    const names = ["message", "history", "temperature"].map((name) => ({ parameter_name: name }));
    server.handlers.other = ({ url, reply }) =>
      reply(url.pathname === "/gradio_api/info" ? 200 : 404, { named_endpoints: { "/chat": { parameters: names } } });
    const provider = space(server.origin, { id: "any" });
    const told = await hear(provider, { messages: ask("Hi"), settings: { temperature: 0.25 } });
    expect(told.warned).toEqual([]);
    expect(server.log).toEqual(["config", "other", "join", "data"]);
    expect(bodyOf(server.requests[2])).toMatchObject({ data: ["Hi", [], 0.25] });
    await provider.close?.();
  });
});

test.each([
  [429, "rate_limited"],
  [503, "space_unavailable"],
  [500, undefined],
  [404, undefined],
])("an /info of status %i is no plan for ten minutes where it is over in a moment", async (status, code) => {
  await using server = await serve({
    components: [...CHAT.components, { id: 3, type: "slider", props: { value: 1, maximum: 2, step: 1 } }],
    dependencies: [{ ...CHAT.dependencies[0], inputs: [1, 2, 3] }],
  });
  const names = ["message", "history", "temperature"].map((name) => ({ parameter_name: name }));
  server.handlers.other = ({ reply }) => reply(status, {});
  const provider = space(server.origin, { id: "any" });
  const hearOnce = () => hear(provider, { messages: ask("Hi"), settings: { temperature: 1 } });
  const answered = hearOnce();
  if (code === undefined) expect(await answered).toMatchObject({ text: "Hello.", warned: ["temperature"] });
  else {
    await expect(answered).rejects.toMatchObject({ code });
    server.handlers.other = ({ reply }) => reply(200, { named_endpoints: { "/chat": { parameters: names } } });
    expect(await hearOnce()).toMatchObject({ text: "Hello.", warned: [] });
  }
  await provider.close?.();
});

test("a number that goes into an input of whole ones is warned of where it is none", async () => {
  await using server = await serve({
    components: [...CHAT.components, { id: 3, type: "slider", props: { label: "Temperature", maximum: 2, step: 1 } }],
    dependencies: [{ ...CHAT.dependencies[0], inputs: [1, 2, 3] }],
  });
  const provider = space(server.origin, { id: "any" });
  const told = await hear(provider, { messages: ask("Hi"), settings: { temperature: 0.4 } });
  expect(told.warned).toEqual(["temperature"]);
  await provider.close?.();
});

describe("a Space that is changed", () => {
  test("is looked at again behind a call once it was ten minutes ago, for the next one", async () => {
    await using server = await serve(CHAT);
    const provider = space(server.origin, { id: "any" });
    await hear(provider, { messages: ask("Hi") });
    const { now } = performance;
    const later = vi.spyOn(performance, "now").mockImplementation(() => now.call(performance) + 600_001);
    try {
      await hear(provider, { messages: ask("Hi") });
      await expect.poll(() => server.log).toEqual(["config", "join", "data", "join", "data", "config"]);
    } finally {
      later.mockRestore();
    }
    await provider.close?.();
  });

  test("costs the call it hits, which is space_changed, and the next one is right", async () => {
    await using server = await serve(CHAT);
    const provider = space(server.origin, { id: "any" });
    await hear(provider, { messages: ask("Hi") });
    const moved = { ...CHAT, dependencies: [{ id: 0 }, { ...CHAT.dependencies[0], id: 9, outputs: [2] }] };
    server.handlers.config = ({ reply }) =>
      reply(200, { version: "5.50.0", protocol: "sse_v3", api_prefix: "/gradio_api", ...moved });
    server.handlers.data = says(failed({ error: null }));
    await expect(hear(provider, { messages: ask("Hi") })).rejects.toMatchObject({
      code: "space_changed",
      provider: "any",
    });
    server.handlers.data = says(completed([answer("Moved.")]));
    expect(await hear(provider, { messages: ask("Hi") })).toMatchObject({ text: "Moved." });
    expect(bodyOf(server.requests.findLast(({ route }) => route === "join"))["fn_index"]).toBe(9);
    await provider.close?.();
  });

  test.each<readonly [string, readonly unknown[]]>([
    ["says nothing where the chat was", ["", []]],
    ["gives nulls", [null, null]],
    ["gives a text where the chat was", ["", "a summary"]],
    ["gives more than the chat did", ["", answer("?"), "more"]],
    ["gives less", [answer("?")]],
  ])("is told of by another function at its number that %s, though none fails", async (_, data) => {
    await using server = await serve(CHAT);
    const provider = space(server.origin, { id: "any" });
    await hear(provider, { messages: ask("Hi") });
    const moved = { ...CHAT, dependencies: [{ ...CHAT.dependencies[0], id: 9 }] };
    server.handlers.config = ({ reply }) =>
      reply(200, { version: "5.50.0", protocol: "sse_v3", api_prefix: "/gradio_api", ...moved });
    server.handlers.data = says(completed(data));
    await expect(hear(provider, { messages: ask("Hi") })).rejects.toMatchObject({ code: "space_changed" });
    server.handlers.data = says(completed(["", answer("Moved.")]));
    expect(await hear(provider, { messages: ask("Hi") })).toMatchObject({ text: "Moved." });
    await provider.close?.();
  });

  test("says nothing where it has nothing to say, and is the same", async () => {
    await using server = await serve(CHAT);
    server.handlers.data = says(completed(["", []]));
    const provider = space(server.origin, { id: "any" });
    expect(await hear(provider, { messages: ask("Hi") })).toMatchObject({ text: "" });
    await provider.close?.();
  });

  test("is its own error where it fails and is the same", async () => {
    await using server = await serve(CHAT);
    server.handlers.data = says(failed({ error: null }));
    const provider = space(server.origin, { id: "any" });
    await expect(hear(provider, { messages: ask("Hi") })).rejects.toMatchObject({ code: "space_error", hidden: true });
    await provider.close?.();
  });
});
