import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { createSpaceEmulator, type GradioVersion, type SpaceEmulator } from "../../src/index.ts";
import { join, listen, newSessionHash, post, type Target, targetOf } from "../gradio-calls.ts";

const VERSIONS: readonly GradioVersion[] = ["4.44.1", "5.50.0", "6.31.0"];
const DATA = ["script:slow 12 20", [], ""];

interface Call {
  readonly target: Target;
  readonly eventId: string;
  readonly sessionHash: string;
  /** Opens the data stream; the result leaves it. */
  open(): Promise<() => Promise<void>>;
  cancel(fnIndex?: number): Promise<unknown>;
}

/** Calls, does something to the call, and tells what became of its job. */
async function outcome(version: GradioVersion, act: (call: Call) => Promise<void>, { busy = false } = {}) {
  await using space = await createSpaceEmulator({ shape: "max", version, concurrencyLimit: 1 });
  const target = targetOf(space);
  if (busy) await join(target, ["script:slow 8 20", [], ""]);
  const { sessionHash, eventId } = await join(target, DATA);
  await act({
    target,
    eventId,
    sessionHash,
    cancel: (fnIndex = 0) =>
      post(target, "/cancel", { event_id: eventId, session_hash: sessionHash, fn_index: fnIndex }),
    async open() {
      const leaving = new AbortController();
      const first = Promise.withResolvers<void>();
      const heard = listen(target, `/queue/data?session_hash=${sessionHash}`, {
        signal: leaving.signal,
        onEvent: () => first.resolve(),
      });
      await first.promise;
      return async () => {
        leaving.abort();
        await heard;
        // The promise rejects before the socket is closed.
        await sleep(20);
      };
    },
  });
  await space.idle();
  return jobOf(space, eventId);
}

function jobOf({ jobs }: SpaceEmulator, eventId: string) {
  const { state, restarts } = jobs.find((job) => job.eventId === eventId) ?? {};
  return { state, restarts };
}

const running = () => sleep(150);

describe.concurrent.each(VERSIONS)("on Gradio %s", (version) => {
  const is6 = version === "6.31.0";

  test.concurrent("a job whose client drops the join's socket runs to its end", async () => {
    await using space = await createSpaceEmulator({ shape: "max", version, faults: [{ name: "delay", ms: 5000 }] });
    const target = targetOf(space);
    const leaving = new AbortController();
    const joined = fetch(`${target.url}${target.prefix}/queue/join`, {
      method: "POST",
      body: JSON.stringify({ data: DATA, fn_index: 0, session_hash: "s" }),
      signal: leaving.signal,
    });
    joined.catch(() => undefined);
    while (space.jobs.length === 0) await sleep(5);
    leaving.abort();
    await expect(joined).rejects.toThrow(/abort/u);
    await space.idle();
    expect(space.jobs.map(({ state }) => state)).toEqual(["finished"]);
  });

  test.concurrent("and stops when its data stream is opened and closed afterwards", async () => {
    const job = await outcome(version, async ({ open }) => {
      const leave = await open();
      await sleep(100);
      await leave();
    });
    expect(job).toEqual({ state: "stopped", restarts: 0 });
  });

  test.concurrent("a cancel without a data stream reaches a job that runs, and a waiting one on 6.x only", async () => {
    expect(await outcome(version, async ({ cancel }) => void (await running(), await cancel()))).toEqual({
      state: "stopped",
      restarts: 0,
    });
    expect(await outcome(version, async ({ cancel }) => void (await cancel()), { busy: true })).toEqual({
      state: is6 ? "removed" : "finished",
      restarts: 0,
    });
  });

  test.concurrent("in the queue, a cancel before the close is too late on 4.x and 5.x", async () => {
    const job = await outcome(
      version,
      async ({ open, cancel }) => {
        const leave = await open();
        await cancel();
        await leave();
      },
      { busy: true },
    );
    expect(job).toEqual({ state: is6 ? "removed" : "finished", restarts: 0 });
  });

  test.concurrent("in the queue, the close comes first and the job never runs", async () => {
    const job = await outcome(
      version,
      async ({ open, cancel }) => {
        const leave = await open();
        await leave();
        await cancel();
      },
      { busy: true },
    );
    expect(job).toEqual({ state: "removed", restarts: 0 });
  });

  test.concurrent("a running job stops when its client closes and cancels", async () => {
    const job = await outcome(version, async ({ open, cancel }) => {
      const leave = await open();
      await running();
      await leave();
      await cancel();
    });
    expect(job).toEqual({ state: "stopped", restarts: 0 });
  });

  test.concurrent("a running job begins again on a cancel with the wrong fn_index", async () => {
    const job = await outcome(version, async ({ open, cancel }) => {
      await open();
      await running();
      await cancel(1);
    });
    expect(job).toEqual({ state: "finished", restarts: 1 });
  });

  test.concurrent("a cancel looks like success on the wire, and a session left in mid-answer never closes its stream again", async () => {
    await using space = await createSpaceEmulator({ shape: "max", version, heartbeatMs: 20 });
    const target = targetOf(space);
    const sessionHash = newSessionHash();
    const path = `/queue/data?session_hash=${sessionHash}`;

    const { eventId } = await join(target, DATA, { sessionHash });
    const heard = listen(target, path);
    await running();
    await post(target, "/cancel", { event_id: eventId, session_hash: sessionHash, fn_index: 0 });
    const { messages, end } = await heard;
    expect(end).toBe("eof");
    expect(messages.at(-2)).toMatchObject({ msg: "process_completed", output: {}, success: true });
    expect(messages.at(-1)).toEqual({ msg: "close_stream", event_id: null });

    await join(target, DATA, { sessionHash });
    expect((await listen(target, path, { signal: AbortSignal.timeout(150) })).end).toBe("left");
    await join(target, ["hello", [], ""], { sessionHash });
    const second = await listen(target, path, { signal: AbortSignal.timeout(500) });
    expect(second.end).toBe("left");
    expect(second.messages.map(({ msg }) => msg)).toContain("process_completed");
    expect(second.messages.at(-1)).toEqual({ msg: "heartbeat", event_id: null });
  });
});
