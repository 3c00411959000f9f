import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterEach, beforeEach, expect, test } from "vitest";

import { withLock } from "../src/lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("only one holds the lock at a time, and nothing is left of it", async () => {
  let holders = 0;
  const most = await Promise.all(
    [1, 2, 3].map(() =>
      withLock(join(folder, "lock"), async () => {
        holders += 1;
        const seen = holders;
        await delay(20);
        holders -= 1;
        return seen;
      }),
    ),
  );
  expect(most).toEqual([1, 1, 1]);
  expect(await readdir(folder)).toEqual([]);
});

test("takes over the lock of a process that died", async () => {
  await writeFile(join(folder, "lock"), "999999999");
  expect(await withLock(join(folder, "lock"), async () => "done")).toBe("done");
});

test("waits no longer than its signal allows", async () => {
  await writeFile(join(folder, "lock"), String(process.pid));
  const signal = AbortSignal.timeout(50);
  const locked = withLock(join(folder, "lock"), async () => "done", { signal });
  await expect(locked).rejects.toSatisfy((reason) => reason === signal.reason);
});
