import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import type { BenchClient } from "./clients/client.ts";
import { sentAtMicroseconds } from "./server/script.ts";
import { machineNowMs, quantile, type Task, type TaskResults } from "./task.ts";

/** Where CPU time is counted from. */
export interface PerformOptions {
  /** What the process had used before it loaded its client. */
  readonly cpuBefore: NodeJS.CpuUsage;
}

/** Does a task with a client that was made already, but has asked nothing. */
export function perform(
  task: Exclude<Task, { kind: "cold" }>,
  client: BenchClient,
  { cpuBefore }: PerformOptions,
): Promise<TaskResults["warm" | "answers" | "streams" | "alive"]> {
  switch (task.kind) {
    case "warm":
      return warm(task, client);
    case "answers":
      return answers(task, client, { cpuBefore });
    case "streams":
      return streams(task, client, { cpuBefore });
    case "alive":
      return alive(task, client);
  }
}

async function warm(
  { prompt, calls, warmUps }: Extract<Task, { kind: "warm" }>,
  client: BenchClient,
): Promise<TaskResults["warm"]> {
  const times: number[] = [];
  for (let call = 0; call < warmUps + calls; call += 1) {
    const startedAt = performance.now();
    let firstMs: number | undefined;
    await client.ask(prompt, () => {
      firstMs ??= performance.now() - startedAt;
    });
    if (call >= warmUps) times.push(firstMs ?? Number.NaN);
    await pause();
  }
  return { firstTextMs: times };
}

async function answers(
  { deltas, calls }: Extract<Task, { kind: "answers" }>,
  client: BenchClient,
  { cpuBefore }: PerformOptions,
): Promise<TaskResults["answers"]> {
  const times: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const startedAt = performance.now();
    let characters = 0;
    await client.ask(`script:long ${deltas * 8} ${deltas}`, (text) => {
      characters += text.length;
    });
    times.push(performance.now() - startedAt);
    if (characters !== deltas * 8) throw new Error(`Of ${deltas * 8} characters ${characters} came.`);
    await pause();
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wallMs: times, microsecondsPerDelta: (user + system) / calls / deltas };
}

async function streams(
  { streams: count, deltas, intervalMs }: Extract<Task, { kind: "streams" }>,
  client: BenchClient,
  { cpuBefore }: PerformOptions,
): Promise<TaskResults["streams"]> {
  const late: number[] = [];
  const first: number[] = [];
  let errors = 0;

  async function one(): Promise<void> {
    const calledAt = performance.now();
    let characters = 0;
    try {
      await client.ask(`script:paced ${deltas} ${intervalMs}`, (text) => {
        if (characters === 0) first.push(performance.now() - calledAt);
        characters += text.length;
        late.push(machineNowMs() - sentAtMicroseconds(text.slice(0, 8)) / 1000);
      });
      if (characters !== deltas * 8) errors += 1;
    } catch {
      errors += 1;
    }
  }

  const startedAt = performance.now();
  await Promise.all(Array.from({ length: count }, one));
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    wallMs,
    firstTextMs: quantile(first, 0.5),
    lateMs: quantile(late, 0.99),
    cpuMs: (user + system) / 1000,
    peakMb: process.resourceUsage().maxRSS / 1024,
    errors,
  };
}

/** How long a stream stands at its first text: longer than it takes a thousand to come there. */
const STANDING_MS = 10_000;

async function alive(
  { streams: count }: Extract<Task, { kind: "alive" }>,
  client: BenchClient,
): Promise<TaskResults["alive"]> {
  // What the first call loads is code, which no other call holds once more.
  await client.ask("script:long 16 2", () => {});
  await pause();
  const before = heapUsed();
  let standing = 0;
  await new Promise<void>((resolve, reject) => {
    for (let call = 0; call < count; call += 1) {
      let came = false;
      const onText = (): void => {
        if (came) return;
        came = true;
        standing += 1;
        if (standing === count) resolve();
      };
      client.ask(`script:paced 2 ${STANDING_MS}`, onText).catch(reject);
    }
  });
  return { kilobytesPerCall: (heapUsed() - before) / 1024 / count };
}

function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What is left to finalisers goes with the second time.
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** The end of a stream and the next call are never one turn apart for a real user. */
function pause(): Promise<void> {
  return new Promise(setImmediate);
}
