import { QwenError, TimeoutError, type Provider } from "@qwen/core";
import * as fc from "fast-check";

import { capabilities } from "../../packages/core/test/router/scripted.ts";

// Providers that keep no promise of the contract, by chance.

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
export const never = new Promise<never>(() => {});

const oddValues: readonly unknown[] = [
  "a string",
  null,
  undefined,
  Object.create(null),
  Object.freeze(new Error("frozen")),
  new QwenError("rate_limited", "too often", { retryAfterMs: 100 }),
  new QwenError("space_error", "the app failed"),
  new TimeoutError("total", 1),
  new DOMException("left", "AbortError"),
  {
    get message() {
      throw new Error("a getter");
    },
  },
  new Proxy(new Error("behind a proxy"), {
    get() {
      throw new Error("a trap");
    },
  }),
];
const oddParts: readonly unknown[] = [
  null,
  undefined,
  "text",
  {},
  { type: 5 },
  { type: "text-delta" },
  { type: "text-delta", text: 5 },
  { type: "text-delta", text: "" },
  { type: "text-replace", text: null },
  { type: "queue" },
  { type: "queue", position: Number.NaN, etaMs: "soon" },
  { type: "unknown-kind" },
  { type: "finish" },
  { type: "finish", reason: "stop", warnings: "none" },
];
const goodParts: readonly unknown[] = [
  { type: "text-delta", text: "one " },
  { type: "text-delta", text: "two" },
  { type: "text-delta", text: "\n" },
  { type: "text-replace", text: "three" },
  { type: "reasoning-delta", text: "Hm" },
  { type: "queue", position: 3 },
  { type: "progress" },
  { type: "finish", reason: "stop", warnings: [] },
];

type Step =
  | { readonly yields: unknown }
  | { readonly throws: unknown }
  | { readonly waitMs: number }
  | { readonly endless: unknown; readonly everyMs: number }
  | { readonly flood: number }
  | { readonly silent: true };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...goodParts).map((yields) => ({ yields })) },
  { weight: 1, arbitrary: fc.constantFrom(...oddParts).map((yields) => ({ yields })) },
  { weight: 2, arbitrary: fc.constantFrom(...oddValues).map((throws) => ({ throws })) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 2000 }).map((waitMs) => ({ waitMs })) },
  fc.record({ endless: fc.constantFrom(...goodParts.slice(0, 7)), everyMs: fc.constantFrom(20, 200) }),
  fc.constant({ flood: 3000 }),
  fc.constant({ silent: true as const }),
);

async function* play(script: readonly Step[]): AsyncGenerator {
  for (const one of script) {
    if ("yields" in one) yield one.yields;
    else if ("throws" in one) throw one.throws;
    else if ("waitMs" in one) await sleep(one.waitMs);
    else if ("flood" in one) for (let count = 0; count < one.flood; count += 1) yield { type: "text-delta", text: "x" };
    else if ("endless" in one)
      for (;;) {
        yield one.endless;
        await sleep(one.everyMs);
      }
    else await never;
  }
}

/** How what `stream()` returns breaks the rules of iterations. */
const manner = fc.oneof(
  { weight: 6, arbitrary: fc.constant("generator") },
  fc.constantFrom(
    "not iterable",
    "throws at once",
    "answers without promises",
    "return() throws",
    "return() never settles",
  ),
);

function iterate(script: readonly Step[], how: string): unknown {
  const generator = play(script);
  const [first] = script;
  switch (how) {
    case "not iterable":
      return undefined;
    case "throws at once":
      throw first !== undefined && "throws" in first ? first.throws : "at once";
    case "answers without promises":
      return { [Symbol.asyncIterator]: () => ({ next: () => ({ done: true, value: undefined }) }) };
    case "return() throws":
      return {
        [Symbol.asyncIterator]: () => ({
          next: () => generator.next(),
          return() {
            throw new Error("no return");
          },
        }),
      };
    case "return() never settles":
      return { [Symbol.asyncIterator]: () => ({ next: () => generator.next(), return: () => never }) };
    default:
      return generator;
  }
}

export const scripts = fc.array(fc.record({ script: fc.array(step, { maxLength: 6 }), how: manner }), {
  minLength: 1,
  maxLength: 3,
});

export function providerOf(
  id: string,
  calls: readonly { readonly script: readonly Step[]; readonly how: string }[],
): Provider {
  let asked = 0;
  return {
    id,
    models: [{ id: "m", aliases: [], capabilities }],
    stream() {
      const { script, how } = calls[asked++ % calls.length] ?? { script: [], how: "generator" };
      return iterate(script, how) as AsyncIterable<never>;
    },
  };
}
