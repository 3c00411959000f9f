// An answer as an object that a schema has checked: asked for in the prompt, and once again where it does not fit.
import { createRouter } from "@qwen/core";
import { array, number, object, string } from "@qwen/core/schema";
import { qwenMax } from "@qwen/max";
import { localSpace } from "./local-space.ts";

// What stands in for the model leaves something out, until it is told so.
await using space = await localSpace("max", (prompt) =>
  prompt.includes("This is not what was asked for")
    ? 'Sorry! Here it is:\n```json\n{"name": "Tomato soup", "minutes": 25, "steps": ["Chop", "Cook"]}\n```'
    : '{"name": "Tomato soup", "steps": ["Chop", "Cook"]}',
);

await using router = createRouter({ plugins: [qwenMax({ space: space.url })] });
// Any Standard Schema will do, and of zod the JSON Schema comes by itself.
const schema = object({ name: string(), minutes: number(), steps: array(string()) });
const jsonSchema = {
  type: "object",
  properties: {
    name: { type: "string" },
    minutes: { type: "number" },
    steps: { type: "array", items: { type: "string" } },
  },
  required: ["name", "minutes", "steps"],
};
const { object: recipe, attempts } = await router.complete({
  model: "qwen-max",
  messages: [{ role: "user", content: "A soup for tonight?" }],
  output: { schema, jsonSchema },
});
for (const { number: count, error } of attempts)
  console.log(`${count}. ${error instanceof Error ? error.message : "fits"}`);
console.log(`${recipe.name}, ${recipe.minutes} minutes: ${recipe.steps.join(", ")}`);
