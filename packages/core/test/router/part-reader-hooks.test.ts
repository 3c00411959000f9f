import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { QwenError } from "../../src/errors.ts";
import { runAttempts, type Candidate, type PartReader } from "../../src/router/index.ts";
import { candidate, reader, run, type Part } from "./other-parts.ts";

// The loop with parts of another kind, as an adapter of another SDK has them.

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a stream of other parts", () => {
  test("has its errors read by its reader, where that knows what they mean: those in parts and those that were thrown", async () => {
    const asked: unknown[] = [];
    const knowing: PartReader<Part, string> = {
      ...reader,
      failureOf(error, from) {
        asked.push([error, from]);
        return error === "busy" ? new QwenError("rate_limited", "It is busy.") : error;
      },
    };
    const throwing = (value: string): Candidate<Part> => ({
      ...candidate("a", []),
      async *start() {
        yield ["opening", ""];
        throw value;
      },
    });
    const { error } = await run({ a: [["error", "busy"]] }, { reader: knowing, retry: { maxAttempts: 1 } });
    expect(error).toMatchObject({ code: "rate_limited", provider: "a" });
    const thrown = { reader: knowing, retry: { maxAttempts: 1 } };
    expect(await run({}, { ...thrown, candidates: () => [throwing("busy")] })).toMatchObject({
      error: { code: "rate_limited" },
    });
    expect(await run({}, { ...thrown, candidates: () => [throwing("odd")] })).toMatchObject({
      error: { code: "protocol", cause: "odd" },
    });
    const cut = {
      a: [
        ["output", "text"],
        ["error", "busy"],
      ],
    } as const;
    expect(await run(cut, { reader: knowing })).toMatchObject({ error: { code: "rate_limited" } });
    const from = { provider: "a", model: "m", hasOutput: false };
    expect(asked).toEqual([
      ["busy", from],
      ["busy", from],
      ["odd", from],
      ["busy", { ...from, hasOutput: true }],
    ]);
  });

  test("is not announced where its reader only wants to know of attempts", async () => {
    const begun: unknown[] = [];
    const listening: PartReader<Part, string> = {
      ...reader,
      attempt: ({ number, lastError }) => void begun.push([number, lastError]),
    };
    const failure = new QwenError("connection", "no");
    const { parts } = await run({ a: [["error", failure]], b: [["whole", "answer"]] }, { reader: listening });
    expect(parts).toEqual([["whole", "answer by b in 2"]]);
    expect(begun).toEqual([
      [1, undefined],
      [2, expect.objectContaining({ code: "connection" })],
    ]);
  });

  test("is held by the size of its words, whatever they are called", async () => {
    const said = { type: "text-delta", id: "0", delta: "a".repeat(1024 * 1024) };
    const held: PartReader<object, string> = {
      kind: (part) => ("delta" in part ? "output" : "finish"),
      errorOf: () => undefined,
      sealed: (part) => part,
      collect: () => ({ add() {}, text: () => "", result: () => "" }),
    };
    const attempts = runAttempts({
      model: "m",
      commit: "buffered",
      retry: { maxAttempts: 1 },
      reader: held,
      candidates: () => [
        {
          ...(candidate("a", []) as unknown as Candidate<object>),
          async *start() {
            for (let count = 0; count < 70; count++) yield said;
            yield { type: "finish" };
          },
        },
      ],
    });
    await expect(attempts.next()).rejects.toMatchObject({
      code: "protocol",
      message: expect.stringContaining("64 MiB"),
    });
  });

  test("may be handed to a reader without promises, one part ahead of what that wants, and left by it", async () => {
    const asked: string[] = [];
    const told: unknown[] = [];
    let wanted = 0;
    const make = () =>
      runAttempts({
        model: "m",
        reader,
        candidates: () => [
          {
            ...candidate("a", []),
            async *start(): AsyncGenerator<Part> {
              for (const word of ["one", "two", "three", "four"]) {
                asked.push(word);
                yield ["output", word];
              }
              yield ["finish", "done"];
            },
          },
        ],
      }).handTo({
        wants: () => wanted > 0,
        take([, value]) {
          wanted -= 1;
          told.push(value);
        },
        end: () => void told.push("end"),
        fail: (error) => void told.push(error),
      });
    const handed = make();
    await vi.advanceTimersByTimeAsync(1);
    expect([told, asked]).toEqual([[], ["one"]]);
    wanted = 2;
    handed.offer();
    await vi.advanceTimersByTimeAsync(1);
    expect([told, asked]).toEqual([
      ["one", "two"],
      ["one", "two", "three"],
    ]);
    wanted = 10;
    handed.offer();
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual(["one", "two", "three", "four", "done by a in 1", "end"]);
    told.length = asked.length = 0;
    wanted = 1;
    const left = make();
    await vi.advanceTimersByTimeAsync(1);
    left.leave("enough");
    await vi.advanceTimersByTimeAsync(1);
    expect([told, asked]).toEqual([["one"], ["one", "two"]]);
  });
});

describe("an answer of other parts that broke off", () => {
  const texts = (parts: readonly Part[]): string =>
    parts.map(([kind, value]) => (kind === "output" ? String(value) : "")).join("");

  /** Knows text, and of what opens an answer only names. */
  const continuing: PartReader<Part, string> = {
    ...reader,
    isText: ([kind]) => kind === "output",
    textIn: ([, value]) => String(value),
    textPart: (text) => ["output", text],
    isBeside: ([, value]) => value === "name",
    collect() {
      const said: Part[] = [];
      return {
        add: (part) => void said.push(part),
        text: () => texts(said),
        isTextOnly: () => true,
        goOn: (before, shown) => [["opening", `behind ${before.text()}`], ...shown],
        result: () => texts(said),
      };
    },
  };
  const goOn = (second: readonly Part[]) =>
    run(
      {
        a: [
          ["output", "Hel"],
          ["error", new QwenError("authentication", "no")],
        ],
        b: second,
      },
      { reader: continuing, commit: "continue" },
    );

  test("is gone on with by what its collector makes of the seam", async () => {
    const { parts, error } = await goOn([
      ["opening", "name"],
      ["output", "Hello"],
      ["finish", "stop"],
    ]);
    expect(error).toBeUndefined();
    expect(parts.slice(0, -1)).toEqual([
      ["output", "Hel"],
      ["opening", "behind Hel"],
      ["output", "lo"],
    ]);
  });

  test("is not gone on with by who says what may not stand beside a replay", async () => {
    const { parts, error } = await goOn([
      ["opening", "thought"],
      ["output", "Hello"],
      ["finish", "stop"],
    ]);
    expect(parts).toEqual([["output", "Hel"]]);
    expect(error).toMatchObject({ code: "stream_interrupted", attempts: [{}, { error: { code: "unsupported" } }] });
  });
});
