import { describe, expect, test } from "vitest";

import { FlowIterator } from "../../src/flow-iterator.ts";
import { Flow } from "../../src/flow.ts";
import { markOwn } from "../../src/own-functions.ts";
import type { ProviderRequest } from "../../src/provider.ts";
import type { ProviderPart } from "../../src/part.ts";
import { createRouter } from "../../src/router/router.ts";
import { weightOfPart } from "../../src/part-weight.ts";
import { collectGarbage, expectLinear } from "../cost.ts";
import { collect, finish, messages, scripted, text, type Scripted } from "./scripted.ts";

// What a call may keep in memory, and what it makes wait.

const saying = (stream: Scripted["stream"]): Scripted => ({ ...scripted("a", []), stream });
const request = { model: "m", messages, retry: { maxAttempts: 1 } } as const;

describe("before the commit point", () => {
  const large = " ".repeat(8 * 1024 * 1024);

  test.each([
    ["white space", text(large), "first-output"],
    ["output that is held", text(`x${large}`), "buffered"],
  ] as const)("endless %s ends with a named error", async (_, part, commit) => {
    let made = 0;
    const endless = saying(async function* () {
      for (;;) {
        made++;
        yield part;
      }
    });
    const router = createRouter({ plugins: [endless] });
    const { error } = await collect(router.stream({ ...request, commit }));
    expect(error).toMatchObject({ code: "protocol", provider: "a", message: expect.stringContaining("64 MiB") });
    expect(made).toBe(8);
    await expect(router.complete(request)).rejects.toMatchObject({ code: "protocol" });
  });
});

test.each(["complete", "buffered"] as const)("text that is said anew again and again is held once: %s", async (how) => {
  const rewriting = saying(async function* () {
    for (let part = 0; part < 200; part++) yield { type: "text-replace", text: `${part} ${"x".repeat(500_000)}` };
    yield { type: "reasoning-delta", text: "Hm" };
    yield finish;
  });
  const router = createRouter({ plugins: [rewriting] });
  if (how === "complete") expect((await router.complete(request)).text).toMatch(/^199 x+$/);
  else {
    const { parts } = await collect(router.stream({ ...request, commit: "buffered" }));
    expect(parts.map(({ type }) => type)).toEqual(["attempt", "start", "text-replace", "reasoning-delta", "finish"]);
  }
});

test("reasoning between texts that are said anew is bounded, and looked at once", async () => {
  const part = { type: "reasoning-delta", text: "x".repeat(8 * 1024 * 1024) } as const;
  const endless = saying(async function* () {
    for (;;) {
      yield part;
      yield { type: "text-replace", text: "Hi" };
    }
  });
  const router = createRouter({ plugins: [endless] });
  await expect(router.complete(request)).rejects.toMatchObject({ code: "protocol" });

  await expectLinear(async (steps) => {
    const long = saying(async function* () {
      for (let step = 0; step < steps; step++) {
        yield { type: "reasoning-delta", text: "x" };
        yield { type: "text-replace", text: "Hi" };
      }
      yield finish;
    });
    await collect(createRouter({ plugins: [long] }).stream({ ...request, commit: "buffered" }));
  }, 10_000);
});

test("complete() holds no parts", async () => {
  const held: WeakRef<object>[] = [];
  let alive = -1;
  const piecemeal = saying(async function* () {
    for (let part = 0; part < 100; part++) {
      const delta: ProviderPart = { type: "text-delta", text: "x" };
      held.push(new WeakRef(delta));
      yield delta;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    collectGarbage();
    alive = held.filter((part) => part.deref() !== undefined).length;
    yield finish;
  });
  expect((await createRouter({ plugins: [piecemeal] }).complete(request)).text).toHaveLength(100);
  expect(alive).toBeLessThan(5);
});

describe("a provider that pushes", () => {
  function pushing(parts: readonly ProviderPart[], { stalls = false } = {}) {
    const seen = { paused: false, made: 0, signal: undefined as AbortSignal | undefined, aborted: false };
    const stream = markOwn(({ signal }: ProviderRequest): AsyncIterable<ProviderPart> => {
      seen.signal = signal;
      const make = async (): Promise<void> => {
        for (const part of parts) {
          while (seen.paused) await new Promise((resolve) => setTimeout(resolve, 1));
          flow.push(part);
          seen.made++;
        }
        if (!stalls) flow.end();
      };
      const flow = new Flow<ProviderPart>(
        {
          start: () => void make(),
          pause: () => (seen.paused = true),
          resume: () => (seen.paused = false),
          leave: () => (seen.aborted = true),
          over() {},
        },
        weightOfPart,
      );
      return new FlowIterator(flow);
    });
    return { provider: { ...saying(stream), stream }, seen };
  }
  const long: readonly ProviderPart[] = [...Array.from({ length: 100 }, () => text("x".repeat(100_000))), finish];

  test("is paused while what waits for its reader is above 256 KiB, and goes on as it is read", async () => {
    const { provider, seen } = pushing(long);
    const stream = createRouter({ plugins: [provider] }).stream(request);
    const iterator = stream[Symbol.asyncIterator]();
    // The attempt, the start and a delta.
    for (let part = 0; part < 3; part++) await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(seen.paused).toBe(true);
    expect(seen.made * 100_000).toBeLessThan(500_000);
    let length = 0;
    for await (const part of iterator) if (part.type === "text-delta") length += part.text.length;
    expect(length).toBe(99 * 100_000);
  });

  test("is paused by live parts as well, which wait before anything was said", async () => {
    const logs = Array.from(
      { length: 100 },
      () => ({ type: "log", level: "info", message: "x".repeat(50_000) }) as const,
    );
    const { provider, seen } = pushing([...logs, text("Hi"), finish]);
    const stream = createRouter({ plugins: [provider] }).stream(request);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(seen.paused).toBe(true);
    expect((await collect(iterator)).parts.filter(({ type }) => type === "log")).toHaveLength(100);
  });

  test("flows by itself once the whole is wanted", async () => {
    const { provider } = pushing(long);
    const stream = createRouter({ plugins: [provider] }).stream(request);
    expect((await stream.completion).text).toHaveLength(100 * 100_000);
  });

  test("is given no signal and is left by a call; whoever wraps it gets one, and sees every part", async () => {
    const left = pushing([text("Hi"), text("!")], { stalls: true });
    for await (const part of createRouter({ plugins: [left.provider] }).stream(request))
      if (part.type === "text-delta") break;
    expect(left.seen).toMatchObject({ signal: undefined, aborted: true });

    const { provider, seen } = pushing([text("Hi"), text("!"), finish]);
    const passed: ProviderPart[] = [];
    async function* watch(parts: AsyncIterable<ProviderPart>): AsyncGenerator<ProviderPart> {
      for await (const part of parts) {
        passed.push(part);
        yield part;
      }
    }
    const wrappers: readonly Scripted[] = [
      { ...provider, stream: (asked) => watch(provider.stream(asked)) },
      new Proxy(provider, {
        get: (target, name) =>
          name === "stream"
            ? (asked: ProviderRequest) => watch(target.stream(asked))
            : (target as unknown as Record<string | symbol, unknown>)[name],
      }),
      { ...provider, stream: new Proxy(provider.stream, { apply: (target, __, [asked]) => watch(target(asked)) }) },
    ];
    for (const wrapper of wrappers) {
      passed.length = 0;
      const { text: words } = await createRouter({ plugins: [wrapper] }).complete(request);
      expect(words).toBe("Hi!");
      expect(passed.map(({ type }) => type)).toEqual(["text-delta", "text-delta", "finish"]);
      expect(seen.signal).toBeInstanceOf(AbortSignal);
    }
  });
});
