import { describe, expect, test } from "vitest";

import { qwenMax } from "../../../max/src/index.ts";
import type { ClientOptions } from "../../src/gradio/client-options.ts";
import { createSessionProvider, inspectSpace } from "../../src/gradio/session-provider.ts";
import { createSpaceProvider } from "../../src/gradio/space-provider.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import { definition } from "./small-definition.ts";

function thrown(): never {
  throw new RangeError("boom");
}

/** An object with one field that throws when it is read. */
const throwing = (name: string, others: object = {}): never =>
  Object.defineProperty({ ...others }, name, { enumerable: true, get: thrown }) as never;

const looking = {
  id: "one",
  models: [{ id: "m" }],
  space: "a/b",
  plan: () => 1,
  isSame: () => true,
  answer: async () => {},
} as const;

const MAKERS: Readonly<Record<string, (options: ClientOptions) => unknown>> = {
  connectSpace: (options) => connectSpace("a/b", options),
  "a provider of a Space": (options) => qwenMax(options),
  "a provider that looks at its Space": (options) => createSessionProvider(looking, options),
};

describe("an option of a Space that throws when it is looked at is a TypeError that names it", () => {
  const names = "token auth proxy transport headers timeouts earlyStream wakeMs hubUrl".split(" ");
  test.each(Object.entries(MAKERS))("%s", (_, make) => {
    for (const name of names)
      expect(() => make(throwing(name))).toThrow(new TypeError(`\`${name}\` cannot be read, it throws.`));
    expect(() => make({ hubUrl: { toString: thrown } as never })).toThrow(/^`hubUrl` cannot be read/);
    expect(() => make({ auth: throwing("password", { username: "ada" }) })).toThrow(/^`auth` cannot be read/);
    expect(() => make(new Proxy({}, { ownKeys: thrown }))).toThrow(TypeError);
  });

  test("what looks at a Space", async () => {
    await expect(inspectSpace("a/b", throwing("token", { look: () => 1 }))).rejects.toThrow(/^`token` cannot be read/);
  });

  test.each(Object.keys(definition))("a definition: %s", (name) => {
    expect(() => createSpaceProvider(throwing(name, definition))).toThrow(new RegExp(`^\`${name}\` cannot be read`));
  });

  test.each(Object.keys(looking))("a definition that looks: %s", (name) => {
    expect(() => createSessionProvider(throwing(name, looking))).toThrow(new RegExp(`^\`${name}\` cannot be read`));
  });

  test.each("signal timeouts maxQueueMs headers".split(" "))("a call: %s", async (name) => {
    const space = connectSpace("a/b");
    const named = new RegExp(`^\`${name}\` cannot be read`);
    await expect(space.predict("chat", [], throwing(name))).rejects.toThrow(named);
    await expect(space.submit("chat", [], throwing(name)).next()).rejects.toThrow(named);
  });

  test("an input", async () => {
    for (const inputs of [throwing("name"), [throwing("name")], { file: [throwing("name")] }])
      await expect(connectSpace("a/b").predict("chat", inputs)).rejects.toThrow(/inputs.*cannot be read/);
  });

  test("where it is", () => {
    const target = { toString: thrown } as unknown as string;
    expect(() => connectSpace(target)).toThrow(TypeError);
    expect(() => connectSpace(Object.create(null) as string)).toThrow(/Not a Space/);
  });
});

test("options are no Map, which would set nothing", () => {
  for (const make of Object.values(MAKERS))
    expect(() => make(new Map([["token", "hf_secret"]]) as ClientOptions)).toThrow(
      /`options` must be an object of options/,
    );
});

test("an option is read once", () => {
  const read: string[] = [];
  const options = new Proxy(
    { token: "hf_a", timeouts: {} },
    {
      get(target, name, receiver) {
        read.push(String(name));
        return Reflect.get(target, name, receiver) as unknown;
      },
    },
  );
  for (const make of Object.values(MAKERS)) {
    read.length = 0;
    make(options);
    expect(read.filter((name) => name === "timeouts")).toHaveLength(1);
  }
});
