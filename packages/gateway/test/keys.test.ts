import { describe, expect, it, vi } from "vitest";

import { createKey, readKeys, type KeyOptions, type KeyRecord, type KeyStore } from "../src/keys.ts";
import { refusalOf } from "./refused.ts";

function asking(key?: string): Request {
  return new Request("http://localhost/v1/models", {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
}

describe("a key", () => {
  it("has 256 random bits, and its record holds its SHA-256 and nothing of it", async () => {
    const { key, record } = await createKey({
      note: "blog",
      models: ["max"],
      requestsPerMinute: 5,
      concurrency: 2,
      expires: "2999-01-01",
    });
    expect(key).toMatch(/^sk-qwen-[\w-]{43}$/);
    expect((await createKey()).key).not.toBe(key);
    expect(record.hash).toMatch(/^[\da-f]{64}$/);
    expect(JSON.stringify(record)).not.toContain(key.slice(8, 20));
    expect(record).toMatchObject({ note: "blog", models: ["max"], requestsPerMinute: 5, concurrency: 2 });
    expect(record.id).not.toContain(record.hash.slice(0, 8));
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });

  it("opens the gateway, as Bearer and by no other way", async () => {
    const { key, record } = await createKey();
    const keys = readKeys([record]);
    expect(await keys.recordOf(asking(key))).toEqual(record);
    for (const request of [
      new Request(`http://localhost/v1/models?api_key=${key}`),
      new Request("http://localhost/", { headers: { "x-api-key": key } }),
      new Request("http://localhost/", { headers: { authorization: key } }),
      new Request("http://localhost/", { headers: { authorization: `Basic ${btoa(`x:${key}`)}` } }),
      new Request("http://localhost/", { headers: { authorization: `Bearer ${key} ${key}` } }),
    ])
      expect(await refusalOf(() => keys.recordOf(request))).toMatchObject({ status: 401 });
  });

  it("that is missing, unknown, expired or revoked is one 401", async () => {
    const { key, record } = await createKey({ expires: new Date(Date.now() + 1000) });
    const { key: other } = await createKey();
    const answers = [
      await refusalOf(() => readKeys([record]).recordOf(asking())),
      await refusalOf(() => readKeys([record]).recordOf(asking(other))),
      await refusalOf(() => readKeys([{ ...record, revoked: true }]).recordOf(asking(key))),
      await refusalOf(() => readKeys([{ ...record, expires: "2020-01-01" }]).recordOf(asking(key))),
      await refusalOf(() => readKeys([]).recordOf(asking("x".repeat(100_000)))),
    ];
    for (const { body, status, headers } of answers)
      expect({ body, status, headers }).toEqual({
        body: answers[0]?.body,
        status: 401,
        headers: { "www-authenticate": "Bearer" },
      });
    expect(answers[0]?.code).toBe("invalid_api_key");
  });

  it("is over the moment it expires", async () => {
    const { key, record } = await createKey({ expires: new Date(Date.now() + 1000) });
    const keys = readKeys([record]);
    await keys.recordOf(asking(key));
    vi.setSystemTime(Date.now() + 1001);
    try {
      expect(await refusalOf(() => keys.recordOf(asking(key)))).toMatchObject({ status: 401 });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a store of keys", () => {
  it("is asked by the hash alone, each time anew", async () => {
    const { key, record } = await createKey();
    const asked: string[] = [];
    let kept: KeyRecord | undefined = record;
    const store: KeyStore = {
      async find(hash) {
        asked.push(hash);
        return kept;
      },
    };
    const keys = readKeys(store);
    await keys.recordOf(asking(key));
    kept = undefined;
    expect(await refusalOf(() => keys.recordOf(asking(key)))).toMatchObject({ status: 401 });
    expect(asked).toEqual([record.hash, record.hash]);
  });

  it("that finds another key's record opens nothing", async () => {
    const { record } = await createKey();
    const { key } = await createKey();
    expect(await refusalOf(() => readKeys({ find: () => record }).recordOf(asking(key)))).toMatchObject({
      status: 401,
    });
  });

  it.each([
    [() => Promise.reject(new Error("secret of the store"))],
    [
      () => {
        throw new Error("secret of the store");
      },
    ],
    [() => ({ hash: 7 }) as unknown as KeyRecord],
  ])("that fails is a 503 without its words (%#)", async (find) => {
    const { key } = await createKey();
    const refusal = await refusalOf(() => readKeys({ find }).recordOf(asking(key)));
    expect(refusal).toMatchObject({ status: 503, code: "keys_unavailable" });
    expect(refusal.body).not.toContain("secret");
  });
});

it("a store of keys that says nothing is a 503 after 5 s", async () => {
  vi.useFakeTimers();
  try {
    const { key } = await createKey();
    const refused = refusalOf(() => readKeys({ find: () => new Promise(() => {}) }).recordOf(asking(key)));
    // The hash is made by another thread.
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
    await vi.advanceTimersByTimeAsync(5000);
    expect(await refused).toMatchObject({ status: 503, code: "keys_unavailable" });
  } finally {
    vi.useRealTimers();
  }
});

it.each([
  [{ requestsPerMinute: 0 }],
  [{ requestsPerMinute: Number.NaN }],
  [{ concurrency: 1.5 }],
  [{ models: "max" }],
  [{ models: [""] }],
  [{ expires: "tomorrow" }],
  [{ expires: 5 }],
  [{ note: 5 }],
  [{ rpm: 5 }],
  [[]],
  ["x"],
])("%j makes no key, but a TypeError", async (options) => {
  await expect(createKey(options as unknown as KeyOptions)).rejects.toThrow(TypeError);
});

it.each([[undefined], [null], [7], [{}], [[{}]], [[{ id: "a", hash: "b" }]], [[null]]])(
  "%j are no keys, but a TypeError",
  (keys) => {
    expect(() => readKeys(keys as unknown as KeyStore)).toThrow(TypeError);
  },
);

it("a key that is there twice is a TypeError", async () => {
  const { record } = await createKey();
  expect(() => readKeys([record, record])).toThrow("twice");
});
