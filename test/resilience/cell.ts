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

/** A server with a provider of it, for one cell. */
export interface Peer extends AsyncDisposable {
  provider(options: { readonly timeouts: Timeouts | undefined }): Provider;
  /** What it has not done with: open sockets, jobs that run. */
  left(): readonly string[] | Promise<readonly string[]>;
}

/** One that faults strike. */
export interface FaultyPeer extends Peer {
  /** What to ask so that it says the pieces of the table. */
  readonly prompt: string;
}

type Named = { readonly name: string };

/** Starts a server that faults strike; `once`: only its first answer is that of the row. */
export type StartFaulty<AnyFault extends Named = Fault> = (
  faults: readonly AnyFault[],
  about: { readonly row: FaultRow<AnyFault>; readonly once: boolean },
) => Promise<FaultyPeer>;

/** Starts a server that no fault strikes, with a provider of the id "second"; `endless`: it works on and says nothing. */
export type StartHealthy = (about: { readonly endless: boolean }) => Promise<Peer>;

/** Who meets in a cell. */
export interface Cast<AnyFault extends Named = Fault> {
  readonly first: StartFaulty<AnyFault>;
  readonly second: StartHealthy;
  /** What comes of it, where that is another thing. */
  readonly expectation?: typeof expectationOf;
  /** The fault of an answer that begins so late that a hedge is under way by then. */
  readonly late: AnyFault;
}

/** A Space that faults strike, and another one. */
export function spaces(first: StartFaulty): Cast {
  return { first, second: healthySpace, late: LATE_JOIN };
}

/** A join that is answered so late that a hedge has begun by then. */
export const LATE_JOIN = { name: "delay", route: ["join", "call"], ms: 50 } as const satisfies Fault;

/** Runs one cell of the matrix: one call, what it comes to, what it leaves behind. */
export async function runCell<AnyFault extends Named>(
  row: FaultRow<AnyFault>,
  column: Column,
  cast: Cast<AnyFault>,
): Promise<CellResult> {
  const expected = (cast.expectation ?? expectationOf)(row, column);
  if (expected === undefined) return undefined;
  try {
    return await problemsOfCell({ row, column, cast, expected });
  } catch (error) {
    return [`the cell itself failed: ${String(error)}`];
  }
}

async function problemsOfCell<AnyFault extends Named>({
  row,
  column,
  cast,
  expected,
}: {
  readonly row: FaultRow<AnyFault>;
  readonly column: Column;
  readonly cast: Cast<AnyFault>;
  readonly expected: Expectation;
}): Promise<readonly string[]> {
  const { hedgeAnswers } = expected;
  const { call, company } = column;
  const hedged = company === "hedged";
  const alone = company === "alone" || company === "recovering";
  const once = company === "recovering";
  const struck = row.fault === undefined ? [] : [once ? { ...row.fault, on: 1 } : row.fault];
  // A hedge is to be under way before the first one fails.
  const late = hedged && row.fault?.name !== "delay" ? [cast.late] : [];
  await using faulty = await cast.first([...struck, ...late], { row, once });
  await using healthy = await cast.second({ endless: hedged && hedgeAnswers === "never" });

  const failures = Promise.withResolvers<void>();
  const first = faulty.provider({ timeouts: limitsOf(row, column) });
  const other = healthy.provider({ timeouts: undefined });
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
    const others = (await healthy.left()).map((what) => `of the second: ${what}`);
    return [...leftOf({ listeners }), ...others, ...(await faulty.left())];
  });
  return [...problems, ...left];
}

/** The pieces of {@link SECOND_TEXT}. */
export const SECOND_PIECES = SECOND_TEXT.split(/(?= )/u);

async function healthySpace({ endless }: Parameters<StartHealthy>[0]): Promise<Peer> {
  const space = await createSpaceEmulator({ shape: "72b", answer: endless ? ENDLESS : SECOND_PIECES });
  return {
    provider: ({ timeouts }) => qwen72B({ id: "second", space: space.url, timeouts }),
    left() {
      const jobs = space.jobs.filter(({ state }) => state === "queued" || state === "running").length;
      return leftOf({ sockets: space.sockets, jobs });
    },
    [Symbol.asyncDispose]: space.close,
  };
}
