import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { createKey, readKeys, type KeyStore } from "../../src/keys.ts";
import { addKey, keyFile, revokeKey } from "../../src/node/key-file.ts";

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keys-"));
  path = join(folder, "keys.json");
});
afterEach(() => rm(folder, { recursive: true }));

async function opens(store: KeyStore, key: string): Promise<boolean> {
  const request = new Request("http://localhost/", { headers: { authorization: `Bearer ${key}` } });
  return readKeys(store)
    .recordOf(request)
    .then(
      () => true,
      () => false,
    );
}

it("a key is shown once: the file is its owner's alone, and holds its hash", async () => {
  const { key, record } = await addKey(path, { note: "blog" });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const text = await readFile(path, "utf8");
  expect(text).toContain(record.hash);
  expect(text).not.toContain(key.slice(8, 24));
  expect(await readdir(folder)).toEqual(["keys.json"]);
  expect(await opens(await keyFile(path), key)).toBe(true);
});

it("what is added or revoked holds within a second, without a restart", async () => {
  const first = await addKey(path);
  const store = await keyFile(path);
  const second = await addKey(path);
  await vi.waitFor(async () => expect(await opens(store, second.key)).toBe(true), { timeout: 1000, interval: 20 });
  expect(await revokeKey(path, first.record.id)).toBe(true);
  await vi.waitFor(async () => expect(await opens(store, first.key)).toBe(false), { timeout: 1000, interval: 20 });
  expect(await opens(store, second.key)).toBe(true);
  expect(await revokeKey(path, "key_unknown")).toBe(false);
});

it("keys that are added at once are all there", async () => {
  const added = await Promise.all(Array.from({ length: 10 }, () => addKey(path)));
  const store = await keyFile(path);
  for (const { key } of added) expect(await opens(store, key)).toBe(true);
});

it("a file that group or others may write is refused", async () => {
  await addKey(path);
  for (const mode of [0o620, 0o602, 0o666]) {
    await chmod(path, mode);
    await expect(keyFile(path)).rejects.toThrow("chmod 600");
    await expect(addKey(path)).rejects.toThrow("chmod 600");
  }
});

it.each(["", "[]", "{}", '{"keys":{}}', '{"keys":[{"id":"a"}]}', '{"keys":[null]}', "sk-qwen-secret"])(
  "a file of %j holds no keys, and its words are not repeated",
  async (text) => {
    await writeFile(path, text, { mode: 0o600 });
    const error = await keyFile(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).not.toContain("secret");
  },
);

it("where there is no file there are no keys to read", async () => {
  await expect(keyFile(path)).rejects.toThrow("ENOENT");
  await expect(keyFile("")).rejects.toThrow(TypeError);
});

it("a change that cannot be read leaves the keys as they were, and says so; a file that is gone holds none", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  try {
    const { key } = await addKey(path);
    const store = await keyFile(path);
    await writeFile(path, "half", { mode: 0o600 });
    await vi.waitFor(async () => {
      expect(await opens(store, key)).toBe(true);
      expect(warn).toHaveBeenCalledWith(expect.stringContaining("no JSON"));
    });
    await rm(path);
    await vi.waitFor(async () => expect(await opens(store, key)).toBe(false), { timeout: 1000, interval: 20 });
  } finally {
    warn.mockRestore();
  }
});

it("what several processes add at the same time is all there, also while a lock of one that was ended lies there", async () => {
  const processes: { readonly addKey: typeof addKey }[] = [];
  for (let count = 0; count < 3; count++) {
    // As another process has it, with a state of its own.
    vi.resetModules();
    processes.push(await import("../../src/node/key-file.ts"));
  }
  await leaveLock();
  const added = await Promise.all(
    processes.flatMap((one) => Array.from({ length: 4 }, (_, index) => one.addKey(path, { note: `${index}` }))),
  );
  const { keys } = JSON.parse(await readFile(path, "utf8")) as { readonly keys: readonly { readonly id: string }[] };
  expect(keys.map(({ id }) => id).toSorted()).toEqual(added.map(({ record }) => record.id).toSorted());
  expect(await readdir(folder)).toEqual(["keys.json"]);
});

it("who was thought to be gone, and has lost its turn, writes nothing over what another one has added since", async () => {
  const theirs = (await createKey()).record;
  // Reading it waits for a writer.
  execFileSync("mkfifo", ["-m", "600", path]);
  const adding = addKey(path);
  await vi.waitFor(async () => expect(await readdir(folder)).toContain("keys.json.lock"));
  await rm(`${path}.lock`);
  await writeFile(`${path}.lock`, "");
  await writeFile(path, JSON.stringify({ keys: [] }));
  await rm(path);
  await writeFile(path, JSON.stringify({ keys: [theirs] }), { mode: 0o600 });
  await new Promise((resolve) => void setTimeout(resolve, 30));
  await rm(`${path}.lock`);
  const { record } = await adding;
  const { keys } = JSON.parse(await readFile(path, "utf8")) as { readonly keys: readonly { readonly id: string }[] };
  expect(keys.map(({ id }) => id)).toEqual([theirs.id, record.id]);
  expect(await readdir(folder)).toEqual(["keys.json"]);
});

async function leaveLock(): Promise<void> {
  await writeFile(`${path}.lock`, "");
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(`${path}.lock`, longAgo, longAgo);
}

it("a lock that a process left behind holds nobody up for ever", async () => {
  await leaveLock();
  await addKey(path);
  expect(await readdir(folder)).toEqual(["keys.json"]);
});
