import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { QwenError } from "../../src/errors.ts";
import { runAttempts, type Candidate, type PartReader, type RunningRequest } from "../../src/router/index.ts";
import { DEFAULT_TIMEOUTS } from "../../src/timers.ts";
import { candidate, reader, run, type Part } from "./other-parts.ts";

// The loop with parts of another kind, as an adapter of another SDK has them.

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a stream of other parts", () => {
  test.each(["first-output", "buffered"])(
    "keeps to itself that a provider is done, by `commit: %j`",
    async (commit) => {
      const script: readonly Part[] = [["output", "text"], ["answered"], ["opening", "!"], ["finish", "done"]];
      const { parts, outcome } = await run({ a: script }, { commit });
      expect(parts).toEqual([
        ["output", "text"],
        ["opening", "!"],
        ["finish", "done by a in 1"],
      ]);
      expect(outcome).toMatchObject({ result: expect.stringContaining("text!|done by a") });
    },
  );

  test("has its opening parts held and dropped with a failed attempt, its live parts not", async () => {
    const { parts, outcome } = await run({
      a: [
        ["opening", "start a"],
        ["live", "raw a"],
        ["error", new QwenError("authentication", "no")],
      ],
      b: [
        ["opening", "start b"],
        ["live", "raw b"],
        ["output", "text"],
        ["opening", "more"],
        ["live", "end"],
        ["finish", "done"],
      ],
    });
    expect(parts).toEqual([
      ["live", "raw a"],
      ["live", "raw b"],
      ["opening", "start b"],
      ["output", "text"],
      ["opening", "more"],
      ["live", "end"],
      ["finish", "done by b in 2"],
    ]);
    expect(outcome).toEqual({ result: "start btextmore|done by b in 2" });
  });

  test("says by itself what an answer without output fails with; where it says nothing, that is empty_response", async () => {
    const filtered = new QwenError("content_policy", "The filter stopped it.");
    const asked: unknown[] = [];
    const telling: PartReader<Part, string> = {
      ...reader,
      emptyError([kind, value], { provider }) {
        asked.push([kind, provider]);
        return value === "filtered" ? filtered : undefined;
      },
    };
    const scripts = { a: [["finish", "filtered"]], b: [["output", "late"], ["finish"]] } as const;
    const { error } = await run(scripts, { reader: telling });
    expect(error).toMatchObject({ code: "content_policy", message: "The filter stopped it.", provider: "a" });
    expect((error as QwenError).attempts).toHaveLength(1);
    // Thrown to nobody else: the reader's own stays as it was.
    expect(filtered).toMatchObject({ provider: undefined, attempts: undefined });
    expect(asked).toEqual([["finish", "a"]]);
    const empty = { a: [["finish", "stop"]], b: scripts.b } as const;
    for (const silent of [telling, reader]) {
      const { outcome } = await run(empty, { reader: silent });
      expect(outcome).toEqual({ result: "late|undefined by b in 2" });
    }
    const { error: told } = await run({ a: empty.a }, { reader: telling, retry: { maxAttempts: 1 } });
    expect(told).toMatchObject({ code: "empty_response", provider: "a" });
    await run({ a: [["whole", "answer"]] }, { reader: telling });
    expect(asked).toHaveLength(3);
  });

  test("that nobody could give is a TypeError that says so", async () => {
    expect(String((await run({})).error)).toBe(
      "TypeError: `candidates()` must give at least one candidate, and gave none.",
    );
  });

  test("may be one whole part", async () => {
    const { parts, outcome } = await run({ a: [["whole", "answer"]] });
    expect(parts).toEqual([["whole", "answer by a in 1"]]);
    expect(outcome).toEqual({ result: "|answer by a in 1" });
    const latencies: unknown[] = [];
    const observers = {
      any: true,
      add: () => () => {},
      tell: (event: { readonly type: string }) => latencies.push(event.type),
    };
    await run({ a: [["whole", "answer"]] }, { observers });
    expect(latencies).toEqual(["request-started", "attempt-started", "output", "attempt-ended", "request-ended"]);
  });

  test("begins with what its collector makes of its starts, which go no further themselves", async () => {
    const starting: PartReader<Part, string> = {
      ...reader,
      sealed: ([kind], { start, firstOutputMs, durationMs }) => [kind, [start, firstOutputMs, durationMs]],
      collect() {
        const known: unknown[] = [];
        return {
          ...reader.collect(),
          add: ([kind, value]) => void (kind === "start" && known.push(value)),
          start: () => ["opening", known.join()],
        };
      },
    };
    const script: readonly Part[] = [
      ["start", 1],
      ["opening", " "],
      ["start", 2],
      ["output", "text"],
      ["start", 3],
      ["finish"],
    ];
    const shown = [
      ["opening", "1,2"],
      ["opening", " "],
      ["output", "text"],
    ];
    const { parts } = await run({ a: script }, { reader: starting });
    expect(parts).toEqual([...shown, ["finish", [["opening", "1,2,3"], 0, 0]]]);
    const failing = await run(
      {
        a: [
          ["start", 0],
          ["error", new QwenError("connection", "no")],
        ],
        b: script,
      },
      { reader: starting },
    );
    expect(failing.parts.slice(0, 3)).toEqual(shown);
  });

  test("that is known to come whole is awaited for answerMs", async () => {
    const whole: Candidate<Part> = {
      ...candidate("a", []),
      timeouts: { ...DEFAULT_TIMEOUTS, firstOutputMs: 10, answerMs: 50 },
      comesWhole: true,
      async *start() {
        await new Promise(() => {});
        yield ["live"];
      },
    };
    const { error } = await run({}, { candidates: () => [whole], retry: { maxAttempts: 1 } });
    expect(error).toMatchObject({ code: "timeout", phase: "answer", limitMs: 50 });
  });

  test("ends with the error of an error part after output, which is whatever the part holds", async () => {
    const slip = new Error("reset");
    const { parts, error, outcome } = await run({
      a: [
        ["output", "text"],
        ["error", slip],
      ],
    });
    expect(parts).toEqual([["output", "text"]]);
    expect(error).toMatchObject({ code: "stream_interrupted", text: "text", cause: slip });
    expect(outcome).toEqual({ error });
  });

  test("is tracked from its first read to its end, whichever that is", async () => {
    const running = new Set<RunningRequest>();
    await run({ a: [["whole", "answer"]] }, { running });
    await run({ a: [["error", new QwenError("content_policy", "no")]] }, { running });
    expect(running.size).toBe(0);
    const attempts = runAttempts({
      model: "m",
      candidates: () => [candidate("a", [["output", "text"]])],
      reader,
      running,
    });
    expect(running.size).toBe(0);
    await attempts.next();
    expect(running.size).toBe(1);
    for (const request of running) request.leave("closed");
    expect(running.size).toBe(0);
    await expect(attempts.next()).rejects.toBe("closed");
  });
});
