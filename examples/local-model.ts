// A model on this machine, by llama.cpp's own server: what it is called, and an answer in JSON that a schema enforces.
import { createRouter } from "@qwen/core";
import { number, object, string } from "@qwen/core/schema";
import { llamaCpp } from "@qwen/openai-compatible";
import { emulatedEndpoint } from "./emulated-endpoint.ts";

await using endpoint = await emulatedEndpoint("llama.cpp", { "qwen3-8b": ['{"name": "Rome", ', '"people": 2800000}'] });

// The address of a server, as `llama-server --model qwen3-8b.gguf` prints it; without one the emulator stands in.
const [, , baseURL = endpoint.url] = process.argv;
const local = llamaCpp({ baseURL });
await using router = createRouter({ plugins: [local] });
for (const { id, contextTokens } of await local.listModels()) console.log(id, contextTokens ?? "");

const { object: city, usage } = await router.complete({
  model: "local-model",
  messages: [{ role: "user", content: "Name a city and how many people live there, as JSON." }],
  settings: { temperature: 0, maxOutputTokens: 200 },
  output: {
    schema: object({ name: string(), people: number() }),
    jsonSchema: {
      type: "object",
      properties: { name: { type: "string", maxLength: 20 }, people: { type: "integer" } },
      required: ["name", "people"],
      additionalProperties: false,
    },
  },
});
console.log(`${city.name}: ${city.people} people, said in ${usage?.outputTokens} tokens`);
