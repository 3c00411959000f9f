import { getEventListeners } from "node:events";

import { qwen72B } from "@qwen/72b";
import { createRouter, QwenError, type StreamPart } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { type AnswerStep, createSpaceEmulator, faultNames } from "@qwen/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { leftOf, settled } from "./leftovers.ts";

// Any answer with any faults, over sockets, asked and left in any way: what always holds.

const step = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<AnswerStep>("one", " two", "\n", " three", "") },
  { weight: 1, arbitrary: fc.constantFrom<AnswerStep>({ rewrite: "four" }, { rewrite: "one two" }, { rewrite: "" }) },
  { weight: 1, arbitrary: fc.constantFrom<AnswerStep>({ waitMs: 5 }, { log: "Hm" }, { progress: 1, of: 2 }) },
  { weight: 1, arbitrary: fc.constantFrom<AnswerStep>({ error: "I give up." }, { exception: "hidden" }) },
);
const fault = fc.record({
  // A join that is never answered holds up its clean-up for ten seconds: it has its rows in the matrix.
  name: fc.constantFrom(...faultNames.filter((name) => name !== "never-headers")),
  on: fc.constantFrom(1, 2, [1, 2, 3]),
  after: fc.nat(2),
  ms: fc.constantFrom(10, 60),
});
const call = fc.record({
  steps: fc.array(step, { maxLength: 6 }),
  faults: fc.array(fault, { maxLength: 2 }),
  second: fc.boolean(),
  hedged: fc.boolean(),
  commit: fc.constantFrom("first-output" as const, "buffered" as const),
  leaving: fc.oneof(
    { weight: 3, arbitrary: fc.constant("at the end" as const) },
    fc.record({ way: fc.constantFrom("break", "signal"), parts: fc.nat(5) }),
  ),
});
type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never;

const SECOND_TEXT = "five six";
const TIMEOUTS = { headersMs: 400, firstOutputMs: 400, idleMs: 400, queueMs: 400 };

test("a call ends in exactly one finish or one throw, with its text once, and leaves nothing open", async () => {
  const run = fc.asyncProperty(fc.array(call, { minLength: 8, maxLength: 12 }), async (calls) => {
    const problems = await Promise.all(calls.map(problemsOfCall));
    expect(problems.flat()).toEqual([]);
  });
  // Fewer rounds on a slow machine; what was run has to hold.
  await fc.assert(run, { numRuns: 15, interruptAfterTimeLimit: 20_000, endOnFailure: true });
}, 60_000);

async function problemsOfCall({ steps, faults, second, hedged, commit, leaving }: Call): Promise<readonly string[]> {
  await using space = await createSpaceEmulator({ shape: "max", answer: steps, faults });
  await using other = await createSpaceEmulator({ shape: "72b", answer: SECOND_TEXT });
  const first = qwenMax({ space: space.url, timeouts: TIMEOUTS });
  const next = qwen72B({ space: other.url });
  const router = createRouter({
    plugins: [first, next],
    routes: { chat: [first.models[0].id, ...(second ? [next.models[0].id] : [])] },
    commit,
    retry: { baseDelayMs: 5, maxRetryAfterMs: 100 },
    hedge: hedged ? { delayMs: 20 } : undefined,
  });
  const controller = new AbortController();
  const { signal } = controller;
  const parts: StreamPart[] = [];
  let thrown: unknown;
  let left = false;
  try {
    for await (const part of router.stream({ model: "chat", messages: [{ role: "user", content: "Hi" }], signal })) {
      parts.push(part);
      if (leaving === "at the end" || parts.length <= leaving.parts) continue;
      left = true;
      if (leaving.way === "break") break;
      controller.abort(REASON);
    }
  } catch (error) {
    thrown = error;
  }

  const problems: string[] = [];
  const check = (what: string, holds: boolean): void => void (holds || problems.push(what));
  const finish = parts.find((part) => part.type === "finish");
  const finishes = parts.filter((part) => part.type === "finish").length;
  const broken = left && leaving !== "at the end" && leaving.way === "break";
  check("one finish or one throw", finishes + (thrown === undefined ? 0 : 1) === 1 || (broken && thrown === undefined));
  check("the finish is last", finish === undefined || parts.at(-1) === finish);
  check("an error of the family", thrown === undefined || QwenError.isInstance(thrown) || (left && thrown === REASON));
  if (finish !== undefined) {
    const shown = textOf(parts);
    const wanted = finish.provider === first.id ? whole(steps) : SECOND_TEXT;
    check(`the text of ${finish.provider}: ${JSON.stringify([shown, wanted])}`, shown === wanted);
  }
  await router.close();
  const still = await settled(() => {
    const jobs = [...space.jobs, ...other.jobs].filter(({ state }) => state === "queued" || state === "running");
    const listeners = getEventListeners(signal, "abort").length;
    return leftOf({ sockets: space.sockets + other.sockets, jobs: jobs.length, listeners });
  });
  check(`left: ${still.join(", ")}`, still.length === 0);
  return problems.map((problem) => `${problem} ${JSON.stringify({ steps, faults, second, hedged, commit, leaving })}`);
}

const REASON = new Error("I have heard enough.");

function textOf(parts: readonly StreamPart[]): string {
  let text = "";
  for (const part of parts) {
    if (part.type === "text-delta") text += part.text;
    else if (part.type === "text-replace") ({ text } = part);
  }
  return text;
}

/** What the app says in the end; `undefined` where it fails before that. */
function whole(steps: readonly AnswerStep[]): string | undefined {
  let text = "";
  for (const one of steps) {
    if (typeof one === "string") text += one;
    else if ("rewrite" in one) text = one.rewrite;
    else if ("error" in one || "exception" in one) return undefined;
  }
  return text;
}
