import { expect, test } from "vitest";

import {
  createSpaceEmulator,
  type FaultLike,
  faultNames,
  type FaultName,
  type SpaceEmulator,
} from "../../src/index.ts";
import { call, type Heard, join, kinds, lastData, listen, post, type Target, targetOf } from "../gradio-calls.ts";

interface Struck {
  readonly space: SpaceEmulator;
  readonly target: Target;
  readonly joined: Awaited<ReturnType<typeof post>> | undefined;
  readonly heard: Heard | undefined;
}

const PROMPT = ["P", [], "sys"];

// These never end by themselves.
const ENDLESS: readonly FaultName[] = [
  "stall",
  "heartbeats-only",
  "delay",
  "never-headers",
  "headers-only",
  "slow-queue",
];

/** Calls a Space that has the fault, and leaves after a while where it does not end. */
async function strike(fault: FaultLike, check: (struck: Struck) => Promise<void> | void): Promise<void> {
  await using space = await createSpaceEmulator({
    shape: "max",
    answer: { steps: ["one ", "two ", "three"], delayMs: 10 },
    faults: [fault],
    heartbeatMs: 25,
    pollMs: 1,
  });
  const target = targetOf(space);
  const limit = AbortSignal.timeout(ENDLESS.includes(typeof fault === "string" ? fault : fault.name) ? 800 : 10_000);
  const body = { data: PROMPT, fn_index: 0, session_hash: "session" };
  const joined = await Promise.race([
    post(target, "/queue/join", body).catch(() => undefined),
    new Promise<undefined>((resolve) => limit.addEventListener("abort", () => resolve(undefined))),
  ]);
  const heard =
    joined?.status === 200 ? await listen(target, "/queue/data?session_hash=session", { signal: limit }) : undefined;
  await check({ space, target, joined, heard });
}

const WHOLE = ["", [["P", "one two three"]], "sys"];
const generated = (heard: Heard | undefined): number =>
  kinds(heard ?? { status: 0, events: [], messages: [], end: "eof" }).filter((kind) => kind === "process_generating")
    .length;

const EFFECTS: Readonly<Record<FaultName, (struck: Struck) => Promise<void> | void>> = {
  async eof({ heard, space }) {
    expect([generated(heard), heard?.end]).toEqual([1, "eof"]);
    expect(kinds(heard as Heard)).not.toContain("process_completed");
    await space.idle();
    expect(space.jobs[0]?.state).toBe("stopped");
  },
  reset: ({ heard }) => expect([generated(heard), heard?.end]).toEqual([1, "broken"]),
  truncated({ heard }) {
    expect([generated(heard), heard?.end]).toEqual([1, "eof"]);
    expect(heard?.events.at(-1)).toMatch(/^data: \{"msg":"process_generating"[^}]*$/u);
  },
  stall({ heard }) {
    expect([generated(heard), heard?.end]).toEqual([1, "left"]);
    expect(heard?.messages.findLastIndex(({ msg }) => msg === "heartbeat")).toBeLessThan(
      heard?.messages.findLastIndex(({ msg }) => msg === "process_generating") ?? 0,
    );
  },
  "heartbeats-only"({ heard }) {
    expect([generated(heard), heard?.end]).toEqual([1, "left"]);
    expect(kinds(heard as Heard).slice(-3)).toEqual(["heartbeat", "heartbeat", "heartbeat"]);
  },
  "unknown-message"({ heard }) {
    expect(kinds(heard as Heard)).toContain("weather_report");
    expect(lastData(heard as Heard)).toEqual(WHOLE);
  },
  "garbage-line"({ heard }) {
    expect(heard?.events).toContain("data: {this is not JSON");
    expect(lastData(heard as Heard)).toEqual(WHOLE);
  },
  "server-stopped"({ heard }) {
    expect(heard?.messages.at(-1)).toMatchObject({ msg: "unexpected_error", message: "Server stopped unexpectedly." });
    expect(heard?.end).toBe("broken");
  },
  "missing-completion"({ heard }) {
    expect([generated(heard), heard?.end]).toEqual([3, "eof"]);
    expect(
      kinds(heard as Heard)
        .filter((kind) => kind !== "heartbeat")
        .slice(-2),
    ).toEqual(["process_generating", "close_stream"]);
  },
  "first-edit"({ heard }) {
    const [first] = heard?.messages.filter(({ msg }) => msg === "process_generating") ?? [];
    expect(first).toMatchObject({ output: { data: [[], [], []] } });
    expect(lastData(heard as Heard)).toEqual(WHOLE);
  },
  "session-not-found": ({ heard }) =>
    expect(heard?.messages).toMatchObject([{ msg: "unexpected_error", session_not_found: true }]),
  "byte-split": ({ heard }) => expect(lastData(heard as Heard)).toEqual(WHOLE),
  async delay({ joined, space }) {
    // The answer was still to come, but the job had begun at once.
    expect(joined).toBeUndefined();
    await space.idle();
    expect(space.jobs).toMatchObject([{ state: "finished" }]);
  },
  "never-headers": ({ joined }) => expect(joined).toBeUndefined(),
  "headers-only": ({ heard }) => expect(heard).toMatchObject({ status: 200, events: [], end: "left" }),
  async redirect({ joined, target, space }) {
    expect(joined?.status).toBe(307);
    expect(joined?.headers["location"]).toBe(`${target.url.replace("127.0.0.1", "localhost")}/gradio_api/queue/join`);
    const followed = await fetch(`${target.url}/gradio_api/queue/join`, {
      method: "POST",
      body: JSON.stringify({ data: PROMPT, fn_index: 0, session_hash: "s" }),
    });
    expect(followed.status).toBe(200);
    expect(space.requests.at(-1)?.headers.host).toMatch(/^localhost:/u);
  },
  "rate-limited"({ joined }) {
    expect(joined?.status).toBe(429);
    expect([joined?.headers["retry-after"], joined?.headers["retry-after-ms"]]).toEqual([undefined, undefined]);
  },
  "rate-limited-seconds": ({ joined }) => expect([joined?.status, joined?.headers["retry-after"]]).toEqual([429, "1"]),
  "rate-limited-date"({ joined }) {
    expect(joined?.status).toBe(429);
    expect(Math.abs(Date.parse(joined?.headers["retry-after"] ?? "") - Date.now())).toBeLessThan(2500);
  },
  "rate-limited-ms": ({ joined }) => expect([joined?.status, joined?.headers["retry-after-ms"]]).toEqual([429, "1000"]),
  "queue-full": ({ joined }) =>
    expect(joined).toMatchObject({ status: 503, body: { detail: "Queue is full. Max size is 2 and size is 2." } }),
  "queue-stopped": ({ joined }) => expect(joined).toMatchObject({ status: 503, body: { detail: "Queue is stopped." } }),
  "proxy-error": ({ joined }) => expectHtml(joined, 503),
  sleeping: ({ joined }) => expectHtml(joined, 503),
  html: ({ joined }) => expectHtml(joined, 200),
  "server-error"({ joined }) {
    expect(joined?.status).toBe(500);
    expect(joined?.body).toMatch(/^Traceback/u);
  },
  unauthorized: ({ joined }) =>
    expect(joined).toMatchObject({ status: 401, body: { detail: { error: "Not authenticated" } } }),
  "slow-queue"({ heard }) {
    const estimations = heard?.messages.filter(({ msg }) => msg === "estimation");
    expect(estimations?.[0]).toMatchObject({ rank: 3, queue_size: 4 });
  },
  async "config-root"({ space }) {
    expect(await (await fetch(`${space.url}/config`)).json()).toMatchObject({ root: "http://elsewhere.invalid" });
  },
  "changed-fn-index": ({ heard }) => expect(lastData(heard as Heard)).toEqual(["Welcome!"]),
  async "changed-endpoint"({ target, space }) {
    expect((await post(target, "/call/model_chat", { data: PROMPT })).status).toBe(500);
    expect(await (await fetch(`${space.url}/config`)).json()).toMatchObject({
      dependencies: [{ api_name: "model_chat_v2" }, {}, {}, {}],
    });
  },
};

function expectHtml(joined: Struck["joined"], status: number): void {
  expect(joined?.status).toBe(status);
  expect(joined?.headers["content-type"]).toMatch(/html/u);
}

test.each(faultNames)("%s", async (name) => {
  await strike(name, EFFECTS[name]);
});

test("strikes the requests it is told to, counted from when it was added", async () => {
  await using space = await createSpaceEmulator({ shape: "max", faults: [{ name: "queue-full", on: [1, 3] }] });
  const target = targetOf(space);
  const statuses = async (count: number) => {
    const all = [];
    for (let index = 0; index < count; index++) all.push((await join(target, PROMPT)).status);
    return all;
  };
  expect(await statuses(4)).toEqual([503, 200, 503, 200]);
  const remove = space.fault({ name: "rate-limited", on: 1 });
  expect(await statuses(2)).toEqual([429, 200]);
  remove();
  space.fault({ name: "unauthorized", route: "cancel" });
  expect(await statuses(1)).toEqual([200]);
  expect((await post(target, "/cancel", {})).status).toBe(401);
  space.clearFaults();
  expect((await post(target, "/cancel", {})).status).toBe(422);
  expect(
    space.requests
      .filter(({ faults }) => faults.length > 0)
      .map(({ route, status, faults }) => [route, status, ...faults]),
  ).toEqual([
    ["join", 503, "queue-full"],
    ["join", 503, "queue-full"],
    ["join", 429, "rate-limited"],
    ["cancel", 401, "unauthorized"],
  ]);
});

test.each([0, 2])("a fault of the stream strikes after %i messages with output", async (after) => {
  await strike({ name: "eof", after }, ({ heard }) => expect([generated(heard), heard?.end]).toEqual([after, "eof"]));
});

test("a slow queue moves on position by position and then runs the job", async () => {
  await using space = await createSpaceEmulator({
    shape: "max",
    answer: "Hi",
    faults: [{ name: "slow-queue", positions: 2, ms: 20 }],
  });
  const { messages } = await call(targetOf(space), PROMPT);
  const estimations = messages.filter(({ msg }) => msg === "estimation");
  expect(estimations.map((message) => message["rank"])).toEqual([2, 1, 0]);
  expect(messages.at(-1)).toMatchObject({ msg: "close_stream" });
});

test("a fault that there is not is a TypeError that names those there are, and strikes nobody", async () => {
  await using space = await createSpaceEmulator({ shape: "max", answer: "Hi" });
  for (const name of ["eoff", "constructor"] as string[] as FaultName[]) {
    expect(() => space.fault({ name })).toThrow(/^There is no fault ".+"\. There are eof, reset, /);
    await expect(createSpaceEmulator({ faults: [name] })).rejects.toThrow(TypeError);
  }
  expect((await call(targetOf(space), PROMPT)).end).toBe("eof");
});
