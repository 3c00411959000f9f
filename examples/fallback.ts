// A route: when its first Space is down, the second one answers.
import { qwen72B } from "@qwen/72b";
import { createRouter } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { localSpace } from "./local-space.ts";

await using space = await localSpace("72b", "Red, yellow and blue.");

await using router = createRouter({
  plugins: [qwenMax({ space: "http://127.0.0.1:9" }), qwen72B({ space: space.url })],
  routes: { smart: ["qwen-2.5-max", "qwen-2-72b"] },
});

const messages = [{ role: "user", content: "Name three primary colors." }] as const;
const { text, attempts } = await router.complete({ model: "smart", messages, retry: { maxAttempts: 4 } });

for (const { number, provider, error } of attempts) {
  console.log(`${number}. ${provider}: ${error instanceof Error ? error.message : "answered"}`);
}
console.log(text);
