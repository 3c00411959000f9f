// 10,000 calls, 200 at a time, of which a third meets a fault or is left; then 1,000 at once that all have to be answered.
import { getEventListeners, setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { qwen72B } from "@qwen/72b";
import { createRouter, QwenError } from "@qwen/core";
import { qwenMax } from "@qwen/max";

import { type Figures, FIRST_STEPS, type Held, SECOND_STEPS } from "./figures.ts";

const CALLS = 10_000;
const AT_ONCE = 200;
const STREAMS = 1000;

const [faulty = "", orderly = ""] = process.argv.slice(2);
const texts: Readonly<Record<string, string>> = { max: FIRST_STEPS.join(""), "72b": SECOND_STEPS.join("") };
const router = createRouter({
  plugins: [qwenMax({ space: faulty }), qwen72B({ space: orderly })],
  routes: { chat: ["qwen-max", "qwen-72b"] },
  retry: { baseDelayMs: 5, maxDelayMs: 20 },
  timeouts: { idleMs: 3000 },
  // Breakers would keep the calls away from the faults.
  breaker: false,
});
const { signal: shared } = new AbortController();
setMaxListeners(Infinity, shared);

const endings: Record<string, number> = {};
const wrong: string[] = [];
let attempts = 0;
let faulted = 0;

/** One call, by its number: every sixth is left, in one of four ways, half of all are buffered. */
async function call(number: number): Promise<void> {
  const leaves = number % 6 === 5;
  const byConsumer = number % 12 === 5;
  const afterParts = number % 7;
  const controller = new AbortController();
  const reason = new Error("left");
  const signal = leaves && !byConsumer ? controller.signal : shared;
  let shown = "";
  let count = 0;
  let ending = "left";
  try {
    const commit = number % 2 === 0 ? "buffered" : "first-output";
    const messages = [{ role: "user", content: `Call ${number}` }] as const;
    for await (const part of router.stream({ model: "chat", messages, signal, commit })) {
      if (part.type === "text-delta") shown += part.text;
      else if (part.type === "text-replace") shown = part.text;
      else if (part.type === "finish") {
        ending = "answered";
        attempts += part.attempts.length;
        if (part.attempts.length > 1) faulted += 1;
        if (shown !== texts[part.provider]) wrong.push(`call ${number}: ${JSON.stringify(shown)} of ${part.provider}`);
      }
      if (!leaves || count++ < afterParts) continue;
      if (byConsumer) break;
      controller.abort(reason);
    }
  } catch (error) {
    if (QwenError.isInstance(error)) {
      ending = error.code;
      attempts += error.attempts?.length ?? 0;
      faulted += 1;
    } else if (error !== reason) wrong.push(`call ${number}: ${String(error)}`);
  }
  if (ending === "left" && !leaves) wrong.push(`call ${number} ended without a finish`);
  endings[ending] = (endings[ending] ?? 0) + 1;
}

async function run(from: number, to: number): Promise<void> {
  let next = from;
  const work = async (): Promise<void> => {
    while (next < to) await call(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function streamAtOnce(streams: number): Promise<number> {
  const asked = Array.from({ length: streams }, async (_, number) => {
    const messages = [{ role: "user", content: `Stream ${number}` }] as const;
    let shown = "";
    for await (const part of router.stream({ model: "72b/qwen-72b", messages, signal: shared }))
      if (part.type === "text-delta") shown += part.text;
    if (shown !== texts["72b"]) throw new Error(shown);
  });
  const results = await Promise.allSettled(asked);
  const errors = results.filter((result) => result.status === "rejected");
  for (const { reason } of errors.slice(0, 3)) wrong.push(`stream: ${String(reason)}`);
  return errors.length;
}

function held(): Held {
  for (let turn = 0; turn < 4; turn++) globalThis.gc?.();
  const active = process.getActiveResourcesInfo();
  const count = (kind: string): number => active.filter((resource) => resource === kind).length;
  return {
    heapMb: process.memoryUsage().heapUsed / 1024 ** 2,
    timers: count("Timeout"),
    sockets: count("TCPSocketWrap"),
    listeners: getEventListeners(shared, "abort").length,
  };
}

// Code is compiled and caches are filled by the first calls; they are no leak.
await run(0, 1000);
await router.close();
await sleep(200);
Object.keys(endings).forEach((ending) => delete endings[ending]);
attempts = 0;
faulted = 0;
const before = held();

let peakMb = 0;
const watching = setInterval(() => (peakMb = Math.max(peakMb, process.memoryUsage().rss / 1024 ** 2)), 100);
const startedAt = performance.now();
await run(0, CALLS);
const seconds = (performance.now() - startedAt) / 1000;
clearInterval(watching);
const afterCalls = held();
await router.close();

const streamsStartedAt = performance.now();
const errors = await streamAtOnce(STREAMS);
const concurrent = { streams: STREAMS, errors, seconds: (performance.now() - streamsStartedAt) / 1000 };
await router.close();
await sleep(200);
const afterClose = held();

const figures: Figures = {
  calls: CALLS,
  seconds,
  attempts,
  endings,
  faulted,
  wrong: wrong.slice(0, 20),
  before,
  peakMb,
  afterCalls,
  afterClose,
  concurrent,
};
process.send?.(figures);
process.disconnect?.();
