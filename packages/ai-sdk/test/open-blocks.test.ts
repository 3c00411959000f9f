import { createRouter } from "@qwen/core";
import { expect, test } from "vitest";

import { createFallback, createRouterProvider, fromLanguageModel } from "../src/index.ts";
import { call, finish, model, prompt, read, saying, start, text, textEnd, textStart } from "./models.ts";
import type { Part, Step } from "./models.ts";

const retry = { maxAttempts: 2, baseDelayMs: 0 };
const input: readonly Step[] = [
  { type: "tool-input-start", id: "1", toolName: "look_up" },
  { type: "tool-input-delta", id: "1", delta: "{}" },
];
const thought: readonly Step[] = [
  { type: "reasoning-start", id: "r" },
  { type: "reasoning-delta", id: "r", delta: "Hm." },
];
const cut: Step = { fail: new Error("socket hang up") };

/** What is said of a block, in order: each has to begin, and to end before the finish. */
function open(parts: readonly Part[]): readonly string[] {
  const found = new Set<string>();
  for (const part of parts) {
    const [, kind, what] = /^(text|reasoning|tool-input)-(start|end)$/.exec(part.type) ?? [];
    const name = `${kind} ${(part as { readonly id?: string }).id}`;
    if (what === "start") found.add(name);
    if (what === "end") expect(found.delete(name), `${name} ends once`).toBe(true);
    if (part.type === "tool-call")
      expect(found, "its input ends before").not.toContain(`tool-input ${part.toolCallId}`);
    if (part.type === "finish") return [...found];
  }
  throw new Error("There is no finish.");
}

test.each<[string, readonly Step[]]>([
  ["is cut", [cut]],
  ["ends without a finish", []],
  ["ends without a finish behind its block", [textEnd]],
  ["says that it failed", [{ type: "error", error: "no" }]],
  ["is whole, and leaves its block open", [finish()]],
  ["is cut in the input of a tool", [...input, cut]],
  ["is cut in what it thinks", [textEnd, ...thought, cut]],
  ["begins the input of a tool, and calls none", [textEnd, ...input, finish()]],
  ["calls a tool whose input it left open", [textEnd, ...input, call(), finish("tool-calls")]],
  ["gives up a thought for a word", [textEnd, ...thought, { type: "text-start", id: "u" }, text("u", "u"), finish()]],
])("an answer that %s ends all that it has begun, in each role and way", async (_, end) => {
  const odd = model("odd", [start, textStart, text("Hello"), ...end]);
  const other = model("other", saying("Another"));
  const router = createRouter({ plugins: [fromLanguageModel(odd, { id: "a" })], retry: { maxAttempts: 1 } });
  const all = [
    ...(["first-output", "buffered", "continue"] as const).map((commit) =>
      createFallback({ models: [odd, other], retry, commit }),
    ),
    createRouterProvider({ router })("odd"),
  ];
  for (const each of all) {
    const { parts, error } = await read((await each.doStream({ prompt })).stream);
    expect(error).toBeUndefined();
    expect(open(parts)).toEqual([]);
  }
});

test("a beginning of many parts before any output is read in time that grows as it does", async () => {
  const sources = Array.from({ length: 100_000 }, (_, index): Part => {
    return { type: "source", sourceType: "url", id: `${index}`, url: "https://a.example/" };
  });
  const script = (): unknown => ({ stream: ReadableStream.from([start, ...sources, text("Hello"), finish()]) });
  const before = process.cpuUsage().user;
  const { stream } = await createFallback({ models: [model("a", script)] }).doStream({ prompt });
  expect((await read(stream)).parts).toHaveLength(sources.length + 4);
  expect(process.cpuUsage().user - before).toBeLessThan(1_000_000);
});
