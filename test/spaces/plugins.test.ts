import { qwen1M } from "@qwen/1m";
import { qwen72B } from "@qwen/72b";
import { createRouter, type Message, type Provider } from "@qwen/core";
import type { SpaceProviderOptions } from "@qwen/core/gradio";
import type { SpaceName } from "@qwen/local-spaces";
import { qwenMax } from "@qwen/max";
import { qvq } from "@qwen/qvq";
import { createSpaceEmulator } from "@qwen/testing";
import { describe, expect, test } from "vitest";

import {
  completed,
  configOf,
  estimation,
  generating,
  says,
  startTestSpace,
} from "../../packages/core/test/servers/test-space.ts";
import { rerouted } from "./rerouted.ts";

interface Plugin {
  readonly name: SpaceName;
  readonly create: (options?: SpaceProviderOptions) => Provider;
  readonly host: string;
  readonly model: string;
  readonly aliases: readonly string[];
  readonly label: string;
  readonly endpoint: string;
  readonly prefix: string;
}

const plugins: readonly Plugin[] = [
  {
    name: "max",
    create: qwenMax,
    host: "qwen-qwen2-5-max-demo.hf.space",
    model: "qwen-qwen2-5-max",
    aliases: ["qwen-2.5-max", "qwen-2-5-max", "qwen-max"],
    label: "Qwen Qwen-2.5-Max",
    endpoint: "model_chat",
    prefix: "/gradio_api",
  },
  {
    name: "1m",
    create: qwen1M,
    host: "qwen-qwen2-5-1m-demo.hf.space",
    model: "qwen-2.5-1m-demo",
    aliases: ["qwen-2.5-1m", "qwen-1m"],
    label: "Qwen Qwen-2.5M",
    endpoint: "agent_run",
    prefix: "",
  },
  {
    name: "72b",
    create: qwen72B,
    host: "qwen-qwen2-72b-instruct.hf.space",
    model: "qwen-qwen2-72b-instruct",
    aliases: ["qwen-2-72b", "qwen-72b"],
    label: "Qwen Qwen-2.72B",
    endpoint: "model_chat",
    prefix: "",
  },
  {
    name: "qvq",
    create: qvq,
    host: "qwen-qvq-72b-preview.hf.space",
    model: "qwen-qvq-72b-preview",
    aliases: ["qvq-72b", "qvq"],
    label: "Qwen QVQ-72B",
    endpoint: "generate",
    prefix: "/gradio_api",
  },
];

const TOKEN = "hf_secret";
const messages: readonly Message[] = [{ role: "user", content: "script:text Hello there." }];

describe.each(plugins)("$name", ({ name, create, host, model, aliases, label, endpoint, prefix }) => {
  test("has the names that its users rely on", async () => {
    const provider = create();
    expect(provider).toMatchObject({ id: name, models: [{ id: model, aliases, label }] });
    const router = createRouter({ plugins: [provider] });
    for (const known of [model, ...aliases, ...[model, ...aliases].map((short) => `${name}/${short}`)]) {
      expect(router.has(known), known).toBe(true);
    }
    expect(create({ id: "other" }).id).toBe("other");
  });

  test("asks the public Space, where the token is X-HF-Authorization and nothing else", async () => {
    await using emulator = await createSpaceEmulator({ shape: name, token: TOKEN });
    await using reroute = rerouted(() => emulator.url);
    const provider = create({ token: TOKEN, transport: reroute.transport });
    await leaveAndFinish(provider);
    expect(new Set(reroute.requests.map(({ url }) => url.origin))).toEqual(new Set([`https://${host}`]));
    for (const { headers } of emulator.requests) {
      expect(headers).toMatchObject({ "x-hf-authorization": `Bearer ${TOKEN}` });
      expect(headers).not.toHaveProperty("authorization");
      expect(headers).not.toHaveProperty("cookie");
    }
  });

  test("sends the token to a host of the caller's naming as Authorization and nothing else", async () => {
    await using emulator = await createSpaceEmulator({ shape: name, token: TOKEN });
    await leaveAndFinish(create({ space: emulator.url, token: TOKEN }));
    for (const { headers } of emulator.requests) {
      expect(headers).toMatchObject({ authorization: `Bearer ${TOKEN}` });
      expect(headers).not.toHaveProperty("x-hf-authorization");
    }
  });

  test("sends neither header without a token", async () => {
    await using emulator = await createSpaceEmulator({ shape: name });
    await leaveAndFinish(create({ space: emulator.url }));
    for (const { headers } of emulator.requests) {
      expect(headers).not.toHaveProperty("authorization");
      expect(headers).not.toHaveProperty("x-hf-authorization");
    }
  });

  test("sends the caller's own headers with every request about a call, the call's over the provider's", async () => {
    await using emulator = await createSpaceEmulator({ shape: name });
    const provider = create({ space: emulator.url, headers: { "x-own": "provider", "x-both": "provider" } });
    for await (const _ of provider.stream({ messages, headers: { "X-Both": "call" } }));
    const about = emulator.requests.filter(({ route }) => route !== "config");
    expect(about.length).toBeGreaterThan(1);
    for (const { headers } of about) expect(headers).toMatchObject({ "x-own": "provider", "x-both": "call" });
    await provider.close?.();
  });

  test("keeps the token out of what it throws", async () => {
    await using emulator = await createSpaceEmulator({ shape: name, token: "another" });
    const error: unknown = await createRouter({ plugins: [create({ space: emulator.url, token: TOKEN })] })
      .complete({ model, messages, retry: { maxAttempts: 1 } })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ provider: name });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error)).not.toContain(TOKEN);
  });

  test("knows another Space by owner/name", async () => {
    await using emulator = await createSpaceEmulator({ shape: name });
    await using reroute = rerouted(() => emulator.url);
    await finish(create({ space: "Me/My_Space", transport: reroute.transport }));
    expect(reroute.requests[0]?.url.origin).toBe("https://me-my-space.hf.space");
  });

  test("warns of the settings it cannot honour, and refuses tools and JSON before any request", async () => {
    await using emulator = await createSpaceEmulator({ shape: name });
    await using router = createRouter({ plugins: [create({ space: emulator.url })] });
    const settings = { temperature: 0.5, maxOutputTokens: 10 };
    const { warnings } = await router.complete({ model, messages, settings });
    expect(warnings.map(({ feature }) => feature).toSorted()).toEqual(["maxOutputTokens", "temperature"]);
    const sent = emulator.requests.length;
    for (const refused of [
      { responseFormat: { type: "json" } },
      { tools: [{ name: "clock", inputSchema: {} }] },
    ] as const)
      await expect(router.complete({ model, messages, settings: refused })).rejects.toMatchObject({
        code: "unsupported",
      });
    expect(emulator.requests).toHaveLength(sent);
  });

  test("begins once more where the session is lost, unless something was said already", async () => {
    const config = configOf({ endpoints: name === "1m" ? ["lambda", "add_text", endpoint] : [endpoint] }, prefix);
    const lost = { msg: "unexpected_error", event_id: null, message: "404: Not Found", session_not_found: true };
    for (const { stream, joins } of [
      { stream: [lost], joins: 2 },
      { stream: [estimation(3), lost], joins: 1 },
    ]) {
      await using space = await startTestSpace(
        {
          config: ({ reply }) => reply(200, config),
          run: ({ reply }) => reply(200, { data: [{}, [], null] }),
          data: says(...stream),
        },
        { prefix },
      );
      const provider = create({ space: space.origin });
      await expect(finish(provider)).rejects.toMatchObject({ code: "session_not_found", provider: name });
      expect(space.log.filter((route) => route === "join")).toHaveLength(joins);
      await provider.close?.();
    }
  });

  test("leaves a queue that would take too long", async () => {
    await using space = await startTestSpace(
      {
        run: ({ reply }) => reply(200, { data: [{}, [], null] }),
        data: ({ events }) => events().send(estimation(3, 60)),
      },
      { prefix },
    );
    const provider = create({ space: space.origin });
    const stream = provider.stream({ messages, maxQueueMs: 59_000 });
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "queue_full", provider: name });
    await expect.poll(() => space.log).toContain("close data");
    await provider.close?.();
  });

  test("calls an answer of another shape `protocol`, and one of nulls `empty_response`", async () => {
    const endpoints = name === "1m" ? ["lambda", "add_text", endpoint] : [endpoint];
    const config = configOf({ endpoints }, prefix);
    for (const { data, code } of [
      { data: [{ foo: 1 }, 2, "three"], code: "protocol" },
      { data: [{ foo: 1 }], code: "protocol" },
      { data: [null, null, null].slice(0, name === "qvq" ? 1 : 3), code: "empty_response" },
    ]) {
      await using space = await startTestSpace(
        {
          config: ({ reply }) => reply(200, config),
          run: ({ reply }) => reply(200, { data: [{}, [], null] }),
          data: says(generating(data), completed(data)),
        },
        { prefix },
      );
      const router = createRouter({ plugins: [create({ space: space.origin })], retry: { maxAttempts: 1 } });
      await expect(router.complete({ model, messages })).rejects.toMatchObject({ code });
      await router.close();
    }
  });

  test("calls a Space that lost its endpoint `space_changed`, and asks on once it is back", async () => {
    await using emulator = await createSpaceEmulator({ shape: name });
    const router = createRouter({ plugins: [create({ space: emulator.url })], retry: { maxAttempts: 1 } });
    const restore = emulator.fault("changed-endpoint");
    const endpoints = expect.arrayContaining([`/${endpoint}_v2`]);
    for (const _ of ["cold", "knowing"])
      await expect(router.complete({ model, messages })).rejects.toMatchObject({ code: "space_changed", endpoints });
    restore();
    await expect(router.complete({ model, messages })).resolves.toMatchObject({ text: "Hello there." });
    await expect(router.complete({ model, messages })).resolves.toMatchObject({ text: "Hello there." });
    await router.close();
  });

  test("calls a Space that moved its endpoint `space_changed` once, and asks in the new place from then on", async () => {
    await using emulator = await createSpaceEmulator({ shape: name });
    const router = createRouter({ plugins: [create({ space: emulator.url })], retry: { maxAttempts: 1 } });
    emulator.fault("changed-fn-index");
    await expect(router.complete({ model, messages })).rejects.toMatchObject({ code: "space_changed" });
    await expect(router.complete({ model, messages })).resolves.toMatchObject({ text: "Hello there." });
    await expect(router.complete({ model, messages })).resolves.toMatchObject({ text: "Hello there." });
    await router.close();
  });
});

/** Leaves one answer in the middle, so that there is something to cancel, then asks for a whole one. */
async function leaveAndFinish(provider: Provider): Promise<void> {
  const slow: readonly Message[] = [{ role: "user", content: "script:slow 1000 10" }];
  for await (const part of provider.stream({ messages: slow })) if (part.type === "text-delta") break;
  await finish(provider);
}

async function finish(provider: Provider): Promise<void> {
  const parts = [];
  for await (const part of provider.stream({ messages })) parts.push(part);
  expect(parts.at(-1)).toMatchObject({ type: "finish" });
  await provider.close?.();
}
