import { qwenMax } from "@qwen/max";
import { createRouter, QwenError } from "@qwen/core";
import type { Transport } from "@qwen/core/gradio";
import { createSpaceEmulator, type SpaceEmulator } from "@qwen/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Cut, cuttingTransport } from "./cutting-transport.ts";

/** A tenth of them in `pnpm test`. */
const CUTS = process.env["TEST_ALL"] === "1" ? 2000 : 200;
const BATCH = 70;
const HOW: readonly Cut[] = ["cut", "reset", "stall", "garbage"];
const PIECES = ["Der Himmel ", "ist blau, ", "weil 青い光は ", "am stärksten ", "gestreut ", "wird 👩‍🚀. ", "So."];
const WHOLE = PIECES.join("");
const OTHER = PIECES.with(4, "verteilt ");
const messages = [{ role: "user", content: "Why is the sky blue?" }] as const;

const disposable = (transport: Transport): Transport & AsyncDisposable => ({
  ...transport,
  [Symbol.asyncDispose]: () => transport.close(),
});

/** Mulberry32: the same numbers for the same seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe.each([
  { mirror: "an equal mirror", answer: PIECES },
  { mirror: "a mirror that says the same in other pieces", answer: [...WHOLE.match(/.{1,9}/gsu)!] },
  { mirror: "a mirror that differs", answer: OTHER },
])("with $mirror", ({ answer }) => {
  let first: SpaceEmulator;
  let second: SpaceEmulator;
  beforeAll(async () => {
    first = await createSpaceEmulator({ shape: "max", answer: PIECES });
    second = await createSpaceEmulator({ shape: "max", answer });
  });
  afterAll(async () => {
    await Promise.all([first.close(), second.close()]);
  });

  async function ask(seed: number): Promise<"gone on" | "whole" | "error"> {
    const random = numbers(seed);
    const how = HOW[Math.floor(random() * HOW.length)]!;
    // Of the Space that begins and of the next attempt, each anywhere in its stream of some 2,500 bytes.
    const cuts = Array.from({ length: random() < 0.3 ? 2 : 1 }, () => ({ at: Math.floor(random() * 2500), how }));
    // Only silence is to be waited for: on a busy machine a sound stream pauses too.
    const silentMs = how === "stall" ? 500 : undefined;
    const timeouts = { queueMs: silentMs, firstOutputMs: silentMs, idleMs: silentMs };
    await using transport = disposable(cuttingTransport(cuts));
    await using router = createRouter({
      plugins: [
        qwenMax({ id: "first", space: first.url, timeouts, transport }),
        qwenMax({ id: "second", space: second.url, timeouts, transport }),
      ],
      routes: { chat: ["first/qwen-qwen2-5-max", "second/qwen-qwen2-5-max"] },
      commit: "continue",
      retry: { baseDelayMs: 0 },
    });
    let shown = "";
    try {
      let isContinued = false;
      for await (const part of router.stream({ model: "chat", messages })) {
        if (part.type === "text-delta") shown += part.text;
        else if (part.type === "text-replace") shown = part.text;
        else if (part.type === "finish") isContinued = part.attempts.some((one) => one.continuedAt !== undefined);
      }
      expect([WHOLE, answer.join("")], `seed ${seed}, ${how}`).toContain(shown);
      return isContinued ? "gone on" : "whole";
    } catch (error) {
      if (!QwenError.isInstance(error)) throw error;
      // Before anything was shown it is like any failure.
      if (shown === "") return "error";
      expect(error, `seed ${seed}, ${how}`).toMatchObject({ code: "stream_interrupted", text: shown });
      // An event that garbage has split is none, so that what came of the text may lack a piece: the error says so.
      if (how !== "garbage") expect([WHOLE, answer.join("")].some((one) => one.startsWith(shown))).toBe(true);
      return "error";
    }
  }

  test("text is the original or an error, wherever a stream is cut", { timeout: 120_000 }, async () => {
    const ends = { "gone on": 0, whole: 0, error: 0 };
    const seeds = Array.from({ length: Math.ceil(CUTS / 3) }, (_, index) => index + 1);
    while (seeds.length > 0) for (const end of await Promise.all(seeds.splice(0, BATCH).map(ask))) ends[end]++;
    expect(ends["gone on"]).toBeGreaterThan(0);
    if (answer === OTHER) expect(ends.error).toBeGreaterThan(0);
    else expect(ends["gone on"]).toBeGreaterThan(ends.error);
  });
});
