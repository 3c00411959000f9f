import { describe, expect, test } from "vitest";

import { emulate } from "../../src/emulate/emulate.ts";
import type { Capabilities, ModelInfo, Provider } from "../../src/provider.ts";
import { createHealth } from "../../src/router/health.ts";
import { runAttempts } from "../../src/router/attempts.ts";
import { createRouter, type Router } from "../../src/router/router.ts";
import type { Logger } from "../../src/router/logger.ts";
import { chooseCandidate } from "../../src/router/strategy.ts";
import { wrapProvider } from "../../src/wrap-provider.ts";
import { finish, messages, scripted, text } from "./scripted.ts";

type Writable<Value> = { -readonly [Name in keyof Value]: Value[Name] };

const talker = (models: readonly [ModelInfo, ...ModelInfo[]]): Writable<Provider> => ({
  ...scripted("a", [[text("Hi"), finish]], { models }),
});
const routerOf = (provider: Provider): Router => createRouter({ plugins: [provider], routes: {} });

describe("a provider is read when it is registered", () => {
  test("what its owner makes of its names and limits later changes nothing", async () => {
    const models: [ModelInfo, ...ModelInfo[]] = [{ id: "m", aliases: ["one"], capabilities: { images: false } }];
    const provider = talker(models);
    const router = routerOf(provider);
    provider.id = "other";
    provider.timeouts = { totalMs: -1 };
    models.push({ id: "later" });
    (models[0].aliases as string[]).push("late");
    (models[0].capabilities as Writable<Capabilities>).images = true;
    expect(await router.complete({ model: "m", messages })).toMatchObject({ provider: "a", model: "m" });
    expect(router.health()).toMatchObject([{ provider: "a", model: "m" }]);
    const model = { id: "m", aliases: ["one"], capabilities: { images: false } };
    expect(router.names).toMatchObject([
      { name: "m", candidates: [{ provider: "a", model }] },
      { name: "one", candidates: [{ provider: "a", model }] },
    ]);
    expect(router.find({ images: true })).toEqual([]);
    provider.models = undefined as never;
    expect(router.health()).toHaveLength(1);
  });

  test("its `stream` and `close` are called on it", async () => {
    class Talker {
      readonly id = "mine";
      readonly models = [{ id: "m" }] as const;
      readonly #words = "Hi";
      #isClosed = false;

      async *stream() {
        yield await Promise.resolve(text(this.#words));
        yield finish;
      }

      async close() {
        this.#isClosed = await Promise.resolve(true);
      }

      get isClosed() {
        return this.#isClosed;
      }
    }
    const provider = new Talker();
    const router = routerOf(provider);
    expect((await router.complete({ model: "m", messages })).text).toBe("Hi");
    await router.close();
    expect(provider.isClosed).toBe(true);
  });

  test.each<readonly [object, RegExp]>([
    [{ images: "yes" }, /Provider "a" in plugins: `capabilities\.images` of "m" must be true or false/],
    [{ system: "none" }, /`capabilities\.system` of "m" must be "native" or "prompt"/],
    [{ settings: "temperature" }, /`capabilities\.settings` of "m" must be a list of strings/],
    [{ settings: [5] }, /`capabilities\.settings`/],
  ])("and refused where a capability is none: %o", (capabilities, message) => {
    expect(() => routerOf(talker([{ id: "m", capabilities }]))).toThrow(TypeError);
    expect(() => routerOf(talker([{ id: "m", capabilities }]))).toThrow(message);
  });

  test("and taken where it knows what only a newer SDK does", () => {
    const capabilities = { audio: true, settings: ["voice"] } as unknown as Capabilities;
    expect(routerOf(talker([{ id: "m", capabilities }])).has("m")).toBe(true);
  });

  test("and refused where its `close` is no function", () => {
    expect(() => routerOf({ ...talker([{ id: "m" }]), close: 5 as never })).toThrow(/`close` must be a function/);
  });
});

test("what stands around a provider takes no other object for one", () => {
  for (const none of [{ stream() {} }, { id: "a", stream() {} }, { models: [{ id: "m" }], stream() {} }]) {
    expect(() => wrapProvider(none as never, {})).toThrow(/`provider` must be an object with `id`, `models`/);
    expect(() => emulate(none as never, { tools: true })).toThrow(TypeError);
  }
  expect(() => wrapProvider(talker([{ id: "m" }]), new Map() as never)).toThrow(/`hooks` must be .*no Map/);
});

test("a setting that is kept in a Map is refused, not passed over", async () => {
  const router = routerOf(talker([{ id: "m" }]));
  const settings = new Map([["temperature", 0]]) as never;
  await expect(router.complete({ model: "m", messages, settings })).rejects.toMatchObject({
    code: "invalid_request",
    message: expect.stringMatching(/`settings` must be an object \(a plain one, no Map\)/),
  });
  await expect(router.complete({ model: "m", messages }, new Map() as never)).rejects.toThrow(TypeError);
  await expect(router.close(new Map() as never)).rejects.toThrow(TypeError);
  await router.complete({
    model: "m",
    messages,
    settings: new (class {
      temperature = 0;
    })(),
  });
});

test("a logger may be a function with the methods of one", async () => {
  const lines: string[] = [];
  const log = (_: unknown, message: string): void => void lines.push(message);
  const logger: Logger = Object.assign(() => {}, { debug: log, info: log, warn: log, error: log });
  await createRouter({ plugins: [talker([{ id: "m" }])], logger }).complete({ model: "m", messages });
  expect(lines.at(-1)).toBe("request answered");
});

describe("the pieces of a router refuse what they cannot read", () => {
  const given = { model: "m", candidates: () => [], reader: {} };

  test.each<readonly [unknown, RegExp]>([
    [undefined, /`options` must be an object with `model`/],
    [{}, /`model` must be a string/],
    [{ ...given, candidates: [] }, /`candidates` must be a function/],
    [{ ...given, reader: undefined }, /`reader` must be an object/],
    [{ ...given, hegde: 1 }, /runAttempts\(\) has no option "hegde"\. Did you mean "hedge"/],
    [{ ...given, observers: 5 }, /`observers`/],
    [{ ...given, running: 5 }, /`running` must be a `Set`/],
    [{ ...given, outcomeOnly: "no" }, /`outcomeOnly` must be true or false/],
    [{ ...given, continueBy: ["rewind"] }, /`continueBy` must be an array of "replay" and "prefill"/],
  ])("runAttempts(): %o", (options, message) => {
    expect(() => runAttempts(options as never)).toThrow(TypeError);
    expect(() => runAttempts(options as never)).toThrow(message);
  });

  test("chooseCandidate() and createHealth()", () => {
    const choose = { strategy: "fastest" as never, random: Math.random };
    expect(() => chooseCandidate([{ provider: "a" }], choose)).toThrow(/`strategy` must be .*"weighted"/);
    const random = Math.random;
    expect(() => chooseCandidate([] as never, { strategy: "in-order", random })).toThrow(/`candidates` must be a list/);
    expect(() => chooseCandidate([{ provider: "a" }], undefined as never)).toThrow(/`options` must be an object/);
    expect(() => chooseCandidate([{ provider: "a" }], { strategy: "weighted" } as never)).toThrow(/`random` must be/);
    expect(() => createHealth({ limits: new Map() as never })).toThrow(/`limits` must be .*no Map/);
  });
});
