import { vi } from "vitest";

import { runAttempts, type Candidate, type PartKind, type PartReader } from "../../src/router/index.ts";
import { asking } from "../../src/router/loaded-later.ts";
import { DEFAULT_TIMEOUTS } from "../../src/timers.ts";
import { collect } from "./scripted.ts";

// Moving time by hand does not wait for what is read from a disk.
await asking.load();

/** A part of another kind than ours, as an adapter of another SDK has them. */
export type Part = readonly [kind: PartKind, value?: unknown];

/** Knows what they are. */
export const reader: PartReader<Part, string> = {
  kind: ([kind]) => kind,
  errorOf: ([, value]) => value,
  sealed: ([kind, value], { provider, attempts }) => [kind, `${String(value)} by ${provider} in ${attempts.length}`],
  collect() {
    let text = "";
    return {
      add: ([, value]) => (text += String(value)),
      text: () => text,
      result: ([, value]) => `${text}|${String(value)}`,
    };
  },
};

/** Who says these parts. */
export function candidate(provider: string, parts: readonly Part[]): Candidate<Part> {
  return {
    provider,
    model: "m",
    timeouts: DEFAULT_TIMEOUTS,
    async *start() {
      yield* parts;
    },
  };
}

/** What a loop over such candidates gives and ends with. Timers must be fake. */
export async function run(scripts: Readonly<Record<string, readonly Part[]>>, options = {}) {
  const candidates = Object.entries(scripts).map(([provider, parts]) => candidate(provider, parts)) as [
    Candidate<Part>,
  ];
  const attempts = runAttempts({
    model: "m",
    candidates: () => candidates,
    reader,
    retry: { maxAttempts: 2 },
    random: () => 0,
    ...options,
  });
  const reading = collect(attempts);
  await vi.runAllTimersAsync();
  return { ...(await reading), outcome: attempts.outcome() };
}
