import { getEventListeners } from "node:events";

import { qwen72B } from "@qwen/72b";
import { createRouter, type Provider, type Timeouts } from "@qwen/core";
import { createSpaceEmulator, type Fault } from "@qwen/testing";

import { observe, problemsOf } from "./call.ts";
import { type Column, type Expectation, expectationOf, limitsOf, RETRY, SECOND_TEXT } from "./expectation.ts";
import { ENDLESS, type FaultRow } from "./fault-table.ts";
import { holdOutput } from "./held-provider.ts";
import { leftOf, settled } from "./leftovers.ts";
import type { CellResult } from "./matrix-table.ts";

/** A Space that faults strike, for one cell. */
export interface FaultySpace extends AsyncDisposable {
  /** What to ask so that it says the pieces of the table. */
  readonly prompt: string;
  provider(options: { readonly timeouts: Timeouts | undefined }): Provider;
  /** What it has not done with: open sockets, jobs that run. */
  left(): readonly string[] | Promise<readonly string[]>;
}

/** Runs one cell of the matrix: one call, what it comes to, what it leaves behind. */
export async function runCell(row: FaultRow, column: Column, start: StartFaulty): Promise<CellResult> {
  const expected = expectationOf(row, column);
  if (expected === undefined) return undefined;
  try {
    return await problemsOfCell({ row, column, start, expected });
  } catch (error) {
    return [`the cell itself failed: ${String(error)}`];
  }
}

/** Starts a Space that faults strike; `once`: only its first answer is that of the row. */
export type StartFaulty = (
  faults: readonly Fault[],
  about: { readonly row: FaultRow; readonly once: boolean },
) => Promise<FaultySpace>;

async function problemsOfCell({
  row,
  column,
  start,
  expected,
}: {
  readonly row: FaultRow;
  readonly column: Column;
  readonly start: StartFaulty;
  readonly expected: Expectation;
}): Promise<readonly string[]> {
  const { hedgeAnswers } = expected;
  const { call, company } = column;
  const hedged = company === "hedged";
  const alone = company === "alone" || company === "recovering";
  const once = company === "recovering";
  const struck = row.fault === undefined ? [] : [once ? { ...row.fault, on: 1 } : row.fault];
  // A hedge is to be under way before the first one fails.
  const late = hedged && row.fault?.name !== "delay" ? [AWHILE] : [];
  await using faulty = await start([...struck, ...late], { row, once });
  await using healthy = await createSpaceEmulator({
    shape: "72b",
    answer: hedged && hedgeAnswers === "never" ? ENDLESS : SECOND_TEXT.split(/(?= )/u),
  });

  const failures = Promise.withResolvers<void>();
  const first = faulty.provider({ timeouts: limitsOf(row, column) });
  const other = qwen72B({ id: "second", space: healthy.url });
  const second = typeof hedgeAnswers === "object" ? holdOutput(other, failures.promise) : other;
  const providers: Provider[] = alone ? [first] : [first, second];
  const router = createRouter({
    plugins: providers,
    routes: { chat: providers.map(({ id, models }) => `${id}/${models[0].id}`) },
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
  const messages = [{ role: "user", content: faulty.prompt }] as const;
  const observed = await observe(router, { model: "chat", messages, signal }, column);
  const partial = row.damage.type === "failure" ? row.damage.partial : undefined;
  const problems = problemsOf(observed, expected, { call, first, second, partial });
  await router.close();
  const left = await settled(async () => {
    const listeners = getEventListeners(signal, "abort").length;
    const jobs = healthy.jobs.filter(({ state }) => state === "queued" || state === "running").length;
    const counts = { listeners, "sockets to the second": healthy.sockets, "jobs of the second": jobs };
    return [...leftOf(counts), ...(await faulty.left())];
  });
  return [...problems, ...left];
}

/** A join that is answered so late that a hedge has begun by then. */
const AWHILE = { name: "delay", route: ["join", "call"], ms: 50 } as const;
