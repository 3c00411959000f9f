import { describe, expect, test } from "vitest";

import { emulate } from "../../src/emulate/index.ts";
import type { ProviderPart } from "../../src/part.ts";
import type { ProviderRequest } from "../../src/provider.ts";
import { collect, finish, messages, scripted, text } from "../router/scripted.ts";
import { chunkings } from "./reading.ts";

interface Told {
  readonly text: string;
  readonly thought: string;
  readonly calls: readonly string[];
}

const settings = { tools: [{ name: "a", inputSchema: {} }] };

async function told(
  scripts: readonly (readonly string[])[],
  beginning: string,
  reasoning: boolean | "open",
): Promise<Told & { readonly requests: readonly ProviderRequest[] }> {
  const provider = scripted(
    "p",
    scripts.map((pieces) => [...pieces.map(text), finish]),
  );
  const chat = [...messages, { role: "assistant", content: beginning }] as const;
  const { parts, error } = await collect(
    emulate(provider, { tools: true, reasoning }).stream({ messages: chat, settings }),
  );
  expect(error).toBeUndefined();
  const said = (type: ProviderPart["type"]): string =>
    parts.map((part) => (part.type === type && "text" in part ? part.text : "")).join("");
  const calls = parts.flatMap((part) => (part.type === "tool-call" ? [part.input] : []));
  return { text: said("text-delta"), thought: said("reasoning-delta"), calls, requests: provider.requests };
}

describe("an emulated answer that goes on behind a given beginning", () => {
  test.each<readonly [string, string, boolean | "open", Partial<Told>]>([
    ["Hello", " you", true, { text: " you" }],
    ["Hello", "<think>x</think>", true, { text: "<think>x</think>" }],
    ["Hello", " wor</think>ld", "open", { text: " wor</think>ld" }],
    ["<think>So", " it is.</think>\n\nHi", true, { thought: " it is.", text: "Hi" }],
    ["<think>", "\nSo.</think>\n\nHi", true, { thought: "So.", text: "Hi" }],
    ["<think>So.</think>", "\n\nHi", "open", { text: "Hi" }],
    ["<think>\n\n</think>\n\n", "Hi", true, { text: "Hi" }],
    [" \n", "<think>So.</think>Hi", true, { thought: "So.", text: "Hi" }],
    ["Hello", ' <tool_call>{"name":"a"}</tool_call>', false, { calls: ["{}"] }],
    ["<tool_call>", '\n{"name":"a"}\n</tool_call>', false, { calls: ["{}"] }],
    ['So: <tool_call>{"name":"a","arguments":{"x":"', '1"}}</tool_call>.', false, { calls: ['{"x":"1"}'] }],
    ["<tool_call>", " is how a call begins.", false, { text: " is how a call begins." }],
    ["<tool_call> is", " how a call begins. ", false, { text: " how a call begins. " }],
    ['<tool_call>{"x"', ": 1}</tool_call>!", false, { text: ": 1}</tool_call>!" }],
    ['<tool_call>{"name":"a"}</tool_call>', "Hi", false, { text: "Hi" }],
    ["<think>So: <tool_call>", '{"name":"a"}</think>Hi', true, { thought: '{"name":"a"}', text: "Hi" }],
  ])(
    "is read with it, and says nothing of it again, however it is cut: %j, %j",
    async (beginning, answer, reasoning, wanted) => {
      for (const pieces of [[answer], ...chunkings(answer)].filter((_, index) => index % 7 < 2)) {
        const { requests: _requests, ...read } = await told([pieces], beginning, reasoning);
        expect(read, pieces.join("|")).toEqual({ text: "", thought: "", calls: [], ...wanted });
      }
    },
  );

  test("asks once again for a call in both without the beginning, as the block says it all", async () => {
    const again = ['<tool_call>{"name":"a"}</tool_call>'];
    const { requests, ...read } = await told([['": }</tool_call>'], again], 'So: <tool_call>{"name":"a","x', false);
    expect(read).toEqual({ text: "", thought: "", calls: ["{}"] });
    expect(requests[1]?.messages.slice(-3)).toMatchObject([
      ...messages,
      { role: "assistant", content: '<tool_call>{"name":"a","x": }</tool_call>' },
      { role: "user", content: expect.stringContaining("cannot be read") },
    ]);
  });
});
