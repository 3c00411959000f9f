import { describe, expect, test, vi } from "vitest";
import * as z from "zod";

import type { OutputOption } from "../../src/router/output.ts";
import { ada, ask, fits, JSON_SCHEMA, native, person, schemaOf, wrong } from "./objects.ts";
import { messages, scripted } from "./scripted.ts";
import { failure, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

describe("a schema that", () => {
  test.each([
    [
      "throws",
      () => {
        throw new Error("a slip");
      },
      "a slip",
    ],
    [
      "rejects",
      async () => {
        throw new Error("a slip");
      },
      "a slip",
    ],
    [
      "throws an error of the family",
      () => {
        throw failure("connection");
      },
      "It is connection.",
    ],
    ["answers with nothing", () => undefined, "`output` must be a schema that answers with a value or issues"],
    [
      "answers with an issue that throws",
      () => ({
        issues: [
          new Proxy(
            {},
            {
              get: () => {
                throw new Error("a slip");
              },
            },
          ),
        ],
      }),
      "a slip",
    ],
    [
      "answers with a result that cannot be read",
      () => ({
        get value() {
          throw new Error("a slip");
        },
      }),
      "a slip",
    ],
    ["answers with issues that are no list", () => ({ issues: "no" }), "a schema with a list of issues"],
  ])("%s ends the call with that, and the provider does not pay", async (_what, validate, words) => {
    const [first, second] = [scripted("a", [fits]), scripted("b", [fits])];
    const router = routerOf([first, second]);
    const { error } = await ask(router, { output: schemaOf(validate) });
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toContain(words);
    expect(first.requests.length + second.requests.length).toBe(1);
    expect(router.health()).toMatchObject([{ busy: 0 }, { busy: 0 }]);
  });

  test("throws ends an attempt that is told as cancelled: the reason is not its own", async () => {
    const router = routerOf([scripted("a", [fits])]);
    const ended: unknown[] = [];
    router.observe((event) => void ("outcome" in event && ended.push([event.type, event.outcome, event.error])));
    const slip = new Error("a slip");
    await ask(router, { output: schemaOf(() => Promise.reject(slip)) });
    expect(ended).toEqual([
      ["attempt-ended", "cancelled", slip],
      ["request-ended", "failed", slip],
    ]);
  });

  test("answers with a promise as the value hands it out as it is: it fails no provider", async () => {
    const router = routerOf([scripted("a", [fits])]);
    const promise = Promise.reject(new Error("a slip"));
    promise.catch(() => {});
    const { answer } = await ask(router, { output: schemaOf(() => ({ value: promise })) });
    expect((answer as unknown as { readonly object: unknown }).object).toBe(promise);
    expect(answer?.attempts).toHaveLength(1);
  });

  test("never answers is bounded by the total, and left at once by an abort", async () => {
    const stuck = schemaOf(() => new Promise(() => {}));
    const { error } = await ask([scripted("a", [fits])], { output: stuck, timeouts: { totalMs: 3000 } });
    expect(error).toMatchObject({ code: "timeout", phase: "total" });
    const controller = new AbortController();
    const left = ask([scripted("a", [fits])], { output: stuck, signal: controller.signal });
    controller.abort(new Error("enough"));
    expect(await left).toEqual({ error: new Error("enough") });
  });
});

test("a JSON Schema may say `if` and `then`", async () => {
  const jsonSchema = { ...JSON_SCHEMA, ...(JSON.parse('{"if":{},"then":{}}') as object) };
  const provider = scripted("a", [fits], { models: native });
  expect((await ask([provider], { output: { schema: person, jsonSchema } })).answer).toMatchObject({ object: ada });
  expect(provider.requests[0]?.settings?.responseFormat).toEqual({ type: "json", schema: jsonSchema });
});

describe("the time of a schema is no provider's:", () => {
  const checkingFor = (ms: number) =>
    schemaOf(async (value) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return { value };
    });

  test("one that asks the same router is not waited for by itself", async () => {
    const router = routerOf([scripted("a", [fits])], { limits: { maxConcurrent: 1 } });
    const asking = schemaOf(async () => ({ value: (await router.complete({ model: "m", messages })).text }));
    expect((await ask(router, { output: asking })).answer).toMatchObject({ object: JSON.stringify(ada) });
    expect(router.health()).toMatchObject([{ busy: 0, waiting: 0 }]);
  });

  test("a slow one keeps nobody from the provider, and its place is given back once", async () => {
    const router = routerOf([scripted("a", [fits, [{ waitMs: 100 }, ...fits]])], { limits: { maxConcurrent: 1 } });
    const slow = ask(router, { output: checkingFor(150) });
    const startedAt = performance.now();
    const took = [1, 2].map(async () => {
      await router.complete({ model: "m", messages });
      return performance.now() - startedAt;
    });
    expect((await slow).answer).toMatchObject({ object: ada });
    // One after the other: nobody slips in where the first call ends.
    expect(await Promise.all(took)).toEqual([100, 200]);
  });

  test.each([
    ["no message", [{}], "it does not fit"],
    ["a message of white space", [{ message: " " }], "it does not fit"],
    ["a hole", Array(1), "it does not fit"],
    ["a place alone", [{ path: ["name"] }], "`name`: it does not fit"],
  ])("an issue of %s is told the model as one all the same", async (_, issues, told) => {
    const provider = scripted("a", [fits]);
    await ask([provider], { output: schemaOf(() => ({ issues })) });
    expect(provider.requests.at(-1)?.messages.at(-1)?.content).toContain(`not what was asked for: ${told}. Answer`);
  });

  test("what does not fit is asked for again in a place like any other", async () => {
    const router = routerOf([scripted("a", [wrong, [{ waitMs: 100 }, ...fits]])], { limits: { maxConcurrent: 1 } });
    const events: string[] = [];
    router.observe(({ type }) => void events.push(type));
    let asked = 0;
    const picky = schemaOf(async () => {
      asked++;
      if (asked > 1) return { value: asked };
      void router.complete({ model: "m", messages });
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { issues: [{ message: "no" }] };
    });
    expect((await ask(router, { output: picky })).answer).toMatchObject({ object: 2, attempts: [{}, { number: 2 }] });
    expect(events.filter((type) => type === "waiting")).toHaveLength(1);
    expect(router.health()).toMatchObject([{ busy: 0, waiting: 0 }]);
  });

  test("with its answer a provider is neither busy nor on trial any more", async () => {
    const down = [failure("authentication")];
    const router = routerOf([scripted("a", [down, down, fits, down])], { breaker: { minimumCalls: 2, openMs: 100 } });
    await ask(router);
    await ask(router);
    expect(router.health()).toMatchObject([{ breaker: "open" }]);
    await vi.advanceTimersByTimeAsync(100);
    const asking = schemaOf(async (value) => {
      expect(router.health()).toMatchObject([{ busy: 0, breaker: "closed" }]);
      // On probation this would open it again.
      await router.complete({ model: "m", messages }).catch(() => {});
      return { value };
    });
    expect((await ask(router, { output: asking })).answer).toMatchObject({ object: ada });
    expect(router.health()).toMatchObject([{ busy: 0, breaker: "closed" }]);
  });

  test("who leaves during the check leaves a provider that has answered", async () => {
    const down = [failure("authentication")];
    const breaker = { minimumCalls: 2, failureRate: 0.75 };
    const router = routerOf([scripted("a", [down, fits, down])], { breaker });
    await ask(router);
    await ask(router, { output: schemaOf(() => new Promise(() => {})), timeouts: { totalMs: 50 } });
    await ask(router);
    // Two of three have failed.
    expect(router.health()).toMatchObject([{ busy: 0, breaker: "closed" }]);
  });

  test.each([
    ["that answered late", [{ waitMs: 50 }, ...fits]],
    ["that answered at once", fits],
  ])("no hedge is begun beside a provider %s", async (_what, script) => {
    const [first, second] = [scripted("a", [script]), scripted("b", [fits])];
    const router = routerOf([first, second], { hedge: { delayMs: 100 } });
    expect((await ask(router, { output: checkingFor(800) })).answer).toMatchObject({ object: ada, provider: "a" });
    expect(second.requests).toHaveLength(0);
  });
});

describe("is refused before anything is sent:", () => {
  const tools = [{ name: "weather", inputSchema: {} }];
  test.each([
    ["tools beside it", { settings: { tools } }, "invalid_request", "`settings.tools`"],
    [
      "a format beside it",
      { settings: { responseFormat: { type: "json" } } },
      "invalid_request",
      "`settings.responseFormat`",
    ],
    ["no schema", { output: 5 }, "TypeError", "`output` must be a schema"],
    ["null", { output: null }, "TypeError", "`output` must be a schema"],
    ["JSON Schema alone", { output: JSON_SCHEMA }, "TypeError", "`output` must be a schema"],
    [
      "a schema that cannot be read",
      {
        output: {
          get "~standard"() {
            throw new Error("a slip");
          },
        },
      },
      "TypeError",
      "`output` cannot be read",
    ],
    [
      "a pair that cannot be read",
      {
        output: {
          get schema() {
            throw new Error("a slip");
          },
        },
      },
      "TypeError",
      "`output` cannot be read",
    ],
    ["a schema without validate", { output: { "~standard": {} } }, "TypeError", "`output` must be a schema"],
    ["a pair without a schema", { output: { schema: {}, jsonSchema: {} } }, "TypeError", "`output.schema` must be"],
    [
      "a date for JSON Schema",
      { output: { schema: person, jsonSchema: new Date() } },
      "TypeError",
      "`output.jsonSchema`",
    ],
    [
      "a Map for JSON Schema",
      { output: { schema: person, jsonSchema: new Map() } },
      "TypeError",
      "`output.jsonSchema`",
    ],
    ["a pair without JSON Schema", { output: { schema: person } }, "TypeError", "`output.jsonSchema` must be"],
    [
      "a pair whose JSON Schema is a list",
      { output: { schema: person, jsonSchema: [] } },
      "TypeError",
      "`output.jsonSchema`",
    ],
    [
      "JSON Schema that is no JSON",
      { output: { schema: person, jsonSchema: { big: 1n } } },
      "invalid_request",
      "`output.jsonSchema`",
    ],
    [
      "a schema that tells its JSON Schema later",
      { output: schemaOf((value) => ({ value }), { jsonSchema: { input: async () => ({}) } }) },
      "TypeError",
      "not a promise",
    ],
    [
      "a schema that has no JSON Schema",
      { output: z.object({ at: z.date() }) },
      "TypeError",
      "The schema of `output` cannot be told as JSON Schema",
    ],
  ])("%s", async (_what, request, kind, words) => {
    const provider = scripted("a", [fits]);
    const { error } = await ask([provider], request as object);
    expect(kind === "TypeError" ? (error as Error).name : (error as { readonly code: unknown }).code).toBe(kind);
    expect(String(error)).toContain(words);
    expect(provider.requests).toHaveLength(0);
  });

  test("a promise, which may reject as it likes", async () => {
    const { error } = await ask([scripted("a", [fits])], { output: Promise.reject(new Error("a slip")) });
    expect(String(error)).toContain("`output` must be a schema by Standard Schema, such as one of zod, not a promise.");
  });

  test("a stream, whose parts are shown before anybody can check them", async () => {
    const provider = scripted("a", [fits]);
    const request = { model: "m", messages, output: person satisfies OutputOption };
    const first = routerOf([provider]).stream(request)[Symbol.asyncIterator]().next();
    await expect(first).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("`complete()`"),
    });
    expect(provider.requests).toHaveLength(0);
  });

  test("but no tools are none", async () => {
    expect((await ask([scripted("a", [fits])], { settings: { tools: [] } })).answer).toMatchObject({ object: ada });
  });
});
