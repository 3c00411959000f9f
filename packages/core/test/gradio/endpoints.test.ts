import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { KITCHEN, KITCHEN_INFO, startKitchen } from "../servers/kitchen.ts";
import { configOf } from "../servers/test-space.ts";
import { rejection } from "../servers/waiting.ts";

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

const MANY = Array.from({ length: 10_000 }, () => 1);

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
