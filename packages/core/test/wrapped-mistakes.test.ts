import { describe, expect, test } from "vitest";

import { QwenError } from "../src/errors.ts";
import type { ProviderPart } from "../src/part.ts";
import type { Provider } from "../src/provider.ts";
import type { ProviderHooks } from "../src/provider-hooks.ts";
import { createRouter, type Router } from "../src/router/router.ts";
import { wrapProvider } from "../src/wrap-provider.ts";
import { failure, finish, messages, played, text, type Played, type PlayedStep } from "./servers/played-provider.ts";
import { collect, rejection, until } from "./servers/waiting.ts";

const answer = [text("a"), text("b"), finish] as const;
const limited = (): QwenError => new QwenError("rate_limited", "Too many.", { retryAfterMs: 60_000 });
const spoken = { type: "finish", reason: "length" } as const;

/** A router of one provider with hooks, behind which another can be asked. */
function routed(kind: "flow" | "own", hooks: ProviderHooks, script: readonly PlayedStep[] = answer) {
  const inner = played(kind, script);
  const spare: Provider = { ...played("own", [text("spare"), finish]), id: "spare", models: [{ id: "spare-1" }] };
  const router: Router = createRouter({
    plugins: [wrapProvider(inner, hooks), spare],
    routes: { both: ["one", "spare-1"] },
    breaker: { minimumCalls: 1 },
    retry: { baseDelayMs: 0 },
  });
  return { inner, router, state: () => stateOf(router) };
}

const stateOf = (router: Router): unknown => router.health().find(({ provider }) => provider === "inner")?.breaker;

async function partsOf(provider: Provider): Promise<readonly ProviderPart[]> {
  return collect(provider.stream({ messages }));
}

describe("what is no part is its provider's mistake, whatever hooks stand around it", () => {
  test.each<readonly [string, unknown]>([
    ["null", null],
    ["a number", 5],
    ["an array of parts", answer],
    ["an object without a type", {}],
    ["a promise", Promise.resolve(text("a"))],
  ])("%s", async (_, value) => {
    let seen = 0;
    async function* careless(): AsyncGenerator<ProviderPart> {
      // A promise would be awaited by `yield`.
      yield* { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: value as ProviderPart }) }) };
    }
    const inner: Provider = { id: "inner", models: [{ id: "one" }], stream: careless };
    const spare: Provider = { ...played("own", [text("spare"), finish]), id: "spare", models: [{ id: "spare-1" }] };
    const hooks: ProviderHooks = { part: (part) => ((seen += 1), part) };
    const router: Router = createRouter({
      plugins: [wrapProvider(inner, hooks), spare],
      routes: { both: ["one", "spare-1"] },
      breaker: { minimumCalls: 1 },
    });
    expect(await router.complete({ model: "both", messages })).toMatchObject({ text: "spare" });
    expect([stateOf(router), seen]).toEqual(["open", 0]);
  });
});

describe.each(["flow", "own"] as const)("around a provider that is read as %s", (kind) => {
  describe("an error of the family out of a hook leads to what its code says, and never counts for the provider", () => {
    const thrown = (error: QwenError) => (): never => {
      throw error;
    };
    async function* failing(): AsyncGenerator<ProviderPart> {
      yield text("a");
      throw failure();
    }
    test.each<readonly [string, () => ProviderHooks, readonly PlayedStep[]]>([
      ["by request", () => ({ request: thrown(failure()) }), answer],
      ["by request, with a pause", () => ({ request: thrown(limited()) }), answer],
      ["by part", () => ({ part: thrown(failure()) }), answer],
      ["by part, with a pause", () => ({ part: thrown(limited()) }), answer],
      ["by error", () => ({ error: thrown(limited()) }), [new QwenError("unsupported", "Not this one.")]],
      ["by the answer in the provider's place", () => ({ request: failing }), answer],
      [
        "by another provider's answer",
        () => ({ request: (asked) => played("flow", [failure()]).stream(asked) }),
        answer,
      ],
    ])("%s", async (_, hooks, script) => {
      const { router, state } = routed(kind, hooks(), script);
      for (let call = 0; call < 3; call += 1)
        expect(await router.complete({ model: "both", messages })).toMatchObject({ text: "spare" });
      expect(state()).toBe("closed");
    });

    test("though it is one that the provider's own would count", async () => {
      const { router, state } = routed(kind, {}, [failure()]);
      expect(await router.complete({ model: "both", messages })).toMatchObject({ text: "spare" });
      expect(state()).toBe("open");
    });
  });

  test("an error that a hook gives, or throws again as it came, is the provider's", async () => {
    const given: readonly ProviderHooks[] = [
      { error: limited },
      {
        error(error) {
          throw error;
        },
      },
    ];
    for (const hooks of given) {
      const { router, state } = routed(kind, hooks, [failure()]);
      expect(await router.complete({ model: "both", messages })).toMatchObject({ text: "spare" });
      expect(state()).toBe("open");
    }
  });

  describe("a hook that spoils the end of an answer ends the call with a TypeError, and nothing counts", () => {
    const atFinish =
      (given: (part: ProviderPart) => readonly ProviderPart[]): NonNullable<ProviderHooks["part"]> =>
      (part) =>
        part.type === "finish" ? given(part) : part;
    const answering =
      (...parts: readonly ProviderPart[]): NonNullable<ProviderHooks["request"]> =>
      () =>
        parts;
    test.each<readonly [string, ProviderHooks, RegExp]>([
      ["drops it", { part: atFinish(() => []) }, /must give a `finish` for the provider's/],
      ["doubles it", { part: atFinish((part) => [part, part]) }, /one `finish`, and nothing behind it/],
      ["speaks behind it", { part: atFinish((part) => [part, text("c")]) }, /nothing behind it/],
      ["speaks behind one of its own", { part: () => [spoken, text("c")] }, /nothing behind it/],
      ["leaves nothing of it", { part: (part) => (part.type === "finish" ? part : []) }, /left nothing of the answer/],
      ["answers without one", { request: answering(text("a")) }, /must give parts with a `finish` last/],
      [
        "answers with another's that has none",
        { request: () => played("flow", [text("a")]).stream({ messages }) },
        /`finish` last/,
      ],
    ])("%s", async (_, hooks, message) => {
      const { router, state, inner } = routed(kind, hooks);
      for (const ask of [
        () => router.complete({ model: "both", messages }),
        () => collect(router.stream({ model: "both", messages })),
      ]) {
        const error = await rejection(ask());
        expect(error).toBeInstanceOf(TypeError);
        expect((error as Error).message).toMatch(message);
      }
      expect(state()).toBe("closed");
      const direct = await rejection(partsOf(wrapProvider(inner, hooks)));
      expect(direct).toMatchObject({ message: expect.stringMatching(message) });
    });
  });

  test("a `finish` before its time ends the answer there, and the provider is left", async () => {
    const hooks: ProviderHooks = { part: (part) => (part.type === "text-delta" ? [part, spoken] : part) };
    const { router, state, inner } = routed(kind, hooks, [text("a"), "stall"]);
    expect(await router.complete({ model: "both", messages })).toMatchObject({ text: "a", finishReason: "length" });
    expect(state()).toBe("closed");
    expect(await partsOf(wrapProvider(inner, hooks))).toEqual([text("a"), spoken]);
    await until(() => inner.ended.length === 2);
  });

  test("what comes behind the provider's `finish` goes nowhere, and what a provider leaves out stays its own fault", async () => {
    const hooks: ProviderHooks = { part: (part) => part };
    expect(await partsOf(wrapProvider(played(kind, [...answer, text("c"), finish]), hooks))).toEqual(answer);
    const { router, state } = routed(kind, hooks, [text("a")]);
    expect(await router.complete({ model: "both", messages })).toMatchObject({ text: "spare" });
    expect(state()).toBe("open");
  });

  test("a hook that filters all of an answer says so, and nobody is blamed", async () => {
    const hooks: ProviderHooks = {
      part: (part) => (part.type === "finish" ? { ...part, reason: "content-filter" } : []),
    };
    const { router, state } = routed(kind, hooks);
    await expect(router.complete({ model: "both", messages })).rejects.toMatchObject({ code: "content_policy" });
    expect(state()).toBe("closed");
  });

  test.each<readonly [string, object, RegExp]>([
    ["a name that is none", { message: [] }, /no option "message". Did you mean "messages"/],
    ["a limit that is none", { timeouts: { idleMs: Number.NaN } }, /`timeouts\.idleMs` must be/],
    ["a signal that is none", { signal: {} }, /`signal` must be an AbortSignal/],
    ["a setting that is none", { settings: { temp: 1 } }, /`settings` has no "temp"/],
  ])("a request of a hook's with %s ends the call, sends nothing and counts for nobody", async (_, given, message) => {
    const { router, state, inner } = routed(kind, { request: () => given });
    await expect(router.complete({ model: "both", messages })).rejects.toThrow(message);
    expect(inner.requests).toEqual([]);
    expect(state()).toBe("closed");
  });

  test("hooks may be the methods of a class, with fields of its own", async () => {
    class Counting implements ProviderHooks {
      seen = 0;
      part(): void {
        this.seen += 1;
      }
    }
    const counting = new Counting();
    expect(await partsOf(wrapProvider(played(kind, answer), counting))).toEqual(answer);
    expect(counting.seen).toBe(3);
  });
});

test("an answer of a hook's is left as the provider would be", async () => {
  const other: Played = played("own", [text("a"), text("b"), text("c"), finish]);
  const wrapped = wrapProvider(played("own", answer), { request: (asked) => other.stream(asked) });
  for await (const part of wrapped.stream({ messages })) {
    expect(part).toEqual(text("a"));
    break;
  }
  await until(() => other.ended.length === 1);
});
