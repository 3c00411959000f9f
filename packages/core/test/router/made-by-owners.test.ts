import { describe, expect, test } from "vitest";

import { createCircuitBreaker, type CircuitBreaker } from "../../src/router/circuit-breaker.ts";
import { createHealth } from "../../src/router/health.ts";
import { createLimiter, type Limiter } from "../../src/router/limiter.ts";
import type { RouterEvent } from "../../src/router/observers.ts";
import { scripted } from "./scripted.ts";
import { complete, failure, good, routerOf, slow, useVirtualTime } from "./virtual.ts";

useVirtualTime();

const broken = (): never => {
  throw new Error("no link");
};

describe("use() with a plugin whose breaker or limiter cannot be made", () => {
  const other = scripted("b", [good], { models: [{ id: "first" }, { id: "second" }] });

  test.each([
    [
      "breaker",
      { breaker: ({ model }: { model: string }) => (model === "second" ? broken() : createCircuitBreaker()) },
    ],
    ["limiter", { limiter: (id: string) => (id === "b" ? broken() : createLimiter(id, {})) }],
  ])("leaves the router as it was: %s", async (_, options) => {
    const router = routerOf([scripted("a", [good])], options);
    expect(() => router.use(other)).toThrow("no link");
    expect(router.has("first")).toBe(false);
    expect(router.names.map(({ name }) => name)).toEqual(["m"]);
    expect(router.health()).toMatchObject([{ provider: "a" }]);
    expect((await complete(router)).completion?.provider).toBe("a");
  });
});

describe("a breaker of the owner's", () => {
  const whole: CircuitBreaker = createCircuitBreaker();

  test("whose `begin()` throws leaves nothing under way", async () => {
    const router = routerOf([scripted("a", [good])], { breaker: () => ({ ...whole, allows: true, begin: broken }) });
    for (let call = 0; call < 3; call++) expect((await complete(router)).error).toMatchObject({ message: "no link" });
    expect(router.health()).toMatchObject([{ busy: 0 }]);
  });

  test("that tells what is no state tells nothing", () => {
    const events: RouterEvent[] = [];
    const lines: unknown[] = [];
    const log = (...line: unknown[]): void => void lines.push(line);
    let change: (state: never) => void = () => {};
    const router = routerOf([scripted("a", [good])], {
      logger: { debug: log, info: log, warn: log, error: log },
      breaker(_, { onChange }) {
        change = onChange;
        return whole;
      },
    });
    router.observe((event) => events.push(event));
    for (const state of ["somebody's words", undefined, { secret: 1 }, 5]) change(state as never);
    expect([...events, ...lines]).toEqual([]);
  });
});

describe("a limiter of the owner's", () => {
  const limiter = (take: Limiter["take"]) => (): Limiter => ({ running: 0, waiting: 0, take });

  test.each([true, false])("that gives a place before it returns it gets it back (%s)", async (isGiven) => {
    let left = 0;
    const events: RouterEvent[] = [];
    const failing = {
      ...scripted("a", []),
      stream: (): never => {
        throw failure("authentication");
      },
    };
    const router = routerOf([failing], {
      limiter: limiter((onGiven) => {
        onGiven();
        return { isGiven, leave: () => void left++ };
      }),
    });
    router.observe((event) => events.push(event));
    expect((await complete(router)).error).toMatchObject({ code: "authentication" });
    expect(left).toBe(1);
    const types = events.map(({ type }) => type).filter((type) => type === "waiting" || type === "admitted");
    expect(types).toEqual(isGiven ? [] : ["waiting", "admitted"]);
  });

  test("that throws as it gives a place ends its call at most, and no process", async () => {
    const inner = createLimiter("a", { maxConcurrent: 1 });
    const router = routerOf([scripted("a", [slow(10)])], {
      timeouts: { totalMs: 100 },
      limiter: limiter(() => inner.take(broken)),
    });
    const [first, second] = await Promise.all([complete(router), complete(router)]);
    expect(first.completion?.text).toBe("slow");
    expect(second.error).toMatchObject({ code: "timeout", phase: "total" });
    expect(inner).toMatchObject({ running: 0, waiting: 0 });
  });
});

describe("who watches breakers", () => {
  test.each([
    ["throws", broken],
    ["rejects", () => Promise.reject(new Error("no link")) as never],
  ])("and %s disturbs neither a call nor the process", async (_, watcher) => {
    const breaker = createCircuitBreaker({ minimumCalls: 1 }, { onChange: watcher });
    breaker.begin().end("failed");
    expect(breaker.state).toBe("open");
    const health = createHealth({ breaker: { minimumCalls: 1 }, onBreakerChange: watcher });
    health.of("a", "m").begin().end(failure("connection"));
    expect(health.list()).toMatchObject([{ breaker: "open", busy: 0 }]);
    await Promise.resolve();
  });

  test("must be a function, under a name that is read", () => {
    const wrong = (value: unknown) => value as never;
    expect(() => createHealth(wrong({ onBreakerChange: 5 }))).toThrow(/`onBreakerChange` must be a function/);
    expect(() => createHealth(wrong({ braker: false }))).toThrow(/no option "braker"\. Did you mean "breaker"/);
    expect(() => createHealth(wrong(5))).toThrow(TypeError);
    expect(() => createCircuitBreaker({}, wrong({ onChange: 5 }))).toThrow(/`hooks\.onChange` must be a function/);
    expect(() => createCircuitBreaker({}, wrong({ onchange: broken }))).toThrow(/Did you mean "onChange"/);
  });
});
