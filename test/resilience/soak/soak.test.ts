import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { leftOf, settled } from "../leftovers.ts";
import type { Figures, ServerState } from "./figures.ts";

let server: ChildProcess;
let figures: Figures;

beforeAll(async () => {
  server = start("server.ts");
  const [urls] = (await once(server, "message")) as [readonly string[]];
  const client = start("client.ts", urls);
  const exited = once(client, "exit").then(([code]) => {
    throw new Error(`The client ended with ${String(code)} before it was done.`);
  });
  [figures] = (await Promise.race([once(client, "message"), exited])) as [Figures];
  exited.catch(() => {
    // It is done.
  });
  process.stdout.write(`\n${table(figures)}\n\n`);
}, 120_000);

afterAll(() => {
  server.disconnect();
});

test("every one of 10,000 calls, 200 at a time, ends as it may: with its whole text, left, or in an error", () => {
  expect(figures.wrong).toEqual([]);
  expect(Object.values(figures.endings).reduce((sum, count) => sum + count, 0)).toBe(10_000);
});

test("a third of them was struck or left", () => {
  const { left = 0 } = figures.endings;
  expect(figures.faulted + left).toBeGreaterThan(10_000 / 3);
});

test("1,000 concurrent streams end without an error", () => {
  expect(figures.concurrent).toMatchObject({ streams: 1000, errors: 0 });
});

test("heap, timers, sockets and listeners are back where they were", () => {
  const { before, afterCalls, afterClose } = figures;
  expect(afterClose).toMatchObject({ timers: before.timers, sockets: before.sockets, listeners: 0 });
  expect(afterCalls.listeners).toBe(0);
  // 100 bytes a call would be a megabyte.
  expect(afterClose.heapMb - before.heapMb).toBeLessThan(2);
});

test("the Spaces have no job and no socket left", async () => {
  const left = async (): Promise<readonly string[]> => {
    server.send("state");
    const [{ sockets, jobs }] = (await once(server, "message")) as [ServerState];
    return leftOf({ sockets, jobs });
  };
  expect(await settled(left)).toEqual([]);
});

function start(file: string, args: readonly string[] = []): ChildProcess {
  return fork(join(import.meta.dirname, file), args, { execArgv: ["--conditions=@qwen/source", "--expose-gc"] });
}

function table({
  calls,
  seconds,
  attempts,
  endings,
  faulted,
  before,
  peakMb,
  afterCalls,
  afterClose,
  concurrent,
}: Figures) {
  const held = ({ heapMb, timers, sockets, listeners }: Figures["before"]): string =>
    `heap ${heapMb.toFixed(1)} MB, ${timers} timers, ${sockets} sockets, ${listeners} listeners`;
  return [
    `Soak: ${calls} calls, 200 at a time, in ${seconds.toFixed(1)} s (${Math.round(calls / seconds)} a second)`,
    `  endings   ${Object.entries(endings)
      .map(([ending, count]) => `${ending} ${count}`)
      .join(", ")}`,
    `  attempts  ${attempts}; ${faulted} calls met a fault`,
    `  before    ${held(before)}`,
    `  after     ${held(afterCalls)}; at most ${Math.round(peakMb)} MB resident`,
    `  closed    ${held(afterClose)}`,
    `  streams   ${concurrent.streams} at once in ${concurrent.seconds.toFixed(1)} s, ${concurrent.errors} errors`,
  ].join("\n");
}
