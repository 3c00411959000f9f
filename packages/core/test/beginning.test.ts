import { describe, expect, test } from "vitest";

import { splitBeginning, type BegunChat } from "../src/beginning.ts";
import type { Message } from "../src/message.ts";
import { ada, ask, whole } from "./router/objects.ts";
import { capabilities, scripted } from "./router/scripted.ts";
import { useVirtualTime } from "./router/virtual.ts";

useVirtualTime();

const say = (role: Message["role"], content: Message["content"]): Message => ({ role, content });
const question = say("user", "Hi");
const system = say("system", "Be brief.");
const call = say("assistant", [{ type: "tool-call", toolCallId: "1", toolName: "t", input: "{}" }]);
const result = say("tool", [
  { type: "tool-result", toolCallId: "1", toolName: "t", output: { type: "text", value: "" } },
]);

describe("the beginning of an answer", () => {
  test.each<readonly [string, readonly Message[], BegunChat]>([
    ["none behind a question", [question], { asked: [question], beginning: "" }],
    ["the assistant's last words", [question, say("assistant", "It")], { asked: [question], beginning: "It" }],
    [
      "all of them, as one, wherever system prompts stand",
      [question, say("assistant", "It "), system, say("assistant", [{ type: "text", text: "is" }]), system],
      { asked: [question, system, system], beginning: "It is" },
    ],
    ["an empty one", [question, say("assistant", "")], { asked: [question], beginning: "" }],
    [
      "not what was said before somebody else spoke",
      [question, say("assistant", "Yes."), question],
      { asked: [question, say("assistant", "Yes."), question], beginning: "" },
    ],
    [
      "none where a tool is called",
      [question, say("assistant", "So:"), call],
      { asked: [question, say("assistant", "So:"), call], beginning: "" },
    ],
    [
      "what stands behind a tool's result",
      [question, call, result, say("assistant", "So")],
      { asked: [question, call, result], beginning: "So" },
    ],
  ])("is %s", (_what, messages, expected) => {
    expect(splitBeginning(messages)).toEqual(expected);
  });

  test("of several messages is one for `output` too: checked with, and told so where it does not fit", async () => {
    const models = [{ id: "m", aliases: [], capabilities: { ...capabilities, prefill: true } }] as const;
    const provider = scripted("a", [whole('"36"}'), whole(JSON.stringify(ada))], { models });
    const messages = [question, say("assistant", '{"name": "Ada", '), say("assistant", '"age": ')];
    expect((await ask([provider], { messages })).answer).toMatchObject({ object: ada, attempts: [{}, {}] });
    expect(provider.requests[1]?.messages.slice(1)).toMatchObject([
      question,
      { role: "assistant", content: '{"name": "Ada", "age": "36"}' },
      { role: "user", content: expect.stringContaining("`age`") },
    ]);
    const whatFollows = scripted("a", [whole("36}")], { models });
    expect((await ask([whatFollows], { messages })).answer).toMatchObject({ object: ada, text: "36}" });
  });
});
