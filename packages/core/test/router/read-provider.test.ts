import { describe, expect, test } from "vitest";

import type { Capabilities, ModelInfo, Provider } from "../../src/provider.ts";
import { createRouter } from "../../src/router/router.ts";
import { wrapProvider } from "../../src/wrap-provider.ts";
import { finish, messages, scripted, text } from "./scripted.ts";

const picture = { role: "user", content: [{ type: "image", image: new Uint8Array(1) }] } as const;
const secret = (): never => {
  throw new Error("hf_secret");
};
const provider = (models: readonly unknown[], others: object = {}): Provider =>
  Object.defineProperties(
    { id: "a", models, stream: scripted("a", [[text("Hi"), finish]]).stream } as unknown as Provider,
    Object.getOwnPropertyDescriptors(others),
  );

class Able implements Capabilities {
  readonly json = true;

  get images(): boolean {
    return true;
  }

  get settings(): readonly ["seed"] {
    return ["seed"];
  }
}

class Model implements ModelInfo {
  readonly id = "m";

  get aliases(): readonly string[] {
    return ["alias"];
  }

  get label(): string {
    return "A model";
  }

  get capabilities(): Capabilities {
    return new Able();
  }
}

describe("what a model says of itself counts, however it is kept", () => {
  test.each<[string, unknown]>([
    ["capabilities of a class", { id: "m", aliases: ["alias"], label: "A model", capabilities: new Able() }],
    ["a model of a class", new Model()],
    ["a model that inherits all", Object.create(new Model())],
    [
      "objects without a prototype",
      Object.assign(Object.create(null) as object, {
        id: "m",
        aliases: ["alias"],
        label: "A model",
        capabilities: Object.assign(Object.create(null) as object, { images: true, json: true, settings: ["seed"] }),
      }),
    ],
  ])("%s", async (_, model) => {
    for (const plugin of [provider([model]), wrapProvider(provider([model]), {})]) {
      const router = createRouter({ plugins: [plugin] });
      expect((await router.complete({ model: "alias", messages: [picture] })).text).toBe("Hi");
      const known = { id: "m", aliases: ["alias"], label: "A model" };
      const told = { ...known, capabilities: { images: true, json: true, settings: ["seed"] } };
      const found = router.find({ images: true, json: true, settings: ["seed"] });
      expect(found.map(({ name }) => name)).toEqual(["m", "alias"]);
      expect(JSON.parse(JSON.stringify(found[0]?.candidates))).toEqual([{ provider: "a", model: told }]);
    }
  });
});

describe("a provider that cannot be read is a TypeError that names what, without the words of what it throws", () => {
  const revoked = (target: object): object => {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    return proxy;
  };
  const throwing = (name: string) => ({
    get [name](): never {
      return secret();
    },
  });

  test.each<[RegExp, () => Provider]>([
    [
      /Provider without an id in plugins: `id` cannot be read, it throws/,
      () => provider([{ id: "m" }], throwing("id")),
    ],
    [/Provider "a" in plugins: `models` cannot be read, it throws/, () => provider([], throwing("models"))],
    [/Provider "a" in plugins: `stream` cannot/, () => provider([{ id: "m" }], throwing("stream"))],
    [/Provider "a" in plugins: `models\[0\]` cannot be read/, () => provider([throwing("id")])],
    [/Provider "a" in plugins: `models` cannot/, () => provider(revoked([{ id: "m" }]) as [])],
    [/Provider "a" in plugins: `aliases` of "m" cannot/, () => provider([{ id: "m", aliases: revoked([]) }])],
    [
      /Provider "a" in plugins: `capabilities` of "m" cannot/,
      () => provider([{ id: "m", capabilities: throwing("images") }]),
    ],
    [
      /Provider "a" in plugins: `capabilities` of "m" must be an object/,
      () => provider([{ id: "m", capabilities: revoked({}) }]),
    ],
    [/`capabilities\.settings` of "m"/, () => provider([{ id: "m", capabilities: { settings: revoked([]) } }])],
    [/A plugin cannot be read, it throws/, () => revoked({}) as Provider],
  ])("%s", (message, make) => {
    const attempt = (): unknown => createRouter({ plugins: [make()] });
    expect(attempt).toThrow(TypeError);
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow("hf_secret");
  });

  test("where hooks are put around it as well", () => {
    for (const given of [provider([], throwing("id")), provider([], throwing("models")), provider(revoked([]) as [])]) {
      expect(() => wrapProvider(given, {})).toThrow(TypeError);
      expect(() => wrapProvider(given, {})).toThrow(/`provider` .*cannot be read, it throws|`provider` must be/);
    }
  });
});

test("each field of a provider is read once: one that changes is what it was", async () => {
  let reads = 0;
  const changing = provider([{ id: "m" }], {
    get id() {
      return `a${++reads}`;
    },
  });
  const router = createRouter({ plugins: [changing] });
  expect(router.health()).toMatchObject([{ provider: "a1" }]);
  expect(await router.complete({ model: "a1/m", messages })).toMatchObject({ provider: "a1", text: "Hi" });
});

test("a list with more holes than anybody reads costs nothing", () => {
  const holes = Array.from<string>({ length: 0 });
  holes.length = 2 ** 32 - 1;
  const startedAt = performance.now();
  expect(() => createRouter({ plugins: holes as never })).toThrow(TypeError);
  expect(() => createRouter({ plugins: [provider([{ id: "m", aliases: holes }])] })).toThrow(/every alias of "m"/);
  expect(() => createRouter({ plugins: [provider(holes)] })).toThrow(/every model needs an `id`/);
  expect(() => createRouter({ plugins: [provider([{ id: "m" }])], routes: { r: holes } })).toThrow(
    /must lead to names/,
  );
  expect(performance.now() - startedAt).toBeLessThan(2000);
});
