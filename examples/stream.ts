// An answer, piece by piece as it comes.
import { createRouter } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { localSpace } from "./local-space.ts";

await using space = await localSpace("max", "Sunlight is scattered by the air, and blue light most of all.");

await using router = createRouter({ plugins: [qwenMax({ space: space.url })] });
const messages = [{ role: "user", content: "Why is the sky blue?" }] as const;
const stream = router.stream({ model: "qwen-2.5-max", messages });

for await (const part of stream) {
  if (part.type === "queue") console.log(`waiting at place ${part.position}`);
  if (part.type === "text-delta") process.stdout.write(part.text);
}

const { provider, model, text } = await stream.completion;
console.log(`\n${provider}/${model} said ${text.length} characters`);
