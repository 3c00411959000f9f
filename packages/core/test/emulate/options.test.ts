import { expect, test } from "vitest";

import { emulate } from "../../src/emulate/index.ts";
import type { Provider } from "../../src/provider.ts";
import { collect, finish, messages, outline, scripted, text } from "../router/scripted.ts";

/** A provider with something else in it; one of its fields throws when it is looked at. */
function having(other: object, throwing?: string): Provider {
  const provider = { ...scripted("p", []), ...other } as unknown as Provider;
  const get = (): never => {
    throw new Error("a slip");
  };
  return throwing === undefined ? provider : Object.defineProperty(provider, throwing, { get });
}

const of = (other: object): Provider => having({ models: [{ id: "m", ...other }] });

test.each<readonly [string, () => unknown, RegExp]>([
  ["a slip", () => emulate(scripted("p", []), { tool: true } as object), /no option "tool".*"tools"/],
  ["a wrong value", () => emulate(scripted("p", []), { reasoning: "on" as "open" }), /options\.reasoning.*"open"/],
  ["nothing to emulate", () => emulate(scripted("p", []), {}), /`tools: true`, `json: true` or `reasoning: true`/],
  ["nothing that is set", () => emulate(scripted("p", []), { tools: undefined }), /does nothing unless/],
  ["nothing at all", () => emulate(scripted("p", []), undefined as never), /does nothing unless/],
  ["no provider", () => emulate(null as never, { tools: true }), /in emulate\(\): `id` must be/],
  ["a provider without models", () => emulate(having({ models: [] }), { json: true }), /list at least one model/],
  ["a model that is none", () => emulate(having({ models: Array(1) }), { json: true }), /every model needs an `id`/],
  ["aliases that are none", () => emulate(of({ aliases: null }), { json: true }), /`aliases` of "m" must be/],
  ["capabilities that are none", () => emulate(of({ capabilities: null }), { tools: true }), /`capabilities` of "m"/],
  [
    "settings that are none",
    () => emulate(of({ capabilities: { settings: "x" } }), { tools: true }),
    /settings` of "m"/,
  ],
  ["a `close` that is none", () => emulate(having({ close: 5 }), { json: true }), /`close` must be a function/],
  ["limits that are none", () => emulate(having({ timeouts: null }), { json: true }), /`timeouts`/],
  [
    "a getter that throws",
    () => emulate(having({}, "models"), { json: true }),
    /"p" in emulate\(\): `models` cannot be read/,
  ],
  ["no options", () => emulate(scripted("p", []), 5 as never), /options/],
])("emulate() refuses %s with a TypeError", (_, make, message) => {
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
});

test("what is emulated is the provider as it was, whatever its owner makes of it", async () => {
  const capabilities = { tools: false };
  const provider = {
    id: "p",
    models: [{ id: "m", capabilities }],
    said: "Hi",
    async *stream() {
      yield text(this.said);
      yield finish;
    },
  };
  const emulated = emulate(provider as unknown as Provider, { reasoning: true });
  provider.id = "q";
  provider.models.length = 0;
  provider.said = "Bye";
  expect([emulated.id, emulated.models[0]?.id]).toEqual(["p", "m"]);
  expect(outline((await collect(emulated.stream({ messages }))).parts)).toEqual(["start", "Bye", "finish"]);
});
