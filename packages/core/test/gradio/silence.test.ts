import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { ask, chatProvider, shownText } from "../servers/chat-provider.ts";
import {
  completed,
  configOf,
  estimation,
  generating,
  heartbeat,
  startTestSpace,
  starts,
  type Events,
} from "../servers/test-space.ts";
import { collect, rejection, settle, until, useVirtualTime } from "../servers/waiting.ts";

describe("silence", () => {
  const SILENT: readonly (readonly [name: string, messages: readonly unknown[], passMs: number, phase: string])[] = [
    ["from the start", [], 60_000, "first-output"],
    ["in the queue", [estimation(3)], 300_000, "queue"],
    ["after the job started", [estimation(0), starts()], 60_000, "first-output"],
    ["after a text", [starts(), generating(["Hel"])], 60_000, "idle"],
    ["after white space, which is no output", [starts(), generating(["  \n"])], 60_000, "first-output"],
  ];

  it.each(SILENT)("%s is a timeout, although heartbeats go on", async (_, messages, passMs, phase) => {
    let beat = (): void => {};
    await using space = await startTestSpace({
      data({ events }) {
        const stream = events();
        if (messages.length > 0) stream.send(...messages);
        beat = () => stream.send(heartbeat);
      },
    });
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin });
    let error: unknown;
    const outcome = collect(ask(provider)).catch((thrown: unknown) => (error = thrown));
    await until(() => space.log.includes("data"));
    await settle();
    for (let passed = 0; passed < passMs - 15_000; passed += 15_000) {
      beat();
      await time.pass(15_000);
    }
    expect(error).toBeUndefined();
    await time.pass(15_000 + passMs / 8);
    await outcome;
    expect(error).toMatchObject({ code: "timeout", phase, provider: "test" });
    await provider.close?.();
    await until(() => space.log.includes("close data"));
  });

  it.each([
    ["is no generator is awaited for answerMs", { generator: false }, "answer", 60],
    ["is a generator for firstOutputMs", { generator: true }, "first-output", 30],
    ["is of a kind that nobody knows for firstOutputMs", "?", "first-output", 30],
  ])("of a function that, as /config says, %s", async (_, types, phase, limitMs) => {
    const dependencies = [{ id: 0, api_name: "chat", queue: true, types }];
    await using space = await startTestSpace({ config: ({ reply }) => reply(200, configOf({ dependencies })) });
    const client = connectSpace(space.origin);
    await client.endpoints();
    const timeouts = { firstOutputMs: 30, answerMs: 60 };
    expect(await rejection(client.predict("chat", ["Hi"], { timeouts }))).toMatchObject({
      code: "timeout",
      phase,
      limitMs,
    });
    await client.close();
  });

  it("in a queue that repeats one place for ever is a timeout", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin });
    const failure = rejection(collect(ask(provider)));
    const { send } = await stream.promise;
    for (let passed = 0; passed < 400_000; passed += 50_000) {
      send(estimation(3));
      await time.pass(50_000);
    }
    expect(await failure).toMatchObject({ code: "timeout", phase: "queue" });
    await provider.close?.();
  });

  it("is none while the queue moves: each place forward starts its limit anew", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin });
    const parts = collect(ask(provider));
    const { send, end } = await stream.promise;
    for (let rank = 5; rank >= 0; rank -= 1) {
      send(estimation(rank));
      await time.pass(250_000);
    }
    send(starts(), completed(["done"]));
    end();
    expect(shownText(await parts)).toBe("done");
    await provider.close?.();
  });

  it("is none while the answer goes on slowly: each message of the job starts its limit anew", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin });
    const parts = collect(ask(provider));
    const { send, end } = await stream.promise;
    send(generating([""]));
    for (let step = 0; step < 10; step += 1) {
      send(generating([[["append", [], "x"]]]));
      await time.pass(50_000);
    }
    send(completed(["x".repeat(10)]));
    end();
    expect(shownText(await parts)).toBe("x".repeat(10));
    await provider.close?.();
  });

  it("that is allowed for ever is allowed for ever", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin, timeouts: { firstOutputMs: Infinity, totalMs: Infinity } });
    const parts = collect(ask(provider));
    const { send, end } = await stream.promise;
    await time.pass(24 * 3_600_000);
    send(completed(["late"]));
    end();
    expect(shownText(await parts)).toBe("late");
    await provider.close?.();
  });

  it("leaves a queue whose estimate is longer than `maxQueueMs` at once", async () => {
    await using space = await startTestSpace({ data: ({ events }) => events().send(estimation(9, 120)) });
    const provider = chatProvider({ space: space.origin });
    const error = await rejection(collect(ask(provider, { maxQueueMs: 60_000 })));
    expect(error).toMatchObject({ code: "queue_full", message: expect.stringContaining("120000") });
    await provider.close?.();
    await until(() => space.log.includes("close data"));
  });

  it("leaves a queue that gives no estimate once it has waited for `maxQueueMs`, moving or not", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin });
    const error = rejection(collect(ask(provider, { maxQueueMs: 60_000 })));
    const { send } = await stream.promise;
    for (let position = 3; position > 0; position -= 1) {
      send(estimation(position, null));
      await time.pass(20_000);
    }
    expect(await error).toMatchObject({ code: "queue_full", message: expect.stringContaining("60000") });
    await provider.close?.();
    await until(() => space.log.includes("close data"));
  });

  it("leaves a queue that its job has gone back to once it has waited for `maxQueueMs` in all", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin });
    let isOver = false;
    const error = rejection(collect(ask(provider, { maxQueueMs: 60_000 })).finally(() => (isOver = true)));
    const { send } = await stream.promise;
    send(estimation(2, null));
    await time.pass(40_000);
    send(starts());
    await time.pass(50_000);
    send(estimation(1, null));
    await time.pass(15_000);
    expect(isOver).toBe(false);
    await time.pass(10_000);
    expect(await error).toMatchObject({ code: "queue_full", message: expect.stringContaining("60000") });
    await provider.close?.();
    await until(() => space.log.includes("close data"));
  });

  it("of a job that has left its queue is not held against `maxQueueMs`", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin });
    const parts = collect(ask(provider, { maxQueueMs: 10_000 }));
    const { send, end } = await stream.promise;
    send(estimation(1, null), starts());
    await time.pass(50_000);
    send(completed(["late"]));
    end();
    expect(shownText(await parts)).toBe("late");
    await provider.close?.();
  });

  it.each([
    ["that never said that it has left its queue", [estimation(1, null)]],
    ["of which a place in the queue is told late", [starts(), generating([""]), estimation(1, null)]],
  ])("of a job that answers and %s is not held against `maxQueueMs`", async (_, before) => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin });
    const parts = collect(ask(provider, { maxQueueMs: 10_000 }));
    const { send, end } = await stream.promise;
    send(...before, generating(before.length === 1 ? ["a"] : [[["append", [], "a"]]]));
    await time.pass(5000);
    // It answers: neither the wait nor an estimate is the queue's any more.
    send(estimation(1, 100), generating([[["append", [], "b"]]]));
    await time.pass(20_000);
    send(completed(["ab"]));
    end();
    expect(shownText(await parts)).toBe("ab");
    await provider.close?.();
  });
});
