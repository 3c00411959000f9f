import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { QwenError } from "../../src/errors.ts";
import { describeEndpoints } from "../../src/gradio/endpoint-descriptions.ts";
import { argumentsFor } from "../../src/gradio/named-arguments.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import { KITCHEN_INFO, ordersOf, startKitchen } from "../servers/kitchen.ts";
import { failed, says, startTestSpace } from "../servers/test-space.ts";
import { rejection, until, useVirtualTime } from "../servers/waiting.ts";

test("whatever a Space says of itself, its endpoints can be told and their inputs made, or refused in the family", () => {
  const names = fc.constantFrom("a", "__proto__", "constructor", "toString", "");
  const ids = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.jsonValue({ maxDepth: 1 }));
  const component = fc.record(
    { id: ids, type: fc.jsonValue(), props: fc.jsonValue(), skip_api: fc.jsonValue() },
    { requiredKeys: [] },
  );
  const dependency = fc.record(
    {
      id: ids,
      api_name: fc.oneof(names, fc.jsonValue()),
      inputs: fc.oneof(fc.array(ids), fc.jsonValue()),
      outputs: fc.array(ids),
      types: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const config = fc.oneof(
    fc.jsonValue(),
    fc.record({ components: fc.array(component), dependencies: fc.array(dependency) }),
  );
  const parameters = fc.array(
    fc.oneof(fc.jsonValue(), fc.record({ parameter_name: names, parameter_has_default: fc.jsonValue() })),
  );
  const info = fc.oneof(
    fc.jsonValue(),
    fc.record({
      named_endpoints: fc.dictionary(
        names.map((name) => `/${name}`),
        fc.record({ parameters }),
      ),
    }),
  );
  const given = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(names, fc.jsonValue()));
  fc.assert(
    fc.property(config, info, given, (told, more, inputs) => {
      for (const described of describeEndpoints(told, more)) {
        try {
          const made = argumentsFor(described, inputs);
          expect(made).toHaveLength(described.slots?.length ?? made.length);
        } catch (error) {
          if (!QwenError.isInstance(error) || error.code !== "invalid_request") throw error;
        }
      }
    }),
    { numRuns: 300 },
  );
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

  it("nor one with too many: a first call is refused, though its server passes over what is too much", async () => {
    await using space = await startKitchen();
    const client = connectSpace(space.origin);
    for (let call = 0; call < 2; call += 1)
      expect(await rejection(client.predict("/order", [3, "pie", null, true, 5]))).toMatchObject({
        code: "invalid_request",
        message: expect.stringContaining("takes 3 arguments, and got 5"),
      });
    expect(ordersOf(space)).toHaveLength(1);
    await client.close();
  });

  it("is no reason to wait for long where `/config` cannot be read", async () => {
    const time = useVirtualTime();
    await using space = await startKitchen({ config: () => {} });
    const client = connectSpace(space.origin);
    const answer = client.predict("/order", [3, "pie", true]);
    await until(() => space.log.includes("config"));
    await time.pass(5000);
    expect(await answer).toEqual(["done", null]);
    await time.pass(5000);
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

const DONE = { msg: "process_completed", event_id: "event-1", output: { data: ["done", null] }, success: true };

function isWhole(requests: readonly { readonly route: string; readonly json: unknown }[]): boolean {
  const job = requests.findLast(({ route }) => route === "join" || route === "call");
  return job !== undefined && (job.json as { readonly data: readonly unknown[] }).data.length === 4;
}
