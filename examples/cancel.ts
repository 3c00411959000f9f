// Stopping an answer in the middle, and with it the work on the server.
import { createRouter } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { localSpace } from "./local-space.ts";

await using space = await localSpace("max", { steps: "Once upon a time there was a".split(/(?<= )/), delayMs: 50 });

await using router = createRouter({ plugins: [qwenMax({ space: space.url })] });
const messages = [{ role: "user", content: "Tell me a long story." }] as const;

// Leaving the loop is enough …
for await (const part of router.stream({ model: "qwen-2.5-max", messages })) {
  if (part.type === "text-delta") break;
}

// … and so is a signal, which the call then rejects with.
const controller = new AbortController();
setTimeout(() => controller.abort(new Error("That is enough.")), 150);
try {
  await router.complete({ model: "qwen-2.5-max", messages, signal: controller.signal });
} catch (error) {
  console.log(error === controller.signal.reason ? "aborted" : error);
}

await space.idle();
console.log(space.jobs.map(({ state }) => state).join(", "));
