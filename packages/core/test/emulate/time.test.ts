import { describe, expect, test, vi } from "vitest";

import { emulate } from "../../src/emulate/index.ts";
import { createRouter } from "../../src/router/router.ts";
import { read, useVirtualTime } from "../router/virtual.ts";
import { collect, finish, messages, outline, scripted, text, type Step } from "../router/scripted.ts";

useVirtualTime();

const request = { settings: { tools: [{ name: "a", inputSchema: {} }] } };
const asked = async (script: readonly Step[], reasoning?: "open"): Promise<Awaited<ReturnType<typeof read>>> => {
  const plugins = [emulate(scripted("p", [script]), { tools: true, reasoning })];
  return read(createRouter({ plugins, retry: { maxAttempts: 1 } }), request);
};

describe("the clocks of an emulated provider", () => {
  test("count what comes, not what is passed on: a long input is a sign of life", async () => {
    const pieces = ['<tool_call>{"name":"a",', '"arguments":{"x":"', "yes", '"}}</tool_call>'];
    const slow = pieces.flatMap((piece) => [text(piece), { waitMs: 50_000 }]);
    const { parts, error } = await asked([...slow, finish]);
    expect(error).toBeUndefined();
    expect(parts).toContainEqual(expect.objectContaining({ type: "tool-call", input: '{"x":"yes"}' }));
  });

  test("let a model think at length before the tag that ends it", async () => {
    const thoughts = Array.from({ length: 10 }, () => [text("Hm. "), { waitMs: 50_000 }]).flat();
    const { parts, error } = await asked([...thoughts, text("</think>Hi"), finish], "open");
    expect(error).toBeUndefined();
    expect(parts).toContainEqual({ type: "text-delta", text: "Hi" });
  });

  test.each<readonly [string, readonly Step[], object]>([
    ["before it has begun", ["stall"], { phase: "first-output", limitMs: 60_000 }],
    [
      "but for white space, which is no output",
      Array.from({ length: 20 }, () => [text(" "), { waitMs: 20_000 }]).flat(),
      { phase: "first-output", limitMs: 60_000 },
    ],
    ["in the middle of a call", [text("<tool_call>{"), "stall"], { phase: "idle", limitMs: 60_000 }],
  ])("end a provider that is silent %s", async (_, script, timeout) => {
    const { error, tookMs } = await asked(script);
    expect(error).toMatchObject({ code: "timeout", ...timeout });
    expect(tookMs).toBe(60_000);
  });

  test("give the second answer no more than what is left of the whole", async () => {
    const bad = '<tool_call>{"name": a}</tool_call>';
    const provider = scripted("p", [
      [{ waitMs: 40 }, text(bad), finish],
      [text(bad), "stall"],
    ]);
    const stream = emulate(provider, { tools: true }).stream({ ...request, messages, timeouts: { totalMs: 100 } });
    const startedAt = performance.now();
    const reading = collect(stream);
    await vi.runAllTimersAsync();
    const { parts, error } = await reading;
    expect(performance.now() - startedAt).toBe(100);
    expect(error).toBeUndefined();
    expect(outline(parts)).toEqual(["start", bad, "finish"]);
  });
});
