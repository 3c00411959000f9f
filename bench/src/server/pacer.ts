/** Calls many streams at fixed times with one timer, in the order in which they are due. */
export interface Pacer {
  /** Calls `tick` every interval until it returns false. A late one is made up for: the times do not drift. */
  start(tick: () => boolean): void;
}

interface Paced {
  dueAt: number;
  readonly tick: () => boolean;
}

/** Makes a pacer. All its streams have one interval, so the one that was called last is due last. */
export function createPacer(intervalMs: number): Pacer {
  let queue: Paced[] = [];
  let armed = false;

  function arm(): void {
    const [first] = queue;
    if (armed || first === undefined) return;
    armed = true;
    setTimeout(run, Math.max(1, first.dueAt - performance.now()));
  }

  function run(): void {
    armed = false;
    const now = performance.now();
    const early = queue.findIndex(({ dueAt }) => dueAt > now);
    const due = early === -1 ? queue : queue.slice(0, early);
    queue = early === -1 ? [] : queue.slice(early);
    for (const paced of due) {
      if (!paced.tick()) continue;
      paced.dueAt += intervalMs;
      queue.push(paced);
    }
    arm();
  }

  return {
    start(tick) {
      queue.push({ dueAt: performance.now() + intervalMs, tick });
      arm();
    },
  };
}
