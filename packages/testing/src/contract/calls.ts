import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";

import { type Provider, type ProviderPart, type ProviderRequest, QwenError } from "@qwen/core";

/** A request with one user message. */
export function ask(prompt: string, extras: Omit<ProviderRequest, "messages"> = {}): ProviderRequest {
  return { messages: [{ role: "user", content: prompt }], ...extras };
}

/** What an iteration yielded, and how it ended. */
export interface Transcript {
  readonly parts: readonly ProviderPart[];
  /** When each part came, in ms since the first `next()`. */
  readonly times: readonly number[];
  readonly text: string;
  readonly error: unknown;
  readonly failed: boolean;
}

/** Iterates to the end. */
export async function transcribe(
  parts: AsyncIterable<ProviderPart>,
  { pauseMs = 0 }: { readonly pauseMs?: number } = {},
): Promise<Transcript> {
  const heard: ProviderPart[] = [];
  const times: number[] = [];
  const start = performance.now();
  try {
    for await (const part of parts) {
      heard.push(part);
      times.push(performance.now() - start);
      if (pauseMs > 0) await sleep(pauseMs);
    }
    return { parts: heard, times, text: textOf(heard), error: undefined, failed: false };
  } catch (error) {
    return { parts: heard, times, text: textOf(heard), error, failed: true };
  }
}

/** Transcribes a call that has to succeed. */
export async function answered(provider: Provider, request: ProviderRequest): Promise<Transcript> {
  const transcript = await transcribe(provider.stream(request));
  if (transcript.failed) throw transcript.error;
  return transcript;
}

/** The text that parts add up to. */
export function textOf(parts: readonly ProviderPart[]): string {
  let text = "";
  for (const part of parts) {
    if (part.type === "text-delta") text += part.text;
    else if (part.type === "text-replace") text = part.text;
  }
  return text;
}

/** Iterates until the first text and hands the iterator over. */
export async function untilText(parts: AsyncIterable<ProviderPart>): Promise<AsyncIterator<ProviderPart>> {
  const iterator = parts[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await iterator.next();
    assert.ok(done !== true, "the answer ended before it had any text");
    if (value.type === "text-delta" || value.type === "text-replace") return iterator;
  }
}

/** Settles with what the promise does, or fails when that takes too long. */
export async function within<Value>(ms: number, what: string, promise: Promise<Value>): Promise<Value> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new assert.AssertionError({ message: `${what} took longer than ${ms} ms` });
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

/** Waits until a count has come down, or fails when that takes too long. */
export async function untilAtMost(
  limit: number,
  what: string,
  { count, ms }: { readonly count: () => number | Promise<number>; readonly ms: number },
): Promise<void> {
  const deadline = performance.now() + ms;
  let now = await count();
  while (now > limit) {
    assert.ok(performance.now() < deadline, `${what}: ${now} after ${ms} ms, not ${limit}`);
    await sleep(10);
    now = await count();
  }
}

/** Fails unless the error is one of ours. */
export function assertFamily(error: unknown): asserts error is QwenError {
  assert.ok(QwenError.isInstance(error), `not an error of the family: ${String(error)}`);
}

/** Fails unless the provider refuses each request with `unsupported` and sends nothing for it. */
export async function refuses(
  provider: Provider,
  asked: readonly (ProviderRequest | false)[],
  requests: (() => number | Promise<number>) | undefined,
): Promise<void> {
  for (const request of asked) {
    if (request === false) continue;
    const before = await requests?.();
    const { error } = await transcribe(provider.stream(request));
    assertFamily(error);
    assert.equal(error.code, "unsupported");
    assert.equal(await requests?.(), before, "requests");
  }
}
