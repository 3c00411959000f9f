import { createRouter, type Provider } from "@qwen/core";
import { qwenMax } from "@qwen/max";

const echo = {
  id: "echo",
  models: [{ id: "echo-1", aliases: ["parrot"] }],
  async *stream({ messages }) {
    yield { type: "text-delta", text: `You said: ${JSON.stringify(messages.at(-1)?.content)}` };
    yield { type: "finish", reason: "stop" };
  },
} as const satisfies Provider;

const down = qwenMax({ space: "http://127.0.0.1:9" });
const router = createRouter({ plugins: [down, echo], routes: { smart: ["qwen-max", "parrot"] } });
const { text, provider, attempts } = await router.complete({
  model: "smart",
  messages: [{ role: "user", content: "Hi" }],
});
console.log(`${provider}: ${text} (${attempts[0]?.provider} failed)`);
// @ts-expect-error Nobody has this name.
router.stream({ model: "parot", messages: [] });
