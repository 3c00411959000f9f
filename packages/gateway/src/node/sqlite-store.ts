import { chmodSync, closeSync, existsSync, fchmodSync, openSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { requireOption, sleep } from "@qwen/core/http";

import { readStoreOptions, type ResponseStore, type StoreOptions } from "../store.ts";

/**
 * Keeps responses in a file of SQLite, which outlives the process: its owner's alone, with the files beside it.
 *
 * Rejects with a `TypeError` for an option that is none, and where the file cannot be opened, or made its owner's alone.
 */
export async function sqliteStore(path: string, options?: StoreOptions): Promise<ResponseStore> {
  requireOption("path", path, (value) =>
    typeof value === "string" && value !== "" ? undefined : "the path of a file",
  );
  const limits = readStoreOptions(options);
  // Not by an import, of which builds take the `node:` away: without it there is no such module.
  const sqlite = process.getBuiltinModule("node:sqlite");
  if (path !== ":memory:") ownAlone(path);
  const database = new sqlite.DatabaseSync(path);
  database.exec(`
    PRAGMA busy_timeout = 1000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS responses (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      owner TEXT NOT NULL,
      id TEXT NOT NULL,
      value TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      expires REAL NOT NULL,
      UNIQUE (owner, id)
    );
    CREATE INDEX IF NOT EXISTS responses_size ON responses (number, bytes);
    CREATE INDEX IF NOT EXISTS responses_expiry ON responses (expires);
    PRAGMA busy_timeout = 10;
  `);
  return new SqliteStore(database, limits);
}

/** Before SQLite makes it. The files beside it get its rights, but for those that somebody left behind. */
function ownAlone(path: string): void {
  const file = openSync(path, "a", 0o600);
  try {
    fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
  for (const beside of [`${path}-wal`, `${path}-shm`]) if (existsSync(beside)) chmodSync(beside, 0o600);
}

class SqliteStore implements ResponseStore {
  readonly #database: DatabaseSync;
  readonly #limits: ReturnType<typeof readStoreOptions>;
  readonly #statements: Readonly<
    Record<"find" | "put" | "delete" | "expire" | "size" | "oldest" | "drop", StatementSync>
  >;

  constructor(database: DatabaseSync, limits: ReturnType<typeof readStoreOptions>) {
    this.#database = database;
    this.#limits = limits;
    this.#statements = {
      find: database.prepare("SELECT value FROM responses WHERE owner = ? AND id = ? AND expires > ?"),
      put: database.prepare(
        "INSERT OR REPLACE INTO responses (owner, id, value, bytes, expires) VALUES (?, ?, ?, ?, ?)",
      ),
      delete: database.prepare("DELETE FROM responses WHERE owner = ? AND id = ? AND expires > ?"),
      expire: database.prepare("DELETE FROM responses WHERE expires <= ?"),
      size: database.prepare("SELECT COUNT(*) AS entries, COALESCE(SUM(bytes), 0) AS bytes FROM responses"),
      oldest: database.prepare("SELECT number, bytes FROM responses ORDER BY number"),
      drop: database.prepare("DELETE FROM responses WHERE number <= ?"),
    };
  }

  async get(owner: string, id: string): Promise<string | undefined> {
    const row = await unlocked(() => this.#statements.find.get(owner, id, Date.now()));
    return typeof row?.["value"] === "string" ? row["value"] : undefined;
  }

  async put(owner: string, id: string, value: string): Promise<boolean> {
    const { ttlMs, maxBytes } = this.#limits;
    const bytes = Buffer.byteLength(value) + owner.length + id.length;
    if (bytes > maxBytes) {
      await unlocked(() => this.#statements.delete.run(owner, id, 0));
      return false;
    }
    // What an infinite time makes of a date, SQLite has no number for.
    const expires = Math.min(Date.now() + ttlMs, Number.MAX_SAFE_INTEGER);
    await unlocked(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        this.#statements.put.run(owner, id, value, bytes, expires);
        this.#sweep();
        this.#database.exec("COMMIT");
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
    return true;
  }

  async delete(owner: string, id: string): Promise<boolean> {
    return (await unlocked(() => this.#statements.delete.run(owner, id, Date.now()))).changes > 0;
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  /** Within the transaction of what came. */
  #sweep(): void {
    const { maxEntries, maxBytes } = this.#limits;
    this.#statements.expire.run(Date.now());
    const size = this.#statements.size.get();
    let entries = Number(size?.["entries"]);
    let bytes = Number(size?.["bytes"]);
    if (entries <= maxEntries && bytes <= maxBytes) return;
    for (const row of this.#statements.oldest.iterate()) {
      entries--;
      bytes -= Number(row["bytes"]);
      if (entries > maxEntries || bytes > maxBytes) continue;
      this.#statements.drop.run(Number(row["number"]));
      return;
    }
  }
}

/** How long another process may hold the file, in ms: less than a gateway waits for a store. */
const MOST_LOCKED_MS = 4000;

/** Tries again while another process holds the file. SQLite would wait itself, and nothing else would go on meanwhile. */
async function unlocked<Value>(work: () => Value): Promise<Value> {
  for (const startedAt = performance.now(); ; await sleep(25)) {
    try {
      return work();
    } catch (error) {
      if (!isLocked(error) || performance.now() - startedAt > MOST_LOCKED_MS) throw error;
    }
  }
}

/** By what SQLite calls busy and locked, whichever kind of it. */
function isLocked(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  return code === 5 || code === 6;
}
