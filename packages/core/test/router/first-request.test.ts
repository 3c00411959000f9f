import { beforeEach, describe, expect, test, vi } from "vitest";

import type { RouterEvent } from "../../src/router/observers.ts";
import { collect, finish, messages, scripted, text } from "./scripted.ts";

// What asks candidates is loaded with the first request: here each test has one, as each process has.

beforeEach(() => vi.resetModules());

async function newRouter() {
  const { createRouter } = await import("../../src/router/router.ts");
  const a = scripted("a", [[text("Hello"), finish]]);
  const router = createRouter({ plugins: [a] });
  const events: RouterEvent["type"][] = [];
  router.observe(({ type }) => void events.push(type));
  return { router, a, events };
}

describe("the first request of a process", () => {
  test("is answered, and so are those that come before its code is there", async () => {
    const { router, a } = await newRouter();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => router.complete({ model: "m", messages }).then((answer) => answer.text)),
    );
    expect(answers).toEqual(Array.from({ length: 20 }, () => "Hello"));
    expect(a.requests).toHaveLength(20);
  });

  test("gives each of any number of `next()` that are called ahead a part, in order", async () => {
    const { router } = await newRouter();
    const parts = router.stream({ model: "m", messages })[Symbol.asyncIterator]();
    const ahead = await Promise.all([parts.next(), parts.next(), parts.next(), parts.next(), parts.next()]);
    expect(ahead.map(({ value }) => value?.type)).toEqual(["attempt", "start", "text-delta", "finish", undefined]);
  });

  test("asks nobody once it was left, and ends at once", async () => {
    const { router, a, events } = await newRouter();
    const parts = router.stream({ model: "m", messages })[Symbol.asyncIterator]();
    const pending = parts.next();
    await parts.return?.();
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(events).toEqual(["request-started", "request-ended"]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(a.requests).toEqual([]);
    expect(events).toEqual(["request-started", "request-ended"]);
  });

  test("asks nobody once it was aborted, and rejects with the reason", async () => {
    const { router, a } = await newRouter();
    const reason = new Error("enough");
    const controller = new AbortController();
    const reading = collect(router.stream({ model: "m", messages, signal: controller.signal }));
    controller.abort(reason);
    expect((await reading).error).toBe(reason);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(a.requests).toEqual([]);
  });

  test("is ended by `close()`", async () => {
    const { router, a } = await newRouter();
    const reading = router.complete({ model: "m", messages }).catch((error: unknown) => error);
    await router.close();
    expect(await reading).toMatchObject({ name: "AbortError", message: "The router was closed." });
    expect(a.requests).toEqual([]);
  });

  test("says what is wrong with it, and nobody is asked", async () => {
    const { router, a } = await newRouter();
    await expect(router.complete({ model: "m", messages: [] })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(router.complete({ model: "n", messages })).rejects.toMatchObject({ code: "no_such_model" });
    expect(a.requests).toEqual([]);
  });

  test("is read at the call, whatever becomes of it before its code is there", async () => {
    const { router, a } = await newRouter();
    const mine = [...messages];
    const answer = router.complete({ model: "m", messages: mine });
    mine.length = 0;
    expect((await answer).text).toBe("Hello");
    expect(a.requests[0]?.messages).toEqual(messages);
  });
});
