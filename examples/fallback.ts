// A route whose first Space is lost in mid-answer: what was shown stays as it is, what is buffered is asked of the next.
import { qwen72B } from "@qwen/72b";
import { createRouter, QwenError } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { localSpace } from "./local-space.ts";

await using first = await localSpace("max", "Red, yellow and blue.");
await using second = await localSpace("72b", "Blue, yellow and red.");
first.fault({ name: "eof", after: 2 });

await using router = createRouter({
  plugins: [qwenMax({ space: first.url }), qwen72B({ space: second.url })],
  routes: { smart: ["qwen-2.5-max", "qwen-2-72b"] },
});
const messages = [{ role: "user", content: "Name three primary colors." }] as const;

for (const commit of ["first-output", "buffered"] as const) {
  console.log(`${commit}:`);
  let text = "";
  try {
    for await (const part of router.stream({ model: "smart", messages, commit })) {
      if (part.type === "attempt") console.log(`  ${part.number}. ${part.provider} is asked`);
      else if (part.type === "text-delta") text += part.text;
      else if (part.type === "text-replace") ({ text } = part);
      else if (part.type === "finish") console.log(`  ${part.provider} said: ${text}`);
    }
  } catch (error) {
    if (!QwenError.isInstance(error)) throw error;
    console.log(`  ${error.provider} was lost (${error.code}) after: ${text}`);
  }
}
