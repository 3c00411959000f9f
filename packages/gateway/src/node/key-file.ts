import { randomUUID } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, link, open, rename, rm, stat } from "node:fs/promises";
import { requireOption, sleep, type Rule } from "@qwen/core/http";

import {
  createKey,
  keyList,
  readRecord,
  type CreatedKey,
  type KeyOptions,
  type KeyRecord,
  type KeyStore,
} from "../keys.ts";

/** How long a change of the file may go unseen, in ms. */
const LOOK_EVERY_MS = 250;

/**
 * Keys in a file, as `addKey()` writes it. What is added, changed or revoked holds within a second, without a restart: the file is
 * looked at when a key is asked for, and read again when it has changed.
 *
 * Rejects where there is no such file, where it holds no keys, and where group or others may write it. A change for which one of that is
 * so is not taken up: the keys read before hold on, and a warning of the process says why. A file that is gone holds no keys.
 */
export async function keyFile(path: string): Promise<KeyStore> {
  const file = new KeyFile(requireOption("path", path, aPath));
  await file.load();
  return { find: (hash) => file.find(hash) };
}

/**
 * Makes a key and adds its record to a file, which is made where there is none, for its owner alone. The key is in what is returned and
 * nowhere else. Other processes may add and revoke at the same time. Rejects with a `TypeError` for an option that is none, and where the
 * file cannot be read as keys.
 */
export async function addKey(path: string, options?: KeyOptions): Promise<CreatedKey> {
  const created = await createKey(options);
  await change(requireOption("path", path, aPath), (records) => [...records, created.record]);
  return created;
}

/** Revokes the key of an id: within a second it starts nothing more, and what runs goes on. Whether there was one. */
export async function revokeKey(path: string, id: string): Promise<boolean> {
  let isFound = false;
  await change(requireOption("path", path, aPath), (records) =>
    records.map((record) => {
      if (record.id !== id) return record;
      isFound = true;
      return { ...record, revoked: true };
    }),
  );
  return isFound;
}

/** The file as it was last read. */
class KeyFile {
  readonly #path: string;
  #store: KeyStore = keyList([]);
  #stamp = "";
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async find(hash: string): Promise<KeyRecord | undefined> {
    if (performance.now() - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
      await this.#looking;
    }
    return this.#store.find(hash);
  }

  /** Reads it whatever its stamp is. */
  async load(): Promise<void> {
    const stats = await stat(this.#path);
    this.#lookedAt = performance.now();
    this.#stamp = stampOf(stats);
    this.#store = keyList(await recordsIn(this.#path));
  }

  async #look(): Promise<void> {
    try {
      const stats = await stat(this.#path);
      this.#lookedAt = performance.now();
      if (stampOf(stats) === this.#stamp) return;
      await this.load();
    } catch (error) {
      this.#lookedAt = performance.now();
      if (isMissing(error)) {
        this.#stamp = "";
        this.#store = keyList([]);
      }
      process.emitWarning(
        `The keys of the gateway were not read again: ${error instanceof Error ? error.message : "no reason given"}`,
      );
    }
  }
}

/** What changes when the file does; it is replaced by rename, so its number does. */
function stampOf({ mtimeMs, ctimeMs, size, ino, mode }: Stats): string {
  return [mtimeMs, ctimeMs, size, ino, mode].join(" ");
}

async function recordsIn(path: string): Promise<readonly KeyRecord[]> {
  const file = await open(path, "r");
  try {
    // Of the file that is read, whatever the path leads to by then.
    const { mode } = await file.stat();
    if (process.platform !== "win32" && (mode & 0o022) !== 0)
      throw new Error("Group or others may write the file of keys. Make it its owner's alone: chmod 600.");
    return parsed(await file.readFile("utf8"));
  } finally {
    await file.close();
  }
}

function parsed(text: string): readonly KeyRecord[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TypeError("The file of keys is no JSON.");
  }
  const keys = typeof value === "object" && value !== null && "keys" in value ? value.keys : undefined;
  if (!Array.isArray(keys)) throw new TypeError('The file of keys must hold { "keys": [ … ] }.');
  const records = keys.map(readRecord);
  keyList(records);
  return records;
}

/** One change after the other, within this process; other processes are kept out by a file. */
let changing: Promise<unknown> = Promise.resolve();

async function change(path: string, to: (records: readonly KeyRecord[]) => readonly KeyRecord[]): Promise<void> {
  const work = changing.then(async () => {
    const startedAt = performance.now();
    while (!(await changed(path, to))) {
      if (performance.now() - startedAt > MOST_LOCKED_MS)
        throw new Error(`Other processes are changing the file of keys all the time, by "${path}.lock". Try again.`);
      await sleep(10);
    }
  });
  changing = work.catch(() => {});
  await work;
}

/** What a change takes is some ms: a lock that is older was left behind. */
const STALE_MS = 10_000;
const MOST_LOCKED_MS = 5000;

/** Whether it was its turn. Of two that read at once the second would write without what the first has added or revoked. */
async function changed(path: string, to: (records: readonly KeyRecord[]) => readonly KeyRecord[]): Promise<boolean> {
  const lock = await Lock.take(`${path}.lock`);
  if (lock === undefined) return false;
  try {
    const before = await recordsIn(path).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return await replaced(path, `${JSON.stringify({ keys: to(before) }, null, 2)}\n`, lock);
  } finally {
    await lock.release();
  }
}

/** Writes a file whole, or not at all. Whether it was written: not by who has lost the lock meanwhile. */
async function replaced(path: string, text: string, lock: Lock): Promise<boolean> {
  const beside = `${path}.${randomUUID()}`;
  try {
    const file = await open(beside, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    const isOurs = await lock.isHeld();
    if (isOurs) await rename(beside, path);
    return isOurs;
  } finally {
    await rm(beside, { force: true });
  }
}

/** A file that one process at a time has made. */
class Lock {
  readonly #path: string;
  // While it is open, no other file has its number.
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Nothing while it is another's. One that was left behind is taken away, for the next try. */
  static async take(path: string): Promise<Lock | undefined> {
    try {
      return new Lock(path, await open(path, "wx", 0o600));
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
      if (await isStale(path)) await takeAway(path);
      return undefined;
    }
  }

  async isHeld(): Promise<boolean> {
    const [own, there] = await Promise.all([this.#file.stat(), stat(this.#path).catch(() => undefined)]);
    return own.ino === there?.ino && own.dev === there.dev;
  }

  async release(): Promise<void> {
    if (await this.isHeld()) await rm(this.#path, { force: true });
    await this.#file.close();
  }
}

async function isStale(path: string): Promise<boolean> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs > STALE_MS,
    () => false,
  );
}

/** Whoever looked at it before may have taken it away, and have it anew by now: that one is put back. */
async function takeAway(path: string): Promise<void> {
  const away = `${path}.${randomUUID()}`;
  try {
    await rename(path, away);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if (!(await isStale(away))) await link(away, path).catch(() => {});
  await rm(away, { force: true });
}

function isMissing(error: unknown): boolean {
  return hasCode(error, "ENOENT");
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

const aPath: Rule = (value) => (typeof value === "string" && value !== "" ? undefined : "the path of a file");
