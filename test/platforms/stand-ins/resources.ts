// What the provider contract asks of `process`, where there is none.

const running = new Set<unknown>();
const { setTimeout: set, clearTimeout: clear } = globalThis;

globalThis.setTimeout = ((task: (...given: unknown[]) => void, delayMs?: number, ...given: unknown[]) => {
  const timer: unknown = set(() => {
    running.delete(timer);
    task(...given);
  }, delayMs);
  running.add(timer);
  return timer;
}) as typeof setTimeout;

globalThis.clearTimeout = (timer) => {
  running.delete(timer);
  clear(timer);
};

/** As `process.getActiveResourcesInfo()` counts timers. */
export function activeResources(): readonly string[] {
  return Array.from(running, () => "Timeout");
}
