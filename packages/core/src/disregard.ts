/** For what nobody waits for. Should it be a promise, its failure is nobody's, and ends no process. */
export async function disregard(value: unknown): Promise<void> {
  try {
    await value;
  } catch {
    // Nobody waits for it.
  }
}
