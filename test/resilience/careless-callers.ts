import { QwenError, TimeoutError, type Router } from "@qwen/core";
import * as fc from "fast-check";
import { expect } from "vitest";
import { never, sleep } from "./wild-providers.ts";

// Callers that read, decide, watch and leave as they like, by chance.

const messages = [{ role: "user", content: "Hi" }] as const;

export const watching = fc.constantFrom("no", "throws", "rejects", "never settles");
export const deciding = fc.constantFrom("no", "throws", "rejects", "retries for ever", "undecided");
const reasons: readonly unknown[] = [
  new Error("mine"),
  new QwenError("rate_limited", "mine"),
  new TimeoutError("total", 5),
  "mine",
  null,
];
const reading = fc.constantFrom(
  "parts",
  "slowly",
  "one, then sleeps",
  "two workers",
  "far ahead",
  "text",
  "text by two workers",
  "completion",
  "parts and completion",
  "web stream",
  "web stream, then cancels",
  "breaks",
  "throws in",
  "complete()",
);

/** What one caller does. */
export interface Caller {
  readonly how: string;
  readonly slowMs: number;
  readonly abort: { readonly afterMs: number; readonly reason: unknown } | null;
}

export const caller: fc.Arbitrary<Caller> = fc.record({
  how: reading,
  slowMs: fc.integer({ min: 1, max: 1500 }),
  abort: fc.option(fc.record({ afterMs: fc.nat(3000), reason: fc.constantFrom(...reasons) }), { freq: 3 }),
});

/** How a reading ended: each of these is an end. */
export type End = {
  readonly parts: number;
  readonly finishes: number;
  readonly error?: unknown;
  readonly threw: boolean;
};

async function drain(parts: AsyncIterable<unknown>, each: () => Promise<void> | void = () => {}): Promise<End> {
  let count = 0;
  let finishes = 0;
  try {
    for await (const part of parts) {
      count += 1;
      if (typeof part === "object" && part !== null && "type" in part && part.type === "finish") finishes += 1;
      await each();
    }
    return { parts: count, finishes, threw: false };
  } catch (error) {
    return { parts: count, finishes, error, threw: true };
  }
}

/** Several readers of one iterator: all of them must end. */
async function share(iterator: AsyncIterator<unknown>, workers: number): Promise<readonly End[]> {
  const iterable = { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
  return await Promise.all(Array.from({ length: workers }, () => drain(iterable)));
}

export function ask(
  router: Router,
  { how, slowMs, abort }: { readonly how: string; readonly slowMs: number; readonly abort: AbortSignal },
) {
  const request = { model: "m", messages, signal: abort } as const;
  if (how === "complete()") return settle(router.complete(request));
  const stream = router.stream(request);
  switch (how) {
    case "slowly":
      return drain(stream, () => sleep(slowMs));
    case "one, then sleeps":
      return settle(stream[Symbol.asyncIterator]().next());
    case "two workers":
      return share(stream[Symbol.asyncIterator](), 2);
    case "far ahead": {
      const iterator = stream[Symbol.asyncIterator]();
      return Promise.allSettled(Array.from({ length: 20 }, () => iterator.next()));
    }
    case "text":
      return drain(stream.textStream);
    case "text by two workers":
      return share(stream.textStream[Symbol.asyncIterator](), 2);
    case "completion":
      return settle(stream.completion);
    case "parts and completion":
      return Promise.all([drain(stream), settle(stream.completion)]);
    case "web stream":
      return drain(stream.toReadableStream());
    case "web stream, then cancels": {
      const reader = stream.toReadableStream().getReader();
      return Promise.race([reader.read(), sleep(slowMs)]).then(
        () => reader.cancel(),
        () => {},
      );
    }
    case "breaks":
      return (async () => {
        for await (const _ of stream) break;
      })().catch(() => {});
    case "throws in": {
      const iterator = stream[Symbol.asyncIterator]();
      void iterator.next().catch(() => {});
      return sleep(slowMs).then(() => iterator.throw?.(new Error("mine")).catch(() => {}));
    }
    default:
      return drain(stream);
  }
}

function settle(promise: Promise<unknown>): Promise<End> {
  return promise.then(
    () => ({ parts: 0, finishes: 1, threw: false }),
    (error: unknown) => ({ parts: 0, finishes: 0, error, threw: true }),
  );
}

const isDecision = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof Error && error.message === "a decision failed");

/** What is wrong with an end, if anything is. */
export function check(end: unknown, reason: unknown): void {
  for (const one of [end].flat(2) as readonly Partial<End>[]) {
    if (one?.threw !== true) {
      if (one?.finishes !== undefined) expect(one.finishes).toBeLessThanOrEqual(1);
      continue;
    }
    const { error } = one;
    const ours =
      QwenError.isInstance(error) ||
      isDecision(error) ||
      (error instanceof DOMException && error.name === "AbortError");
    if (!ours) expect(error).toBe(reason);
  }
}

export function decision(how: string): { shouldRetry?: () => never } {
  const decide: Readonly<Record<string, () => unknown>> = {
    throws() {
      throw new Error("a decision failed");
    },
    rejects: () => Promise.reject(new Error("a decision failed")),
    "retries for ever": () => "retry",
    undecided: () => undefined,
  };
  const shouldRetry = decide[how];
  return shouldRetry === undefined ? {} : { shouldRetry: shouldRetry as () => never };
}

export function watch(router: Router, how: string): void {
  if (how === "no") return;
  router.observe(() => {
    if (how === "throws") throw new Error("a watcher failed");
    return (how === "rejects" ? Promise.reject(new Error("a watcher failed")) : never) as never;
  });
}
