import { getEventListeners } from "node:events";

import { wrapProvider, type Provider } from "@qwen/core";
import { afterAll, describe, expect, test } from "vitest";

import { providerContract, testProvider } from "../../src/index.ts";
import { BROKEN, timers } from "./broken.ts";
import { createReference, mapParts, unreachable } from "./reference.ts";

describe("a provider that keeps the contract passes", () => {
  const { provider, service } = createReference();
  testProvider(() => provider, { test, service, createUnreachable: unreachable });
});

describe("a provider that leaves out all that may be left out passes", () => {
  const { provider, service } = createReference();
  const [{ id }] = provider.models;
  const smallest: Provider = {
    id: provider.id,
    models: [{ id }],
    stream: (request) =>
      mapParts(provider.stream(request), (part) => {
        if (part.type !== "finish") return [part];
        const { warnings: _, ...last } = part;
        return [last];
      }),
  };
  const checks = providerContract({ create: () => smallest, service });
  // How it ends is the reference's, which is checked above.
  test.each(checks.slice(0, 7))("$name", ({ run }) => run());
});

describe("a provider with hooks around it keeps the promises that its hooks could break", () => {
  const { provider, service } = createReference();
  const wrapped = wrapProvider(provider, { request() {}, part: (part) => [part], error() {} });
  const checks = providerContract({ create: () => wrapped, service, createUnreachable: unreachable });
  test.each(checks.filter(({ name }) => /next\(\)|abort|break|throw\(\)|listener|exact/.test(name)))(
    "$name",
    ({ run }) => run(),
  );
});

afterAll(() => timers.forEach(clearInterval));

const NAMES = (() => {
  const { provider, service } = createReference();
  return providerContract({ create: () => provider, service, createUnreachable: unreachable }).map(({ name }) => name);
})();

test("there is a broken provider for each promise", () => {
  expect(Object.keys(BROKEN).toSorted()).toEqual(NAMES.toSorted());
});

describe("a provider that breaks a promise fails by its name", () => {
  test.each(Object.entries(BROKEN))(
    "%s",
    async (name, { provider, service, unreachable: createUnreachable = unreachable }) => {
      const reference = createReference();
      const broken: Provider = { ...reference.provider, ...provider?.(reference) };
      const checks = providerContract({
        create: () => broken,
        service: { ...reference.service, ...service?.(reference) },
        createUnreachable,
        stopMs: 300,
      });
      const check = checks.find((candidate) => candidate.name === name);
      await expect(check?.run()).rejects.toThrow(/./u);
    },
  );
});

test("a reference iteration leaves the signal alone", async () => {
  const { provider } = createReference();
  const { signal } = new AbortController();
  for await (const part of provider.stream({ messages: [{ role: "user", content: "pieces" }], signal })) void part;
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
