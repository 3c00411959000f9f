import { describe, expect, test } from "vitest";
import * as z from "zod";

import type { OutputOption } from "../../src/router/output.ts";
import { ada, ask, fits, JSON_SCHEMA, person, schemaOf } from "./objects.ts";
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
    ["a schema without validate", { output: { "~standard": {} } }, "TypeError", "`output` must be a schema"],
    ["a pair without a schema", { output: { schema: {}, jsonSchema: {} } }, "TypeError", "`output.schema` must be"],
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
