// What an operator sees of a request: its id, a line for what went wrong, how providers are doing, and a way to stop without loss.
import { qwen72B } from "@qwen/72b";
import { createRouter, type LogFields } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { localSpace } from "./local-space.ts";

await using first = await localSpace("max", "Red, yellow and blue.");
await using second = await localSpace("72b", "Blue, yellow and red.");
first.fault({ name: "eof", after: 2 });

// Any logger of pino would do, or `console`. No line holds what anybody wrote.
const quiet = (): void => {};
const warn = ({ requestId, provider, error }: LogFields, message: string): void =>
  console.log(`${requestId}: ${message} at ${provider} (${error})`);

const router = createRouter({
  plugins: [qwenMax({ space: first.url }), qwen72B({ space: second.url })],
  routes: { smart: ["qwen-2.5-max", "qwen-2-72b"] },
  retry: { baseDelayMs: 1 },
  logger: { debug: quiet, info: quiet, warn, error: warn },
});
router.observe((event) => {
  if (event.type !== "request-ended") return;
  const { requestId, outcome, provider, attempts } = event;
  console.log(`${requestId}: ${outcome} by ${provider}, attempts: ${attempts.length}`);
});

const messages = [{ role: "user", content: "Name three primary colors." }] as const;
const answer = router.complete({ model: "smart", messages, requestId: "order-7" });
// No new calls; the one under way may take its time.
await router.close({ drainMs: 10_000 });
console.log((await answer).text);
for (const { provider, breaker, busy } of router.health()) console.log(`${provider}: ${breaker}, ${busy} under way`);
