import { describe, expect, test } from "vitest";

import { QwenError } from "../../src/errors.ts";
import { aUrl } from "../../src/options.ts";
import { createCircuitBreaker } from "../../src/router/circuit-breaker.ts";
import { createRouter, type Router } from "../../src/router/router.ts";
import { scripted } from "./scripted.ts";

const messages = [{ role: "user", content: "Hi" }] as const;

function thrown(): never {
  throw new RangeError("boom");
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** What throws when it is looked at, in each way that there is. */
const HOSTILE: Readonly<Record<string, () => object>> = {
  "a revoked proxy": () => revoked({}),
  "a revoked list": () => revoked([]),
  "a proxy that throws at all": () => new Proxy({}, new Proxy({}, { get: () => thrown })),
  "one that throws for `has`": () => new Proxy({}, { has: thrown }),
  "one that throws for its names": () => new Proxy({}, { ownKeys: thrown }),
  "one that throws for its class": () => new Proxy({}, { getPrototypeOf: thrown }),
  "one that throws for a field": () => new Proxy({}, { get: thrown }),
};

const REQUEST =
  "model messages requestId signal settings conversation timeouts maxQueueMs providerOptions headers retry";
const requestNames = `${REQUEST} commit hedge onConversationLost atMost output`.split(" ");
const optionNames =
  "plugins routes timeouts retry commit hedge strategy maxQueueMs breaker limits limiter logger providers".split(" ");

/** Whether it is told as an error of ours is: by the family, or as a mistake that names the option. */
function isTold(error: unknown, name: string): void {
  expect(QwenError.isInstance(error) || error instanceof TypeError).toBe(true);
  expect((error as Error).message).toContain(name);
}

describe("what throws when it is looked at is told by the name of its option", () => {
  test.each(requestNames)("in a request: %s", async (name) => {
    const provider = scripted("p", [[]]);
    const router: Router = createRouter({ plugins: [provider] });
    const ask = (request: object): Promise<unknown> =>
      router.complete(request as never).then(
        () => undefined,
        (error: unknown) => error,
      );
    const getter = Object.defineProperty({ model: "m", messages }, name, { enumerable: true, get: thrown });
    isTold(await ask(getter), name);
    for (const hostile of Object.values(HOSTILE)) {
      const error = await ask({ model: "m", messages, [name]: hostile() });
      if (error !== undefined && name !== "model" && provider.requests.length === 0) isTold(error, name);
      expect(error).not.toBeInstanceOf(RangeError);
    }
    expect(router.health()).toMatchObject([{ busy: 0 }]);
  });

  test.each(optionNames)("in the options of a router: %s", (name) => {
    const make = (options: object): unknown => {
      try {
        return void createRouter({ plugins: [scripted("p", [[]])], ...options });
      } catch (error) {
        return error;
      }
    };
    for (const hostile of Object.values(HOSTILE)) {
      const error = make({ [name]: hostile() });
      if (error !== undefined) isTold(error, name);
    }
    const getter = Object.defineProperty({ plugins: [scripted("p", [[]])] }, name, { enumerable: true, get: thrown });
    expect(() => createRouter(getter as never)).toThrow(`\`${name}\` cannot be read, it throws.`);
  });

  test("the request itself", async () => {
    const router: Router = createRouter({ plugins: [scripted("p", [[]])] });
    for (const hostile of Object.values(HOSTILE)) {
      const error: unknown = await router.complete(hostile() as never).catch((reason: unknown) => reason);
      expect(QwenError.isInstance(error) || error instanceof TypeError).toBe(true);
    }
  });
});

describe("the weights of a strategy", () => {
  const plugins = () => [scripted("a", [[]]), { ...scripted("b", [[]]), models: [{ id: "n" }] }] as const;

  test.each([
    [{ a: Number.NaN }, /`strategy\.weights\.a` must be a number/],
    [{ zz: 1 }, /`strategy\.weights` are keyed by provider id, and "zz" is none/],
    [5, /`strategy\.weights` must be/],
  ])("are told by the name that they were given by: %j", (weights, message) => {
    expect(() => createRouter({ plugins: plugins(), strategy: { weights } as never })).toThrow(message);
  });

  test("hold beside settings of a provider that set none", async () => {
    const [a, b] = plugins();
    const router: Router = createRouter({
      plugins: [a, b],
      routes: { both: ["m", "n"] },
      strategy: { weights: { a: 0, b: 1 } },
      providers: { a: { weight: undefined }, b: { weight: undefined } },
      retry: { maxAttempts: 1 },
    });
    for (let call = 0; call < 3; call++) await router.complete({ model: "both", messages }).catch(() => {});
    expect([a.requests.length, b.requests.length]).toEqual([0, 3]);
  });
});

test("what makes breakers cannot add plugins meanwhile, and the router is left as it was", () => {
  const router: Router = createRouter({
    plugins: [scripted("p", [[]])],
    breaker({ provider }) {
      if (provider === "x") router.use({ ...scripted("x", [[]]), models: [{ id: "n" }] });
      return createCircuitBreaker();
    },
  });
  expect(() => router.use({ ...scripted("x", [[]]), models: [{ id: "n" }] })).toThrow(/`use\(\)` cannot be called/);
  expect(router.names.map(({ name }) => name)).toEqual(["m"]);
});

test("what only has the fields of a URL is none", () => {
  expect(aUrl({ href: "https://example.org/", origin: "https://example.org" })).toBe("a URL");
  expect(aUrl(new URL("https://example.org/"))).toBeUndefined();
});
