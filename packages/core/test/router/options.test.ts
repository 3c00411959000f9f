import { describe, expect, test } from "vitest";

import type { AttemptsOptions } from "../../src/router/attempts-options.ts";
import { runAttempts } from "../../src/router/attempts.ts";
import { createLimiter } from "../../src/router/limiter.ts";
import { createCircuitBreaker } from "../../src/router/circuit-breaker.ts";
import { createRouter, type Router } from "../../src/router/router.ts";
import type { RouterRequest } from "../../src/router/router-request.ts";
import { collect, finish, messages, scripted, text } from "./scripted.ts";

const talker = (id: string) => scripted(id, [[text(`I am ${id}`), finish]]);
const routerOf = (options: object, ...ids: string[]): Router =>
  createRouter({ plugins: ids.map(talker), ...options }) as Router;

/** What a router and a request refuse alike: the options, and what the message must name. */
const SHARED: readonly (readonly [object, RegExp])[] = [
  ...[Number.NaN, "3", 0, -1, 1.5, null, true].map(
    (bad) => [{ retry: { maxAttempts: bad } }, /`retry\.maxAttempts` must be a whole number from 1/] as const,
  ),
  [{ retry: { maxElapsedMs: "5s" } }, /`retry\.maxElapsedMs` must be a number of ms .*not "5s"/],
  [{ retry: { baseDelayMs: Infinity } }, /`retry\.baseDelayMs` must be a finite number of ms/],
  [{ retry: { maxDelayMs: -1 } }, /`retry\.maxDelayMs` must be/],
  [{ retry: { maxRetryAfterMs: Number.NaN } }, /`retry\.maxRetryAfterMs` must be/],
  [{ retry: { shouldRetry: true } }, /`retry\.shouldRetry` must be a function/],
  [{ retry: { maxAttempt: 3 } }, /`retry` has no option "maxAttempt"\. Did you mean "maxAttempts"/],
  [{ retry: { toString: 3 } }, /`retry` has no option "toString"/],
  [{ retry: 3 }, /`retry` must be an object of options, not 3/],
  [{ retry: Promise.resolve({}) }, /`retry` must be an object of options, not a promise/],
  [
    { retry: new Map([["maxAttempts", 1]]) },
    /`retry` must be an object of options \(a plain one, no Map\), not an object/,
  ],
  [{ timeouts: new Headers({ totalMs: "5" }) }, /`timeouts` must be an object of options \(a plain one, no Map\)/],
  [{ hedge: {} }, /`hedge\.delayMs` must be set/],
  [{ hedge: { delayMs: "100" } }, /`hedge\.delayMs` must be a finite number of ms/],
  [{ hedge: { delayMs: Infinity } }, /`hedge\.delayMs`/],
  [{ hedge: { delayMs: 1, maxConcurrent: 1.5 } }, /`hedge\.maxConcurrent` must be a whole number from 1/],
  [{ hedge: { delayMs: 1, maxAttempts: 2 } }, /`hedge` has no option "maxAttempts"\. It has delayMs, maxConcurrent/],
  [{ hedge: true }, /`hedge` must be an object of options, not true/],
  [
    { commit: "first" },
    /`commit` must be "first-output", "buffered", "continue" or \{ continue: "replay" \}, not "first"/,
  ],
  [{ commit: "constructor" }, /`commit`/],
  [{ maxQueueMs: "1m" }, /`maxQueueMs` must be a number of ms from 0/],
  [{ timeouts: { idleMs: 0 } }, /`timeouts\.idleMs` must be a positive number of ms/],
  [{ timeouts: { idle: 5 } }, /`timeouts` has no option "idle"\. Did you mean "idleMs"/],
  [{ timeout: { idleMs: 5 } }, /has no option "timeout"\. Did you mean "timeouts"/],
];

describe("a bad option", () => {
  test.each<readonly [object, RegExp]>([
    ...SHARED,
    [{ strategy: "fastest" }, /`strategy` must be "in-order" or .* or "weighted", not "fastest"/],
    [{ strategy: "constructor" }, /`strategy`/],
    [{ strategy: {} }, /`strategy`/],
    [{ strategy: { weights: { constructor: 1 } } }, /keyed by provider id, and "constructor" is none/],
    [{ strategy: { weights: 1 } }, /`strategy.weights` must be/],
    [{ strategy: { weight: 1 } }, /`strategy` must be .*"weighted", not an object/],
    [{ providers: { a: { weight: Number.NaN } } }, /`providers\.a\.weight` must be a number from 0/],
    [{ providers: { a: { weight: -1 } } }, /weight/],
    [{ providers: { a: { weight: Infinity } } }, /weight/],
    [{ providers: { a: { weight: "2" } } }, /weight/],
    [{ providers: { a: { weight: 2 } }, strategy: "in-order" }, /`providers\.a\.weight` is for .*"weighted"/],
    [{ providers: { a: { limits: { maxConcurrent: 0 } } } }, /`providers\.a\.limits\.maxConcurrent` must be a whole/],
    [
      { providers: { a: { limits: () => ({}) } } },
      /`providers\.a\.limits` must be an object of options, not a function/,
    ],
    [{ providers: { a: { timeouts: { idleMs: "5s" } } } }, /`providers\.a\.timeouts\.idleMs` must be a positive/],
    [{ providers: { a: { timeout: {} } } }, /`providers\.a` has no option "timeout"\. Did you mean "timeouts"/],
    [{ providers: { a: Promise.resolve({}) } }, /`providers\.a` must be an object of options, not a promise/],
    [{ providers: { a: null } }, /`providers\.a` must be an object of options, not null/],
    [{ providers: { b: {} } }, /keyed by provider id, and "b" is none\. Did you mean "a"/],
    [{ providers: { toString: {} } }, /"toString" is none\. Providers: a\./],
    [{ providers: { ["x".repeat(500)]: {} } }, /"x{100}…" is none/],
    [{ providers: [] }, /`providers` must be an object of settings by provider id .*, not an array/],
    [{ providers: new Map([["a", { weight: 1 }]]) }, /`providers` must be an object of .* \(a plain one, no Map\)/],
    [{ providers: Promise.resolve({}) }, /`providers` must be an object .*not a promise/],
    [{ routes: new Map([["x", "a/m"]]) }, /`routes` must be an object of names .* \(a plain one, no Map\)/],
    [{ routes: Promise.resolve({ x: "a/m" }) }, /`routes` must be an object .*not a promise/],
    [{ plugins: Array.from({ length: 1 }) }, /A plugin is a provider .*, not undefined/],
    [{ provider: { a: {} } }, /Did you mean "providers"/],
    [{ breaker: { failureRate: 50 } }, /`breaker\.failureRate` must be a share from 0 to 1/],
    [{ breaker: { minimumCalls: 0 } }, /`breaker\.minimumCalls`/],
    [{ breaker: { minimumCalls: 1.5 } }, /`breaker\.minimumCalls`/],
    [{ breaker: { windowMs: 0 } }, /`breaker\.windowMs`/],
    [{ breaker: { openMs: Infinity } }, /`breaker\.openMs` must be a finite number/],
    [{ breaker: { opensMs: 5 } }, /Did you mean "openMs"/],
    [{ breaker: true }, /`breaker` must be an object of options, not true/],
    [{ limits: { maxConcurrent: 0 } }, /`limits\.maxConcurrent` must be a whole number from 1/],
    [{ limits: { maxQueueSize: -1 } }, /`limits\.maxQueueSize` must be a whole number from 0/],
    [{ limits: () => ({ maxConcurrent: 1 }) }, /`limits` must be an object of options, not a function/],
    [{ limits: Promise.resolve({ maxConcurrent: 1 }) }, /`limits` must be an object of options, not a promise/],
    [{ limits: 5 }, /`limits`/],
    [{ route: { x: "a/m" } }, /Did you mean "routes"/],
    [{ routes: null }, /`routes` must be/],
  ])("of a router is a TypeError when it is made, which names it and what it must be: %o", (options, message) => {
    expect(() => routerOf(options, "a")).toThrow(TypeError);
    expect(() => routerOf(options, "a")).toThrow(message);
  });

  test.each<readonly [object, RegExp]>([
    ...SHARED,
    [{ signal: new AbortController() }, /`signal` must be an AbortSignal/],
    [{ onConversationLost: "begin" }, /`onConversationLost` must be "fail" or "restart"/],
    [{ message: messages }, /Did you mean "messages"/],
    [{ headers: { "x-a": "b" } }, /keyed by provider id.*"x-a" is none\. Providers: a/],
    [{ headers: { b: { "x-a": "b" } } }, /"b" is none\. Providers: a/],
    [{ headers: { toString: { "x-a": "b" } } }, /"toString" is none/],
    [{ headers: new Headers({ a: "b" }) }, /`headers` must be an object of headers by provider id \(a plain one/],
    [{ headers: { a: "secret" } }, /`headers\.a` must be an object of header names and values/],
    [{ headers: { a: { "x a": "b" } } }, /is no name that a header can have/],
    [{ headers: { a: { "x-a": "b\r\nevil: 1" } } }, /must be a string of characters that a header can carry/],
    [{ headers: { a: { "x-a": 5 } } }, /must be a string/],
    [{ headers: { a: { "Content-Length": "5" } } }, /is set by the transport/],
    [{ headers: { a: { "Accept-Encoding": "gzip" } } }, /is set by the transport/],
    [{ headers: { a: new Headers() } }, /Object\.fromEntries/],
    [{ headers: "x" }, /`headers` must be an object/],
    [{ headers: { a: new Date() } }, /Object\.fromEntries/],
    [{ providerOptions: 5 }, /`providerOptions` must be an object of options by provider id .*, not 5/],
    [{ providerOptions: new Map([["a", {}]]) }, /`providerOptions` must be .* \(a plain one, no Map\)/],
    [{ providerOptions: Promise.resolve({}) }, /`providerOptions`/],
  ])("of a request is a TypeError from the iteration, before anybody is asked: %o", async (options, message) => {
    const provider = talker("a");
    const router: Router = createRouter({ plugins: [provider] });
    const request = { model: "m", messages, ...options } as RouterRequest;
    const { error } = await collect(router.stream(request));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
    await expect(router.complete(request)).rejects.toThrow(TypeError);
    expect(provider.requests).toEqual([]);
  });

  test.each([
    { retry: { maxAttempts: Number.NaN } },
    { totalMs: Number.NaN },
    { hedge: { delayMs: Number.NaN } },
    { commit: "later" },
    { strategy: "best" },
    { signal: {} },
    { random: 0.5 },
  ])("of the attempt loop alone is a TypeError when it is called: %o", (options) => {
    const asked = { model: "m", candidates: () => [], reader: {}, ...options } as unknown as AttemptsOptions<
      object,
      object
    >;
    expect(() => runAttempts(asked)).toThrow(TypeError);
  });

  test("of a limiter or a breaker alone is a TypeError as well", () => {
    expect(() => createLimiter("a", { maxConcurrent: 0 })).toThrow(TypeError);
    expect(() => createCircuitBreaker({ failureRate: 2 })).toThrow(TypeError);
  });

  test("does not show a secret", async () => {
    const { error } = await collect(
      routerOf({}, "a").stream({ model: "m", messages, headers: { a: { "x-a": "hf_secret\n" } } }),
    );
    expect(String((error as Error).stack)).not.toContain("hf_secret");
  });

  test.each(["headers", "providerOptions", "settings", "timeouts"])(
    "does not show a short one that was given as `%s`, where no word is wanted",
    async (name) => {
      const given = { model: "m", messages, [name]: "my-secret" } as unknown as RouterRequest;
      const { error } = await collect(routerOf({}, "a").stream(given));
      expect(String((error as Error).stack)).toMatch(/must be/);
      expect(String((error as Error).stack)).not.toContain("my-secret");
    },
  );

  test("does not show one that was given in place of all options", () => {
    expect(() => createRouter("my-secret" as never)).toThrow("not a string.");
  });
});

describe("an option that is undefined", () => {
  test("is not set: the weaker one holds", async () => {
    const failing = scripted("a", [[new Error("It failed.")]]);
    const router: Router = createRouter({ plugins: [failing], retry: { maxAttempts: 2, baseDelayMs: 0 } });
    const retry = { maxAttempts: undefined, baseDelayMs: undefined, shouldRetry: undefined };
    await collect(router.stream({ model: "m", messages, retry }));
    expect(failing.requests).toHaveLength(2);
  });

  test("may stand anywhere", async () => {
    const unset = {
      routes: undefined,
      timeouts: { idleMs: undefined },
      retry: undefined,
      hedge: undefined,
      strategy: undefined,
      commit: undefined,
      maxQueueMs: undefined,
      breaker: { openMs: undefined },
      limits: { maxConcurrent: undefined },
      providers: { a: { limits: undefined, timeouts: undefined, weight: undefined }, b: undefined },
    };
    const request = {
      model: "m",
      messages,
      settings: undefined,
      headers: { a: undefined, b: undefined },
      signal: undefined,
    };
    const { error } = await collect(routerOf(unset, "a").stream(request));
    expect(error).toBeUndefined();
  });
});

test.each(["constructor", "__proto__", "toString", "hasOwnProperty"])("a provider may be called %s", async (id) => {
  const providers = [talker("x"), talker(id)] as const;
  const settings = JSON.parse(`{ "x": { "weight": 0 }, "${id}": { "weight": 1 } }`) as Record<string, object>;
  const router: Router = createRouter({
    plugins: providers,
    routes: { r: ["x/m", `${id}/m`] },
    providers: settings,
  });
  const byId = <Value>(value: Value): Record<string, Value> =>
    Object.fromEntries([[id, value]]) as Record<string, Value>;
  const request = { messages, headers: byId({ "x-a": "1" }), providerOptions: byId({ own: 1 }) };
  expect((await router.complete({ model: "r", ...request })).provider).toBe(id);
  expect(providers[1].requests[0]?.headers).toEqual({ "x-a": "1" });
  expect(Object.hasOwn(providers[1].requests[0]?.providerOptions ?? {}, id)).toBe(true);
  await router.complete({ model: "x/m", messages });
  expect(providers[0].requests[0]?.headers).toBeUndefined();
  const unweighted: Router = createRouter({
    plugins: providers,
    routes: { r: ["x/m", `${id}/m`] },
    providers: { x: { weight: 0 } },
  });
  expect((await unweighted.complete({ model: "r", messages })).provider).toBe(id);
});

test("headers of a request reach the provider they are meant for, and no other", async () => {
  const first = scripted("a", [[new Error("It failed.")]]);
  const second = talker("b");
  const router: Router = createRouter({
    plugins: [first, second],
    routes: { r: ["a/m", "b/m"] },
    retry: { maxAttempts: 2 },
  });
  await router.complete({ model: "r", messages, headers: { a: { authorization: "secret" }, b: { "x-b": "2" } } });
  expect(first.requests[0]?.headers).toEqual({ authorization: "secret" });
  expect(second.requests[0]?.headers).toEqual({ "x-b": "2" });
});

test("the options of a router are read when it is made, not later", async () => {
  const retry = { maxAttempts: 1, baseDelayMs: 0 };
  const failing = scripted("a", [[new Error("It failed.")]]);
  const plugins = [failing];
  const router: Router = createRouter({ plugins, retry });
  retry.maxAttempts = Number.NaN;
  plugins.length = 0;
  await collect(router.stream({ model: "m", messages }));
  expect(failing.requests).toHaveLength(1);
});
