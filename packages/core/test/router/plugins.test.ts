import { describe, expect, test } from "vitest";

import type { Plugin, PluginObject, Registry } from "../../src/router/plugin.ts";
import type { RouterEvent } from "../../src/router/observers.ts";
import { createRouter, type Router } from "../../src/router/router.ts";
import { bySize, expectLinear } from "../cost.ts";
import { collect, finish, messages, scripted, text } from "./scripted.ts";

const talker = (id: string, ...models: string[]) =>
  scripted(id, [[text(`I am ${id}`), finish]], {
    models: [{ id: models[0] ?? "m", aliases: models.slice(1) }],
  });

/** A plugin in JavaScript. */
const plugin = (name: string, register: (registry: Registry<string, string>) => unknown): PluginObject => ({
  name,
  register: register as PluginObject["register"],
});
const routerOf = (plugins: readonly Plugin[], routes: object = {}): Router => createRouter({ plugins, routes });
const told = (router: Router): readonly string[] =>
  router.names.map(({ name, kind, candidates }) =>
    [name, kind, ...candidates.map(({ provider, model }) => `${provider}/${model.id}`)].join(" "),
  );

describe("a route of a plugin", () => {
  const preset = plugin("preset", (registry) =>
    registry
      .provider(talker("a", "a-1", "big"))
      .provider(talker("b", "b-1", "small"))
      .route("smart", ["big", "b/small"])
      .route("any", ["smart", "a-1"])
      .route("one", "small"),
  );

  test("is a name like any other, which leads to what the plugin has registered, each once", async () => {
    const router = routerOf([preset]);
    expect(told(router).filter((one) => one.includes(" route "))).toEqual([
      "smart route a/a-1 b/b-1",
      "any route a/a-1 b/b-1",
      "one route b/b-1",
    ]);
    expect(router.has("any")).toBe(true);
    expect((await router.complete({ model: "one", messages })).provider).toBe("b");
    expect(router.find({}).map(({ name }) => name)).toContain("smart");
  });

  test("may be led to by the user's routes, and is told where a name is unknown", async () => {
    const router = routerOf([preset], { best: ["one", "smart"] });
    expect(told(router)[0]).toBe("best route b/b-1 a/a-1");
    expect((await router.complete({ model: "best", messages })).provider).toBe("b");
    expect((await collect(router.stream({ model: "smrt", messages }))).error).toMatchObject({ suggestion: "smart" });
  });

  test("gives way to the user's route of that name, and to nobody's else", async () => {
    const router = routerOf([preset], { smart: "small", "a-1": "b-1" });
    expect(told(router).filter((one) => one.startsWith("smart "))).toEqual(["smart route b/b-1"]);
    // What it leads to by itself stays what its plugin meant.
    expect((await router.complete({ model: "any", messages })).provider).toBe("a");
    const clashing = plugin("other", (registry) => registry.provider(talker("c", "c-1")).route("smart", "c-1"));
    expect(() => routerOf([preset, clashing], { smart: "c-1" })).not.toThrow();
    expect(() => routerOf([preset, talker("c", "smart")], { smart: "a-1" })).not.toThrow();
  });

  test("leads to its plugin's own model, whoever else serves one of that name", async () => {
    const router = routerOf([talker("z", "z-1", "big", "small"), preset]);
    expect((await router.complete({ model: "smart", messages })).provider).toBe("a");
    expect((await collect(router.stream({ model: "big", messages }))).error).toMatchObject({ code: "ambiguous_model" });
  });

  test("comes with use() as well, all of the plugin or none of it", async () => {
    const router = routerOf([talker("z", "z-1")]);
    router.use(preset);
    expect((await router.complete({ model: "smart", messages })).provider).toBe("a");
    const clash = plugin("clash", (registry) =>
      registry
        .provider(talker("c", "c-1"))
        .route("new", "c-1")
        .route("smart", "c-1")
        .observe(() => {}),
    );
    expect(() => router.use(clash)).toThrow(TypeError);
    expect([router.has("c-1"), router.has("new")]).toEqual([false, false]);
    expect(() => router.use(talker("d", "one"))).toThrow(TypeError);
    expect(router.has("d/one")).toBe(false);
    expect((await router.complete({ model: "one", messages })).provider).toBe("b");
  });

  test.each<[string, readonly Plugin[], RegExp]>([
    [
      "of two plugins",
      [preset, plugin("twin", (to) => to.provider(talker("c", "c-1")).route("smart", "c-1"))],
      /Plugins "preset" and "twin" both register a route "smart"/,
    ],
    [
      "twice in one plugin",
      [plugin("twice", (to) => to.provider(talker("c", "c-1")).route("x", "c-1").route("x", "c/c-1"))],
      /Plugin "twice" registers two routes "x"/,
    ],
    [
      "called as another plugin's model is",
      [preset, talker("c", "smart")],
      /The route "smart" of plugin "preset" is called as "c\/smart" of plugin "c" is/,
    ],
    [
      "called as another plugin's model is, whoever came first",
      [talker("c", "c-1", "smart"), preset],
      /The route "smart" of plugin "preset" is called as "c\/c-1" of plugin "c" is/,
    ],
    [
      "called as a model of its own is",
      [plugin("own", (to) => to.provider(talker("c", "c-1", "x")).route("x", "c/c-1"))],
      /The route "x" of plugin "own" is called as "c\/c-1" of plugin "own" is/,
    ],
    [
      "called as a `provider/model` is",
      [talker("c", "c-1"), plugin("full", (to) => to.provider(talker("d", "d-1")).route("c/c-1", "d-1"))],
      /The route "c\/c-1" of plugin "full" is called as "c\/c-1" of plugin "c" is/,
    ],
  ])("that is %s is a TypeError that names both, and the remedy", (_, plugins, message) => {
    expect(() => routerOf(plugins)).toThrow(TypeError);
    expect(() => routerOf(plugins)).toThrow(message);
    expect(() => routerOf(plugins)).toThrow(/another name|Leave one of them out/);
  });

  test.each<[string, (registry: Registry<string, string>) => unknown, RegExp]>([
    [
      "that nobody has",
      (to) => to.provider(talker("c", "c-1")).route("x", "c-2"),
      /leads to "c-2", .*did you mean "c-1"/i,
    ],
    [
      "that another plugin has",
      (to) => to.route("x", "z-1"),
      /The route "x" of plugin "p" leads to "z-1", which the plugin has not registered so far/,
    ],
    [
      "that another plugin has, in full",
      (to) => to.provider(talker("c", "c-1")).route("x", ["c-1", "z/z-1"]),
      /"z\/z-1"/,
    ],
    ["that it registers only later", (to) => to.route("x", "c-1").provider(talker("c", "c-1")), /registered so far/],
    ["that is the route itself", (to) => to.route("x", "x"), /leads to "x"/],
    [
      "with two meanings",
      (to) =>
        to
          .provider(talker("c", "c-1", "y"))
          .provider(talker("d", "d-1", "y"))
          .route("x", "y"),
      /leads to "y", which means "c\/c-1" and "d\/d-1".*"provider\/model"/,
    ],
    ["that is none", (to) => to.route("x", [5 as never]), /must lead to names, which are strings/],
    ["that is a hole", (to) => to.route("x", Array.from({ length: 1 }) as never), /must lead to names/],
    ["that is long", (to) => to.route("x", "y".repeat(1e6)), /leads to "y{100}…"/],
  ])("to a name %s is a TypeError that names plugin and route, and nothing is added", (_, register, message) => {
    const plugins = [talker("z", "z-1"), plugin("p", register)];
    expect(() => routerOf(plugins)).toThrow(TypeError);
    expect(() => routerOf(plugins)).toThrow(message);
    expect(() => routerOf(plugins)).toThrow(/plugin "p"/);
    const router = routerOf([talker("z", "z-1")]);
    expect(() => router.use(plugins[1]!)).toThrow(message);
    expect(router.names.map(({ name }) => name)).toEqual(["z-1"]);
  });

  test.each<[unknown, unknown, RegExp]>([
    ["", "c-1", /needs a name/],
    [undefined, "c-1", /needs a name/],
    [7, "c-1", /needs a name/],
    ["x", [], /needs at least one name to lead to/],
    ["x", undefined, /needs at least one name/],
    ["x", null, /needs at least one name/],
    ["x", Promise.resolve("c-1"), /needs at least one name/],
  ])("%o to %o is a TypeError", (name, targets, message) => {
    const careless = plugin("p", (to) => to.provider(talker("c", "c-1")).route(name as string, targets as string));
    expect(() => routerOf([careless])).toThrow(TypeError);
    expect(() => routerOf([careless])).toThrow(message);
  });

  test.each(["constructor", "__proto__", "toString"])("may be called %s", async (name) => {
    const router = routerOf([plugin("p", (to) => to.provider(talker("c", "c-1")).route(name, "c-1"))]);
    expect((await router.complete({ model: name, messages })).provider).toBe("c");
  });

  test("is read when it is registered, not later", async () => {
    const targets = ["c-1"];
    const router = routerOf([plugin("p", (to) => to.provider(talker("c", "c-1")).route("x", targets))]);
    targets[0] = "nothing";
    expect((await router.complete({ model: "x", messages })).provider).toBe("c");
  });

  test("costs what it is, one of many", () => {
    const manyOf = bySize((size) =>
      plugin("many", (to) => {
        to.provider(talker("c", "c-1"));
        for (let index = 0; index < size; index += 1) to.route(`r${index}`, index === 0 ? "c-1" : `r${index - 1}`);
      }),
    );
    return expectLinear((size) => {
      expect(routerOf([manyOf(size)]).find({})).toHaveLength(size + 1);
    }, 2000);
  });
});

describe("an observer of a plugin", () => {
  test("is told what the router's own are, from the first call on", async () => {
    const [heard, own]: [RouterEvent["type"][], RouterEvent["type"][]] = [[], []];
    const telemetry = plugin("telemetry", (to) => to.observe(({ type }) => void heard.push(type)));
    const router = routerOf([telemetry, talker("a", "a-1")]);
    router.observe(({ type }) => void own.push(type));
    await router.complete({ model: "a-1", messages });
    expect(heard).toContain("attempt-ended");
    expect(heard).toEqual(own);
  });

  test("comes with use(), and not with a plugin that is refused", async () => {
    let events = 0;
    const counting = (id: string) =>
      plugin("counting", (to) => to.provider(talker(id, `${id}-1`)).observe(() => void events++));
    const router = routerOf([talker("a", "a-1")]);
    expect(() => router.use(counting("a"))).toThrow(TypeError);
    await router.complete({ model: "a-1", messages });
    expect(events).toBe(0);
    router.use(counting("b"));
    await router.complete({ model: "a-1", messages });
    expect(events).toBeGreaterThan(0);
  });

  test("that throws, or rejects, disturbs nothing", async () => {
    const rejecting: () => unknown = async () => {
      throw new Error("later");
    };
    const throwing = plugin("p", (to) =>
      to
        .observe(() => {
          throw new Error("no");
        })
        .observe(rejecting),
    );
    expect((await routerOf([throwing, talker("a", "a-1")]).complete({ model: "a-1", messages })).text).toBe("I am a");
  });

  test.each([undefined, null, "log", {}])("that is %o is a TypeError that names the plugin", (observer) => {
    const careless = plugin("p", (to) => to.observe(observer as never));
    expect(() => routerOf([careless])).toThrow(TypeError);
    expect(() => routerOf([careless])).toThrow(/plugin "p".*function/i);
  });
});

test.each<[string, (registry: Registry<string, string>) => unknown]>([
  ["a provider", (late) => late.provider(talker("c", "c-1"))],
  ["a route", (late) => late.route("x", "a-1")],
  ["an observer", (late) => late.observe(() => {})],
])("%s that is registered once register() has returned is a TypeError, since nobody would get it", (_, register) => {
  let kept: Registry<string, string> | undefined;
  const router = routerOf([plugin("late", (to) => (kept = to).provider(talker("a", "a-1")))]);
  expect(() => register(kept!)).toThrow(/Plugin "late" must register at once/);
  expect(router.names).toHaveLength(1);
});
