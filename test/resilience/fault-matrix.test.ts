import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { qwen72B } from "@qwen/72b";
import { createRouter } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { createSpaceEmulator, faultNames, type SpaceEmulator } from "@qwen/testing";
import { afterAll, describe, expect, test } from "vitest";

import { observe, problemsOf } from "./call.ts";
import { COLUMNS, type Column, expectationOf, limitsOf, RETRY, SECOND_TEXT } from "./expectation.ts";
import { FAULT_ROWS, FIRST_PIECES, type FaultRow, tableNames } from "./fault-table.ts";
import { holdOutput } from "./held-provider.ts";
import { type CellResult, matrixTable } from "./matrix-table.ts";

const results = new Map<string, readonly CellResult[]>(FAULT_ROWS.map(({ label }) => [label, []]));

test("the matrix has every fault that the emulator knows", () => {
  expect(tableNames.toSorted()).toEqual(faultNames.toSorted());
});

describe.concurrent("every way to ask comes to what the errors table says, in time, and leaves nothing behind", () => {
  // The slow ones first: a server without headers holds up clean-ups for as long as they may take.
  const rows = FAULT_ROWS.toSorted((a, b) => Number(waitsForHeaders(b)) - Number(waitsForHeaders(a)));

  test.each(rows)("$label", { timeout: 60_000 }, async (row) => {
    const cells = await Promise.all(COLUMNS.map((column) => runCell(row, column)));
    results.set(row.label, cells);
    const wrong = cells.flatMap((problems = [], index) =>
      problems.map((problem) => `${Object.values(COLUMNS[index] ?? {}).join(" ")}: ${problem}`),
    );
    expect(wrong).toEqual([]);
  });
});

function waitsForHeaders({ limits }: FaultRow): boolean {
  return limits?.headersMs !== undefined;
}

afterAll(() => {
  process.stdout.write(`\n${matrixTable("Faults of an emulated Space", COLUMNS, results)}\n\n`);
});

async function runCell(row: FaultRow, column: Column): Promise<CellResult> {
  const expected = expectationOf(row, column);
  if (expected === undefined) return undefined;
  const { hedgeAnswers } = expected;
  const hedged = column.company === "hedged";
  const on = column.company === "recovering" ? { on: 1 } : {};
  await using faulty = await createSpaceEmulator({
    shape: "max",
    answer: FIRST_PIECES,
    heartbeatMs: 50,
    // A hedge is to be under way before the first one fails.
    faults: [{ ...row.fault, ...on }, ...(hedged && row.fault.name !== "delay" ? [AWHILE] : [])],
  });
  await using healthy = await createSpaceEmulator({
    shape: "72b",
    answer: hedged && hedgeAnswers === "never" ? ENDLESS : SECOND_TEXT.split(/(?= )/u),
  });

  const failures = Promise.withResolvers<void>();
  const first = qwenMax({ space: faulty.url, timeouts: limitsOf(row, column) });
  const other = qwen72B({ space: healthy.url });
  const second = typeof hedgeAnswers === "object" ? holdOutput(other, failures.promise) : other;
  const alone = ["alone", "recovering"].includes(column.company);
  const router = createRouter({
    plugins: alone ? [first] : [first, second],
    routes: { chat: [first, ...(alone ? [] : [second])].map(({ models }) => models[0].id) },
    retry: RETRY,
    ...(hedged && { hedge: { delayMs: 0 } }),
  });
  let failed = 0;
  router.observe((event) => {
    if (event.type !== "attempt-ended" || event.provider !== first.id) return;
    failed += 1;
    if (typeof hedgeAnswers === "object" && failed === hedgeAnswers.afterFailures) failures.resolve();
  });

  const { signal } = new AbortController();
  const request = { model: "chat", messages: [{ role: "user", content: "Hello?" }], signal } as const;
  const observed = await observe(router, request, column);
  const partial = row.damage.type === "failure" ? row.damage.partial : undefined;
  const problems = problemsOf(observed, expected, { call: column.call, first, second, partial });
  const left = await leftBehind(() => router.close(), { signal, spaces: [faulty, healthy] });
  return [...problems, ...left];
}

/** Works on and says nothing; each step is a chance to be stopped. */
const ENDLESS = { steps: Array.from({ length: 2000 }, () => ""), delayMs: 50 };

/** A join that is answered so late that a hedge has begun by then. */
const AWHILE = { name: "delay", route: ["join", "call"], ms: 50 } as const;

/** What is still there when the router was closed: jobs, sockets, listeners. */
async function leftBehind(
  close: () => Promise<void>,
  { signal, spaces }: { readonly signal: AbortSignal; readonly spaces: readonly SpaceEmulator[] },
): Promise<readonly string[]> {
  await close();
  const left = (): readonly string[] => {
    const listeners = getEventListeners(signal, "abort").length;
    const sockets = spaces.reduce((sum, space) => sum + space.sockets, 0);
    const jobs = spaces.flatMap((space) => space.jobs).filter(({ state }) => state === "queued" || state === "running");
    return [
      ...(listeners > 0 ? [`${listeners} listeners left`] : []),
      ...(sockets > 0 ? [`${sockets} sockets left`] : []),
      ...jobs.map(({ state }) => `a job left ${state}`),
    ];
  };
  for (const deadline = performance.now() + SETTLE_MS; left().length > 0 && performance.now() < deadline;)
    await sleep(10);
  return left();
}

const SETTLE_MS = 8000;
