import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import type { Timeouts } from "../../src/provider.ts";
import { ask, chatProvider } from "../servers/chat-provider.ts";
import {
  completed,
  estimation,
  eventId,
  generating,
  startTestSpace,
  starts,
  type Events,
  type TestSpace,
} from "../servers/test-space.ts";
import { collect, rejection, until, useVirtualTime } from "../servers/waiting.ts";

const log = { msg: "log", event_id: eventId(), log: "still here", level: "info" };
const total = { code: "timeout", phase: "total", limitMs: 1000 };

describe("`totalMs` ends the call wherever it is set", () => {
  const timeouts: Timeouts = { totalMs: 1000 };
  const CALLS: readonly (readonly [where: string, call: (space: TestSpace) => Promise<unknown>])[] = [
    ["as a provider's option", (space) => collect(ask(chatProvider({ space: space.origin, timeouts })))],
    ["in a request to a provider", (space) => collect(ask(chatProvider({ space: space.origin }), { timeouts }))],
    ["in connectSpace, of submit", (space) => collect(connectSpace(space.origin, { timeouts }).submit("chat", []))],
    ["in connectSpace, of predict", (space) => connectSpace(space.origin, { timeouts }).predict("chat", [])],
    ["in submit", (space) => collect(connectSpace(space.origin).submit("chat", [], { timeouts }))],
    ["in predict", (space) => connectSpace(space.origin).predict("chat", [], { timeouts })],
  ];

  it.each(CALLS)("%s, although the job goes on, and stops the job", async (_, call) => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const failure = rejection(call(space));
    const { send } = await stream.promise;
    send(starts(), generating(["a"]));
    for (let passed = 0; passed < 1000; passed += 250) {
      send(generating([[["append", [], "b"]]]), log);
      await time.pass(250);
    }
    expect(await failure).toMatchObject(total);
    await until(() => space.log.includes("close data"));
  });

  it.each(CALLS)("%s, also where the join is never answered", async (_, call) => {
    await using space = await startTestSpace({ join: () => {}, call: () => {} });
    const time = useVirtualTime();
    const failure = rejection(call(space));
    await until(() => space.log.length > 0);
    await time.pass(1000);
    expect(await failure).toMatchObject(total);
  });

  it("of connectSpace, where `/config` or an upload is never answered", async () => {
    await using space = await startTestSpace({ config: () => {}, upload: () => {} });
    const time = useVirtualTime();
    const client = connectSpace(space.origin, { timeouts });
    const failures = [rejection(client.endpoints()), rejection(client.upload(new Uint8Array(3)))];
    await until(() => space.log.length === 2);
    await time.pass(1000);
    for (const failure of failures) expect(await failure).toMatchObject(total);
  });

  it("while `inputs` never settle", async () => {
    await using space = await startTestSpace();
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin, timeouts }, { inputs: () => new Promise(() => {}) });
    const failure = rejection(collect(ask(provider)));
    await time.pass(1000);
    expect(await failure).toMatchObject({ ...total, provider: "test" });
    expect(space.log).toEqual([]);
  });

  it("while its reader sleeps, and the job is stopped then", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const iterator = ask(chatProvider({ space: space.origin, timeouts }))[Symbol.asyncIterator]();
    const first = iterator.next();
    const { send } = await stream.promise;
    send(generating(["a"]), generating([[["append", [], "b"]]]));
    await first;
    await time.pass(1000);
    await until(() => space.log.includes("close data"));
    expect(await iterator.next()).toMatchObject({ value: { text: "b" } });
    expect(await rejection(iterator.next())).toMatchObject(total);
  });

  it("is an hour where nobody sets it: a job that only logs ends", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const failure = rejection(connectSpace(space.origin, { timeouts: { idleMs: 90_000 } }).predict("chat", []));
    const { send } = await stream.promise;
    for (let minute = 0; minute < 60; minute += 1) {
      send(log);
      await time.pass(60_000 - 1);
    }
    await time.pass(60);
    expect(await failure).toMatchObject({ ...total, limitMs: 3_600_000 });
  });
});

describe("a phase", () => {
  it("of an answer that began is begun anew by more of it only, not by signs of life", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const failure = rejection(collect(ask(chatProvider({ space: space.origin }))));
    const { send } = await stream.promise;
    send(generating(["a"]));
    for (let passed = 0; passed < 60_000; passed += 20_000) {
      send(log, estimation(0));
      await time.pass(20_000);
    }
    expect(await failure).toMatchObject({ code: "timeout", phase: "idle" });
  });

  it("of a queue is begun anew only below its lowest place", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const time = useVirtualTime();
    const failure = rejection(collect(ask(chatProvider({ space: space.origin }))));
    const { send } = await stream.promise;
    for (let passed = 0; passed < 300_000; passed += 50_000) {
      send(estimation(passed % 100_000 === 0 ? 3 : 4));
      await time.pass(50_000);
    }
    expect(await failure).toMatchObject({ code: "timeout", phase: "queue" });
  });
});

describe("close()", () => {
  it("waits for nobody's call, and the call goes on", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const client = connectSpace(space.origin);
    const call = client.predict("chat", []);
    const { send, end } = await stream.promise;
    await client.close();
    send(completed(["whole"]));
    end();
    expect(await call).toEqual(["whole"]);
    await client.close();
  });

  it("ends though calls keep coming, each of which leaves something to clean up", async () => {
    await using space = await startTestSpace();
    const client = connectSpace(space.origin);
    let going = true;
    async function keepCalling(): Promise<void> {
      while (going) {
        const iterator = client.submit("chat", []);
        const next = iterator.next();
        const before = space.log.filter((entry) => entry === "data").length;
        await until(() => space.log.filter((entry) => entry === "data").length > before);
        await iterator.return?.();
        await next;
      }
    }
    const callers = [keepCalling(), keepCalling()];
    await until(() => space.log.includes("data"));
    await client.close();
    going = false;
    await Promise.all(callers);
    await client.close();
  });

  it("ends also where a transport of the user's own answers nothing and hears nothing", async () => {
    const time = useVirtualTime();
    const transport = {
      request: ({ onStart }: { readonly onStart?: (() => void) | undefined }) => {
        onStart?.();
        return new Promise<never>(() => {});
      },
      close: () => Promise.resolve(),
    };
    const client = connectSpace("http://127.0.0.1:9", { transport });
    const failure = rejection(client.predict("chat", [], { timeouts: { totalMs: 1000 } }));
    await time.pass(1000);
    expect(await failure).toMatchObject(total);
    let closed = false;
    const closing = client.close().then(() => (closed = true));
    await time.pass(9000);
    expect(closed).toBe(false);
    await time.pass(22_000);
    await closing;
  });
});

it("never shares an error between two calls that wait for the same /config", async () => {
  await using space = await startTestSpace({ config: ({ reply }) => reply(503, "") });
  const client = connectSpace(space.origin);
  const [one, other] = await Promise.all([rejection(client.endpoints()), rejection(client.endpoints())]);
  expect(one).toMatchObject({ code: "space_unavailable" });
  expect(other).toEqual(one);
  expect(other).not.toBe(one);
});
