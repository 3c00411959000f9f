/** For what nobody waits for. Should it be a promise, its failure is nobody's, and ends no process. */
export async function disregard(value: unknown): Promise<void> {
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
    if (returned !== undefined) void disregard(returned);
  } catch (error) {
    failed?.(error);
  }
}
