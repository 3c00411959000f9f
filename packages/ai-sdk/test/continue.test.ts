import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { QwenError } from "@qwen/core";
import { describe, expect, test, vi } from "vitest";

import { createFallback, type FallbackOptions } from "../src/index.ts";
import { ask, useVirtualTime } from "./asking.ts";
import { begun, commit, cut, opened, whole } from "./broken-off.ts";
import { call, each, finish, model, prompt, read, saying, start, text, textEnd, textIn, textStart } from "./models.ts";
import type { Part, Script, Step } from "./models.ts";

useVirtualTime();

const another = saying("Good day.");

/** Asks the first of two models, which answers once and is not asked again, and the second one to go on. */
const go = (first: Script, second: Script, options: Partial<FallbackOptions> = {}) =>
  ask(first, { second, commit, shouldRetry: ({ error }) => (error === undefined ? undefined : "next"), ...options });

const endOf = (parts: readonly Part[]) => {
  const last = parts.at(-1);
  if (last?.type !== "finish") throw new Error("There is no finish.");
  return last;
};
const told = (parts: readonly Part[]) => endOf(parts).providerMetadata?.["qwen"];
const idsIn = (parts: readonly Part[]) =>
  parts.flatMap((part) => (part.type.startsWith("text-") ? [`${part.type} ${(part as { id: string }).id}`] : []));

describe("an answer of plain text that breaks off is gone on with by a replay", () => {
  test("shows what goes beyond what was shown, once, in the one block that the reader knows", async () => {
    const renamed = whole.map((part) => ("id" in part ? { ...part, id: "other" } : part));
    const { parts, error } = await go(begun, renamed);
    expect(error).toBeUndefined();
    expect(parts.flatMap((part) => (part.type === "text-delta" ? [part.delta] : []))).toEqual([
      "Hello",
      " wor",
      "ld",
      ", again.",
    ]);
    expect([...new Set(idsIn(parts))]).toEqual(["text-start text-0", "text-delta text-0", "text-end text-0"]);
    expect(parts.filter(({ type }) => type === "text-start" || type === "text-end")).toHaveLength(2);
    expect(endOf(parts).finishReason.unified).toBe("stop");
  });

  test("tells where it went on and how, and who did", async () => {
    const { parts } = await go(begun, whole);
    expect(told(parts)).toEqual({
      provider: "scripted",
      model: "b",
      attempts: [
        { provider: "scripted", model: "a", code: "stream_interrupted", ms: expect.any(Number) },
        { provider: "scripted", model: "b", ms: expect.any(Number), continuedAt: 9, continuedBy: "replay" },
      ],
    });
    const named = parts.flatMap((part) => (part.type === "response-metadata" ? [part.modelId] : []));
    expect(named).toEqual(["a", "b"]);
  });

  test.each<[string, readonly Step[]]>([
    ["a connection that broke", [cut]],
    ["an end without a finish", []],
    ["an end of the block, and none of the answer", [textEnd]],
    ["an error part", [{ type: "error", error: new Error("no") }, text("!"), textEnd, finish()]],
    ["an error part behind the end of the block", [textEnd, { type: "error", error: "no" }, finish("error")]],
    ["a finish that has failed", [textEnd, finish("error")]],
    ["a finish that was interrupted", [textEnd, finish("interrupted")]],
    ["silence", ["hang"]],
    ["silence behind the end of the block", [textEnd, "hang"]],
    ["something that is no part", [null as unknown as Part]],
    ["a finish that says nothing", [textEnd, { type: "finish" } as unknown as Part]],
  ])("behind %s", async (_, end) => {
    const { parts, error, a, b } = await go([...opened, text("Hello"), text(" wor"), ...end], whole);
    expect(error).toBeUndefined();
    expect(textIn(parts)).toBe("Hello world, again.");
    expect(parts.filter(({ type }) => type === "text-end")).toHaveLength(1);
    expect(endOf(parts).finishReason.unified).toBe("stop");
    expect([a.calls.length, b.calls.length]).toEqual([1, 1]);
  });

  test("of all that was lost only its end, too", async () => {
    const { parts } = await go([...opened, text("Hello world"), cut], saying("Hello world"));
    expect(textIn(parts)).toBe("Hello world");
    expect(idsIn(parts)).toEqual(["text-start text-0", "text-delta text-0", "text-end text-0"]);
    expect(endOf(parts).finishReason.unified).toBe("stop");
  });

  test("from seam to seam", async () => {
    const { parts } = await ask(each([...opened, text("Hel"), cut], [...opened, text("Hello w"), cut]), {
      second: whole,
      commit,
      retry: { baseDelayMs: 0, maxAttempts: 3 },
    });
    expect(textIn(parts)).toBe("Hello world, again.");
    const { attempts } = told(parts) as { attempts: readonly Record<string, unknown>[] };
    expect(attempts.map((one) => one["continuedAt"])).toEqual([undefined, 3, 7]);
  });

  test("is left at the first difference, which counts for nobody, and the next model is asked", async () => {
    const a = model("a", begun);
    const b = model("b", [...opened, text("Help"), "hang"]);
    const c = model("c", whole);
    const models = [a, b, c] as const;
    const fallback = createFallback({ models, commit, retry: { baseDelayMs: 0 }, breaker: { minimumCalls: 1 } });
    const { stream } = await fallback.doStream({ prompt });
    const reading = read(stream);
    await vi.runAllTimersAsync();
    const { parts } = await reading;
    expect(textIn(parts)).toBe("Hello world, again.");
    expect([b.calls.length, b.cancelled]).toEqual([1, 1]);
    expect(fallback.health().map(({ breaker }) => breaker)).toEqual(["open", "closed", "closed"]);
  });

  test.each<[string, Script]>([
    ["says something else", another],
    ["ends before it has covered what was shown", saying("Hello w")],
    ["thinks before it", [start, ...thinking("Hm."), textStart, text("Hello world"), textEnd, finish()]],
    ["opens a block of thought", [start, ...thinking("\n"), textStart, text("Hello world"), textEnd, finish()]],
    ["calls a tool", [...opened, text("Hello"), call(), textEnd, finish("tool-calls")]],
    [
      "begins to call one",
      [...opened, { type: "tool-input-start", id: "1", toolName: "t" }, text("Hello world"), textEnd, finish()],
    ],
    [
      "opens a second block before it has covered what was shown",
      [...opened, text("Hello"), textEnd, { type: "text-start", id: "u" }, text(" world", "u"), finish()],
    ],
    [
      "opens one more beside it",
      [...opened, { type: "text-start", id: "u" }, text("Hello"), text(" world", "u"), finish()],
    ],
    ["fails", { reject: new TypeError("fetch failed") }],
    ["is silent", ["hang"]],
    ["is silent in the middle", [...opened, text("Hello"), "hang"]],
  ])("ends with the honest error where who is asked %s", async (_, second) => {
    const { parts, error, a, b } = await go(begun, second);
    expect(error).toBeUndefined();
    expect(textIn(parts)).toBe("Hello wor");
    expect(endOf(parts).finishReason.unified).toBe("interrupted");
    const [failure] = parts.flatMap((part) => (part.type === "error" ? [part.error] : []));
    expect(failure).toMatchObject({
      isRetryable: false,
      cause: { code: "stream_interrupted", text: "Hello wor", attempts: [{ model: "a" }, { model: "b" }] },
    });
    expect([a.calls.length, b.calls.length]).toEqual([1, 1]);
    expect(a.streams.concat(b.streams).map(({ locked }) => locked)).not.toContain(true);
  });

  test.each<[string, readonly Step[]]>([
    ["a thought", [start, ...thinking("Hm."), textStart, text("Hello"), cut]],
    ["a block of thought", [start, ...thinking("\n"), textStart, text("Hello"), cut]],
    ["a call of a tool", [...opened, text("Hello"), call(), cut]],
    ["the beginning of one", [...opened, text("Hello"), { type: "tool-input-start", id: "1", toolName: "t" }, cut]],
    ["a file", [...opened, text("Hello"), { type: "file", mediaType: "a/b", data: { type: "data", data: "" } }, cut]],
    ["a source", [...opened, { type: "source", sourceType: "url", id: "1", url: "u:" }, text("Hello"), cut]],
    ["a second block", [...opened, text("Hel"), textEnd, { type: "text-start", id: "u" }, text("lo", "u"), cut]],
    ["a custom part", [...opened, text("Hello"), { type: "custom", kind: "a.b" }, cut]],
  ])("is not tried where %s was shown", async (_, first) => {
    const { parts, b } = await go(first, whole);
    expect(textIn(parts)).toBe("Hello");
    expect(endOf(parts).finishReason.unified).toBe("interrupted");
    expect(b.calls).toHaveLength(0);
  });

  test("ends with an error that no other attempt could mend, and says which", async () => {
    const { parts, b } = await ask([...opened, text("Hello"), { fail: new QwenError("content_policy", "No.") }], {
      second: whole,
      commit,
    });
    expect(endOf(parts).finishReason.unified).toBe("error");
    expect(b.calls).toHaveLength(0);
  });

  test("behind what passes: signs of life, raw chunks and what a response says of itself", async () => {
    const ping = { type: "ping" } as unknown as Part;
    const raw = (rawValue: string): Part => ({ type: "raw", rawValue });
    const named: Part = { type: "response-metadata", id: "r1", modelId: "a-1" };
    const asked = { includeRawChunks: true };
    const first = [start, named, raw("1"), textStart, text("Hello"), ping, raw("2"), textEnd, raw("3"), cut];
    const second = [start, raw("4"), textStart, text("Hello"), raw("5"), ping, text("!"), raw("6"), textEnd, finish()];
    const { parts, a } = await go(first, second, { asked } as object);
    expect(a.calls[0]?.includeRawChunks).toBe(true);
    expect(textIn(parts)).toBe("Hello!");
    const raws = parts.flatMap((part) => (part.type === "raw" ? [part.rawValue] : []));
    expect(raws).toEqual(["1", "2", "3", "5", "6"]);
    expect(parts.filter(({ type }) => type === "response-metadata")).toEqual([
      named,
      { type: "response-metadata", modelId: "b" },
    ]);
  });

  test("tells of who goes on what its response says, its warnings beside those of who began, and its sources", async () => {
    const warning = (feature: string) => ({ type: "unsupported", feature }) as const;
    const starting = (...features: string[]): Part => ({ type: "stream-start", warnings: features.map(warning) });
    const source: Part = { type: "source", sourceType: "url", id: "1", url: "https://a.example/" };
    const early: Part = { type: "response-metadata", id: "r2", modelId: "b-2" };
    const first = [starting("seed"), textStart, text("Hello"), cut];
    const second = [starting("seed", "topK"), early, source, textStart, text("Hello"), text("!"), textEnd, finish()];
    const { parts } = await go(first, second);
    expect(parts.filter(({ type }) => type === "stream-start")).toEqual([starting("seed"), starting("seed", "topK")]);
    expect(parts.filter(({ type }) => type === "response-metadata").slice(1)).toEqual([early]);
    expect(parts.filter(({ type }) => type === "source")).toEqual([source]);
    const silent = await go(first, [starting("seed"), textStart, text("Hello!"), textEnd, finish()]);
    expect(silent.parts.filter(({ type }) => type === "stream-start")).toEqual([starting("seed")]);
  });

  test("leaves no metadata of a block behind that only who broke off can read back", async () => {
    const own = (itemId: string) => ({ vendor: { itemId } });
    const shown = [start, { ...textStart, providerMetadata: own("1") } as Part, text("Hello"), text(" wor"), cut];
    expect((await go(shown, whole)).parts.find(isBehind("ld"))).toMatchObject({ providerMetadata: {} });
    const second = whole.map((part) => (part === textStart ? { ...textStart, providerMetadata: own("2") } : part));
    const { parts } = await go(shown, second);
    expect(parts.find(isBehind("ld"))).toMatchObject({ providerMetadata: own("2") });
    const plain = await go(begun, whole);
    expect(plain.parts.find(isBehind("ld"))).toEqual(text("ld", "text-0"));
  });

  test("leaves out usage, of which the side that broke off has told none", async () => {
    const { parts, fallback } = await go(begun, whole);
    expect(endOf(parts).usage).toEqual({
      inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: undefined, text: undefined, reasoning: undefined },
    });
    expect(fallback.health().map(({ busy }) => busy)).toEqual([0, 0]);
    expect(endOf((await go(whole, another)).parts).usage.outputTokens.total).toBe(2);
  });

  test("by replays alone, also where they are named so", async () => {
    const { parts, b } = await go(begun, whole, { commit: { continue: "replay" } });
    expect(textIn(parts)).toBe("Hello world, again.");
    expect(b.calls[0]?.prompt).toBe(prompt);
  });

  test("within one budget, one at a time, whatever is hedged", async () => {
    const { parts, a, b } = await ask(begun, {
      second: [...opened, { waitMs: 500 }, text("Hello world"), textEnd, finish()],
      commit,
      hedge: { delayMs: 10 },
      retry: { maxAttempts: 2, baseDelayMs: 0 },
    });
    expect(a.calls.length + b.calls.length).toBe(2);
    expect(textIn(parts)).toMatch(/^Hello wor(?:ld)?$/);
  });
});

describe("what does not break off", () => {
  test("passes as it came but for the names of its blocks of text", async () => {
    const script = [
      ...opened,
      text("One."),
      textEnd,
      ...thinking("Hm."),
      textStart,
      text("Two.", "t"),
      textEnd,
      call(),
      finish("tool-calls"),
    ] as readonly Part[];
    const { parts } = await go(script, another);
    expect(idsIn(parts)).toEqual([
      "text-start text-0",
      "text-delta text-0",
      "text-end text-0",
      "text-start text-1",
      "text-delta text-1",
      "text-end text-1",
    ]);
    const others = script.filter(({ type }) => !type.startsWith("text-") && type !== "finish");
    expect(parts.filter((part) => script.includes(part))).toEqual(others);
  });

  test("is passed by reference where its block has that name already", async () => {
    const script = saying("Hi").map((part) => ("id" in part ? { ...part, id: "text-0" } : part));
    const { parts } = await go(script, another);
    expect(parts.filter((part) => script.includes(part))).toEqual(script.slice(0, -1));
  });

  test("is whole by `doGenerate`, which asks again unseen", async () => {
    const a = model("a", [text("Hello"), { fail: new TypeError("fetch failed") }]);
    const fallback = createFallback({ models: [a, model("b", another)], commit, retry: { maxAttempts: 2 } });
    const asking = fallback.doGenerate({ prompt });
    await vi.runAllTimersAsync();
    expect((await asking).content).toEqual([{ type: "text", text: "Good day." }]);
  });
});

function thinking(delta: string): readonly LanguageModelV4StreamPart[] {
  return [
    { type: "reasoning-start", id: "r" },
    { type: "reasoning-delta", id: "r", delta },
    { type: "reasoning-end", id: "r" },
  ];
}

function isBehind(delta: string): (part: Part) => boolean {
  return (part) => part.type === "text-delta" && part.delta.startsWith(delta);
}
