import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { KITCHEN, KITCHEN_INFO, ordersOf, startKitchen } from "../servers/kitchen.ts";
import { configOf, failed, says, startTestSpace } from "../servers/test-space.ts";
import { rejection, until, useVirtualTime } from "../servers/waiting.ts";

describe("endpoints()", () => {
  it("tells of each what it takes and gives: names, labels, schemas, defaults, choices and ranges", async () => {
    await using space = await startKitchen();
    const client = connectSpace(space.origin);
    const endpoints = await client.endpoints();
    expect(endpoints.map(({ name, fnIndex, visibility }) => [name, fnIndex, visibility])).toEqual([
      ["/order", 0, "public"],
      ["/hidden", 1, "undocumented"],
      [undefined, 2, "private"],
    ]);
    expect(endpoints[0]).toEqual({
      name: "/order",
      fnIndex: 0,
      queue: true,
      inputCount: 4,
      visibility: "public",
      generator: true,
      description: "Takes an order.",
      parameters: [
        {
          name: "amount",
          label: "Amount",
          component: "slider",
          schema: { type: "string" },
          required: false,
          default: 2,
          choices: undefined,
          range: { minimum: 1, maximum: 9, step: 1 },
        },
        {
          name: "dish",
          label: "Dish\u001B[31m",
          component: "dropdown",
          schema: { type: "string" },
          required: true,
          default: undefined,
          choices: ["soup", "pie"],
          range: undefined,
        },
        {
          name: "constructor",
          label: undefined,
          component: "checkbox",
          schema: { type: "string" },
          required: false,
          default: false,
          choices: undefined,
          range: undefined,
        },
      ],
      returns: [
        { label: "Answer", component: "textbox", schema: { type: "string" } },
        { label: undefined, component: "state", schema: undefined },
      ],
    });
    await client.close();
  });

  it("asks for `/config` and `/info` once, however many want to know, and hands out copies", async () => {
    await using space = await startKitchen();
    const client = connectSpace(space.origin);
    const [one, other] = await Promise.all([client.endpoints(), client.endpoints()]);
    (one as unknown[]).length = 0;
    expect(await client.endpoints()).toEqual(other);
    expect(space.requests.map(({ url }) => url.pathname)).toEqual(["/config", "/gradio_api/info"]);
    await client.close();
  });

  it.each([
    ["is not there", 404],
    ["fails to say", 500],
  ])("says what `/config` says where `/info` %s", async (_, status) => {
    await using space = await startKitchen({ other: ({ reply }) => reply(status, "no") });
    const client = connectSpace(space.origin);
    const [order] = await client.endpoints();
    expect(order?.parameters.map(({ name, required, default: value }) => [name, required, value])).toEqual([
      ["param_0", false, 2],
      ["param_1", true, undefined],
      ["param_3", false, false],
    ]);
    await client.close();
  });

  it("rejects where `/info` cannot be had for the moment, and asks anew", async () => {
    let asked = 0;
    await using space = await startKitchen({
      other: ({ reply }) => ((asked += 1) === 1 ? reply(503, "") : reply(200, KITCHEN_INFO)),
    });
    const client = connectSpace(space.origin);
    expect(await rejection(client.endpoints())).toMatchObject({ code: "space_unavailable" });
    expect((await client.endpoints())[0]?.parameters[0]?.name).toBe("amount");
    await client.close();
  });

  it.each<[string, unknown, unknown]>([
    [
      "lists of nothing",
      configOf({ components: [null, 7, "x", []], dependencies: [{ inputs: [null, {}, "x"] }] }),
      null,
    ],
    [
      "ids that point nowhere",
      configOf({ dependencies: [{ api_name: "a", inputs: [99], outputs: [98] }] }),
      KITCHEN_INFO,
    ],
    ["an /info of other parameters", KITCHEN, { named_endpoints: { "/order": { parameters: [1, 2] } } }],
    ["an /info that is none", KITCHEN, [[[]]]],
    ["names of objects", configOf({ dependencies: [{ api_name: "__proto__", inputs: [1] }] }), { named_endpoints: {} }],
  ])("reads whatever an app says of itself: %s", async (_, config, info) => {
    await using space = await startKitchen({ config: ({ reply }) => reply(200, config) }, info);
    const client = connectSpace(space.origin);
    expect((await client.endpoints()).length).toBeGreaterThan(0);
    await client.close();
  });
});

describe("inputs by name", () => {
  it("go where their parameters are, defaults where none was given, null for what the server keeps", async () => {
    await using space = await startKitchen();
    const client = connectSpace(space.origin);
    expect(await client.predict("/order", { dish: "pie" })).toEqual(["done", null]);
    await client.predict("order", { constructor: true, dish: "pie", amount: undefined });
    await client.predict(0, { dish: "soup", amount: 7 });
    expect(ordersOf(space)).toEqual([
      [2, "pie", null, false],
      [2, "pie", null, true],
      [7, "soup", null, false],
    ]);
    await client.close();
  });

  it.each<[string, Record<string, unknown> | unknown[], RegExp]>([
    ["a name that no parameter has", { dish: "pie", amont: 3 }, /no parameter "amont" \(did you mean "amount"\?\)/],
    ["`__proto__`", JSON.parse('{"dish":"pie","__proto__":1}') as Record<string, unknown>, /no parameter "__proto__"/],
    ["a missing one that is required", { amount: 3 }, /needs "dish"/],
    ["a missing one of a list", [3], /needs "dish"/],
    ["one that is `undefined`", [3, undefined, null, true], /needs "dish"/],
    ["one too many", [3, "pie", null, true, 5], /takes 3 arguments, and got 5/],
  ])("that are wrong are refused before a job is asked for: %s", async (_, inputs, words) => {
    await using space = await startKitchen();
    const client = connectSpace(space.origin);
    await client.endpoints();
    const error = await rejection(client.predict("/order", inputs));
    expect(error).toMatchObject({ code: "invalid_request" });
    expect((error as Error).message).toMatch(words);
    expect((error as Error).message).toContain("Its parameters are amount = 2, dish, constructor = false.");
    expect(ordersOf(space)).toEqual([]);
    await client.close();
  });

  it("are looked up before the first call, too, and name the endpoints there are", async () => {
    await using space = await startKitchen();
    const client = connectSpace(space.origin);
    expect(await rejection(client.predict("/ordre", {}))).toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("/order, /hidden"),
    });
    expect(await rejection(client.predict(3, {}))).toMatchObject({ code: "invalid_request" });
    expect(ordersOf(space)).toEqual([]);
    await client.close();
  });

  it("are read when they are given", async () => {
    await using space = await startKitchen();
    const client = connectSpace(space.origin);
    const inputs = { dish: "pie" };
    const asked = client.predict("/order", inputs);
    inputs.dish = "soup";
    await asked;
    expect(ordersOf(space)).toEqual([[2, "pie", null, false]]);
    await client.close();
  });

  it("are refused only by what the Space is now, though it was read long ago", async () => {
    const time = useVirtualTime();
    await using space = await startKitchen();
    const client = connectSpace(space.origin);
    await client.endpoints();
    const named = structuredClone(KITCHEN_INFO);
    named.named_endpoints["/order"].parameters[1] = {
      ...named.named_endpoints["/order"].parameters[1]!,
      parameter_name: "meal",
    };
    space.handlers.other = ({ reply }) => reply(200, named);
    expect(await rejection(client.predict("/order", { meal: "pie" }))).toMatchObject({ code: "invalid_request" });
    await time.pass(10_001);
    const order = client.predict("/order", { meal: "pie" });
    await until(() => ordersOf(space).length === 1);
    expect(await order).toEqual(["done", null]);
    await time.pass(10_001);
    expect((await client.endpoints())[0]?.parameters[1]?.name).toBe("meal");
    await client.close();
  });

  it.each([new Map(), new Uint8Array(1), new Date(0), "text", 7, null])("are no %o", async (inputs) => {
    const client = connectSpace("http://127.0.0.1:9");
    expect(await rejection(client.predict("/order", inputs as never))).toBeInstanceOf(TypeError);
  });
});

describe("a list that lacks inputs", () => {
  it("has the defaults of what is missing, and costs no `/info` where none is", async () => {
    await using space = await startKitchen();
    const client = connectSpace(space.origin);
    for (const inputs of [
      [3, "pie"],
      [3, "pie", true],
      [3, "pie", null, true],
    ]) {
      await client.predict("/order", inputs);
      // `/config` is read behind the first one.
      await client.close();
    }
    expect(ordersOf(space).slice(1)).toEqual([
      [3, "pie", null, true],
      [3, "pie", null, true],
    ]);
    expect(space.log).not.toContain("other");
    await client.predict("/order", [undefined, "pie"]);
    expect(ordersOf(space).at(-1)).toEqual([2, "pie", null, false]);
    await client.close();
  });

  it.each([
    ["and is run with them", [3, "pie"], { value: ["done", null] }],
    ["and is refused where one is required", [3], { code: "invalid_request" }],
  ])("of a first call that its server refuses is looked up then %s", async (_, inputs, outcome) => {
    await using space = await startKitchen({
      data: (exchange) => says(isWhole(space.requests) ? DONE : failed({ error: null }))(exchange),
    });
    const client = connectSpace(space.origin);
    const seen = await client.predict("/order", inputs).then(
      (value) => ({ value }),
      (error: unknown) => error,
    );
    expect(seen).toMatchObject(outcome);
    await client.close();
  });

  it("is not looked up where its app failed for a reason of its own", async () => {
    await using space = await startTestSpace({ data: says(failed({ error: "No." }, "event-1")) });
    const client = connectSpace(space.origin);
    expect(await rejection(client.predict("/chat", ["x"]))).toMatchObject({ code: "space_error", message: "No." });
    expect(space.log).toEqual(["call", "data"]);
    await client.close();
  });
});

const MANY = Array.from({ length: 10_000 }, () => 1);

const DONE = { msg: "process_completed", event_id: "event-1", output: { data: ["done", null] }, success: true };

function isWhole(requests: readonly { readonly route: string; readonly json: unknown }[]): boolean {
  const job = requests.findLast(({ route }) => route === "join" || route === "call");
  return job !== undefined && (job.json as { readonly data: readonly unknown[] }).data.length === 4;
}

describe("describe()", () => {
  it("says what the page `Use via API` says, for a person to read and without escape sequences", async () => {
    await using space = await startKitchen();
    const client = connectSpace(space.origin);
    expect(await client.describe()).toBe(
      [
        `${space.origin}/ (Gradio 6.31.0) has 1 endpoint, and 2 that it does not document.`,
        "",
        "/order(amount, dish, constructor): Takes an order.",
        "  amount: string = 2 (Amount, slider, from 1 to 9)",
        '  dish: string, required (Dish, dropdown, one of "soup" | "pie")',
        "  constructor: string = false (checkbox)",
        "  → Answer: string, more than once",
      ].join("\n"),
    );
    await client.close();
  });

  it("is of bounded memory: of a config of millions of inputs not all are described", async () => {
    const dependencies = Array.from({ length: 40 }, (_, id) => ({ id, api_name: `e${id}`, inputs: MANY }));
    await using space = await startKitchen({ config: ({ reply }) => reply(200, configOf({ dependencies })) });
    const client = connectSpace(space.origin);
    const endpoints = await client.endpoints();
    expect(endpoints).toHaveLength(40);
    expect(endpoints.reduce((sum, { parameters }) => sum + parameters.length, 0)).toBeLessThanOrEqual(200_000);
    await client.close();
  });

  it("is of bounded work, whatever schemas and defaults are, and so is `endpoints()`", async () => {
    const schema = `${'{"type":"array","items":'.repeat(2000)}{}${"}".repeat(2000)}`;
    const value = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    const choices = JSON.stringify(Array.from({ length: 5000 }, (_, index) => `${index}`));
    const component = `{"id":1,"type":"json","props":{"value":${value},"choices":${choices}},"api_info":${schema}}`;
    const dependencies = Array.from({ length: 3000 }, (_, id) => ({
      id,
      api_name: `e${id}`,
      inputs: [1],
      outputs: [1],
    }));
    const config = JSON.stringify(configOf({ components: [7], dependencies })).replace("[7]", `[${component}]`);
    await using space = await startKitchen({ config: ({ reply }) => reply(200, config) });
    const client = connectSpace(space.origin);
    const startedAt = performance.now();
    expect(await client.describe()).toContain("has 3000 endpoints");
    expect(await client.endpoints()).toHaveLength(3000);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    await client.close();
  });
});
