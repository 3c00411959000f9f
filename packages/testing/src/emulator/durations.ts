import type { SpaceFunction } from "./space.ts";

/** How long functions take: what Gradio's estimates come from. All times in seconds, but `now` and `busy`. */
export interface Durations {
  add(fn: SpaceFunction, seconds: number): void;
  /** `undefined` until the function has run once. */
  average(fn: SpaceFunction): number | undefined;
  /** Notes one step of a function; the result is the average of all its steps. */
  addStep(fn: SpaceFunction, seconds: number): number;
  /** Seconds until a waiting job has its result; `null` while nothing is known. `busy` are the starts of running jobs. */
  eta(
    fn: SpaceFunction,
    place: { readonly rank: number; readonly limit: number; readonly busy: readonly number[]; readonly now: number },
  ): number | null;
}

/** Starts knowing nothing. */
export function createDurations(): Durations {
  const runs = new Map<SpaceFunction, { sum: number; count: number }>();
  const steps = new Map<SpaceFunction, { sum: number; count: number }>();

  const note = (map: typeof runs, fn: SpaceFunction, seconds: number): number => {
    const { sum, count } = map.get(fn) ?? { sum: 0, count: 0 };
    map.set(fn, { sum: sum + seconds, count: count + 1 });
    return (sum + seconds) / (count + 1);
  };
  const average = (fn: SpaceFunction): number | undefined => {
    const entry = runs.get(fn);
    return entry === undefined ? undefined : entry.sum / entry.count;
  };

  return {
    add: (fn, seconds) => void note(runs, fn, seconds),
    average,
    addStep: (fn, seconds) => note(steps, fn, seconds),
    eta(fn, { rank, limit, busy, now }) {
      const one = average(fn);
      if (one === undefined) return null;
      const untilFree = busy.length === 0 ? 0 : Math.max(0, Math.min(...busy) / 1000 + one - now / 1000);
      return one + untilFree + (Number.isFinite(limit) ? (rank * one) / limit : 0);
    },
  };
}
