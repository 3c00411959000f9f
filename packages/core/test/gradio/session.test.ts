import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import {
  completed,
  configOf,
  estimation,
  eventId,
  generating,
  says,
  startTestSpace,
  starts,
  type Exchange,
  type TestSpace,
} from "../servers/test-space.ts";
import { rejection, settle, settles, until, useVirtualTime } from "../servers/waiting.ts";

/** The session hash, the `x-call` header and the data of each job. */
function jobsOf(space: TestSpace) {
  return space.requests
    .filter(({ route }) => route === "join" || route === "call" || route === "run")
    .map(({ json, headers }) => {
      const { session_hash: hash, data } = json as { readonly session_hash: string; readonly data: readonly unknown[] };
      return { hash, data, call: headers["x-call"] };
    });
}

/** Answers the n-th job when it is told to. */
async function startWaiting() {
  const open: (() => void)[] = [];
  const space = await startTestSpace({
    config: ({ reply }) =>
      reply(200, configOf({ dependencies: [{ api_name: "chat" }, { api_name: "now", queue: false }] })),
    data: (exchange: Exchange) => {
      const number = space.requests.filter(({ route }) => route === "data").length;
      const events = exchange.events();
      events.send(starts(eventId(number)), generating([`${number}`], eventId(number)));
      open.push(() => {
        events.send(completed([`done ${number}`], eventId(number)));
        events.end();
      });
    },
    run: ({ reply }) => reply(200, { data: ["now"] }),
  });
  return { space, answer: async (index: number) => (await until(() => open.length > index), open[index]?.()) };
}

describe("session()", () => {
  it("sends nothing, and runs its calls in one session, whatever way they go: others have their own", async () => {
    await using space = await startTestSpace({
      data: (exchange) =>
        void says(completed(["x"], eventId(space.requests.filter(({ route }) => route === "data").length)))(exchange),
    });
    const client = connectSpace(space.origin);
    const session = client.session();
    await settle();
    expect(space.requests).toHaveLength(0);
    await session.predict("chat", ["cold"], { headers: { "x-call": "1" } });
    await client.close();
    await session.predict("chat", ["warm"], { headers: { "x-call": "2" } });
    await client.predict("chat", ["alone"]);
    await client.session().predict("chat", ["another"]);
    const jobs = jobsOf(space);
    expect(jobs.map(({ call }) => call)).toEqual(["1", "2", undefined, undefined]);
    expect(jobs[0]?.hash).toBe(jobs[1]?.hash);
    expect(new Set(jobs.map(({ hash }) => hash)).size).toBe(3);
    await session.close();
    await client.close();
  });

  it("keeps the cookies that its server set: they lead back to the replica that knows it", async () => {
    let jobs = 0;
    await using space = await startTestSpace({
      call: ({ reply }) => reply(200, { event_id: eventId((jobs += 1)) }, { "set-cookie": "affinity=a" }),
      join: ({ reply }) => reply(200, { event_id: eventId((jobs += 1)) }),
      data: (exchange) => says(completed(["x"], eventId(jobs)))(exchange),
    });
    const client = connectSpace(space.origin);
    const session = client.session();
    await session.predict("chat", []);
    await client.close();
    await session.predict("chat", []);
    expect(space.requests.find(({ route }) => route === "join")?.headers.cookie).toBe("affinity=a");
    await client.close();
  });

  it("runs one call after the other, in the order they were made, those that are left out", async () => {
    const { space, answer } = await startWaiting();
    await using _ = space;
    const client = connectSpace(space.origin);
    await client.endpoints();
    const session = client.session();
    const leaves = new AbortController();
    const first = session.predict("chat", [1]);
    const second = rejection(session.predict("chat", [2], { signal: leaves.signal }));
    const third = session.predict("chat", [3]);
    const fourth = session.predict("now", [4]);
    await until(() => jobsOf(space).length === 1);
    leaves.abort(new Error("gone"));
    expect(await second).toBe(leaves.signal.reason);
    expect(await settles(third)).toBe(false);
    await answer(0);
    expect(await first).toEqual(["done 1"]);
    await answer(1);
    expect(await third).toEqual(["done 2"]);
    expect(await fourth).toEqual(["now"]);
    expect(jobsOf(space).map(({ data }) => data)).toEqual([[1], [3], [4]]);
    await client.close();
  });

  it("begins no call before the one that was left is stopped: `/cancel` knows a job by its session", async () => {
    const { space, answer } = await startWaiting();
    await using _ = space;
    const cancelled = Promise.withResolvers<Exchange>();
    space.handlers.cancel = (exchange) => cancelled.resolve(exchange);
    const client = connectSpace(space.origin);
    await client.endpoints();
    const session = client.session();
    const left = session.submit("chat", [1]);
    while ((await left.next()).value?.type !== "generating");
    await left.return?.();
    const next = session.predict("chat", [2]);
    const { reply } = await cancelled.promise;
    expect(await settles(next)).toBe(false);
    expect(jobsOf(space)).toHaveLength(1);
    reply(200, { success: true });
    await answer(1);
    expect(await next).toEqual(["done 2"]);
    await client.close();
  });

  it("closes with its calls, those that wait too, and takes none after", async () => {
    const { space } = await startWaiting();
    await using _ = space;
    const client = connectSpace(space.origin);
    await client.endpoints();
    const session = client.session();
    const calls = [session.predict("chat", [1]), session.predict("chat", [2])].map(rejection);
    const later = session.submit("chat", [3]);
    await until(() => space.log.includes("data"));
    await session.close();
    for (const error of [...(await Promise.all(calls)), await rejection(later.next())])
      expect(error).toMatchObject({ name: "AbortError", message: "The session was closed." });
    expect(await rejection(session.predict("chat", [4]))).toBeInstanceOf(TypeError);
    expect(space.log.slice(1)).toEqual(["join", "data", "close data", "cancel"]);
    await session.close();
    await client.close();
  });

  it("lets nobody wait for ever: a turn comes within `queueMs`, and `totalMs` goes on", async () => {
    const { space, answer } = await startWaiting();
    await using _ = space;
    const client = connectSpace(space.origin);
    await client.endpoints();
    const session = client.session();
    const first = session.predict("chat", [1]);
    await until(() => jobsOf(space).length === 1);
    const time = useVirtualTime();
    const late = rejection(session.predict("chat", [2], { timeouts: { queueMs: 1000 } }));
    const later = rejection(session.predict("chat", [3], { timeouts: { totalMs: 2000 } }));
    await time.pass(1000);
    expect(await late).toMatchObject({ code: "timeout", phase: "queue", limitMs: 1000 });
    await time.pass(1000);
    expect(await later).toMatchObject({ code: "timeout", phase: "total" });
    await answer(0);
    expect(await first).toEqual(["done 1"]);
    await client.close();
  });

  it("goes on after a call that failed, in the same session", async () => {
    let jobs = 0;
    await using space = await startTestSpace({
      data: (exchange) => {
        jobs += 1;
        void says(
          estimation(0, 1, eventId(jobs)),
          jobs === 1
            ? { msg: "process_completed", event_id: eventId(1), output: { error: "No." }, success: false }
            : completed(["x"], eventId(jobs)),
        )(exchange);
      },
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    const session = client.session();
    expect(await rejection(session.predict("chat", []))).toMatchObject({ code: "space_error" });
    expect(await session.predict("chat", [])).toEqual(["x"]);
    expect(new Set(jobsOf(space).map(({ hash }) => hash)).size).toBe(1);
    await client.close();
  });

  it("asks for an early stream in its first call alone: a later one may find what another job has left", async () => {
    let jobs = 0;
    await using space = await startTestSpace({
      data: (exchange) => {
        jobs += 1;
        void says(completed(["x"], eventId(jobs)))(exchange);
      },
    });
    const client = connectSpace(space.origin, { earlyStream: true });
    await client.endpoints();
    const session = client.session();
    for (let call = 0; call < 2; call += 1) expect(await session.predict("chat", [])).toEqual(["x"]);
    expect(space.log.slice(-2)).toEqual(["join", "data"]);
    await client.close();
  });
});
