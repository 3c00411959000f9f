import { createRouter } from "@qwen/core";
import { startSpace } from "@qwen/local-spaces";
import { expect, test } from "vitest";

import { testAnswers } from "../../../test/spaces/answers.ts";
import { testOnRealSpace } from "../../../test/spaces/contract.ts";
import { useRealSpace } from "../../../test/spaces/real-space.ts";
import { rerouted } from "../../../test/spaces/rerouted.ts";
import { asked, hear } from "../../../test/spaces/wire.ts";
import { qwen1M } from "../src/index.ts";
import { goOnElsewhere } from "./go-on.ts";

const space = useRealSpace("1m");

testAnswers(space, {
  create: (url) => qwen1M({ space: url }),
  slots: "prompt",
  repeated: "haha haha\n\n\n",
  indented: "* one\n    * two\n  * three\nDone.",
  longSteps: 20,
});

testOnRealSpace(space, (url) => qwen1M({ space: url }));

const FIRST = "script:text I am one.";
const next = asked(
  "script:history",
  { role: "user", content: FIRST },
  { role: "assistant", content: "I am one." },
).messages;

test("a conversation goes on in the real app's memory, here and in another process", async () => {
  await using router = createRouter({ plugins: [qwen1M({ space: space.url })] });
  const first = await router.complete({ model: "qwen-1m", ...asked(FIRST) });
  const second = await router.complete({ model: "qwen-1m", messages: next, conversation: first.conversation });
  expect(JSON.parse(second.text)).toEqual([[FIRST, "I am one."]]);
  const third = await goOnElsewhere({ space: space.url, messages: next, conversation: second.conversation });
  expect(JSON.parse(third.text)).toEqual([
    [FIRST, "I am one."],
    ["script:history", second.text],
  ]);
});

test("a conversation is over once the real app was restarted", async () => {
  await using restarted = await startSpace("1m");
  let { url } = space;
  await using reroute = rerouted(() => url);
  const provider = qwen1M({ transport: reroute.transport });
  const first = await hear(provider, asked(FIRST));
  ({ url } = restarted);
  const turn = hear(provider, { messages: next, conversation: first.conversation });
  await expect(turn).rejects.toMatchObject({ code: "conversation_expired" });
  await provider.close?.();
});

test("a turn that was left is over at once, and leaves no work on the real app", async () => {
  const provider = qwen1M({ space: space.url });
  const first = await hear(provider, asked(FIRST));
  const request = { ...asked("script:slow 400 50 left-turn"), conversation: first.conversation };
  for await (const part of provider.stream(request)) if (part.type === "text-delta") break;
  await expect(hear(provider, request)).rejects.toMatchObject({ code: "conversation_expired" });
  await expect.poll(() => space.working("left-turn"), { timeout: 5000 }).toBe(0);
  await provider.close?.();
});
