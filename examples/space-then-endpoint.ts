// A Space that is lost in mid-answer, an endpoint that goes on behind what it has said, and the Space again once it is back.
import { createRouter } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { llamaCpp } from "@qwen/openai-compatible";
import { emulatedEndpoint } from "./emulated-endpoint.ts";
import { localSpace } from "./local-space.ts";

const colors = ["Red, ", "yellow ", "and ", "blue."];
await using space = await localSpace("max", colors.join(""));
await using endpoint = await emulatedEndpoint("llama.cpp", { "qwen3-8b": colors });

// The address of a server of one's own may be given; without one the emulator stands in.
const [, , baseURL = endpoint.url] = process.argv;
await using router = createRouter({
  plugins: [qwenMax({ space: space.url }), llamaCpp({ baseURL, extraBody: { max_tokens: 40 } })],
  routes: { smart: ["max/qwen-max", "llama-cpp/local-model"] },
  commit: "continue",
});
const messages = [{ role: "user", content: "Name three primary colors." }] as const;

for (const state of ["lost", "back"]) {
  const restore = state === "lost" ? space.fault({ name: "eof", after: 2 }) : undefined;
  const stream = router.stream({ model: "smart", messages });
  const { completion } = stream;
  for await (const text of stream.textStream) process.stdout.write(text);
  const asked = (await completion).attempts.map(
    ({ provider, continuedBy }) => `${provider}${continuedBy ? ` (${continuedBy})` : ""}`,
  );
  console.log(`\n  the Space is ${state}: ${asked.join(", then ")}`);
  restore?.();
}
