// The Spaces that the soak asks, in a process of their own: one where every fifth stream and every tenth join goes wrong, one in order.
import { createSpaceEmulator, type Fault, type FaultName } from "@qwen/testing";

import { FIRST_STEPS, SECOND_STEPS, type ServerState } from "./figures.ts";

const EVERY = 5;
const OF_STREAMS: readonly FaultName[] = [
  "eof",
  "reset",
  "truncated",
  "stall",
  "server-stopped",
  "missing-completion",
  "garbage-line",
  "session-not-found",
];
const OF_JOINS: readonly FaultName[] = ["rate-limited-ms", "proxy-error", "queue-full", "delay"];

/** Spreads faults over the requests of a route: every `EVERY`th is struck, by each fault in turn. */
function spread(names: readonly FaultName[], every: number): readonly Fault[] {
  const requests = 40_000;
  return names.map((name, index) => {
    const period = every * names.length;
    const on = Array.from({ length: requests / period }, (_, turn) => turn * period + (index + 1) * every);
    return { name, on, ms: 20 };
  });
}

const faulty = await createSpaceEmulator({
  shape: "max",
  answer: { steps: FIRST_STEPS, delayMs: 5 },
  faults: [...spread(OF_STREAMS, EVERY), ...spread(OF_JOINS, 2 * EVERY)],
});
const orderly = await createSpaceEmulator({ shape: "72b", answer: { steps: SECOND_STEPS, delayMs: 5 } });
const spaces = [faulty, orderly];

// What is remembered would be measured as if it were needed.
setInterval(() => {
  for (const space of spaces) space.forget();
}, 500);

process.on("message", () => {
  const jobs = spaces.flatMap((space) => space.jobs).filter(({ state }) => state === "queued" || state === "running");
  const sockets = spaces.reduce((sum, space) => sum + space.sockets, 0);
  process.send?.({ sockets, jobs: jobs.length } satisfies ServerState);
});
process.on("disconnect", () => process.exit());
process.send?.(spaces.map(({ url }) => url));
