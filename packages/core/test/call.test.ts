import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { FlowIterator } from "../src/flow-iterator.ts";
import { Call, type CallWork } from "../src/call.ts";
import { resolveTimeouts } from "../src/timers.ts";
import type { Timeouts } from "../src/provider.ts";
import { collectGarbage } from "./cost.ts";
import { collect, rejection, settle, useVirtualTime } from "./servers/waiting.ts";

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeouts?: Timeouts | undefined;
}

/** A call whose work is this. */
function callOf<Value>(run: CallWork<Value>["run"], { signal, timeouts }: CallOptions = {}): FlowIterator<Value> {
  const work: CallWork<Value> = {
    limits: () => resolveTimeouts(timeouts),
    run,
    asOwnError: (error) => error,
    weigh: () => 1024,
  };
  return new FlowIterator(new Call(work, signal).flow);
}

/** A call whose work the test does itself. */
function open<Value = number>(options: CallOptions = {}) {
  const ended = Promise.withResolvers<void>();
  let started = 0;
  let call: Call<Value> | undefined;
  const iterator = callOf<Value>((given) => {
    started += 1;
    call = given;
    return ended.promise;
  }, options);
  return {
    iterator,
    started: () => started,
    get production() {
      if (call === undefined) throw new Error("Not started.");
      return call;
    },
    end: ended.resolve,
    fail: ended.reject,
  };
}

const done = { done: true, value: undefined };

describe("values", () => {
  it("begin to be made at the first `next()`, not before", async () => {
    const { iterator, started, end } = open();
    await settle();
    expect(started()).toBe(0);
    void iterator.next();
    expect(started()).toBe(1);
    end();
  });

  it("come in order, those that waited and those awaited, then the end", async () => {
    const numbers = callOf<number>(async (call) => {
      call.push(1);
      call.push(2);
      await settle();
      call.push(3);
    });
    expect(await collect(numbers)).toEqual([1, 2, 3]);
    expect(await numbers.next()).toEqual(done);
  });

  it("reach a waiting consumer at once", async () => {
    const opened = open();
    const next = opened.iterator.next();
    opened.production.push(1);
    expect(await next).toEqual({ done: false, value: 1 });
    opened.end();
  });

  it("answer every `next()` that was called without awaiting the one before, in order", async () => {
    const opened = open();
    const results = [1, 2, 3, 4].map(() => opened.iterator.next());
    opened.production.push(1);
    opened.production.push(2);
    opened.end();
    expect(await Promise.all(results)).toEqual([{ done: false, value: 1 }, { done: false, value: 2 }, done, done]);
  });

  it("that were pushed before a failure are delivered before it; it is thrown once", async () => {
    const opened = open();
    const first = opened.iterator.next();
    opened.production.push(1);
    opened.production.push(2);
    opened.fail(new Error("broken"));
    await settle();
    expect(await first).toEqual({ done: false, value: 1 });
    expect(await opened.iterator.next()).toEqual({ done: false, value: 2 });
    expect(await rejection(opened.iterator.next())).toEqual(new Error("broken"));
    expect(await opened.iterator.next()).toEqual(done);
  });

  it("pushed after the end are ignored", async () => {
    const opened = open();
    const next = opened.iterator.next();
    opened.end();
    expect(await next).toEqual(done);
    opened.production.push(1);
    expect(await opened.iterator.next()).toEqual(done);
  });

  it("are not kept once taken, however long the consumer stays a little behind", async () => {
    const opened = open<object>();
    void opened.iterator.next();
    opened.production.push({});
    const refs: WeakRef<object>[] = [];
    const make = (): void => {
      const value = { big: Array.from({ length: 100 }) };
      refs.push(new WeakRef(value));
      opened.production.push(value);
    };
    make();
    for (let round = 0; round < 5000; round += 1) {
      make();
      await opened.iterator.next();
    }
    await settle();
    collectGarbage();
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(2500);
    opened.end();
  });
});

describe("leaving", () => {
  it("by `return()` ends a pending `next()` at once and aborts the producer", async () => {
    const opened = open();
    const next = opened.iterator.next();
    expect(await opened.iterator.return?.()).toEqual(done);
    expect(await next).toEqual(done);
    expect(opened.production.stop.aborted).toBe(true);
    expect(opened.production.stop.reason).toMatchObject({ name: "AbortError" });
  });

  it("by `throw()` rejects with the error, ends a pending `next()` and aborts the producer", async () => {
    const opened = open();
    const next = opened.iterator.next();
    const reason = new Error("mine");
    expect(await rejection(opened.iterator.throw?.(reason) ?? Promise.resolve())).toBe(reason);
    expect(await next).toEqual(done);
    expect(opened.production.stop.aborted).toBe(true);
    expect(await opened.iterator.next()).toEqual(done);
  });

  it("by `break` aborts the producer, drops what waits and leaves no listener", async () => {
    const { signal } = new AbortController();
    let inner: Call<number>["stop"] | undefined;
    const iterator = callOf<number>(
      async (production) => {
        inner = production.stop;
        for (const value of [1, 2, 3]) production.push(value);
        await new Promise((resolve) => production.stop.add(() => resolve(undefined)));
      },
      { signal },
    );
    for await (const _ of iterator) break;
    expect(inner?.aborted).toBe(true);
    expect(await iterator.next()).toEqual(done);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("before the first `next()` means that nothing ever starts", async () => {
    const { iterator, started } = open();
    await iterator.return?.();
    expect(await iterator.next()).toEqual(done);
    expect(started()).toBe(0);
  });

  it("after the end aborts nothing", async () => {
    const opened = open();
    const next = opened.iterator.next();
    opened.end();
    await next;
    await opened.iterator.return?.();
    expect(opened.production.stop.aborted).toBe(false);
  });

  it("hides what the producer rejects with afterwards", async () => {
    const opened = open();
    void opened.iterator.next();
    await opened.iterator.return?.();
    opened.fail(new Error("nobody listens"));
    await settle();
    expect(await opened.iterator.next()).toEqual(done);
  });
});

describe("the caller's signal", () => {
  it("ends a pending `next()` with its reason at once, whatever the producer does", async () => {
    const controller = new AbortController();
    const opened = open({ signal: controller.signal });
    const failure = rejection(opened.iterator.next());
    const reason = new Error("mine");
    controller.abort(reason);
    expect(await failure).toBe(reason);
    expect(opened.production.stop.reason).toBe(reason);
    expect(await opened.iterator.next()).toEqual(done);
  });

  it("drops what still waits: after it nothing more is yielded", async () => {
    const controller = new AbortController();
    const opened = open({ signal: controller.signal });
    void opened.iterator.next();
    for (const value of [1, 2, 3]) opened.production.push(value);
    const reason = new Error("mine");
    controller.abort(reason);
    opened.production.push(4);
    expect(await rejection(opened.iterator.next())).toBe(reason);
    expect(await opened.iterator.next()).toEqual(done);
  });

  it("drops what still waits also when the producer has ended already", async () => {
    const controller = new AbortController();
    const opened = open({ signal: controller.signal });
    void opened.iterator.next();
    for (const value of [1, 2, 3]) opened.production.push(value);
    opened.end();
    await settle();
    controller.abort(new Error("mine"));
    expect(await rejection(opened.iterator.next())).toEqual(new Error("mine"));
    expect(await opened.iterator.next()).toEqual(done);
  });

  it("that is aborted already means that nothing ever starts", async () => {
    const reason = new Error("mine");
    const { iterator, started } = open({ signal: AbortSignal.abort(reason) });
    expect(await rejection(iterator.next())).toBe(reason);
    expect(started()).toBe(0);
  });

  it("keeps no listener after the end, nor after a failure", async () => {
    const { signal } = new AbortController();
    expect(await collect(callOf(async () => {}, { signal }))).toEqual([]);
    expect(await rejection(collect(callOf(() => Promise.reject(new Error("broken")), { signal })))).toBeDefined();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("the limit of the whole", () => {
  it("ends it behind what waits though its work never settles, and tells the work", async () => {
    const time = useVirtualTime();
    const opened = open({ timeouts: { totalMs: 1000 } });
    expect(opened.iterator.next()).toBeInstanceOf(Promise);
    for (const value of [1, 2, 3]) opened.production.push(value);
    await time.pass(999);
    expect(opened.production.stop.aborted).toBe(false);
    await time.pass(1);
    expect(opened.production.stop.reason).toMatchObject({ code: "timeout", phase: "total", limitMs: 1000 });
    opened.production.push(4);
    for (const value of [2, 3]) expect(await opened.iterator.next()).toEqual({ done: false, value });
    expect(await rejection(opened.iterator.next())).toBe(opened.production.stop.reason);
    expect(await opened.iterator.next()).toEqual(done);
  });

  it("is over with the work, whoever has not read its values yet", async () => {
    const time = useVirtualTime();
    const opened = open({ timeouts: { totalMs: 1000 } });
    void opened.iterator.next();
    for (const value of [1, 2]) opened.production.push(value);
    opened.end();
    await time.pass(5000);
    expect(await opened.iterator.next()).toEqual({ done: false, value: 2 });
    expect(await opened.iterator.next()).toEqual(done);
  });

  it("that is none ends the iteration, not its making", async () => {
    const iterator = callOf<number>(async () => {}, { timeouts: { totalMs: Number.NaN } });
    expect(await rejection(iterator.next())).toBeInstanceOf(TypeError);
  });
});

it("is iterated once: a second iteration is a TypeError, not a silent empty one", async () => {
  const numbers = callOf<number>(async (call) => call.push(1));
  expect(await collect(numbers)).toEqual([1]);
  expect(await rejection(collect(numbers))).toBeInstanceOf(TypeError);
});
