import { link, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Options of {@link withLock}. */
export interface WithLockOptions {
  /** Ends the waiting; `work` itself is not interrupted. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` while this process holds the lock file, so that processes which want the same thing wait instead of doing
 * it twice.
 *
 * The lock of a process that died is taken over. Two processes that find such a lock at the same moment may both go on,
 * so `work` has to be right without the lock too, if slower.
 */
export async function withLock<Result>(
  path: string,
  work: () => Promise<Result>,
  { signal }: WithLockOptions = {},
): Promise<Result> {
  const mine = `${path}.${process.pid}.${crypto.randomUUID()}`;
  await writeFile(mine, String(process.pid));
  try {
    // A link, because unlike a new file it appears with its content.
    while (!(await succeeds(link(mine, path)))) {
      signal?.throwIfAborted();
      const holder = Number(await readFile(path, "utf8").catch(() => "0"));
      if (holder !== 0 && !isProcessAlive(holder)) await rm(path, { force: true });
      else await delay(100);
    }
  } finally {
    await rm(mine, { force: true });
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** Whether there is a process of this id, ours or somebody else's. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function succeeds(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
