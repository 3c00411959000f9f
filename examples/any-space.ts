// Any Gradio Space as a provider, by what it says of itself.
import { createRouter } from "@qwen/core";
import { describeSpace, space } from "@qwen/space";
import { localSpace } from "./local-space.ts";

await using app = await localSpace("72b", "I was found by my page alone.");

// Of `space("owner/name")` provider and model are called `owner-name`.
await using router = createRouter({ plugins: [space(app.url, { id: "found" })] });
const messages = [{ role: "user", content: "Who are you?" }] as const;
const { text } = await router.complete({ model: "found", messages });
console.log(text);

const { endpoint, why, inputs } = await describeSpace(app.url);
console.log(`${endpoint}: ${why}`);
for (const { label, role } of inputs) console.log(`  ${label}: ${role}`);
