// Models of one provider that say different things of themselves, as the compiler knows them. Compiled against the packed
// packages with TypeScript 7 and 5.9, and from source by `pnpm typecheck`. A line that must not compile stands below a
// `@ts-expect-error` that says why.
import { createRouter, wrapProvider, type NamesOf, type Provider } from "@qwen/core";
import { createSessionProvider, createSpaceProvider } from "@qwen/core/gradio";
import { createProvider } from "@qwen/core/http";
import { scriptedProvider } from "@qwen/testing";

type Same<A, B> = [A, B] extends [B, A] ? true : false;
type Names = "a" | "one" | "b" | "c" | "p/a" | "p/one" | "p/b" | "p/c";

const own = {
  id: "p",
  models: [{ id: "a", aliases: ["one"] }, { id: "b", capabilities: { images: true } }, { id: "c" }],
  async *stream() {
    yield { type: "finish", reason: "stop" };
  },
} as const satisfies Provider;
export const ofOwn: Same<NamesOf<typeof own>, Names> = true;

const wrapped = wrapProvider(wrapProvider(own, {}), { part: (part) => part });
export const ofWrapped: Same<NamesOf<typeof wrapped>, Names> = true;

const inPlace = wrapProvider(
  {
    id: "p",
    models: [{ id: "a", aliases: ["one"] }, { id: "b", capabilities: { images: true } }, { id: "c" }],
    async *stream({ messages }) {
      yield { type: "text-delta", text: String(messages.length) };
      yield { type: "finish", reason: "stop" };
    },
  },
  {},
);
export const ofInPlace: Same<NamesOf<typeof inPlace>, Names> = true;

class Own {
  readonly id = "p";
  readonly models = [{ id: "a", aliases: ["one"] }, { id: "b", capabilities: { images: true } }, { id: "c" }] as const;

  async *stream() {
    yield { type: "finish", reason: "stop" } as const;
  }
}
const ofClass = wrapProvider(new Own(), {});
export const ofOwnClass: Same<NamesOf<typeof ofClass>, Names> = true;

const pushing = createProvider({
  id: "p",
  models: [{ id: "a", aliases: ["one"] }, { id: "b", capabilities: { images: true } }, { id: "c" }],
  async answer({ model, push }) {
    const id: "a" | "b" | "c" = model.id;
    push({ type: "text-delta", text: id });
    return { type: "finish", reason: "stop" };
  },
});
export const ofPushing: Same<NamesOf<typeof pushing>, Names> = true;

const space = createSpaceProvider({
  id: "p",
  models: [{ id: "a", aliases: ["one"] }, { id: "b", capabilities: { images: true } }, { id: "c" }],
  space: "owner/name",
  endpoint: "chat",
  inputs: () => [],
  outputs: ({ array, string }) => array(string()),
  answer: { at: [0] },
});
export const ofSpace: Same<NamesOf<typeof space>, Names> = true;

const looked = createSessionProvider({
  id: "p",
  models: [{ id: "a", aliases: ["one"] }, { id: "b", capabilities: { images: true } }, { id: "c" }],
  space: "owner/name",
  plan: () => 5,
  isSame: (before, after) => before === after,
  async answer(_request, _session, plan) {
    plan.toFixed();
  },
});
export const ofLooked: Same<NamesOf<typeof looked>, Names> = true;

const scripted = scriptedProvider({
  id: "p",
  models: [{ id: "a", aliases: ["one"] }, { id: "b", capabilities: { images: true } }, { id: "c" }],
  script: ["Hi"],
});
export const ofScripted: Same<NamesOf<typeof scripted>, Names> = true;
const plainScript = scriptedProvider({ script: ["Hi"] });
export const ofPlainScript: Same<NamesOf<typeof plainScript>, "scripted-model" | "scripted/scripted-model"> = true;

const router = createRouter({ plugins: [wrapped], routes: { best: ["one", "p/b"] } });
router.stream({ model: "best", messages: [] });
// @ts-expect-error: nobody serves it
router.stream({ model: "d", messages: [] });
// @ts-expect-error: a provider has a model
createProvider({ id: "p", models: [], answer: async () => ({ type: "finish", reason: "stop" }) });
// @ts-expect-error: no model says that of itself
wrapProvider({ id: "p", models: [{ id: "a", aliases: "one" }], stream: own.stream }, {});
