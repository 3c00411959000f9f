import { describe, expect, test } from "vitest";

import type { ModelInfo, Provider } from "../../src/provider.ts";
import type { Plugin } from "../../src/router/plugin.ts";
import { registeredBy } from "../../src/router/registration.ts";
import { createNames, type Names } from "../../src/router/registry.ts";
import type { Routes } from "../../src/router/routes.ts";
import { bySize, expectLinear } from "../cost.ts";
import { capabilities, scripted } from "./scripted.ts";

const model = (id: string, ...aliases: string[]): ModelInfo => ({ id, aliases, capabilities });
const provider = (id: string, ...models: [ModelInfo, ...ModelInfo[]]): Provider => scripted(id, [], { models });

const max = provider("max", model("qwen-2.5-max", "qwen-max", "max-latest"));
const mirror = provider("mirror", model("qwen-2.5-max", "qwen-max"));
const small = provider("small", model("qwen-2-72b", "qwen-72b"), model("Qwen/slashed"));

const namesOf = (plugins: readonly Plugin[], routes: Routes): Names => createNames(plugins.map(registeredBy), routes);

function found(plugins: readonly Plugin[], name: string, routes: Routes = {}): readonly string[] {
  return namesOf(plugins, routes)
    .find(name)
    .map((entry) => `${entry.provider.id}/${entry.model.id}`);
}

describe("a name", () => {
  test.each(["qwen-2.5-max", "qwen-max", "max-latest", "max/qwen-2.5-max", "max/max-latest"])("may be %s", (name) => {
    expect(found([max, small], name)).toEqual(["max/qwen-2.5-max"]);
  });

  test("of a provider and its model's id leads to that model, whichever other one of it has the id for an alias", () => {
    const both = provider("p", model("first", "second"), model("second"), model("third", "second"));
    expect(found([both], "p/second")).toEqual(["p/second"]);
    expect(
      found([{ name: "backwards", register: (to) => to.provider(provider("p", model("b"), model("a", "b"))) }], "p/b"),
    ).toEqual(["p/b"]);
    expect(() => found([both], "second")).toThrow(/Ask for one of them as "provider\/model"/);
  });

  test("with a slash is looked up exactly before it is split at the first slash", () => {
    expect(found([small], "Qwen/slashed")).toEqual(["small/Qwen/slashed"]);
    expect(found([small], "small/Qwen/slashed")).toEqual(["small/Qwen/slashed"]);
  });

  test.each<[string, readonly Plugin[]]>([
    ["a model id", [provider("Qwen", model("slashed")), small]],
    ["a model id, whoever came first", [small, provider("Qwen", model("slashed"))]],
    ["an alias", [max, provider("other", model("m", "max/qwen-max"))]],
    ["an alias, by an alias", [provider("other", model("m", "max/max-latest")), max]],
    [
      "an alias within one plugin",
      [{ name: "both", register: (to) => to.provider(max).provider(provider("b", model("m", "max/qwen-max"))) }],
    ],
  ])("that is another provider's `provider/model` is a TypeError that names both: %s", (_, plugins) => {
    expect(() => namesOf(plugins, {})).toThrow(TypeError);
    expect(() => namesOf(plugins, {})).toThrow(/The name ".+" of ".+" of plugin ".+" is the full name of ".+"/);
  });

  test("that is another provider's `provider/model` adds nothing to the names", () => {
    const names = namesOf([max], {});
    expect(() => names.add(registeredBy(provider("other", model("m", "max/qwen-max"))))).toThrow(TypeError);
    expect(names.has("m")).toBe(false);
    expect(names.has("other/m")).toBe(false);
    names.add(registeredBy(provider("other", model("m", "max/none", "other/m"))));
    expect(names.find("max/none")).toHaveLength(1);
  });

  test.each([undefined, null, 5, "", {}, ["qwen-max"], Symbol("x"), "constructor", "__proto__", "toString"])(
    "that is none is no_such_model: %s",
    (name) => {
      const names = namesOf([max], {});
      expect(names.has(name)).toBe(false);
      expect(() => names.find(name as string)).toThrow(expect.objectContaining({ code: "no_such_model" }));
    },
  );

  test.each([undefined, null, 5, "", {}])("that is missing is said to be, not made up: %s", (name) => {
    expect(() => namesOf([max], {}).find(name as string)).toThrow(
      expect.objectContaining({
        model: "",
        message: expect.stringMatching(/^The request has no `model` that is a name\. Known names: /),
      }),
    );
  });

  test.each(["constructor", "__proto__", "toString"])("may be %s, of whatever has it", (name) => {
    const plugins = [provider(name, model(name, `${name}s`)), max];
    const routes = JSON.parse(`{ "${name}er": ["${name}"], "x": "${name}er" }`) as Routes;
    for (const asked of [name, `${name}s`, `${name}/${name}`, `${name}er`, "x"])
      expect(found(plugins, asked, routes)).toEqual([`${name}/${name}`]);
    expect(found(plugins, name, JSON.parse(`{ "${name}": "qwen-max" }`) as Routes)).toEqual(["max/qwen-2.5-max"]);
  });

  test.each([
    ["long", (size: number) => "q".repeat(400 * size)],
    ["unknown", () => "alias-x"],
    ["long and wide", (size: number) => "\ud83d\ude00".repeat(size)],
  ])("that is %s among many costs what they are, and is cut in the message", (_, nameOf) => {
    const manyOf = bySize((size) => {
      const aliases = Array.from({ length: size }, (_unused, index) => `alias-${index}`);
      return namesOf([provider("many", model("m", ...aliases))], {});
    });
    return expectLinear((size) => {
      expect(() => manyOf(size).find(nameOf(size))).toThrow(
        expect.objectContaining({ code: "no_such_model", message: expect.stringMatching(/^.{1,2000}$/u) }),
      );
    }, 5000);
  });

  test("of a model that several providers serve stands for each, in the order registered", () => {
    expect(found([mirror, max], "qwen-max")).toEqual(["mirror/qwen-2.5-max", "max/qwen-2.5-max"]);
    expect(found([mirror, max], "max/qwen-max")).toEqual(["max/qwen-2.5-max"]);
  });

  test("that nobody has is no_such_model, with the nearest known name", () => {
    expect(() => found([max, small], "qwen-2.5-mx")).toThrow(
      expect.objectContaining({ code: "no_such_model", model: "qwen-2.5-mx", suggestion: "qwen-2.5-max" }),
    );
    expect(() => found([max], "gpt")).toThrow(
      'No provider serves "gpt". Known names: qwen-2.5-max, qwen-max, max-latest.',
    );
    expect(() => found([max], "max/gpt")).toThrow(expect.objectContaining({ code: "no_such_model" }));
    expect(() => found([max], "/")).toThrow(expect.objectContaining({ code: "no_such_model" }));
  });

  test("with two meanings throws when it is used, naming both plugins and the remedy", () => {
    const other = provider("other", model("qwen-max-1", "qwen-max"));
    const names = namesOf([max, other], {});
    expect(names.has("qwen-max")).toBe(true);
    expect(() => names.find("qwen-max")).toThrow(
      expect.objectContaining({
        code: "ambiguous_model",
        message:
          '"qwen-max" means "max/qwen-2.5-max" of plugin "max" and "other/qwen-max-1" of plugin "other". ' +
          'Ask for one of them as "provider/model", or add a route "qwen-max" to the one you mean.',
      }),
    );
    expect(found([max, other], "other/qwen-max")).toEqual(["other/qwen-max-1"]);
    expect(found([max, other], "qwen-max", { "qwen-max": "other/qwen-max" })).toEqual(["other/qwen-max-1"]);
  });
});

describe("a route", () => {
  test("is tried in its order, each model once", () => {
    const routes = { smart: ["qwen-72b", "qwen-max", "mirror/qwen-max"] };
    expect(found([max, mirror, small], "smart", routes)).toEqual([
      "small/qwen-2-72b",
      "max/qwen-2.5-max",
      "mirror/qwen-2.5-max",
    ]);
  });

  test("may lead to other routes and wins over the names of plugins", () => {
    const routes = { smart: ["best", "qwen-72b"], best: "max/qwen-max", "qwen-max": ["mirror/qwen-max"] };
    expect(found([max, mirror, small], "smart", routes)).toEqual(["max/qwen-2.5-max", "small/qwen-2-72b"]);
    expect(found([max, mirror, small], "qwen-max", routes)).toEqual(["mirror/qwen-2.5-max"]);
  });

  test("in a circle is an error at creation that shows the circle", () => {
    expect(() => namesOf([max], { a: ["qwen-max", "b"], b: "c", c: "a" })).toThrow(
      new TypeError('The route "a" leads back to itself: a → b → c → a.'),
    );
    expect(() => namesOf([max], { "qwen-max": ["qwen-max"] })).toThrow(TypeError);
  });

  test("to nowhere is an error at creation that names the route", () => {
    expect(() => namesOf([max], { smart: ["qwen-mx"] })).toThrow(
      expect.objectContaining({
        code: "no_such_model",
        message: 'The route "smart" leads to "qwen-mx", which no provider serves. Did you mean "qwen-max"?',
      }),
    );
    expect(() => namesOf([max], { smart: [] })).toThrow(TypeError);
  });

  test.each<[string, unknown]>([
    ["a route without a name", { "": "qwen-max" }],
    ["a target that is no name", { smart: 5 }],
    ["a list with a hole", { smart: Array.from({ length: 1 }) }],
    ["null", { smart: null }],
    ["an array of routes", ["qwen-max"]],
    ["no routes at all", null],
  ])("that is %s is a TypeError", (_, routes) => {
    expect(() => namesOf([max], routes as Routes)).toThrow(TypeError);
  });

  test("that is undefined is not set", () => {
    expect(namesOf([max], { smart: undefined }).has("smart")).toBe(false);
  });

  test("is followed once, however many lead to it and however deep", () =>
    expectLinear((deepest) => {
      const routes: Record<string, readonly string[]> = { r0: ["qwen-max", "qwen-72b"] };
      for (let depth = 1; depth <= deepest; depth += 1) routes[`r${depth}`] = [`r${depth - 1}`, `r${depth - 1}`];
      const names = namesOf([max, small], routes);
      expect(names.find(`r${deepest}`).map((entry) => entry.provider.id)).toEqual(["max", "small"]);
    }, 20_000));
});

test("routes that lead to more and more are checked in a time that grows with them", () =>
  expectLinear((count) => {
    const ids = Array.from({ length: count }, (_, index) => `m${index}`);
    const routes = Object.fromEntries(
      ids.map((id, index) => [`r${index}`, index === 0 ? [id] : [id, `r${index - 1}`]]),
    );
    const models = ids.map((id) => model(id)) as [ModelInfo, ...ModelInfo[]];
    const names = namesOf([{ id: "a", models, stream: max.stream }], routes);
    const entries = names.find(`r${count - 1}`);
    expect(entries).toHaveLength(count);
    expect(entries.slice(0, 2).map((entry) => entry.model.id)).toEqual([`m${count - 1}`, `m${count - 2}`]);
  }, 8000));

describe("a plugin", () => {
  test("may register several providers", () => {
    const both: Plugin = { name: "both", register: (registry) => registry.provider(max).provider(small) };
    expect(found([both], "qwen-72b")).toEqual(["small/qwen-2-72b"]);
  });

  test("with a provider id that is taken is refused, and none of its providers is added", () => {
    const names = namesOf([max], {});
    const clash: Plugin = { name: "clash", register: (registry) => registry.provider(small).provider(max) };
    expect(() => names.add(registeredBy(clash))).toThrow(
      new TypeError('Plugins "max" and "clash" both register a provider "max". Give one of them another id.'),
    );
    expect(names.has("qwen-72b")).toBe(false);
    expect(() => namesOf([max, max], {})).toThrow(TypeError);
  });

  test.each<[string, unknown, RegExp]>([
    ["a factory that was not called", () => max, /Was a factory passed without calling it/],
    ["null", null, /not null/],
    ["register that is no function", { name: "x", register: 1 }, /register must be a function/],
    ["a plugin without a name", { register: () => {} }, /needs a name/],
    ["register that returns a promise", { name: "x", register: async () => {} }, /returned a promise/],
    ["a provider without an id", { models: [], stream() {} }, /`id` must be a string/],
    ["an id with a slash", { id: "a/b", models: [model("m")], stream() {} }, /may not hold a "\/"/],
    ["a provider without a stream", { id: "a", models: [model("m")] }, /`stream` must be a function/],
    ["a provider without models", { id: "a", models: [], stream() {} }, /at least one model/],
    ["a model without an id", { id: "a", models: [{}], stream() {} }, /needs an `id`/],
    ["aliases that are no list", { id: "a", models: [{ id: "m", aliases: "n" }], stream() {} }, /must be an array/],
    ["aliases that are null", { id: "a", models: [{ id: "m", aliases: null }], stream() {} }, /must be an array/],
    ["a model without a name", { id: "a", models: [model("")], stream() {} }, /needs an `id`/],
    ["an alias without a name", { id: "a", models: [model("m", "")], stream() {} }, /every alias of "m"/],
    [
      "an alias that is none",
      { id: "a", models: [model("m", 5 as unknown as string)], stream() {} },
      /every alias of "m"/,
    ],
    ["two models of one id", { id: "a", models: [model("m"), model("m")], stream() {} }, /two of its models/],
    ["limits that are none", { ...max, timeouts: { idleMs: "5s" } }, /`timeouts.idleMs` must be/],
    [
      "capabilities that are none",
      { id: "a", models: [{ id: "m", capabilities: "text" }], stream() {} },
      /capabilities/,
    ],
    ["capabilities in a list", { id: "a", models: [{ id: "m", capabilities: ["text"] }], stream() {} }, /capabilities/],
  ])("from JavaScript that is %s is a TypeError that says so", (_, plugin, message) => {
    const create = () => namesOf([plugin as Plugin], {});
    expect(create).toThrow(TypeError);
    expect(create).toThrow(message);
  });
});

test("all names are listed with what they stand for, routes first", () => {
  const listed = namesOf([max, mirror], { smart: "qwen-max", "max-latest": "mirror/qwen-max" }).list();
  expect(listed.map(({ name, kind, entries }) => [name, kind, ...entries.map((entry) => entry.provider.id)])).toEqual([
    ["smart", "route", "max", "mirror"],
    ["max-latest", "route", "mirror"],
    ["qwen-2.5-max", "model", "max", "mirror"],
    ["qwen-max", "alias", "max", "mirror"],
  ]);
});
