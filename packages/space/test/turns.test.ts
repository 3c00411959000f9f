import type { ProviderPart } from "@qwen/core";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { FollowedAnswer } from "../../core/src/gradio/followed-output.ts";
import { SpaceReader } from "../src/answer-reader.ts";
import { words } from "./hearing.ts";

const fileUrl = (path: string): URL => new URL(`http://space.test/file=${path}`);

type Entry = readonly [role: "user" | "assistant" | "thought", words: string];

/** What an app does with its chat. Few words, so that much is said again that was said before. */
const WORD = fc.constantFrom("a", "b", "a b", "a\n\n  b");
const APP = fc.record({
  greeting: fc.option(WORD, { nil: undefined }),
  turns: fc.array(fc.tuple(WORD, WORD), { maxLength: 4 }),
  asked: WORD,
  thought: fc.option(WORD, { nil: undefined }),
  answer: fc.array(WORD, { minLength: 1, maxLength: 3 }),
  /** How many of the entries it was given stay: of pairs, pairs. */
  keeps: fc.oneof(fc.constant(Infinity), fc.nat(4)),
  writesQuestion: fc.boolean(),
  form: fc.constantFrom("pairs" as const, "messages" as const, "parts" as const),
  /** What it gives on the way: the chat as it was, or what is kept of it; the question; the answer letter by letter. */
  first: fc.constantFrom("nothing" as const, "chat" as const, "kept" as const),
  placeholder: fc.boolean(),
  isWholeAtEnd: fc.boolean(),
});

interface Run {
  readonly before: readonly Entry[];
  readonly values: readonly (readonly Entry[])[];
  readonly isKeptWhole: boolean;
  readonly old: number;
}

type App = typeof APP extends fc.Arbitrary<infer Value> ? Value : never;

function runOf(app: App): Run {
  const before: readonly Entry[] = [
    ...(app.greeting === undefined ? [] : [["assistant", app.greeting] as const]),
    ...app.turns.flatMap(([asked, answered]) => [["user", asked] as const, ["assistant", answered] as const]),
  ];
  const kept = app.keeps === 0 ? [] : before.slice(-app.keeps * (app.form === "pairs" ? 2 : 1));
  const asked = [...kept, ...(app.writesQuestion ? [["user", app.asked] as const] : [])];
  const answer: readonly Entry[] = [
    ...(app.thought === undefined || app.form === "pairs" ? [] : [["thought", app.thought] as const]),
    ...app.answer.map((one) => ["assistant", one] as const),
  ];
  const growing = answer.flatMap(([role, said], index) =>
    [...said].map((_, at) => [...asked, ...answer.slice(0, index), [role, said.slice(0, at + 1)] as const]),
  );
  const first = { nothing: [], chat: [before], kept: [kept] }[app.first];
  const spinner = app.placeholder ? [[...asked, ["assistant", "⏳"] as const]] : [];
  return {
    before,
    values: [...first, ...(app.writesQuestion ? [asked] : []), ...spinner, ...growing],
    isKeptWhole: kept.length === before.length,
    old: first.length,
  };
}

function chatOf(entries: readonly Entry[], form: "pairs" | "messages" | "parts"): readonly unknown[] {
  if (form === "pairs")
    return entries.flatMap(([role, said], index) => {
      if (role !== "user") return entries[index - 1]?.[0] === "user" ? [] : [[null, said]];
      const next = entries[index + 1];
      return [[said, next === undefined || next[0] === "user" ? null : next[1]]];
    });
  return entries.map(([role, said]) => ({
    role: role === "user" ? "user" : "assistant",
    content: form === "parts" ? [{ type: "text", text: said }] : said,
    metadata: { title: role === "thought" ? "Thinking" : null },
  }));
}

const plain = (said: string): string => said.replaceAll(/\s+/g, " ");
const isSame = (one: Entry | undefined, other: Entry | undefined): boolean =>
  (one?.[0] === "user") === (other?.[0] === "user") && plain(one?.[1] ?? "") === plain(other?.[1] ?? "");
const beginsWith = (all: readonly Entry[], some: readonly Entry[]): boolean =>
  some.every((one, index) => isSame(one, all[index]));

/** Whether what such an app gives in the end may mean something else as well, which nobody could tell. */
function isAmbiguous(app: App, { before, values, isKeptWhole: isWhole }: Run): boolean {
  const last = values.at(-1) ?? [];
  const lastAsked = app.turns.at(-1)?.[0];
  const isAskedAgain = lastAsked !== undefined && plain(lastAsked) === plain(app.asked);
  if (before.length === 0) return false;
  // The chat as it was.
  if (beginsWith(last, before) && last.length === before.length) return true;
  if (app.writesQuestion) return isAskedAgain && !isWhole && beginsWith(last, before);
  // The question is not written, and what stands there may be the turn before or an answer.
  const tail = before.slice(before.findLastIndex(([role]) => role === "user") + 1);
  const question = last.findLastIndex(([role]) => role === "user");
  if (isAskedAgain && question !== -1) return !isWhole;
  if (question === -1 && lastAsked === undefined) return !isWhole && beginsWith(last, tail);
  // An answer without its question, and another one behind it.
  if (question === -1) return lastAsked !== undefined && app.keeps > 0;
  return !isWhole && last.slice(question + 1).length <= tail.length;
}

test("what is told is the answer, whatever an app keeps of its chat and gives on the way", () => {
  let known = 0;
  fc.assert(
    fc.property(APP, (app) => {
      const run = runOf(app);
      if (isAmbiguous(app, run)) return;
      known++;
      const before = chatOf(run.before, app.form);
      const values = run.values.map((value) => chatOf(value, app.form));
      const reader = new SpaceReader({
        output: 0,
        isChat: true,
        before,
        standing: structuredClone(before),
        asked: app.asked,
        fileUrl,
      });
      const read = new FollowedAnswer(reader);
      const told = values.map((value, index) => read.generating(index === 0 ? [value] : [[["replace", [], value]]]));
      const end = read.completed([app.isWholeAtEnd ? values.at(-1) : { __type__: "update" }]);
      const parts: readonly ProviderPart[] = [...told.flat(), ...end];
      const thought = app.form === "pairs" ? "" : (app.thought ?? "");
      expect(words(parts)).toEqual({ text: app.answer.join("\n\n"), thought });
      expect(words(told.slice(0, run.old).flat())).toEqual({ text: "", thought: "" });
    }),
    { numRuns: 3000 },
  );
  expect(known).toBeGreaterThan(2500);
});
