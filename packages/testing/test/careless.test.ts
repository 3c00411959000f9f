import { expect, test } from "vitest";

import {
  createSpaceEmulator,
  providerContract,
  scriptedProvider,
  testProvider,
  type ContractSubject,
  type TestProviderOptions,
} from "../src/index.ts";

const service = { answers: [{ prompt: "Hi", text: "Hello" }], slow: "slow" } as const;
const create = () => scriptedProvider({ script: ["Hello"] });
const nothing = (): void => {};

test.each<readonly [object, RegExp]>([
  [{ shape: "maxx" }, /`options\.shape` must be "chat" or "max" or .*, not "maxx"/],
  [{ shape: "constructor" }, /`options\.shape` must be/],
  [{ version: "5.0.0" }, /`options\.version` must be "4\.44\.1" or /],
  [{ awnser: "Hi" }, /`options` has no option "awnser". Did you mean "answer"/],
  [{ answers: "Hi" }, /Did you mean "answer"/],
  [{ answer: 5 }, /`options\.answer` must be a text, /],
  [
    { answer: [{ wait: 5 }] },
    /`options\.answer` must be a list of steps, each a text or one of \{ rewrite \}, \{ waitMs \}, /,
  ],
  [{ answer: [{ waitMs: "5" }] }, /a list of steps/],
  [{ answer: [{ error: "x", titel: "y" }] }, /a list of steps/],
  [{ answer: { steps: ["a"], delay: 5 } }, /\{ steps, firstDelayMs, delayMs \}/],
  [{ answer: { step: ["a"] } }, /\{ steps, firstDelayMs, delayMs \}/],
  [{ faults: "eof" }, /`options\.faults` must be a list of faults/],
  [{ faults: ["oef"] }, /There is no fault "oef"/],
  [{ faults: [{ name: "eof", afterr: 1 }] }, /`fault` has no option "afterr". Did you mean "after"/],
  [{ faults: [{ name: "eof", route: "dta" }] }, /`fault\.route` must be one of config, /],
  [{ faults: [{ name: "eof", on: 0 }] }, /`fault\.on` must be a whole number from 1/],
  [{ faults: [{ name: "delay", ms: "5s" }] }, /`fault\.ms` must be a number of ms/],
  [{ faults: [{}] }, /There is no fault without a name/],
  [{ faults: [null] }, /`fault` must be an object of options/],
  [{ auth: ["ann", "secret"] }, /`options\.auth` must be an object with a password/],
  [{ token: 5 }, /`options\.token` must be a string/],
  [{ heartbeatMs: 0 }, /`options\.heartbeatMs` must be/],
  [{ concurrencyLimit: 0 }, /`options\.concurrencyLimit` must be/],
  [{ maxQueueSize: -1 }, /`options\.maxQueueSize` must be/],
  [{ maxSessions: Number.NaN }, /`options\.maxSessions` must be/],
  [{ replicas: 1.5 }, /`options\.replicas` must be/],
  [{ pollMs: "1" }, /`options\.pollMs` must be/],
])("an option of a Space's emulator that is none is a TypeError that names it: %o", async (options, message) => {
  const started = createSpaceEmulator(options);
  await expect(started).rejects.toThrow(TypeError);
  await expect(started).rejects.toThrow(message);
});

test("an answer or a fault that is given later is checked as well, and one that is undefined is not set", async () => {
  await using space = await createSpaceEmulator({ shape: undefined, answer: undefined, faults: undefined });
  expect(() => space.answer(5 as never)).toThrow(/`answer` must be a text/);
  expect(() => space.fault({ name: "eof", afterr: 1 } as never)).toThrow(/Did you mean "after"/);
  space.answer(undefined);
  space.answer({ steps: new Set(["a ", "b"]) });
  space.fault({ name: "eof", on: undefined })();
});

test.each<readonly [object, RegExp]>([
  [{}, /`options\.script` must be a list of texts, parts, errors and \{ waitMs \}, not undefined/],
  [{ scripts: ["Hi"] }, /`options` has no option "scripts". Did you mean "script"/],
  [{ script: "Hi" }, /`options\.script` must be a list/],
  [{ script: [{ wait: 5 }] }, /`options\.script` must be a list/],
  [{ script: [{ waitMs: "5" }] }, /`options\.script` must be a list/],
  [{ script: [5] }, /`options\.script` must be a list/],
  [{ script: [], models: [] }, /`options\.models` must be a list of at least one model/],
  [{ script: [], id: 5 }, /`options\.id` must be a string/],
])("an option of a scripted provider that is none is a TypeError that names it: %o", (options, message) => {
  expect(() => scriptedProvider(options as never)).toThrow(TypeError);
  expect(() => scriptedProvider(options as never)).toThrow(message);
});

test("what a scripted provider's function gives that is no script is a TypeError", async () => {
  for (const script of [() => "Hi", async () => ["Hi"], () => [{ wait: 5 }], () => undefined]) {
    const stream = scriptedProvider({ script: script as never }).stream({ messages: [] });
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow(/`script\(\)` must be a list of texts/);
  }
});

test.each<readonly [object, RegExp]>([
  [{ test: nothing, service, atonceMs: 5 }, /`options` has no option "atonceMs". Did you mean "atOnceMs"/],
  [{ test: nothing, service, stopMs: "2s" }, /`options\.stopMs` must be/],
  [{ test: nothing, service, createUnreachable: {} }, /`options\.createUnreachable` must be a function/],
  [{ test: nothing }, /`options\.service` must be an object/],
  [{ test: nothing, service: { ...service, socket: () => 1 } }, /`options\.service` has no option "socket"/],
  [{ test: nothing, service: { slow: "x" } }, /`options\.service\.answers` must be a list of at least one/],
  [{ test: nothing, service: { answers: service.answers } }, /`options\.service\.slow` must be a string/],
  [{ service }, /`options\.test` must be a function/],
])("an option of testProvider() that is none is a TypeError that names it: %o", (options, message) => {
  expect(() => testProvider(create, options as TestProviderOptions)).toThrow(TypeError);
  expect(() => testProvider(create, options as TestProviderOptions)).toThrow(message);
});

test("a contract without what makes a provider is a TypeError", () => {
  expect(() => testProvider({} as never, { test: nothing, service })).toThrow(/`options\.create` must be a function/);
  expect(() => providerContract({ service } as unknown as ContractSubject)).toThrow(/`create` must be a function/);
  expect(providerContract({ create, service }).length).toBeGreaterThan(5);
});
