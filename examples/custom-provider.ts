// A provider of your own, routed and typed like any other.
import { createRouter, textOf, type Provider } from "@qwen/core";

const shout = {
  id: "shout",
  models: [{ id: "shout-1", aliases: ["loud"] }],
  async *stream({ messages, signal }) {
    const last = messages.at(-1);
    const words =
      last === undefined
        ? []
        : textOf(last)
            .toUpperCase()
            .split(/(?<= )/);
    for (const text of words) {
      signal?.throwIfAborted();
      yield { type: "text-delta", text };
    }
    yield { type: "finish", reason: "stop" };
  },
} as const satisfies Provider;

const router = createRouter({ plugins: [shout], routes: { best: ["loud"] } });
const { text, model } = await router.complete({ model: "best", messages: [{ role: "user", content: "Hi there" }] });
console.log(`${model}: ${text}`);

// A name that nobody has does not compile: router.stream({ model: "lout", messages: [] })
