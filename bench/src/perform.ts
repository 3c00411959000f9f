import type { BenchClient } from "./clients/client.ts";
import { sentAtMicroseconds } from "./server/script.ts";
import { machineNowMs, quantile, type Task, type TaskResults } from "./task.ts";

/** Does a task with a client that was made already, but has asked nothing. */
export function perform(
  task: Exclude<Task, { kind: "cold" }>,
  client: BenchClient,
): Promise<TaskResults["warm" | "answers" | "streams"]> {
  switch (task.kind) {
    case "warm":
      return warm(task, client);
    case "answers":
      return answers(task, client);
    case "streams":
      return streams(task, client);
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
  { deltas, calls, warmUps, shortCalls }: Extract<Task, { kind: "answers" }>,
  client: BenchClient,
): Promise<TaskResults["answers"]> {
  await callShortly(shortCalls, client);
  const times: number[] = [];
  const used: number[] = [];
  for (let call = 0; call < warmUps + calls; call += 1) {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    let characters = 0;
    await client.ask(`script:long ${deltas * 8} ${deltas}`, (text) => {
      characters += text.length;
    });
    const wallMs = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(before);
    if (characters !== deltas * 8) throw new Error(`Of ${deltas * 8} characters ${characters} came.`);
    if (call >= warmUps) {
      times.push(wallMs);
      used.push((user + system) / deltas);
    }
    await pause();
  }
  return { wallMs: times, microsecondsPerDelta: used };
}

async function streams(
  { streams: count, deltas, intervalMs, shortCalls }: Extract<Task, { kind: "streams" }>,
  client: BenchClient,
): Promise<TaskResults["streams"]> {
  await callShortly(shortCalls, client);
  const late: number[] = [];
  let errors = 0;

  async function one(): Promise<void> {
    let characters = 0;
    try {
      await client.ask(`script:paced ${deltas} ${intervalMs}`, (text) => {
        characters += text.length;
        late.push(machineNowMs() - sentAtMicroseconds(text.slice(0, 8)) / 1000);
      });
      if (characters !== deltas * 8) errors += 1;
    } catch {
      errors += 1;
    }
  }

  const before = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: count }, one));
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(before);
  return {
    wallMs,
    lateMs: quantile(late, 0.99),
    cpuMs: (user + system) / 1000,
    peakMb: process.resourceUsage().maxRSS / 1024,
    errors,
  };
}

async function callShortly(calls: number, client: BenchClient): Promise<void> {
  for (let call = 0; call < calls; call += 1) {
    await client.ask("script:long 2000 250", () => {});
    await pause();
  }
}

/** The end of a stream and the next call are never one turn apart for a real user. */
function pause(): Promise<void> {
  return new Promise(setImmediate);
}
