import { describe, expect, test } from "vitest";

import { ask, useVirtualTime } from "./asking.ts";
import { begun, commit, opened, whole } from "./broken-off.ts";
import { each, start, text, type Script } from "./models.ts";

useVirtualTime();

describe("an abort", () => {
  const reason = new Error("enough");

  test.each<[string, number, Script, Script]>([
    ["before the first output", 10, [start, { waitMs: 50 }, ...whole], whole],
    ["in the first answer", 10, [...opened, text("Hello"), "hang"], whole],
    ["between two attempts", 10, begun, whole],
    ["while the next one is asked", 210, begun, () => new Promise(() => {})],
    ["in what is held", 210, begun, [...opened, text("Hello"), "hang"]],
    ["behind the seam", 210, begun, [...opened, text("Hello world"), "hang"]],
  ])("%s ends it with its reason, and leaves nothing running", async (_, atMs, first, second) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), atMs);
    const { rejected, error, a, fallback } = await ask(each(first, second), {
      commit,
      asked: { abortSignal: controller.signal },
      random: () => 0.999,
      retry: { baseDelayMs: 200, maxAttempts: 3 },
    });
    expect(rejected ?? error).toBe(reason);
    expect(a.calls).toHaveLength(atMs < 200 ? 1 : 2);
    expect(a.streams.map(({ locked }) => locked)).not.toContain(true);
    expect(fallback.health().map(({ busy }) => busy)).toEqual([0, 0]);
  });
});
