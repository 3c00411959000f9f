import { setTimeout as sleep } from "node:timers/promises";

import { createRouter } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { createSpaceEmulator } from "@qwen/testing";
import { expect, test } from "vitest";

import { leftOf, settled } from "./leftovers.ts";

test("a Space whose first answer was left at the first text is asked nothing more, and keeps no socket", async () => {
  await using space = await createSpaceEmulator({ shape: "max", answer: { steps: ["1", " 2", " 3"], delayMs: 50 } });
  const router = createRouter({ plugins: [qwenMax({ space: space.url })] });
  for await (const part of router.stream({ model: "qwen-max", messages: [{ role: "user", content: "Hi" }] }))
    if (part.type === "text-delta") break;
  await router.close();
  // Less than undici lets an idle connection live.
  expect(await settled(() => leftOf({ sockets: space.sockets }), { withinMs: 2000 })).toEqual([]);
  await sleep(50);
  expect(space.requests.map(({ route }) => route)).toEqual(["join", "data"]);
});
