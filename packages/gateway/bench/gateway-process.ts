import { createRouter } from "@qwen/core";
import { openaiCompatible } from "@qwen/openai-compatible";

import { createGateway } from "../src/index.ts";
import { serveGateway } from "../src/node/index.ts";
import { answerParent } from "./child.ts";

const [, , baseURL = ""] = process.argv;
const up = openaiCompatible({ id: "up", baseURL, models: ["short", "words", "paced", "huge", "silent", "slow"] });
const router = createRouter({ plugins: [up] });
const gateway = createGateway({ router, idleClientMs: 600_000 });
const { url } = await serveGateway(gateway, { port: 0 });

answerParent({
  url: () => `${url}/v1`,
  /** Asks the router itself so often, and reads each answer to its end. What that took of the processor, in ms. */
  async readByCore(times) {
    const before = process.cpuUsage();
    for (let left = times as number; left > 0; left--) {
      for await (const _ of router.stream({ model: "words", messages: [{ role: "user", content: "Hi" }] }));
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  },
});
