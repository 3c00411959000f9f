import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { createRouter, type Router, type StreamPart } from "@qwen/core";
import { type GradioVersion, type ServerProcess, startProtocolApp } from "@qwen/local-spaces";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { shareOf } from "../share.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { jobStats, type JobStats } from "./job-stats.ts";
import { leave, type Moment, WAYS, type Way } from "./leaving.ts";
import { addedResources, leftOf, resources, settled } from "./leftovers.ts";
import { stepsProvider } from "./steps-provider.ts";

const VERSIONS = [
  { version: "4.44", prefix: "" },
  { version: "5.50", prefix: "/gradio_api" },
  { version: "6.31", prefix: "/gradio_api" },
] as const satisfies readonly { readonly version: GradioVersion; readonly prefix: string }[];

const WINDOWS = [
  "before the join is answered",
  "between its answer and the stream",
  "in the queue",
  "before the first text",
  "in mid-stream",
] as const;
type Window = (typeof WINDOWS)[number];

/**
 * Whether the endpoint's number is confirmed already: without that, closing the stream is all that is safe; and whether
 * the stream is asked for beside the join, which it overtakes or not as chance has it: the proxy asks for both at once.
 */
const KINDS = ["cold", "warm", "cold, early", "warm, early"] as const;

const STEPS = 12;
const STEP_MS = 300;

let jobs = 0;

describe.each(shareOf(VERSIONS, 1 / 3))("on Gradio $version", ({ version, prefix }) => {
  let app: ServerProcess;
  const stats = (job: string): Promise<JobStats> => jobStats(`${app.url}${prefix}/run/stats`, job);
  const ask = (router: Router, content: string, signal?: AbortSignal) =>
    router.stream({ model: "counter", messages: [{ role: "user", content }], signal });

  beforeAll(async () => {
    app = await startProtocolApp(version);
  });
  afterAll(() => app.stop());

  test.each(WINDOWS)("leaving %s, in any way, stops the job and leaves nothing behind", async (window) => {
    const before = resources();
    const endpoint = window === "in the queue" ? "one_at_a_time" : "steps";
    const cells = await Promise.all(WAYS.flatMap((way) => KINDS.map((kind) => prepare({ way, kind, endpoint }))));
    const blocker = endpoint === "one_at_a_time" ? await startBlocker() : undefined;
    for (const problems of await Promise.all(cells.map((cell) => leaveAt(window, cell)))) expect(problems).toEqual([]);
    await blocker?.stop();

    const ends = await Promise.all(cells.map(({ job }) => untilStopped(job)));
    for (const { started, finished, stopped } of ends) {
      expect(finished).toBe(0);
      expect(started).toBe(stopped);
      if (window === "in the queue") expect(started).toBe(0);
      if (window === "before the first text" || window === "in mid-stream") expect(started).toBe(1);
    }
    // What has not begun by now does not begin later, and what has stopped stays so.
    await sleep(STEP_MS);
    expect(await Promise.all(cells.map(({ job }) => stats(job)))).toEqual(ends);
    for (const { proxy } of cells) await proxy[Symbol.asyncDispose]();
    expect(await settled(() => leftOf(addedResources(before)))).toEqual([]);
  });

  /** A router of its own, that has or has not heard of the endpoint's number. */
  async function prepare({
    way,
    kind,
    endpoint,
  }: Pick<Cell, "way" | "kind"> & { readonly endpoint: "steps" | "one_at_a_time" }): Promise<Cell> {
    const proxy = await startFaultProxy(app.url);
    const earlyStream = kind.endsWith("early");
    const router = createRouter({ plugins: [stepsProvider({ space: proxy.url, endpoint, prefix, earlyStream })] });
    const job = `cancel-${(jobs += 1)}`;
    if (kind.startsWith("warm")) await ask(router, `1 1 warming-${job}`).completion;
    return { way, kind, proxy, router, job };
  }

  async function leaveAt(window: Window, { way, kind, proxy, router, job }: Cell): Promise<readonly string[]> {
    const controller = new AbortController();
    const hold = window === "before the join is answered" ? proxy.hold("join") : undefined;
    const holdStream = window === "between its answer and the stream" ? proxy.hold("data") : undefined;
    const started = async (): Promise<void> => {
      while ((await stats(job)).started === 0) await sleep(5);
    };
    const moments: Readonly<Record<Window, Moment>> = {
      "before the join is answered": { part: isAttempt, reached: async () => hold?.reached },
      "between its answer and the stream": { part: isAttempt, reached: async () => holdStream?.reached },
      "in the queue": { part: ({ type }) => type === "queue", reached: async () => undefined },
      "before the first text": { part: isAttempt, reached: started },
      "in mid-stream": { part: ({ type }) => type === "text-delta", reached: async () => undefined },
    };
    const problems = await leave(ask(router, `${STEPS} ${STEP_MS} ${job}`, controller.signal), {
      way,
      moment: moments[window],
      controller,
    });
    const listeners = getEventListeners(controller.signal, "abort").length;
    hold?.release();
    holdStream?.release();
    await router.close();
    const left = await settled(() => [...leftOf({ listeners }), ...proxy.open], { withinMs: 2000 });
    return [...problems, ...left].map((problem) => `${way}, ${kind}: ${problem}`);
  }

  /** Fills the queue of the endpoint that runs one call at a time. */
  async function startBlocker(): Promise<{ stop(): Promise<void> }> {
    const router = createRouter({ plugins: [stepsProvider({ space: app.url, endpoint: "one_at_a_time", prefix })] });
    const iterator = ask(router, "1000 50 blocker")[Symbol.asyncIterator]();
    while ((await iterator.next()).value?.type !== "text-delta");
    return {
      async stop() {
        await iterator.return?.();
        // Whoever still waits has its turn before this one.
        await ask(router, "1 1 after-the-blocker").completion;
        await router.close();
      },
    };
  }

  /** What became of a job, once its runs have ended. */
  async function untilStopped(job: string): Promise<JobStats> {
    const deadline = performance.now() + (STEPS * STEP_MS) / 2;
    for (;;) {
      const now = await stats(job);
      if (now.running === 0 || performance.now() > deadline) return now;
      await sleep(50);
    }
  }
});

interface Cell {
  readonly way: Way;
  readonly kind: (typeof KINDS)[number];
  readonly proxy: FaultProxy;
  readonly router: Router;
  readonly job: string;
}

function isAttempt({ type }: StreamPart): boolean {
  return type === "attempt";
}
