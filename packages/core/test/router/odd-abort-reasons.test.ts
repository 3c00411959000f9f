import { createRouter, QwenError, type Provider } from "@qwen/core";
import { describe, expect, test } from "vitest";

const messages = [{ role: "user", content: "Hi" }] as const;
const slow: Provider = {
  id: "slow",
  models: [{ id: "m" }],
  async *stream({ signal }) {
    yield { type: "text-delta", text: "Hello" };
    await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  },
};

describe.each<[string, () => unknown]>([
  ["an iterator", () => [null].values()],
  ["what only looks like a list", () => ({ map: () => 5, every: () => true })],
  ["entries that cannot be told", () => [1, 2].map((number) => ({ number, provider: Symbol("p"), durationMs: 1n }))],
  [
    "entries that throw",
    () =>
      [1, 2].map(() => ({
        get provider() {
          throw new Error("a trap");
        },
      })),
  ],
])("a caller who aborts with an error that has %s for its attempts, while somebody watches", (_, attempts) => {
  test.each(["before", "in mid-answer"])("%s, has its reason, and one end is told", async (when) => {
    const router = createRouter({ plugins: [slow] });
    const told: string[] = [];
    router.observe(({ type }) => void told.push(type));
    const reason = Object.assign(new QwenError("unsupported", "mine"), { attempts: attempts() });
    const caller = new AbortController();
    if (when === "before") caller.abort(reason);
    const answer = router.complete(
      { model: "m", messages, signal: caller.signal },
      { onPart: () => caller.abort(reason) },
    );
    await expect(answer).rejects.toBe(reason);
    expect(told.filter((type) => type === "request-ended")).toHaveLength(1);
    expect(router.health()).toMatchObject([{ busy: 0 }]);
  });
});

test.each([{ settings: null }, { settings: { stopSequences: null } }])(
  "%j is told where a request fails, and as one that began and ended",
  async (wrong) => {
    const router = createRouter({ plugins: [slow] });
    const told: string[] = [];
    router.observe(({ type }) => void told.push(type));
    const request = { model: "m", messages, ...wrong } as never;
    const stream = router.stream(request);
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ message: /settings/ });
    await expect(router.complete(request)).rejects.toThrow(/settings/);
    expect(told.filter((type) => type.startsWith("request-"))).toEqual([
      "request-started",
      "request-ended",
      "request-started",
      "request-ended",
    ]);
  },
);
