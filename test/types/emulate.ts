// An emulated provider, as the compiler knows it. Compiled against the packed packages with TypeScript 7 and 5.9, and from
// source by `pnpm typecheck`. A line that must not compile stands below a `@ts-expect-error` that says why.
import { createRouter, type NamesOf, type Provider } from "@qwen/core";
import { emulate, type Emulated, type EmulateOptions } from "@qwen/core/emulate";

type Same<A, B> = [A, B] extends [B, A] ? true : false;

const shout = {
  id: "shout",
  models: [{ id: "shout-1", aliases: ["loud"] }, { id: "shout-2" }],
  async *stream() {
    yield { type: "finish", reason: "stop" };
  },
} as const satisfies Provider;

const emulated = emulate(shout, { tools: true });
export const kept: Same<NamesOf<typeof emulated>, NamesOf<typeof shout>> = true;
export const named: Same<typeof emulated, Emulated<typeof shout>> = true;

const router = createRouter({ plugins: [emulated], routes: { best: ["loud", "shout/shout-2"] } });
router.stream({ model: "best", messages: [] });
// @ts-expect-error: nobody serves it
router.stream({ model: "lout", messages: [] });

// In its place, names typed as well.
createRouter({ plugins: [emulate(shout, { reasoning: "open", json: undefined })], routes: { best: ["loud"] } });

// @ts-expect-error: an option is spelled like that
export const slip: EmulateOptions = { tool: true };
// @ts-expect-error: it takes a provider
emulate({ name: "plugin", register: (registry: never) => registry }, { tools: true });
