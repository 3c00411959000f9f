import { describe, expect, test } from "vitest";

import { emulate } from "../src/emulate/emulate.ts";
import { QwenError } from "../src/errors.ts";
import type { ProviderPart } from "../src/part.ts";
import type { Provider } from "../src/provider.ts";
import type { ProviderHooks } from "../src/provider-hooks.ts";
import type { HealthOptions } from "../src/router/health.ts";
import { createRouter, type Router } from "../src/router/router.ts";
import type { RouterRequest } from "../src/router/router-request.ts";
import { wrapProvider } from "../src/wrap-provider.ts";
import { failure, finish, messages, played, text, type PlayedStep } from "./servers/played-provider.ts";
import { collect, rejection, useVirtualTime } from "./servers/waiting.ts";

const answer = [text("a"), text("b"), finish] as const;
const anything = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;

/** What a careless hook gives. */
const wrong = (part: object): ProviderPart => part as ProviderPart;

function abortedSoon(): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new RangeError("mine")), 0);
  return controller.signal;
}

function thrown(): never {
  throw new RangeError("boom");
}

/** Each way to ask a router. */
const WAYS: Readonly<Record<string, (router: Router, request: RouterRequest) => Promise<unknown>>> = {
  "a whole answer": (router, request) => router.complete(request),
  "a stream": (router, request) => collect(router.stream(request)),
  "a buffered stream": (router, request) => collect(router.stream({ ...request, commit: "buffered" })),
  "a stream to go on with": (router, request) => collect(router.stream({ ...request, commit: "continue" })),
  "an object": (router, request) => router.complete({ ...request, output: anything }),
  "a race": (router, request) => router.complete({ ...request, hedge: { delayMs: 1 } }),
};

/** A router of a provider with hooks, whose breaker opens at once; behind it another can be asked. */
function routed(provider: Provider, options: Pick<HealthOptions, "breaker"> = {}) {
  const spare = { ...played("own", [text('{"spare":1}'), finish]), id: "spare", models: [{ id: "spare-1" }] } as const;
  const router: Router = createRouter({
    plugins: [provider, spare],
    routes: { both: ["one", "spare-1"] },
    breaker: { minimumCalls: 1, failureRate: 0.01, openMs: 1e9 },
    retry: { baseDelayMs: 0 },
    ...options,
  });
  const health = () => router.health().find((one) => one.provider === "inner");
  return { router, health };
}

describe.each(["flow", "own"] as const)("around a provider that is read as %s", (kind) => {
  const answering =
    (...parts: readonly ProviderPart[]): NonNullable<ProviderHooks["request"]> =>
    () =>
      parts;
  const atFinish =
    (given: (part: ProviderPart) => ProviderPart | readonly ProviderPart[]): NonNullable<ProviderHooks["part"]> =>
    (part) =>
      part.type === "finish" ? given(part) : part;

  describe.each<[string, ProviderHooks, (readonly PlayedStep[])?]>([
    ["an answer that says nothing", { request: answering(finish) }],
    ["an answer of blanks", { request: answering(text(" "), finish) }],
    ["another provider's empty answer", { request: (asked) => played(kind, [finish]).stream(asked) }],
    ["another provider's failure", { request: (asked) => played(kind, [text("a"), failure()]).stream(asked) }],
    ["another provider's half an answer", { request: (asked) => played(kind, [text("a")]).stream(asked) }],
    ["a hollow file", { request: answering(wrong({ type: "file" }), finish) }],
    ["a `finish` without a reason", { request: answering(text("a"), wrong({ type: "finish" })) }],
    [
      "a `finish` that throws",
      {
        request: answering(
          wrong({
            type: "finish",
            get reason() {
              return thrown();
            },
          }),
        ),
      },
    ],
    [
      "a part that reads otherwise each time",
      {
        request: answering(
          wrong({
            type: "text-delta",
            get text() {
              return ++reads > 1 ? 5 : "a";
            },
          }),
          finish,
        ),
      },
    ],
    ["no iteration", { request: () => ({ [Symbol.asyncIterator]: 5 }) as never }],
    ["a request written on in place", { request: (asked) => void ((asked as { messages: unknown }).messages = 5) }],
    ["a signal that it aborts", { request: () => ({ signal: abortedSoon() }) }, ["stall"]],
    ["a hollow call of a tool for a part", { part: () => wrong({ type: "tool-call" }) }],
    ["a file at no URL for a part", { part: () => wrong({ type: "file", url: "https://example.org/a.png" }) }],
    [
      "a `finish` that throws, for a part",
      {
        part: atFinish(() =>
          wrong({
            type: "finish",
            get reason() {
              return thrown();
            },
          }),
        ),
      },
    ],
    ["a `finish` without a reason, for a part", { part: atFinish(() => wrong({ type: "finish" })) }],
    ["a wrong `usage`", { part: atFinish((part) => wrong({ ...part, usage: { outputTokens: "5" } })) }],
    ["warnings that are none", { part: atFinish((part) => wrong({ ...part, warnings: [null] })) }],
    [
      "an end before the provider's beginning",
      { part: (part) => (part.type === "start" ? finish : part) },
      [{ type: "start", warnings: [] }, ...answer],
    ],
    [
      "another reason for an empty answer",
      { part: atFinish((part) => ({ ...part, reason: "stop" }) as ProviderPart) },
      [{ type: "finish", reason: "content-filter" }],
    ],
    [
      "other words for a caller's mistake",
      { error: () => new Error("mine") },
      [new QwenError("invalid_request", "No.")],
    ],
    ["other words for what it cannot", { error: failure }, [new QwenError("unsupported", "No.")]],
  ])("%s", (_, hooks, script = answer) => {
    test.each(Object.keys(WAYS))("counts for nobody in %s", async (way) => {
      reads = 0;
      const { router, health } = routed(wrapProvider(played(kind, script), hooks));
      await WAYS[way]?.(router, { model: "both", messages }).catch((error: unknown) => error);
      expect(health()).toMatchObject({ breaker: "closed", busy: 0 });
    });
  });

  test("what such an answer is goes through whatever stands around the provider as well", async () => {
    const wrapped = wrapProvider(played(kind, answer), { request: answering(finish) });
    const further = [emulate(wrapped, { tools: true }), wrapProvider(wrapped, { part: (part) => part })];
    const tools = [{ name: "t", inputSchema: {} }];
    for (const provider of further) {
      const { router, health } = routed(provider);
      await router
        .complete({ model: "inner-1", messages, settings: provider === further[0] ? { tools } : {} })
        .catch(() => {});
      expect(health()).toMatchObject({ breaker: "closed" });
    }
  });

  test("an answer in a provider's place closes no breaker of it, and makes it no quicker", async () => {
    const clock = useVirtualTime();
    let isCached = false;
    const hooks: ProviderHooks = { request: () => (isCached ? answer : undefined) };
    const { router, health } = routed(wrapProvider(played(kind, [failure()]), hooks), {
      breaker: { minimumCalls: 1, openMs: 1000 },
    });
    await router.complete({ model: "both", messages });
    expect(health()).toMatchObject({ breaker: "open" });
    isCached = true;
    await clock.pass(1000);
    expect(health()).toMatchObject({ breaker: "half-open" });
    expect(await router.complete({ model: "one", messages })).toMatchObject({ text: "ab" });
    expect(health()).toMatchObject({ breaker: "half-open", busy: 0 });
    expect(health()).not.toHaveProperty("latencyMs");
  });

  test("an answer in its place that is slower than the limits is left, and counts for nobody", async () => {
    const clock = useVirtualTime();
    async function* slow(): AsyncGenerator<ProviderPart> {
      await new Promise(() => {});
      yield finish;
    }
    const { router, health } = routed(wrapProvider(played(kind, answer), { request: slow }));
    const call = router.complete({ model: "both", messages, timeouts: { firstOutputMs: 100 } });
    await clock.pass(200);
    expect(await call).toMatchObject({ provider: "spare", attempts: [{ error: { code: "timeout" } }, {}] });
    expect(health()).toMatchObject({ breaker: "closed" });
  });

  test("a limit that only a hook has set says nothing of a provider, its own one does", async () => {
    const clock = useVirtualTime();
    for (const [hooks, state] of [
      [{ request: () => ({ timeouts: { firstOutputMs: 50 } }) }, "closed"],
      [{}, "open"],
    ] as const) {
      const silent: Provider = {
        ...played(kind, []),
        stream: ({ timeouts }) => silence(timeouts?.firstOutputMs ?? 0),
      };
      const { router, health } = routed(wrapProvider(silent, hooks));
      const call = router.complete({ model: "both", messages });
      await clock.pass(70_000);
      expect(await call).toMatchObject({ provider: "spare", attempts: [{ error: { code: "timeout" } }, {}] });
      expect(health()).toMatchObject({ breaker: state });
    }
  });

  test("what is said of a token that a hook has set holds for nobody else", async () => {
    const limited = new QwenError("rate_limited", "Too many.", { retryAfterMs: 60_000 });
    for (const [hooks, state] of [
      [{ request: () => ({ headers: { authorization: "Bearer of-a-user" } }) }, "closed"],
      [{ request: () => ({ headers: { "x-trace": "1" } }) }, "open"],
    ] as const) {
      const { router, health } = routed(wrapProvider(played(kind, [limited]), hooks));
      await router.complete({ model: "both", messages });
      expect(health()).toMatchObject({ breaker: state });
    }
  });

  test("what a hook holds back is no silence of its provider", async () => {
    const clock = useVirtualTime();
    const speaking: Provider = {
      ...played(kind, []),
      async *stream() {
        for (let piece = 0; piece < 5; piece++) {
          yield text("x");
          await clock.pass(800);
        }
        yield finish;
      },
    };
    let held = "";
    const wrapped = wrapProvider(speaking, {
      part: (part) => (part.type === "text-delta" ? ((held += part.text), []) : [text(held), part]),
    });
    const { router, health } = routed(wrapped);
    const timeouts = { firstOutputMs: 1000, idleMs: 1000 };
    expect(await router.complete({ model: "both", messages, timeouts })).toMatchObject({
      provider: "inner",
      text: "xxxxx",
    });
    expect(health()).toMatchObject({ breaker: "closed" });
  });

  test("what a hook writes on a part shows where it gives the part back, and nowhere else", async () => {
    const constant = text("ab");
    const writing = (isGiven: boolean): ProviderHooks => ({
      part(part) {
        if (part.type === "text-delta") (part as { text: string }).text = "written";
        return isGiven ? part : undefined;
      },
    });
    for (const [isGiven, said] of [
      [false, "ab"],
      [true, "written"],
    ] as const) {
      const { router } = routed(wrapProvider(played(kind, [constant, finish]), writing(isGiven)));
      expect(await router.complete({ model: "one", messages })).toMatchObject({ text: said });
      expect(constant).toEqual(text("ab"));
    }
  });

  test("what was wrong with a provider's own part is not its hook's, which hands it on", async () => {
    const hooks: ProviderHooks = { part: (part) => ({ ...part }) };
    const careless = [text("a"), wrong({ type: "finish" })];
    const { router } = routed(wrapProvider(played(kind, careless), hooks));
    expect(await router.complete({ model: "one", messages })).toMatchObject({ text: "a", finishReason: "other" });
    const broken = routed(wrapProvider(played(kind, [wrong({ type: "text-delta", text: 5 })]), hooks));
    expect(await broken.router.complete({ model: "both", messages })).toMatchObject({ provider: "spare" });
    expect(broken.health()).toMatchObject({ breaker: "open" });
    const bomb = routed(
      wrapProvider(
        played(kind, [
          wrong({
            type: "file",
            get url() {
              return thrown();
            },
          }),
        ]),
        hooks,
      ),
    );
    expect(await bomb.router.complete({ model: "both", messages })).toMatchObject({ provider: "spare" });
    expect(bomb.health()).toMatchObject({ breaker: "open" });
  });

  test("parts of a cache are handed out as copies: what a reader writes on them is not in the next answer", async () => {
    const cache: readonly ProviderPart[] = [text("Hello"), finish];
    const { router } = routed(wrapProvider(played(kind, answer), { request: () => cache }));
    for (let call = 0; call < 2; call++)
      for await (const part of router.stream({ model: "one", messages })) {
        if (part.type !== "text-delta") continue;
        expect(part.text).toBe("Hello");
        (part as { text: string }).text = "written";
      }
  });

  test("a mistake names what is wrong with a part", async () => {
    const named = async (hooks: ProviderHooks): Promise<unknown> =>
      rejection(collect(wrapProvider(played(kind, answer), hooks).stream({ messages })));
    expect(await named({ part: () => wrong({ type: "file", url: "x" }) })).toMatchObject({
      message: '`hooks.part()` must be a part, a list of parts or nothing, not a "file" whose `url` is not a URL.',
    });
    expect(await named({ request: answering(wrong({ type: "tool-call", toolCallId: "1" })) })).toMatchObject({
      message: expect.stringContaining('not a "tool-call" whose `toolName` is not a string'),
    });
  });
});

let reads = 0;

/** Silent until its own limit, which it throws by itself or leaves to whoever reads it. */
function silence(limitMs: number): AsyncIterable<ProviderPart> {
  expect(limitMs).toBeGreaterThan(0);
  return { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
}
