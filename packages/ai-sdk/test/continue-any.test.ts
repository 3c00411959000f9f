import { expect, test } from "vitest";

import { createFallback } from "../src/index.ts";
import { finish, model, prompt, read, start, type Part, type Step } from "./models.ts";
import { seeded } from "./seeded.ts";

const RUNS = process.env["TEST_ALL"] === "1" ? 6000 : 400;

/** What an answer has to say, in order. */
type Item = readonly [kind: "text" | "reasoning" | "source" | "tool-call", value: string | number];

/** The content of parts: text and thought by their blocks. Throws for a block that is none. */
function contentOf(parts: readonly Part[]): { readonly items: Item[]; readonly open: number } {
  const items: [string, unknown][] = [];
  const open = new Map<string, [string, unknown]>();
  for (const part of parts) {
    const [, kind = "", what] = /^(text|reasoning)-(start|delta|end)$/.exec(part.type) ?? [];
    if (what === undefined) {
      if (part.type === "source") items.push(["source", Number(part.id)]);
      if (part.type === "tool-call") items.push(["tool-call", Number(part.toolCallId)]);
      continue;
    }
    const key = `${kind} ${(part as { id: string }).id}`;
    const block = open.get(key);
    if ((what === "start") === (block !== undefined)) throw new Error(`A ${part.type} at the wrong place.`);
    if (what === "start") {
      const begun: [string, unknown] = [kind, ""];
      open.set(key, begun);
      items.push(begun);
    } else if (what === "end") open.delete(key);
    else if (block !== undefined && "delta" in part) block[1] = String(block[1]) + part.delta;
  }
  return { items: items as unknown as Item[], open: open.size };
}

/** Says the items in pieces of any size, in blocks of any name. */
function* said(items: readonly Item[], pick: (below: number) => number): Generator<Part> {
  yield start;
  if (pick(2) === 0) yield { type: "response-metadata", modelId: `m${pick(9)}` };
  for (const [kind, value] of items) {
    const id = ["t", "0", "text-0", "text-1", `${pick(99)}`][pick(5)]!;
    if (pick(6) === 0) yield { type: "raw", rawValue: 1 };
    if (kind === "source") yield { type: "source", sourceType: "url", id: String(value), url: "https://a.example/" };
    else if (kind === "tool-call") yield { type: "tool-call", toolCallId: String(value), toolName: "t", input: "{}" };
    else if (typeof value === "string") {
      yield { type: `${kind}-start`, id };
      for (let at = 0; at < value.length;) {
        const piece = value.slice(at, (at += pick(5)));
        yield { type: `${kind}-delta`, id, delta: piece };
      }
      yield { type: `${kind}-end`, id };
    }
  }
  yield finish();
}

function answer(pick: (below: number) => number): Item[] {
  const words = (): string =>
    Array.from({ length: 1 + pick(12) }, () => ["a", "b ", "\n", "🌊", "."][pick(5)]!).join("");
  const items: Item[] = [["text", `A${words()}`]];
  if (pick(5) === 0) items.unshift(["reasoning", `R${words()}`]);
  if (pick(5) === 0) items.splice(pick(2), 0, ["source", pick(9)]);
  if (pick(5) === 0) items.push(["text", words()]);
  if (pick(5) === 0) items.push(["tool-call", pick(9)]);
  return items;
}

/** The same, sometimes with another character in it, or one item less. */
function another(items: readonly Item[], pick: (below: number) => number): Item[] {
  const at = pick(items.length);
  const [kind, value] = items[at]!;
  if (pick(3) > 0) return [...items];
  if (pick(3) === 0 && items.length > 1) return items.toSpliced(at, 1);
  if (typeof value === "number") return [...items];
  const cut = pick(value.length);
  return items.with(at, [kind, `${value.slice(0, cut)}!${value.slice(cut + 1)}`]);
}

function cutAt(parts: readonly Part[], pick: (below: number) => number): Step[] {
  if (pick(4) === 0) return [...parts];
  const end: Step[][] = [[], [{ fail: new Error("cut") }], [{ type: "error", error: "no" }], [finish("error")]];
  return [...parts.slice(0, pick(parts.length)), ...end[pick(4)]!];
}

/** As it can be compared: where it stands is nobody's but of what is text or thought. */
const known = (items: readonly Item[]): string =>
  JSON.stringify([
    items.filter(([, value]) => typeof value === "string"),
    items.filter(([, value]) => typeof value === "number"),
  ]);

const inOne = (items: readonly Item[]): string => items.map(([kind, value]) => `${kind} ${value}`).join("|");

test(`${RUNS} answers of all kinds of parts, cut anywhere: one model's own whole, or what the reader saw and an error`, async () => {
  const ways = { whole: 0, "gone on": 0, error: 0 };
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = seeded(seed * 7919);
    random();
    const pick = (below: number): number => Math.floor(random() * below);
    const first = answer(pick);
    const answers = [first, another(first, pick), another(first, pick)];
    const scripts = answers.map((items, index) =>
      index === 2 && pick(2) === 0 ? [...said(items, pick)] : cutAt([...said(items, pick)], pick),
    );
    const models = scripts.map((script, index) => model(`m${index}`, script));
    const retry = { maxAttempts: 3, baseDelayMs: 0 };
    const fallback = createFallback({ models: models as never, commit: "continue", retry, breaker: false });
    const asked = await fallback.doStream({ prompt, includeRawChunks: pick(2) === 0 }).catch(() => undefined);
    if (asked === undefined) continue;
    const { parts, error } = await read(asked.stream);
    const about = `seed ${seed}`;
    expect(error, about).toBeUndefined();
    const { items, open } = contentOf(parts);
    const last = parts.at(-1);
    const isWhole = last?.type === "finish" && last.finishReason.unified === "stop";
    expect(open, about).toBe(0);
    if (!isWhole) {
      ways.error += 1;
      expect(
        parts.filter(({ type }) => type === "error"),
        about,
      ).toHaveLength(1);
      const shown = inOne(items.filter(([, value]) => value !== ""));
      expect(
        answers.map((one) => inOne(one).startsWith(shown)),
        `${about}: ${shown}`,
      ).toContain(true);
      continue;
    }
    const attempts = last.providerMetadata?.["qwen"]?.["attempts"] as { model: string; continuedAt?: number }[];
    const who = attempts.at(-1)!;
    ways[who.continuedAt === undefined ? "whole" : "gone on"] += 1;
    expect(known(items), about).toBe(known(answers[Number(who.model.slice(1))]!));
  }
  process.stdout.write(`\n${JSON.stringify(ways)}\n`);
  expect(ways["gone on"]).toBeGreaterThan(RUNS / 20);
});
