// A stream that is cut in mid-answer, which goes on at a mirror of the same model: who reads the text does not notice.
import { createRouter } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { localSpace } from "./local-space.ts";

await using first = await localSpace("max", "Red, yellow and blue.");
await using mirror = await localSpace("max", "Red, yellow and blue.");
first.fault({ name: "stall", after: 2 });

await using router = createRouter({
  plugins: [
    qwenMax({ id: "first", space: first.url, timeouts: { idleMs: 200 } }),
    qwenMax({ id: "mirror", space: mirror.url }),
  ],
  routes: { max: ["first/qwen-2.5-max", "mirror/qwen-2.5-max"] },
  commit: "continue",
});
const messages = [{ role: "user", content: "Name three primary colors." }] as const;

const stream = router.stream({ model: "max", messages, settings: { temperature: 0 } });
const { completion } = stream;
for await (const text of stream.textStream) process.stdout.write(text);
for (const { provider, error, continuedAt, continuedBy } of (await completion).attempts) {
  const how = continuedBy === undefined ? "began" : `went on behind ${continuedAt} characters by ${continuedBy}`;
  console.log(`\n${provider} ${how}${error === undefined ? "" : ", and fell silent"}`);
}
