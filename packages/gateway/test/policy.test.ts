import { createRouter } from "@qwen/core";
import { scriptedProvider } from "@qwen/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { createGateway } from "../src/index.ts";
import { Policies, policyInHeaders, type Policy, type PolicyCaps, type PolicyOptions } from "../src/policy.ts";
import { Refusal } from "../src/refusal.ts";
import { question, servedByOpenAI } from "./served.ts";

const settle = (
  options: PolicyOptions,
  {
    wishes = [],
    key,
    keyCaps,
  }: { readonly wishes?: readonly Policy[]; readonly key?: Policy; readonly keyCaps?: PolicyCaps } = {},
) => new Policies(options).for({ model: "m", wishes, key, keyCaps });

describe("how a request is tried", () => {
  const header: Policy = { timeoutMs: 1 };
  const body: Policy = { timeoutMs: 2, firstOutputMs: 2 };
  const key: Policy = { timeoutMs: 3, firstOutputMs: 3, maxQueueMs: 3 };
  const route: Policy = { timeoutMs: 4, firstOutputMs: 4, maxQueueMs: 4, hedgeMs: 4 };
  const defaults: Policy = { timeoutMs: 5, firstOutputMs: 5, maxQueueMs: 5, hedgeMs: 5, commit: "buffered" };

  test("is said by its header, then its body, its key, its route, and the gateway", () => {
    const options = { defaults, routes: { m: route, other: { timeoutMs: 9 } } };
    expect(settle(options, { wishes: [header, body], key }).policy).toStrictEqual({
      timeoutMs: 1,
      firstOutputMs: 2,
      maxQueueMs: 3,
      hedgeMs: 4,
      commit: "buffered",
    });
    expect(settle({}).policy).toStrictEqual({
      timeoutMs: undefined,
      firstOutputMs: undefined,
      maxQueueMs: undefined,
      hedgeMs: undefined,
      commit: undefined,
    });
  });

  test.each<[string, PolicyCaps, Policy, Partial<Policy>, string[]]>([
    [
      "a longer wish is cut to the cap",
      { timeoutMs: 100 },
      { timeoutMs: 200 },
      { timeoutMs: 100 },
      ["x-qwen-timeout-ms=100"],
    ],
    ["a shorter one is not", { timeoutMs: 100 }, { timeoutMs: 50 }, { timeoutMs: 50 }, []],
    ["a hedge comes no sooner", { hedgeMs: 500 }, { hedgeMs: 100 }, { hedgeMs: 500 }, ["x-qwen-hedge-ms=500"]],
    ["a hedge that is later stays", { hedgeMs: 500 }, { hedgeMs: 900 }, { hedgeMs: 900 }, []],
    ["nobody hedges", { hedgeMs: false }, { hedgeMs: 900 }, { hedgeMs: false }, ["x-qwen-hedge-ms=off"]],
    [
      "a commit that is not allowed is none",
      { commit: ["first-output"] },
      { commit: "continue" },
      { commit: undefined },
      ["x-qwen-commit=default"],
    ],
    ["one that is allowed is", { commit: ["continue"] }, { commit: "continue" }, { commit: "continue" }, []],
  ])("%s", (_, caps, wish, expected, cut) => {
    const settled = settle({ caps }, { wishes: [wish] });
    expect(settled.policy).toMatchObject(expected);
    expect(settled.cut).toStrictEqual(cut);
    expect(settle({}, { wishes: [wish], keyCaps: caps })).toStrictEqual(settled);
  });

  test("is held to a cap without a wish as well, which makes nothing longer than the router has it", async () => {
    expect(settle({ caps: { timeoutMs: 100, maxQueueMs: 0 } })).toMatchObject({
      policy: { timeoutMs: undefined, maxQueueMs: undefined },
      caps: { timeoutMs: 100, maxQueueMs: 0 },
    });
    const silent = scriptedProvider({ script: [{ waitMs: 60_000 }] });
    const router = createRouter({ plugins: [silent], timeouts: { totalMs: 30 } });
    const gateway = createGateway({ router, policy: { caps: { timeoutMs: 60_000 } } });
    onTestFinished(async () => {
      await gateway.close();
      await router.close();
    });
    const asked = new Request("http://localhost/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "scripted-model", messages: question }),
    });
    const answer = await gateway.fetch(asked);
    expect([answer.status, await answer.json()]).toMatchObject([504, { error: { code: "timeout_total" } }]);
  });

  test("is held to the stricter of two caps", () => {
    expect(
      settle({ caps: { timeoutMs: 100 } }, { wishes: [{ timeoutMs: 900 }], keyCaps: { timeoutMs: 50 } }).policy
        .timeoutMs,
    ).toBe(50);
  });
});

describe("wishes in headers", () => {
  test("are read by name", () => {
    const headers = new Headers({
      "x-qwen-commit": "continue",
      "x-qwen-timeout-ms": "5000",
      "x-qwen-first-output-ms": "700",
      "x-qwen-max-queue-ms": "0",
      "x-qwen-hedge-ms": "off",
    });
    expect(policyInHeaders(headers)).toStrictEqual({
      commit: "continue",
      timeoutMs: 5000,
      firstOutputMs: 700,
      maxQueueMs: 0,
      hedgeMs: false,
    });
  });

  test.each([
    ["x-qwen-commit", "never"],
    ["x-qwen-timeout-ms", "0"],
    ["x-qwen-timeout-ms", "-5"],
    ["x-qwen-timeout-ms", "1e9"],
    ["x-qwen-timeout-ms", "Infinity"],
    ["x-qwen-timeout-ms", "off"],
    ["x-qwen-timeout-ms", "9".repeat(400)],
    ["x-qwen-first-output-ms", "soon"],
    ["x-qwen-max-queue-ms", "1,2"],
    ["x-qwen-hedge-ms", "maybe"],
  ])("are refused where they are none: %s: %s", (name, value) => {
    const read = (): unknown => policyInHeaders(new Headers({ [name]: value }));
    expect(read).toThrow(Refusal);
    expect(read).toThrow(name);
  });
});

describe("policies of the operator's", () => {
  test.each<[PolicyOptions, RegExp]>([
    [{ caps: { timeoutMs: -1 } }, /policy\.caps\.timeoutMs/],
    [{ caps: { commit: "continue" as never } }, /policy\.caps\.commit/],
    [{ defaults: { commit: "sometimes" as never } }, /policy\.defaults\.commit/],
    [{ defaults: { hedgeMs: Infinity } }, /policy\.defaults\.hedgeMs/],
    [{ routes: { smart: { timeOutMs: 5 } as never } }, /smart.*timeoutMs/],
    [{ routes: [] as never }, /policy\.routes/],
    [{ cap: {} } as never, /caps/],
  ])("are a TypeError where they are none: %j", (options, message) => {
    expect(() => new Policies(options)).toThrow(TypeError);
    expect(() => new Policies(options)).toThrow(message);
  });

  test("may be of a route called `__proto__` or `constructor`", () => {
    const routes = JSON.parse('{"__proto__":{"timeoutMs":7},"constructor":{"timeoutMs":8}}') as Record<string, Policy>;
    const policies = new Policies({ routes });
    const of = (model: string) =>
      policies.for({ model, wishes: [], key: undefined, keyCaps: undefined }).policy.timeoutMs;
    expect([of("__proto__"), of("constructor"), of("toString")]).toStrictEqual([7, 8, undefined]);
  });
});

test("a deadline holds for all of a request and is a 504; what was cut is in the warnings", async () => {
  // Nobody waits for it: the test would not end in time.
  const slow = { steps: ["late"], firstDelayMs: 120_000 };
  const { ask } = await servedByOpenAI({ m: slow }, { policy: { caps: { timeoutMs: 60 } } });
  for (const stream of [true, false]) {
    const response = await ask(
      { model: "m", messages: question, stream },
      { headers: { "x-qwen-timeout-ms": "60000" } },
    );
    expect(response.status).toBe(504);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await response.json()).toMatchObject({ error: { code: "timeout_total", type: "server_error" } });
    expect(response.headers.get("x-qwen-warnings")).toBe("x-qwen-timeout-ms=60");
  }
});
