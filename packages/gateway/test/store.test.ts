import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it, test, vi } from "vitest";

import { bySize, expectLinear } from "../../core/test/cost.ts";
import { sqliteStore } from "../src/node/sqlite-store.ts";
import { memoryStore, type ResponseStore, type StoreOptions } from "../src/store.ts";

const folders: string[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function file(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "store-"));
  folders.push(folder);
  return join(folder, "responses.sqlite");
}

const stores: readonly (readonly [string, (options?: StoreOptions) => Promise<ResponseStore>])[] = [
  ["memory", async (options) => memoryStore(options)],
  ["node:sqlite", async (options) => sqliteStore(await file(), options)],
];

describe.each(stores)("a store in %s", (_, make) => {
  it("keeps what one caller has, and no other one finds or deletes it", async () => {
    const store = await make();
    expect(await store.put("a", "id", "mine")).toBe(true);
    await store.put("b", "other", "theirs");
    expect(await store.get("a", "id")).toBe("mine");
    expect(await store.get("b", "id")).toBeUndefined();
    expect(await store.get("", "id")).toBeUndefined();
    expect(await store.delete("b", "id")).toBe(false);
    expect(await store.delete("a", "id")).toBe(true);
    expect(await store.delete("a", "id")).toBe(false);
    expect(await store.get("a", "id")).toBeUndefined();
    await store.close();
    await store.close();
  });

  it("keeps the newest value of an id", async () => {
    const store = await make();
    await store.put("a", "id", "old");
    await store.put("a", "id", "new 😀 \u0000");
    expect(await store.get("a", "id")).toBe("new 😀 \u0000");
    await store.close();
  });

  it("forgets what is older than its time", async () => {
    vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ["Date"] });
    const store = await make();
    await store.put("a", "id", "value");
    vi.setSystemTime(1_800_000_000_000 + 3_599_999);
    expect(await store.get("a", "id")).toBe("value");
    vi.setSystemTime(1_800_000_000_000 + 3_600_000);
    expect(await store.get("a", "id")).toBeUndefined();
    expect(await store.delete("a", "id")).toBe(false);
    await store.close();
  });

  it("keeps so many and no more, the oldest go", async () => {
    const store = await make({ maxEntries: 3, ttlMs: Infinity });
    for (let index = 0; index < 10; index++) await store.put("a", `id${index}`, String(index));
    const kept = await Promise.all(Array.from({ length: 10 }, (__, index) => store.get("a", `id${index}`)));
    expect(kept).toEqual([...Array.from({ length: 7 }, () => undefined), "7", "8", "9"]);
    await store.close();
  });

  it("keeps so many bytes and no more; what is larger than that is not kept", async () => {
    const store = await make({ maxBytes: 10_000 });
    for (let index = 0; index < 10; index++) await store.put("a", `id${index}`, "x".repeat(2000));
    const kept = await Promise.all(Array.from({ length: 10 }, (__, index) => store.get("a", `id${index}`)));
    expect(kept.filter((value) => value !== undefined).length).toBeGreaterThanOrEqual(2);
    expect(kept.filter((value) => value !== undefined).length).toBeLessThanOrEqual(4);
    expect(kept.at(-1)).toBeDefined();
    expect(await store.put("a", "id9", "x".repeat(20_000))).toBe(false);
    expect(await store.get("a", "id9")).toBeUndefined();
    await store.close();
  });

  it.each([[{ ttlMs: 0 }], [{ maxEntries: 0 }], [{ maxBytes: Number.NaN }], [{ ttl: 5 }], [7]])(
    "%j are no options, but a TypeError",
    async (options) => {
      await expect(make(options as StoreOptions)).rejects.toThrow(TypeError);
    },
  );
});

test("Reading and renewing all that is kept in memory takes time that is linear", async () => {
  const filled = bySize(async (size) => {
    const store = memoryStore();
    for (let index = 0; index < size; index++) await store.put("a", `id${index}`, "value");
    return store;
  });
  await expectLinear(async (size) => {
    const store = await filled(size);
    for (let index = 0; index < size; index++) {
      await store.put("a", `id${index}`, "value");
      for (let time = 0; time < 4; time++) await store.get("a", `id${index}`);
    }
  }, 8200);
});

describe("a store in a file", () => {
  it("outlives its process, and is its owner's alone, with the files beside it", async () => {
    const path = await file();
    const store = await sqliteStore(path);
    await store.put("a", "id", "value");
    const folder = join(path, "..");
    const names = await readdir(folder);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
    await store.close();
    const again = await sqliteStore(path);
    expect(await again.get("a", "id")).toBe("value");
    await again.close();
  });

  it("is its owner's alone also where it was there before", async () => {
    const path = await file();
    const names = [path, `${path}-wal`, `${path}-shm`];
    for (const name of names) await writeFile(name, "", { mode: 0o644 });
    const store = await sqliteStore(path);
    await store.put("a", "id", "value");
    for (const name of names) expect((await stat(name)).mode & 0o777, name).toBe(0o600);
    await store.close();
  });

  it("holds nothing any more of what was deleted", async () => {
    const path = await file();
    const store = await sqliteStore(path);
    await store.put("a", "id", "a very secret answer");
    await store.delete("a", "id");
    await store.close();
    expect((await readFile(path)).includes("secret")).toBe(false);
  });

  it("waits while another process holds it, and holds up nothing else meanwhile", async () => {
    const path = await file();
    const store = await sqliteStore(path);
    await store.put("a", "id", "value");
    const other = new DatabaseSync(path);
    other.exec("BEGIN EXCLUSIVE");
    const turns: number[] = [];
    const beat = setInterval(() => turns.push(performance.now()), 5);
    const put = store.put("a", "next", "value");
    await new Promise((resolve) => void setTimeout(resolve, 150));
    other.exec("COMMIT");
    other.close();
    expect(await put).toBe(true);
    clearInterval(beat);
    expect(turns.length).toBeGreaterThan(3);
    expect(await store.get("a", "next")).toBe("value");
    await store.close();
  });

  it.each([[""], [undefined], [7]])("at %j is a TypeError", async (path) => {
    await expect(sqliteStore(path as string)).rejects.toThrow(TypeError);
  });
});
