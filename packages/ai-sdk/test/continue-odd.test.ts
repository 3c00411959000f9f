import type { LanguageModelV4StreamPart, SharedV4Warning } from "@ai-sdk/provider";
import { describe, expect, test, vi } from "vitest";

import { createFallback } from "../src/index.ts";
import { ask, useVirtualTime } from "./asking.ts";
import { cut } from "./broken-off.ts";
import { finish, model, prompt, read, saying, start, text, textEnd, textIn, textStart } from "./models.ts";
import type { Part, Script } from "./models.ts";

useVirtualTime();

const go = (first: Script, second: Script, options = {}) =>
  ask(first, { second, commit: "continue", retry: { maxAttempts: 2, baseDelayMs: 0 }, ...options });
const named = (parts: readonly Part[]) =>
  parts.flatMap((part) => (part.type === "response-metadata" ? [part.modelId] : []));

describe("over a seam", () => {
  test("half of a character is gone on with by its other half", async () => {
    const { parts } = await go([start, textStart, text("Sea \uD83C"), cut], saying("Sea 🌊", "."));
    expect(textIn(parts)).toBe("Sea 🌊.");
    expect(textIn(parts).isWellFormed()).toBe(true);
  });

  test("who goes on is told also where its response does not know", async () => {
    const silent = { type: "response-metadata", id: "r", modelId: undefined } as unknown as Part;
    const { parts } = await go(
      [start, textStart, text("Hello"), cut],
      [start, silent, textStart, text("Hello!"), textEnd, finish()],
    );
    expect(named(parts)).toEqual(["a", "b"]);
    expect(parts).toContainEqual({ type: "response-metadata", id: "r", modelId: "b" });
  });

  const circular: { type: "other"; message: string; self?: unknown } = { type: "other", message: "No." };
  circular.self = circular;

  test.each<[string, unknown]>([
    ["null", null],
    ["none", undefined],
    ["in a circle", [circular]],
    ["a number that is no JSON", [{ type: "other", message: 1n }]],
  ])("warnings that are %s break nothing", async (_, warnings) => {
    const odd = { type: "stream-start", warnings: warnings as SharedV4Warning[] } as const;
    const { parts, error } = await go(
      [odd, textStart, text("Hello"), cut],
      [odd, textStart, text("Hello!"), textEnd, finish()],
    );
    expect(error).toBeUndefined();
    expect(textIn(parts)).toBe("Hello!");
    expect(parts.filter(({ type }) => type === "stream-start")).toHaveLength(1);
  });

  test.each<[string, Script, string]>([
    ["without a beginning of its block", [start, text("Hello!"), textEnd, finish()], "Hello!"],
    ["without an end of it", [start, textStart, text("Hello!"), finish()], "Hello!"],
    ["in empty pieces", [start, textStart, text(""), text("Hel"), text(""), text("lo!"), textEnd, finish()], "Hello!"],
    ["with a name that is none", saying("Hello!").map((part) => withId(part, undefined)), "Hello!"],
    ["with a name as objects have", saying("Hello!").map((part) => withId(part, "__proto__")), "Hello!"],
    ["and filters it there", [start, textStart, text("Hello!"), textEnd, finish("content-filter")], "Hello!"],
    ["and is filtered before", [start, textStart, text("Hel"), textEnd, finish("content-filter")], "Hello"],
    ["and takes back nothing", [start, textStart, text("Hello"), textStart, text(" me"), finish()], "Hello"],
  ])("a model that goes on %s is read as far as it is sound", async (_, second, whole) => {
    const { parts, error } = await go([start, textStart, text("Hello"), cut], second);
    expect(error).toBeUndefined();
    expect(textIn(parts.filter((part) => !("id" in part) || part.id === "text-0"))).toBe(whole);
    expect(parts.filter(({ type }) => type === "finish")).toHaveLength(1);
  });

  test("`prepare` makes the options of who goes on, and ends the call where it throws", async () => {
    const a = model("a", [start, textStart, text("Hello"), cut]);
    const b = model("b", saying("Hello", "!"));
    const prepared: unknown[] = [];
    const withPrepare = (prepare: () => Promise<undefined>) =>
      createFallback({ models: [a, { model: b, prepare }], commit: "continue", retry: { maxAttempts: 2 } });
    const fine = withPrepare(async () => void prepared.push("b"));
    const first = await read((await fine.doStream({ prompt })).stream);
    expect(textIn(first.parts)).toBe("Hello!");
    expect(prepared).toEqual(["b"]);
    const why = new Error("no key");
    const failing = withPrepare(() => Promise.reject(why));
    const { parts } = await read((await failing.doStream({ prompt })).stream);
    expect(textIn(parts)).toBe("Hello");
    expect(parts.find(({ type }) => type === "error")).toMatchObject({ error: why });
    expect(b.calls).toHaveLength(1);
  });

  test("a fallback within a fallback goes on in the same block", async () => {
    const [a, b, c] = [
      model("a", [start, textStart, text("Hel"), cut]),
      model("b", [start, textStart, text("Hello"), cut]),
      model("c", saying("Hello", " world")),
    ];
    const retry = { maxAttempts: 2, baseDelayMs: 0 };
    const inner = createFallback({ models: [a, b], commit: "continue", retry });
    const outer = createFallback({ models: [inner, c], commit: "continue", retry });
    const reading = read((await outer.doStream({ prompt })).stream);
    await vi.runAllTimersAsync();
    const { parts } = await reading;
    expect(textIn(parts)).toBe("Hello world");
    expect(parts.filter(({ type }) => type === "text-start" || type === "text-end")).toHaveLength(2);
    expect(named(parts)).toEqual(["a", "b", "c"]);
  });
});

function withId(part: LanguageModelV4StreamPart, id: unknown): Part {
  return "id" in part ? ({ ...part, id } as Part) : part;
}
