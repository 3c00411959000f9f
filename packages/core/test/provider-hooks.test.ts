import { describe, expect, test } from "vitest";

import { QwenError } from "../src/errors.ts";
import type { Provider } from "../src/provider.ts";
import type { ProviderHooks } from "../src/provider-hooks.ts";
import { createRouter } from "../src/router/router.ts";
import { wrapProvider } from "../src/wrap-provider.ts";
import { failure, finish, messages, played, text } from "./servers/played-provider.ts";
import { collect, rejection, until } from "./servers/waiting.ts";

const boom = new Error("boom");

function thrown(): never {
  throw boom;
}

async function later(): Promise<never> {
  throw boom;
}

function isBoom(error: unknown): void {
  expect(error).toBe(boom);
}

function isTypeError(message: RegExp): (error: unknown) => void {
  return (error) => {
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
  };
}

function isInvalid(error: unknown): void {
  expect(error).toMatchObject({ code: "invalid_request", message: expect.stringContaining("messages") as string });
}

function bomb(name: string, base: object = {}): object {
  return Object.defineProperty({ ...base }, name, { enumerable: true, get: () => thrown() });
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const noPart = isTypeError(/`hooks\.part\(\)` must be a part, /);

describe.each(["flow", "own"] as const)("around a provider that is read as %s", (kind) => {
  describe.each<[string, ProviderHooks, (error: unknown) => void]>([
    ["request", { request: () => thrown() }, isBoom],
    ["part", { part: () => thrown() }, isBoom],
    ["error", { error: () => thrown() }, isBoom],
    ["request", { request: later as never }, isTypeError(/`hooks\.request` must return .* at once; .* a promise/)],
    ["part", { part: later as never }, isTypeError(/`hooks\.part` must return .* at once; .* a promise/)],
    ["error", { error: later }, isTypeError(/`hooks\.error` must return .* at once; .* a promise/)],
    ["part", { part: () => 5 as never }, isTypeError(/`hooks\.part\(\)` must be a part, .* not 5/)],
    ["part", { part: () => ({ text: "x" }) as never }, isTypeError(/must be a part, .* not an object/)],
    ["part", { part: () => [null] as never }, isTypeError(/must be a part, .* not an array/)],
    ["request", { request: () => "Hi" as never }, isTypeError(/`hooks\.request\(\)` must be a request/)],
    ["request", { request: () => ({ messages: "Hi" }) as never }, isInvalid],
    // What nobody can read, or only by tripping over it.
    ["part", { part: () => Object.assign([], { length: 1 }) }, noPart],
    ["part", { part: () => ({ type: "text-delta", text: 5 }) as never }, noPart],
    ["part", { part: () => bomb("type") as never }, noPart],
    ["part", { part: () => [bomb("text", { type: "text-delta" })] as never }, noPart],
    ["part", { part: () => revoked({}) as never }, noPart],
    ["part", { part: () => revoked([]) as never }, noPart],
    ["request", { request: () => revoked({}) as never }, isTypeError(/revoked/)],
    ["request", { request: () => ({ [Symbol.iterator]: 5 }) as never }, isTypeError(/must be a request, the parts of/)],
    [
      "request",
      { request: () => ({ [Symbol.asyncIterator]: null }) as never },
      isTypeError(/`hooks\.request\(\)` must be a request, the parts of/),
    ],
    ["request", { request: () => new Proxy({}, { has: () => thrown() }) }, isBoom],
    [
      "request",
      { request: () => [bomb("type"), finish] as never },
      isTypeError(/`hooks\.request\(\)` must be a request/),
    ],
    [
      "request",
      { request: () => [{ type: "text-delta", text: 5 }, finish] as never },
      isTypeError(/must be a request/),
    ],
  ])("a hook `%s` that throws, is late or gives what it must not (%o)", (name, hooks, check) => {
    const script = name === "error" ? [failure()] : [text("a"), finish];

    test("ends the call with that", async () => {
      const inner = played(kind, script);
      check(await rejection(collect(wrapProvider(inner, hooks).stream({ messages }))));
      if (name === "request") expect(inner.requests).toEqual([]);
    });

    test("is not tried again, sends nobody else, and does not count for the provider", async () => {
      const inner = played(kind, script);
      const spare: Provider = { id: "spare", models: [{ id: "spare-1" }], stream: () => expect.unreachable() };
      const router = createRouter({
        plugins: [wrapProvider(inner, hooks), spare],
        routes: { both: ["one", "spare-1"] },
        breaker: { minimumCalls: 1 },
      });
      check(await rejection(router.complete({ model: "both", messages })));
      check(await rejection(collect(router.stream({ model: "both", messages }))));
      expect(inner.requests.length).toBeLessThanOrEqual(2);
      expect(router.health().find(({ provider }) => provider === "inner")).toMatchObject({ breaker: "closed" });
    });
  });

  test("one that throws in the middle of an answer ends it there, and stops the provider", async () => {
    const inner = played(kind, [text("a"), text("b"), text("c"), finish]);
    const wrapped = wrapProvider(inner, {
      part: (part) => (part.type === "text-delta" && part.text === "b" ? thrown() : part),
    });
    const shown: string[] = [];
    const read = async (): Promise<void> => {
      for await (const piece of createRouter({ plugins: [wrapped] }).stream({ model: "one", messages }).textStream)
        shown.push(piece);
    };
    isBoom(await rejection(read()));
    expect(shown).toEqual(["a"]);
    await until(() => inner.ended.includes("left"));
  });

  test("an error of the family out of a hook is what it says", async () => {
    const wrapped = wrapProvider(played(kind, [text("something bad"), finish]), {
      part() {
        throw new QwenError("content_policy", "Not in here.");
      },
    });
    await expect(createRouter({ plugins: [wrapped] }).complete({ model: "one", messages })).rejects.toMatchObject({
      code: "content_policy",
    });
  });
});

test.each<[string, unknown, unknown, RegExp]>([
  ["no provider", undefined, {}, /`provider` must be/],
  ["a factory that was not called", () => {}, {}, /`provider` must be/],
  ["no hooks", played("own", []), undefined, /`hooks` must be/],
  ["hooks that are a function", played("own", []), () => {}, /`hooks` must be/],
  ["a hook that is none", played("own", []), { part: true }, /`hooks\.part` must be a function/],
  ["a slip of the finger", played("own", []), { parts: () => {} }, /no option "parts". Did you mean "part"/],
])("%s is a TypeError when it is made", (_, provider, hooks, message) => {
  const wrap = () => wrapProvider(provider as Provider, hooks as ProviderHooks);
  expect(wrap).toThrow(TypeError);
  expect(wrap).toThrow(message);
});
