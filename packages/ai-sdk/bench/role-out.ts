// What a router as a model costs a part on top of `router.stream()`, in µs of processor time: the best of several turns, taken by both.
// node --conditions=@qwen/source packages/ai-sdk/bench/role-out.ts
import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import { createRouter, type Router } from "@qwen/core";
import { createProvider } from "@qwen/core/http";
import { createRouterProvider } from "../src/index.ts";

const PARTS = 10_000;
const TURNS = 15;
const words = Array.from({ length: PARTS }, (_, at) => `word${at % 97} `);

const router: Router = createRouter({
  plugins: [
    {
      id: "generator",
      models: [{ id: "asked for each part" }],
      async *stream() {
        for (const text of words) yield { type: "text-delta", text };
        yield { type: "finish", reason: "stop" };
      },
    },
    createProvider({
      id: "pushed",
      models: [{ id: "pushes its parts" }],
      async answer(call) {
        for (const text of words) call.push({ type: "text-delta", text });
        return { type: "finish", reason: "stop" };
      },
    }),
  ],
});
const qwen = createRouterProvider({ router });
const prompt: LanguageModelV4Prompt = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];

async function asParts(model: string): Promise<void> {
  for await (const part of router.stream({ model, messages: [{ role: "user", content: "Hi" }] })) void part;
}

async function asModel(model: string): Promise<void> {
  const { stream } = await qwen(model).doStream({ prompt });
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

async function costOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / PARTS;
}

for (const { name } of router.names) {
  const best = { parts: Infinity, model: Infinity };
  for (let turn = 0; turn < TURNS; turn++) {
    best.parts = Math.min(best.parts, await costOf(() => asParts(name)));
    best.model = Math.min(best.model, await costOf(() => asModel(name)));
  }
  const onTop = best.model - best.parts;
  console.log(
    `${name}: router.stream() ${best.parts.toFixed(2)}, as a model ${best.model.toFixed(2)}, on top ${onTop.toFixed(2)} µs`,
  );
}
