import { expect, test } from "vitest";

import { emulate } from "../../src/emulate/index.ts";
import { textOf, type Message } from "../../src/message.ts";
import { collect, finish, scripted, text } from "../router/scripted.ts";

const tools = [{ name: "now", inputSchema: { type: "object" } }];
const call = { type: "tool-call", toolCallId: "1", toolName: "now", input: "{}" } as const;
const result = {
  type: "tool-result",
  toolCallId: "1",
  toolName: "now",
  output: { type: "text", value: "noon" },
} as const;
const asked: readonly Message[] = [{ role: "user", content: "How late is it?" }];

/** The messages that a provider gets of a chat with tools. */
async function shown(messages: readonly Message[], conversation?: string): Promise<readonly Message[]> {
  const provider = scripted("p", [[text("Hm."), finish]]);
  await collect(emulate(provider, { tools: true }).stream({ messages, conversation, settings: { tools } }));
  return provider.requests[0]?.messages ?? [];
}

test("in a conversation, of which a server may get the last message only, tools are shown in that", async () => {
  expect((await shown(asked)).map(({ role }) => role)).toEqual(["system", "user"]);
  const question = await shown(asked, "c1");
  expect(question.map(({ role }) => role)).toEqual(["user"]);
  expect(textOf(question[0] as Message)).toMatch(/^How late is it\?\n\n# Tools\n/);
  const answered: readonly Message[] = [
    ...asked,
    { role: "assistant", content: [call] },
    { role: "tool", content: [result] },
  ];
  const last = (await shown(answered, "c1")).at(-1) as Message;
  expect(last.role).toBe("user");
  expect(textOf(last)).toMatch(/^<tool_response>\nnoon\n<\/tool_response>\n\n# Tools\n/);
});
