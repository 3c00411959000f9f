import { qwen1M } from "@qwen/1m";
import { qwen72B } from "@qwen/72b";
import { type Completion, createRouter, type Provider } from "@qwen/core";
import { connectSpace, type Transport } from "@qwen/core/gradio";
import { qwenMax } from "@qwen/max";
import { createSpaceEmulator, type SpaceEmulator } from "@qwen/testing";
import { describe, expect, test } from "vitest";

import { startClosingFront } from "./closing-front.ts";
import { leftOf, settled } from "./leftovers.ts";
import { watchTransport } from "./watched-transport.ts";

const ANSWER = ["Hello", " there", ", you"];
const TEXT = ANSWER.join("");
const MESSAGES = [{ role: "user", content: "Hi" }] as const;

async function ask(provider: Provider, signal?: AbortSignal): Promise<Completion> {
  await using router = createRouter({ plugins: [provider], retry: { maxAttempts: 1 } });
  return await router.complete({ model: provider.models[0].id, messages: MESSAGES, signal });
}

/** Nothing runs, nothing is open. */
function left(space: SpaceEmulator): Promise<readonly string[]> {
  const alive = () => space.jobs.filter(({ state }) => state === "queued" || state === "running").length;
  return settled(() => leftOf({ sockets: space.sockets, jobs: alive() }));
}

describe.each([
  ["Gradio 4.44", "72b", qwen72B],
  ["Gradio 5.50", "max", qwenMax],
] as const)("an early stream, %s", (_, shape, create) => {
  test("is asked for before the join is answered, and is all there is to ask for", async () => {
    await using space = await createSpaceEmulator({ shape, answer: ANSWER });
    const { transport, log } = watchTransport();
    const { text } = await ask(create({ space: space.url, transport, earlyStream: true }));
    expect(text).toBe(TEXT);
    expect(log.slice(0, 3)).toEqual(["join sent", "data sent", "join answered"]);
    expect(space.requests.map(({ route }) => route)).toEqual(["join", "data", "config"]);
    await transport.close();
    expect(await left(space)).toEqual([]);
  });

  test("goes over the connection of its join once that is known to stay open, and leaves it to the next call", async () => {
    await using space = await createSpaceEmulator({ shape, answer: ANSWER });
    await using router = createRouter({ plugins: [create({ space: space.url, earlyStream: true })] });
    const model = shape === "max" ? "qwen-max" : "qwen-2-72b";
    for (let call = 0; call < 5; call += 1) await router.complete({ model, messages: MESSAGES });
    const connections = space.requests.filter(({ route }) => route !== "config").map(({ connection }) => connection);
    expect(connections).toHaveLength(10);
    const [, streamOfFirst, ...others] = connections;
    expect(new Set(others)).toEqual(new Set([connections[0]]));
    expect(streamOfFirst).not.toBe(connections[0]);
  });

  test("that overtakes its join is asked for again, and nothing of the answer is lost", async () => {
    await using space = await createSpaceEmulator({ shape, answer: ANSWER });
    const overtaken = Promise.withResolvers<void>();
    const { transport, log } = watchTransport({
      lanes: false,
      before: (kind) => (kind === "join" ? overtaken.promise : undefined),
    });
    void settled(() => (space.requests[0]?.endedAt === undefined ? ["the stream"] : [])).then(() =>
      overtaken.resolve(),
    );
    const { text } = await ask(create({ space: space.url, transport, earlyStream: true }));
    expect(text).toBe(TEXT);
    expect(log.filter((line) => line.endsWith("sent"))).toEqual(["join sent", "data sent", "data sent", "config sent"]);
    await transport.close();
    expect(await left(space)).toEqual([]);
  });

  test("is dropped where the join is refused, whose error is the one that is told", async () => {
    await using space = await createSpaceEmulator({ shape, answer: ANSWER, faults: ["queue-full"] });
    const asked = ask(create({ space: space.url, earlyStream: true }));
    await expect(asked).rejects.toMatchObject({ code: "queue_full" });
    expect(await left(space)).toEqual([]);
    expect(space.jobs).toEqual([]);
  });

  test.each(["before", "after"] as const)(
    "that overtook its join, of a call that is left %s the join's answer, leaves no job behind",
    async (when) => {
      await using space = await createSpaceEmulator({ shape, answer: { steps: ANSWER, delayMs: 100 } });
      const controller = new AbortController();
      const overtaken = Promise.withResolvers<void>();
      const { transport } = watchTransport({
        lanes: false,
        before: (kind, count) => {
          if (kind === "join") return overtaken.promise;
          // The second request for the stream: the first one was in vain.
          if (kind === "data" && count === 2 && when === "after") controller.abort(new Error("mine"));
          return undefined;
        },
      });
      void settled(() => (space.requests[0]?.endedAt === undefined ? ["the stream"] : [])).then(() => {
        if (when === "before") controller.abort(new Error("mine"));
        overtaken.resolve();
      });
      const asked = ask(create({ space: space.url, transport, earlyStream: true }), controller.signal);
      await expect(asked).rejects.toThrow("mine");
      await space.idle();
      await transport.close();
      expect(await left(space)).toEqual([]);
      for (const { state } of space.jobs) expect(["stopped", "removed"]).toContain(state);
    },
  );
});

test("that overtook its join, of a call that is left before it says so, leaves no job behind", async () => {
  await using space = await createSpaceEmulator({ shape: "max", answer: { steps: ANSWER, delayMs: 100 } });
  const controller = new AbortController();
  const overtaken = Promise.withResolvers<void>();
  const { transport } = watchTransport({
    lanes: false,
    before: (kind) => (kind === "join" ? overtaken.promise : undefined),
  });
  void settled(() => (space.requests[0]?.endedAt === undefined ? ["the stream"] : [])).then(() => overtaken.resolve());
  let streams = 0;
  const silent: Transport = {
    ...transport,
    async request(request) {
      const response = await transport.request(request);
      if (!request.url.pathname.endsWith("/data") || (streams += 1) > 1) return response;
      // What it says is on its way still when the caller leaves.
      return { ...response, body: { ...response.body, pipe: () => controller.abort(new Error("mine")) } };
    },
  };
  const asked = ask(qwenMax({ space: space.url, transport: silent, earlyStream: true }), controller.signal);
  await expect(asked).rejects.toThrow("mine");
  await space.idle();
  await transport.close();
  expect(await left(space)).toEqual([]);
  expect(space.jobs.map(({ state }) => state)).not.toContain("finished");
});

test("a turn of a known session never asks early: what it finds there could be another job's", async () => {
  await using space = await createSpaceEmulator({ shape: "1m", answer: ANSWER });
  const { transport, log } = watchTransport();
  const router = createRouter({ plugins: [qwen1M({ space: space.url, transport, earlyStream: true })] });
  const first = await router.complete({ model: "qwen-1m", messages: MESSAGES });
  const before = log.length;
  const messages = [
    ...MESSAGES,
    { role: "assistant", content: first.text },
    { role: "user", content: "And?" },
  ] as const;
  await router.complete({ model: "qwen-1m", messages, conversation: first.conversation });
  const turn = log.slice(before);
  expect(turn.indexOf("data sent")).toBeGreaterThan(turn.indexOf("join answered"));
  await router.close();
  await transport.close();
});

test("`connectSpace` takes the option too, with and without a known `fn_index`", async () => {
  await using space = await createSpaceEmulator({ shape: "max", answer: ANSWER });
  const { transport, log } = watchTransport();
  await using client = connectSpace(space.url, { transport, earlyStream: true });
  for (const endpoint of ["model_chat", 0]) {
    const outputs = await client.predict(endpoint, ["Hi", [], ""]);
    expect(JSON.stringify(outputs)).toContain(TEXT);
  }
  expect(log.filter((line) => /^(call|model_chat|join|data)/.test(line)).slice(0, 3)).toEqual([
    "model_chat sent",
    "data sent",
    "model_chat answered",
  ]);
  await transport.close();
});

describe.each([true, false])(
  "behind a front that keeps an abandoned reader alive, closing connections: %s,",
  (close) => {
    test("an early stream has the same answers as another, and no job runs twice", async () => {
      await using space = await createSpaceEmulator({ shape: "max", answer: { steps: ANSWER, delayMs: 10 } });
      await using front = await startClosingFront(space.url, { close });
      const create = () => qwenMax({ space: front.url, earlyStream: true });
      // Each of a process that knows nothing of the front, then one after the other, then many at once.
      for (let call = 0; call < 3; call += 1) expect((await ask(create())).text).toBe(TEXT);
      await using router = createRouter({ plugins: [create()], retry: { maxAttempts: 1 } });
      const more = async () => (await router.complete({ model: "qwen-max", messages: MESSAGES })).text;
      for (let call = 0; call < 3; call += 1) expect(await more()).toBe(TEXT);
      expect(await Promise.all(Array.from({ length: 10 }, more))).toEqual(Array(10).fill(TEXT));
      expect(space.jobs).toHaveLength(16);
    });
  },
);
