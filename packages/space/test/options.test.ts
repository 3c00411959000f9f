import { createRouter } from "@qwen/core";
import { describe, expect, test } from "vitest";

import { space } from "../src/index.ts";
import type { SpaceOptions } from "../src/index.ts";

/** An object with one field that throws when it is read. */
function throwing(name: PropertyKey): object {
  const get = (): never => {
    throw new RangeError("boom");
  };
  return Object.defineProperty({}, name, { enumerable: true, get });
}

describe("what is wrong is a TypeError that names it, when a provider is made", () => {
  const wrong: readonly (readonly [target: unknown, options: unknown, said: RegExp])[] = [
    ["owner", {}, /Not a Space: "owner"/],
    ["ftp://host/", {}, /Not a Space/],
    [undefined, {}, /Not a Space/],
    ["https://user:secret@host/", {}, /cannot hold a user and password/],
    ["owner/name", { endpiont: "chat" }, /no option "endpiont"/],
    ["owner/name", { __proto__: null, spcae: 1 }, /no option "spcae"/],
    ["owner/name", { id: "a/b" }, /`id` must be/],
    ["owner/name", { id: "" }, /`id` must be/],
    ["owner/name", { endpoint: "" }, /`endpoint` must be/],
    ["owner/name", { endpoint: -1 }, /`endpoint` must be/],
    ["owner/name", { endpoint: Number.NaN }, /`endpoint` must be/],
    ["owner/name", { answer: 0.5 }, /`answer` must be/],
    ["owner/name", { inputs: ["message"] }, /`inputs` must be/],
    ["owner/name", { inputs: { Box: "question" } }, /`inputs\["Box"\]` must be "message"/],
    ["owner/name", { inputs: { Box: { setting: "warmth" } } }, /`inputs\["Box"\]` must be/],
    ["owner/name", { inputs: { Box: { value: () => 1 } } }, /`inputs\["Box"\]` must be/],
    ["owner/name", { inputs: { Box: { value: 1n } } }, /`inputs\["Box"\]` must be/],
    ["owner/name", { inputs: new Map([["Box", "message"]]) }, /`inputs` must be an object/],
    ["owner/name", { inputs: { Box: "message", Other: "message" } }, /"Box" and "Other" the same role/],
    [
      "owner/name",
      { inputs: { Box: { setting: "seed" }, Other: { setting: "seed" } } },
      /"Box" and "Other" the same role/,
    ],
    ["owner/name", { inputs: { Box: null } }, /`inputs\["Box"\]` must be/],
    ["owner/name", { timeouts: { idleMs: -1 } }, /idleMs/],
    ["owner/name", null, /`options` must be an object/],
    ["owner/name", new Map([["id", "x"]]), /`options` must be an object of options/],
    ["owner/name", { inputs: { Box: { setting: "seed", value: 3 } } }, /`inputs\["Box"\]` must be/],
    ["owner/name", { inputs: { Box: { value: 3, seting: "seed" } } }, /`inputs\["Box"\]` must be/],
    [{ toString: null }, {}, /Not a Space/],
  ];

  test.each(wrong)("%s with %o", (target, options, said) => {
    const make = (): unknown => space(target as string, options as SpaceOptions);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(said);
  });

  test.each<readonly [string, () => object, RegExp]>([
    ["an option", () => throwing("endpoint"), /`options.endpoint` cannot be read, it throws/],
    ["one of the client", () => throwing("token"), /`options.token` cannot be read, it throws/],
    ["an input", () => ({ inputs: throwing("Box") }), /`inputs` cannot be read, it throws/],
    ["all inputs", () => ({ inputs: throwing(Symbol.toStringTag) }), /`inputs` cannot be read, it throws/],
    ["a role", () => ({ inputs: { Box: throwing("setting") } }), /`inputs\["Box"\]` cannot be read, it throws/],
  ])("%s that throws when it is looked at", (_, options, said) => {
    expect(() => space("owner/name", options())).toThrow(said);
  });

  test("and a value is taken as JSON tells it", () => {
    space("owner/name", { inputs: { Box: { value: { at: new Date(0), done() {} } }, A: "ignore", B: "ignore" } });
  });

  test("and nothing else is, an explicit undefined least of all", () => {
    space("owner/name", { id: undefined, endpoint: undefined, inputs: { Box: undefined as never }, answer: undefined });
  });
});

describe("the id of a provider and its model", () => {
  test.each([
    ["Owner/Some.Name_1", "owner-some.name_1"],
    ["https://huggingface.co/spaces/Owner/Name?logs=build", "owner-name"],
    ["hf.co/spaces/Owner/Name/tree/main", "owner-name"],
    ["https://owner-name.hf.space", "owner-name.hf.space"],
    ["owner-name.hf.space", "owner-name.hf.space"],
    ["http://127.0.0.1:7860", "127.0.0.1-7860"],
    ["http://127.0.0.1:7860/app/", "127.0.0.1-7860-app"],
  ])("of %s is %s", (target, id) => {
    const provider = space(target);
    expect(provider.id).toBe(id);
    expect(provider.models[0].id).toBe(id);
  });

  test("is the one that is given", () => {
    const provider = space("https://host.test/", { id: "mine" });
    const id: "mine" = provider.id;
    expect(id).toBe("mine");
  });

  test("is a name of the router", async () => {
    await using router = createRouter({ plugins: [space("Owner/Name"), space("https://host.test/", { id: "mine" })] });
    const names: readonly ("owner-name" | "mine")[] = ["owner-name", "mine"];
    for (const name of names) expect(router.has(name)).toBe(true);
    // @ts-expect-error a name that is none of them
    expect(() => router.stream({ model: "other", messages: [] })).not.toThrow();
  });

  test("is known to the compiler where the target is a repository", () => {
    const id: "owner-name" = space("Owner/Name").id;
    expect(id).toBe("owner-name");
  });
});
