import { describe, expect, test, vi } from "vitest";

import { QwenError } from "../../src/errors.ts";
import { createCircuitBreaker, type CircuitBreaker } from "../../src/router/circuit-breaker.ts";
import { createLimiter, type Limiter } from "../../src/router/limiter.ts";
import type { RouterEvent } from "../../src/router/observers.ts";
import type { RouterOptions } from "../../src/router/router-options.ts";
import { collect, messages, scripted } from "./scripted.ts";
import { complete, failure, good, read, routerOf, slow, useVirtualTime } from "./virtual.ts";

useVirtualTime();

describe("a breaker that is given as a factory", () => {
  test("is made once for each model, and may be the default one, wrapped", async () => {
    const made: unknown[] = [];
    const told: string[] = [];
    const events: RouterEvent[] = [];
    const a = scripted("a", [[failure("authentication")], good]);
    const router = routerOf([a, scripted("b", [good])], {
      breaker(subject, { onChange }) {
        made.push(subject);
        const options = { minimumCalls: 1, openMs: 1000 };
        return createCircuitBreaker(options, {
          onChange(state) {
            told.push(`${subject.provider} ${state}`);
            onChange(state);
          },
        });
      },
    });
    router.observe((event) => events.push(event));
    expect(made).toEqual([
      { provider: "a", model: "m" },
      { provider: "b", model: "m" },
    ]);
    await complete(router);
    await complete(router);
    expect(a.requests).toHaveLength(1);
    expect(told).toEqual(["a open"]);
    expect(events).toContainEqual({ type: "breaker-changed", provider: "a", model: "m", state: "open" });
    expect(router.health()).toMatchObject([{ breaker: "open", recoversInMs: 1000 }, { breaker: "closed" }]);
    vi.advanceTimersByTime(1000);
    expect((await complete(router)).completion?.provider).toBe("a");
    expect(made).toHaveLength(2);
  });

  test("hears of each call its first output and its end, once", async () => {
    const heard: unknown[] = [];
    const breaker = (): CircuitBreaker => ({
      state: "closed",
      allows: true,
      recoversInMs: 0,
      begin: () => ({ output: () => heard.push("output"), end: (outcome) => heard.push(outcome) }),
    });
    await read(routerOf([scripted("a", [good])], { breaker }));
    await read(routerOf([scripted("a", [[failure("authentication")]])], { breaker }));
    await read(routerOf([scripted("a", [["stall"]])], { breaker, timeouts: { totalMs: 10 } }));
    expect(heard).toEqual(["output", "succeeded", "failed", "neutral"]);
  });

  const whole: CircuitBreaker = createCircuitBreaker();
  const broken = (): never => {
    throw new Error("no link");
  };

  test("that throws where it must tell ends that call, and where it is told disturbs nothing", async () => {
    const telling = { ...whole, allows: true, begin: broken };
    const made = routerOf([scripted("a", [good])], { breaker: () => telling });
    expect((await read(made)).error).toMatchObject({ message: "no link" });
    expect((await complete(made)).error).toMatchObject({ message: "no link" });
    const call = { output: broken, end: () => Promise.reject(new Error("no link")) as never };
    const router = routerOf([scripted("a", [good, ["stall"]])], { breaker: () => ({ ...whole, begin: () => call }) });
    expect((await read(router)).error).toBeUndefined();
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 5);
    expect((await read(router, { signal: controller.signal })).error).toMatchObject({ message: "enough" });
    expect(router.health()).toMatchObject([{ busy: 0 }]);
  });

  test.each([
    ["nothing", () => undefined],
    ["a promise", () => Promise.resolve(whole)],
    ["a promise that rejects", () => Promise.reject(new Error("no link"))],
    ["half of one", () => ({ state: "closed", allows: true })],
  ])("is a TypeError where it makes %s", (_, breaker) => {
    const options = { breaker } as unknown as Partial<RouterOptions>;
    expect(() => routerOf([scripted("a", [good])], options)).toThrow(/`breaker\(\)` must be a circuit breaker/);
  });

  test.each([
    ["allows", { allows: Promise.resolve(true) }],
    ["begin()", { begin: () => Promise.resolve(whole.begin()) }],
  ])("ends a call with a TypeError where its %s is a promise", async (name, wrong) => {
    const breaker = () => ({ ...whole, ...wrong }) as unknown as CircuitBreaker;
    const { error } = await read(routerOf([scripted("a", [good]), scripted("b", [good])], { breaker }));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain(name);
  });
});

describe("a limiter that is given as a factory", () => {
  test("is made once for each provider with its limits, and may be the default one, wrapped", async () => {
    const made: unknown[] = [];
    const taken: string[] = [];
    const models = [{ id: "m" }, { id: "n" }] as const;
    const router = routerOf([scripted("a", [slow(10)], { models: [...models] }), scripted("b", [good])], {
      limits: { maxConcurrent: 1 },
      providers: { b: { limits: { maxConcurrent: 7 } } },
      limiter(provider, limits) {
        made.push([provider, limits]);
        if (provider === "b") return undefined;
        const own = createLimiter(provider, limits);
        const take: Limiter["take"] = (onGiven) => {
          taken.push(provider);
          return own.take(onGiven);
        };
        return {
          take,
          running: 0,
          get waiting() {
            return own.waiting;
          },
        };
      },
    });
    expect(made).toEqual([
      ["a", { maxConcurrent: 1 }],
      ["b", { maxConcurrent: 7 }],
    ]);
    const calls = ["a/m", "a/n"].map((model) => router.complete({ model, messages }));
    expect(router.health()).toMatchObject([{ waiting: 1 }, { waiting: 1 }, { waiting: 0 }]);
    await vi.runAllTimersAsync();
    const durations = (await Promise.all(calls)).map(({ durationMs }) => durationMs);
    expect(durations).toEqual([10, 20]);
    expect(taken).toEqual(["a", "a"]);
  });

  test("is asked for providers without limits as well, with none", () => {
    const made: unknown[] = [];
    routerOf([scripted("a", [good])], { limiter: (...given) => void made.push(given) });
    expect(made).toEqual([["a", {}]]);
  });

  const place = { isGiven: true, leave() {} };
  const limiter = (take: Limiter["take"]) => () => ({ running: 0, waiting: 0, take });

  test("that gives a place at once, twice or late begins a call once", async () => {
    const a = scripted("a", [good]);
    const twice = limiter((onGiven) => {
      onGiven();
      queueMicrotask(onGiven);
      setTimeout(onGiven, 5);
      return { ...place, isGiven: false };
    });
    expect((await read(routerOf([a], { limiter: twice }))).error).toBeUndefined();
    expect(a.requests).toHaveLength(1);
  });

  test("moves on where it is full, and ends the call with what it throws else", async () => {
    const full = (provider: string) =>
      provider === "a"
        ? limiter(() => {
            throw new QwenError("queue_full", "The fleet is busy.");
          })()
        : undefined;
    const { completion } = await complete(routerOf([scripted("a", [good]), scripted("b", [good])], { limiter: full }));
    expect(completion).toMatchObject({ provider: "b", attempts: [{ error: { code: "queue_full" } }, {}] });
    const broken = limiter(() => {
      throw new Error("no link");
    });
    const events: RouterEvent[] = [];
    const router = routerOf([scripted("a", [good]), scripted("b", [good])], { limiter: broken });
    router.observe((event) => events.push(event));
    expect((await read(router)).error).toMatchObject({ message: "no link" });
    expect(events.at(-1)).toMatchObject({ type: "request-ended", outcome: "failed" });
    expect(router.health()).toMatchObject([{ busy: 0, breaker: "closed" }, { busy: 0 }]);
  });

  test("disturbs nothing by a `leave()` that throws", async () => {
    const leaving = limiter(() => ({
      isGiven: true,
      leave() {
        throw new Error("no link");
      },
    }));
    const router = routerOf([scripted("a", [good, ["stall"]])], { limiter: leaving });
    expect((await read(router)).error).toBeUndefined();
    const iterator = router.stream({ model: "m", messages })[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.return?.();
    expect(router.health()).toMatchObject([{ busy: 0 }]);
  });

  test.each([
    ["a promise", () => Promise.resolve({ take() {} })],
    ["half of one", () => ({ running: 0, waiting: 0 })],
    ["null", () => null],
  ])("is a TypeError where it makes %s", (_, made) => {
    const options = { limiter: made } as unknown as Partial<RouterOptions>;
    expect(() => routerOf([scripted("a", [good])], options)).toThrow(/`limiter\(\)` must be a limiter/);
  });

  test("ends a call with a TypeError where it gives a promise for a place", async () => {
    const late = limiter((() => Promise.resolve(place)) as never);
    const { error } = await read(routerOf([scripted("a", [good]), scripted("b", [good])], { limiter: late }));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("limiter().take()");
  });

  test("must be a function", () => {
    expect(() => routerOf([], { limiter: {} as never })).toThrow("`limiter` must be a function");
    expect(() => routerOf([], { breaker: 7 as never })).toThrow("`breaker` must be");
  });
});

describe("health()", () => {
  test("tells of every model, also where a breaker or a limiter of one cannot tell how it is", () => {
    const broken = (name: string): never => {
      throw new Error(name);
    };
    const none = { running: 0, waiting: Number.NaN, take: broken as never };
    const states = ["odd", "closed", undefined].map((state) => ({ ...createCircuitBreaker(), state: state as never }));
    const throwing = {
      allows: true,
      recoversInMs: -1,
      begin: broken as never,
      get state() {
        return broken("state");
      },
    };
    const shut = { ...createCircuitBreaker(), state: 5 as never, allows: false };
    const made = [...states, throwing, shut];
    const router = routerOf(
      ["a", "b", "c", "d", "e"].map((id) => scripted(id, [good])),
      {
        breaker: () => made.shift() ?? createCircuitBreaker(),
        limiter: (provider) => (provider === "b" ? none : undefined),
      },
    );
    expect(router.health()).toMatchObject(
      ["closed", "closed", "closed", "closed", "open"].map((breaker) => ({ breaker, recoversInMs: 0, waiting: 0 })),
    );
  });

  test("is data: equal after JSON, before anything was asked, after it, and whatever a breaker says", async () => {
    const endless = { ...createCircuitBreaker(), recoversInMs: Infinity };
    const routers = [
      routerOf([scripted("a", [[failure("authentication")]]), scripted("b", [slow(10)])], {
        breaker: { minimumCalls: 1 },
        limits: { maxConcurrent: 1 },
      }),
      routerOf([scripted("a", [good])], { breaker: false }),
      routerOf([scripted("a", [good])], { breaker: () => endless }),
    ];
    for (const router of routers) {
      const same = (): void => {
        const health = router.health();
        expect(JSON.parse(JSON.stringify(health))).toStrictEqual(health);
        expect(structuredClone(health)).toStrictEqual(health);
      };
      same();
      const calls = [1, 2].map(() => collect(router.stream({ model: "m", messages })));
      await vi.advanceTimersByTimeAsync(1);
      same();
      await vi.runAllTimersAsync();
      await Promise.all(calls);
      same();
    }
  });
});
