import { inspect } from "node:util";
import { describe, expect, test, vi } from "vitest";

import type { ProviderPart } from "../../src/part.ts";
import { wrapProvider } from "../../src/wrap-provider.ts";
import type { RouterEvent } from "../../src/router/observers.ts";
import type { Router } from "../../src/router/router.ts";
import type { RouterRequest } from "../../src/router/router-request.ts";
import { collect, finish, messages, scripted, text, type Scripted } from "./scripted.ts";
import { complete, failure, good, read, routerOf, slow, useVirtualTime } from "./virtual.ts";

useVirtualTime();

interface Watched {
  readonly router: Router;
  readonly events: RouterEvent[];
}

function watched(providers: readonly Scripted[], options = {}): Watched {
  const router = routerOf(providers, options);
  const events: RouterEvent[] = [];
  router.observe((event) => events.push(event));
  return { router, events };
}

const ended = (events: readonly RouterEvent[]) => events.filter((event) => event.type === "request-ended");
const started = (events: readonly RouterEvent[]) => events.filter((event) => event.type === "request-started");

const asked = { model: "m", messages, requestId: "mine" };
const fail = (): never => {
  throw new Error("Not now.");
};

describe("a request's id", () => {
  test("is the caller's, in all its events, errors and its finish", async () => {
    const { router, events } = watched([scripted("a", [[failure("authentication")]]), scripted("b", [good])]);
    const { parts } = await read(router, { requestId: "mine-1" });
    expect(parts.at(-1)).toMatchObject({ type: "finish", requestId: "mine-1" });
    expect(parts.find((part) => part.type === "attempt" && part.number === 2)).toMatchObject({
      lastError: { code: "authentication", requestId: "mine-1" },
    });
    expect(events.map(({ type }) => type)).toEqual([
      "request-started",
      "attempt-started",
      "attempt-ended",
      "attempt-started",
      "output",
      "attempt-ended",
      "request-ended",
    ]);
    for (const event of events) expect(event).toMatchObject({ requestId: "mine-1", name: "m" });
    expect((await complete(router, { requestId: "mine-2" })).completion).toMatchObject({ requestId: "mine-2" });
  });

  test("is one of the router's own where there is none, another for each request, and known from the stream", async () => {
    const { router, events } = watched([scripted("a", [good])]);
    const stream = router.stream({ model: "m", messages, requestId: undefined });
    const { parts } = await collect(stream);
    const { completion } = await complete(router);
    expect(parts.at(-1)).toMatchObject({ requestId: stream.requestId });
    expect(stream.requestId).toMatch(/^[\w-]{8,64}$/);
    expect(completion?.requestId).toMatch(/^[\w-]{8,64}$/);
    expect(started(events).map((event) => event.requestId)).toEqual([stream.requestId, completion?.requestId]);
    expect(stream.requestId).not.toBe(completion?.requestId);
  });

  test.each([
    ["of one attempt", [scripted("a", [[failure("authentication")]])], "authentication"],
    [
      "of several",
      [scripted("a", [[failure("authentication")]]), scripted("b", [[failure("quota_exceeded")]])],
      "all_failed",
    ],
    ["of a stream that broke off", [scripted("a", [[text("Hel"), failure("connection")]])], "connection"],
    ["of a time that ran out", [scripted("a", [["stall"]])], "timeout"],
    ["of an unknown name", [scripted("a", [good], { models: [{ id: "n" }] })], "no_such_model"],
  ])("is in the error %s, and in what that is as JSON", async (_, providers, code) => {
    const { router, events } = watched(providers);
    const { error } = await read(router, { requestId: "mine" });
    expect(error).toMatchObject({ code, requestId: "mine" });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code, requestId: "mine" });
    expect(ended(events)).toMatchObject([{ requestId: "mine", outcome: "failed", error }]);
  });

  test("is in the error of a text that was rewritten, and of one that another call was given before", async () => {
    const rewriting = [text("Hello"), { type: "text-replace", text: "Bye" } as const, finish];
    const router = routerOf([scripted("a", [rewriting])]);
    const pieces = collect(router.stream({ model: "m", messages, requestId: "text" }).textStream);
    expect((await pieces).error).toMatchObject({ code: "text_rewritten", requestId: "text" });

    const shared = failure("authentication", { requestId: "older" });
    const failing = routerOf([scripted("a", [[shared]])]);
    expect((await read(failing, { requestId: "newer" })).error).toMatchObject({ requestId: "newer" });
    expect(shared.requestId).toBe("older");
  });

  test.each<[string, object]>([
    ["another field throws", Object.defineProperty({ ...asked }, "messages", { enumerable: true, get: fail })],
    [
      "its fields are those of a class",
      new (class {
        get requestId() {
          return "mine";
        }
        get model() {
          return "m";
        }
        messages = messages;
        commit = "never";
      })(),
    ],
    ["an option is none", { ...asked, temprature: 1 }],
  ])("is the caller's in the events of a request that cannot be read, where %s", async (_, request) => {
    const { router, events } = watched([scripted("a", [good])]);
    const stream = router.stream(request as RouterRequest);
    expect((await collect(stream)).error).toBeInstanceOf(TypeError);
    expect(stream.requestId).toBe("mine");
    expect(events).toMatchObject([
      { requestId: "mine", name: "m" },
      { requestId: "mine", name: "m" },
    ]);
  });

  test("reaches the provider, through what is wrapped around it", async () => {
    const a = scripted("a", [good]);
    const router = routerOf([wrapProvider(wrapProvider(a, {}), { part: () => {} }) as Scripted]);
    await read(router, { requestId: "mine" });
    const stream = router.stream({ model: "m", messages });
    await collect(stream);
    expect(a.requests.map(({ requestId }) => requestId)).toEqual(["mine", stream.requestId]);
  });

  test.each(["", " ", "a b", "line\n", "\u001b[31m", "é", "x".repeat(129), 7, null, {}, ["id"]])(
    "must be a short printable string, which %j is not",
    async (requestId) => {
      const a = scripted("a", [good]);
      const { router, events } = watched([a]);
      const request = { requestId } as unknown as RouterRequest;
      const { error } = await read(router, request);
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain("`requestId` must be");
      expect(a.requests).toEqual([]);
      expect(ended(events)).toMatchObject([{ outcome: "failed", name: "m", attempts: [], error }]);
      expect(ended(events)[0]?.requestId).toMatch(/^[\w-]{8,64}$/);
      expect((await collect(wrapProvider(a, {}).stream({ messages, requestId } as never))).error).toBeInstanceOf(
        TypeError,
      );
    },
  );
});

describe("request-started and request-ended come once each", () => {
  const once = ({ events }: Watched, outcome: string, more = {}): void => {
    expect(started(events)).toHaveLength(1);
    expect(ended(events)).toMatchObject([{ outcome, ...more }]);
    expect(events[0]?.type).toBe("request-started");
    expect(events.at(-1)?.type).toBe("request-ended");
  };

  test("for an answer, with who gave it, what it took and what was tried", async () => {
    const usage = { inputTokens: 1, outputTokens: 2 };
    const answer = [{ waitMs: 10 }, text("Hi"), { waitMs: 5 }, { ...finish, usage } as ProviderPart];
    const it = watched([scripted("a", [[failure("authentication")]]), scripted("b", [answer])]);
    await read(it.router);
    const about = { durationMs: 15, firstOutputMs: 10, provider: "b", model: "m", usage };
    once(it, "answered", { ...about, attempts: [{ provider: "a" }, { provider: "b", number: 2 }] });
    expect(ended(it.events)[0]).not.toHaveProperty("error", expect.anything());
    it.events.length = 0;
    await complete(it.router);
    once(it, "answered", { ...about, attempts: [{}, {}] });
  });

  test("for an error before and after output", async () => {
    const before = watched([scripted("a", [[{ waitMs: 5 }, failure("authentication")]])]);
    await read(before.router);
    once(before, "failed", { durationMs: 5, firstOutputMs: undefined, provider: undefined, attempts: [{}] });
    const after = watched([scripted("a", [[{ waitMs: 5 }, text("Hi"), { waitMs: 5 }, failure("connection")]])]);
    await read(after.router);
    once(after, "failed", {
      durationMs: 10,
      firstOutputMs: 5,
      provider: "a",
      model: "m",
      error: { code: "connection" },
    });
  });

  test("for an abort: before, on the way, and of a signal that had aborted", async () => {
    const reason = new Error("enough");
    for (const when of [-1, 0, 5]) {
      const it = watched([scripted("a", [[{ waitMs: 2 }, text("Hi"), "stall"]])]);
      const controller = new AbortController();
      if (when < 0) controller.abort(reason);
      else setTimeout(() => controller.abort(reason), when);
      expect((await read(it.router, { signal: controller.signal })).error).toBe(reason);
      once(it, "cancelled", { error: reason });
    }
  });

  test("for a break, at once and in mid-stream, and for who leaves before anything", async () => {
    for (const readings of [0, 1, 3]) {
      const it = watched([scripted("a", [[text("Hi"), text(" you"), "stall"]])]);
      const iterator = it.router.stream({ model: "m", messages })[Symbol.asyncIterator]();
      for (let reading = 0; reading < readings; reading++) await iterator.next();
      await iterator.return?.();
      once(it, "cancelled", { error: { name: "AbortError" } });
    }
  });

  test("for who leaves its text before anything, whose work ends with that", async () => {
    const { router, events } = watched([scripted("a", [good])]);
    await router
      .stream({ ...asked })
      .textStream[Symbol.asyncIterator]()
      .return?.();
    expect(events).toMatchObject([{ type: "request-started" }, { type: "request-ended", outcome: "cancelled" }]);
    const stream = router.stream({ ...asked });
    const { completion } = stream;
    await stream.textStream[Symbol.asyncIterator]().return?.();
    await expect(completion).rejects.toMatchObject({ name: "AbortError" });
    expect(ended(events)).toHaveLength(2);
  });

  test("not for a stream that nobody reads, whose work never starts", () => {
    const { router, events } = watched([scripted("a", [good])]);
    void router.stream({ model: "m", messages });
    expect(events).toEqual([]);
  });

  test("for a reader that sleeps: with the answer where it is there, else when the time is over", async () => {
    const sleeping = watched([scripted("a", [good])]);
    const iterator = sleeping.router.stream({ model: "m", messages })[Symbol.asyncIterator]();
    await iterator.next();
    await vi.runAllTimersAsync();
    once(sleeping, "failed", { durationMs: 3_600_000, error: { phase: "total" } });
    const whole = watched([scripted("a", [good])]);
    const stream = whole.router.stream({ model: "m", messages });
    await stream[Symbol.asyncIterator]().next();
    await stream.completion;
    once(whole, "answered");
  });

  test("for requests that are none, and names that nobody has", async () => {
    const wrong: readonly unknown[] = [
      undefined,
      null,
      7,
      {},
      { model: "m" },
      { model: "m", messages: [] },
      { model: "x".repeat(1_000_000), messages },
      { model: 7, messages },
      { model: "m", messages, timeouts: { totalMs: -1 } },
      { model: "m", messages, output: 7 },
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("look away");
          },
        },
      ),
    ];
    for (const request of wrong) {
      const it = watched([scripted("a", [good])]);
      const { error } = await collect(it.router.stream(request as RouterRequest));
      expect(error).toBeDefined();
      once(it, "failed", { attempts: [], error });
      expect(ended(it.events)[0]?.name.length).toBeLessThan(120);
      it.events.length = 0;
      await expect(it.router.complete(request as RouterRequest)).rejects.toBeDefined();
      once(it, "failed", { attempts: [] });
    }
  });

  test("for a callback that throws, a time that is over, and a router that is closed", async () => {
    const broken = watched([scripted("a", [[failure("connection")]])], {
      retry: {
        shouldRetry: () => {
          throw new Error("mine");
        },
      },
    });
    await read(broken.router);
    once(broken, "failed", { error: { message: "mine" } });
    const late = watched([scripted("a", [slow(10_000)])], { timeouts: { totalMs: 50 } });
    await read(late.router);
    once(late, "failed", { durationMs: 50, error: { code: "timeout" }, attempts: [{ provider: "a" }] });
    const closed = watched([scripted("a", [["stall"]])]);
    const reading = collect(closed.router.stream({ model: "m", messages }));
    await vi.advanceTimersByTimeAsync(5);
    await closed.router.close();
    expect((await reading).error).toMatchObject({ name: "AbortError" });
    once(closed, "cancelled", { durationMs: 5 });
  });

  test("also where an observer ends the request that it hears of", async () => {
    for (const type of ["request-started", "attempt-started", "output", "attempt-ended", "request-ended"]) {
      const it = watched([scripted("a", [good])]);
      const controller = new AbortController();
      it.router.observe((event) => {
        if (event.type === type) controller.abort(new Error("by the observer"));
      });
      await read(it.router, { signal: controller.signal });
      once(
        it,
        type === "request-ended" || type === "attempt-ended" ? (ended(it.events)[0]?.outcome ?? "") : "cancelled",
      );
    }
  });
});

describe("a stream", () => {
  test("shows nothing of its request to whoever prints or copies it", () => {
    const router = routerOf([scripted("a", [good])]);
    const secret = "a secret question";
    const stream = router.stream({ model: "m", messages: [{ role: "user", content: secret }] });
    expect(Reflect.ownKeys(stream)).toEqual([]);
    expect(inspect(stream, { depth: 9, showHidden: true })).not.toContain(secret);
    expect(Object.keys({ ...stream })).toEqual([]);
  });
});
