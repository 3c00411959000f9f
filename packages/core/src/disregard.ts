/** For what nobody waits for. Should it be a promise, its failure is nobody's, and ends no process. */
export function disregard(value: unknown): void {
  // Nearly always nothing, which is no promise: to wait for that costs a promise all the same.
  if ((typeof value === "object" && value !== null) || typeof value === "function") void settled(value);
}

async function settled(value: unknown): Promise<void> {
  try {
    await value;
  } catch {
    // Nobody waits for it.
  }
}

/**
 * Tells one who watches, which is not taking part: what it throws, or a promise that rejects, disturbs nobody. What it throws at once
 * is told to `failed`.
 */
export function watch<Event>(
  watcher: (event: Event) => unknown,
  event: Event,
  failed?: (error: unknown) => void,
): void {
  try {
    const returned = watcher(event);
    if (returned !== undefined) disregard(returned);
  } catch (error) {
    failed?.(error);
  }
}
