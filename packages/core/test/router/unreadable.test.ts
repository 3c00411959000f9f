import { describe, expect, test } from "vitest";

import { createProvider } from "../../src/created-provider.ts";
import type { ProviderRequest } from "../../src/provider.ts";
import { createRouter } from "../../src/router/router.ts";
import { collect, messages, scripted } from "./scripted.ts";

const thrower: PropertyDescriptor = {
  enumerable: true,
  get() {
    throw new Error("No such column.");
  },
};

/** An object of which one field cannot be read. */
function without(name: string, others: object = {}): object {
  return Object.defineProperty({ ...others }, name, thrower);
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const [question] = messages;
const part = { type: "text", text: "Hi" };
const result = { type: "tool-result", toolCallId: "1", toolName: "t" };
const said = (...content: readonly unknown[]): object => ({ role: "user", content });

const CASES: readonly (readonly [path: string, asked: object])[] = [
  ["messages[1]", { messages: [question, without("role", { content: "Hi" })] }],
  ["messages[0]", { messages: [without("content", { role: "user" })] }],
  ["messages[0]", { messages: [revoked(question)] }],
  ["messages[0]", { messages: [new Proxy(question, { ownKeys: () => [Symbol.iterator, "x", "x"] })] }],
  ["messages[0].content[1]", { messages: [said(part, without("text", { type: "text" }))] }],
  ["messages[0].content[0]", { messages: [said(revoked(part))] }],
  ["messages[0].content", { messages: [{ role: "user", content: revoked([part]) }] }],
  ["messages[0].content", { messages: [{ role: "user", content: Object.defineProperty([], "0", thrower) }] }],
  ["messages[0].content[0]", { messages: [{ role: "tool", content: [{ ...result, output: without("value") }] }] }],
  ["messages[0].content[0]", { messages: [said({ ...part, providerMetadata: { p: without("id") } })] }],
  ["messages", { messages: revoked([question]) }],
  ["settings", { messages, settings: without("seed") }],
  ["settings", { messages, settings: { tools: [without("name")] } }],
  ["settings", { messages, settings: { responseFormat: revoked({}) } }],
  ["providerOptions", { messages, providerOptions: { p: { deep: without("x") } } }],
];

describe("what of a request cannot be read is invalid_request before anything is sent, and names the path", () => {
  test.each(CASES)("%s (%#)", async (path, asked) => {
    const provider = scripted("p", [[]]);
    const router = createRouter({ plugins: [provider] });
    const { error } = await collect(router.stream({ model: "m", ...asked } as never));
    expect(error).toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining(`${path} cannot be read`),
    });
    expect(String((error as Error).stack)).not.toContain("No such column.");
    expect(provider.requests).toEqual([]);
    expect(router.health()).toMatchObject([{ busy: 0, breaker: "closed" }]);
    const own = createProvider({ id: "p", models: [{ id: "m" }], answer: () => Promise.reject(new Error("Asked.")) });
    const alone = await collect(own.stream(asked as ProviderRequest));
    expect(alone.error).toMatchObject({ code: "invalid_request", provider: "p" });
  });
});

describe("what of the options cannot be read is a TypeError that names it", () => {
  test.each([
    ["retry.maxAttempts", { messages, retry: without("maxAttempts") }],
    ["timeouts.totalMs", { messages, timeouts: without("totalMs") }],
    ["output", { messages, output: without("~standard") }],
  ])("%s (%#)", async (path, asked) => {
    const provider = scripted("p", [[]]);
    const router = createRouter({ plugins: [provider] });
    const error: unknown = await router.complete({ model: "m", ...asked } as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(String((error as Error).stack)).toContain(`\`${path}\` cannot be read, it throws.`);
    expect((error as Error).cause).toMatchObject({ message: "No such column." });
    expect(provider.requests).toEqual([]);
  });

  test("a router's, when it is made", () => {
    const breaker = without("openMs");
    expect(() => createRouter({ plugins: [], breaker })).toThrow("`breaker.openMs` cannot be read, it throws.");
  });
});
