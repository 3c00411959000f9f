import { type ScriptItem, scriptedProvider } from "@qwen/testing";
import { expect, test } from "vitest";

import { question, servedBy } from "./served.ts";

const call = { toolCallId: "c", toolName: "f" };
const models = [{ id: "m", name: "m", capabilities: { tools: true } }] as const;
const file = { type: "file", url: new URL("https://example.com/a.png"), mediaType: "image/png" } as const;
const source = { type: "source", url: new URL("https://example.com/"), title: "Example" } as const;

async function whole(script: readonly ScriptItem[]): Promise<object | undefined> {
  const { ask } = servedBy([scriptedProvider({ models, script })]);
  const tools = [{ type: "function", function: { name: "f" } }];
  const answer = await ask({ model: "m", messages: question, stop: "STOP", tools });
  return ((await answer.json()) as { choices?: object[] }).choices?.[0];
}

test("A whole answer that was cut at a stop sequence has the files and sources that came before it", async () => {
  expect(await whole([source, file, "one STOP two"])).toMatchObject({
    message: {
      content: "one ",
      images: [{ image_url: { url: "https://example.com/a.png" } }],
      annotations: [{ url_citation: { title: "Example" } }],
    },
    finish_reason: "stop",
  });
});

test("A call that was begun before a stop sequence is waited for, whole or streamed", async () => {
  const piece = (text: string): ScriptItem => ({ type: "tool-input-delta", ...call, text });
  const script = [
    piece('{"a":'),
    "one STOP two",
    piece("1}"),
    { type: "tool-call", ...call, input: '{"a":1}' } as const,
  ];
  expect(await whole(script)).toMatchObject({
    message: { content: "one ", tool_calls: [{ function: { name: "f", arguments: '{"a":1}' } }] },
    finish_reason: "tool_calls",
  });
});

test("A whole answer that was cut at a stop sequence tells of all attempts that were begun", async () => {
  const slow = scriptedProvider({ id: "slow", script: [{ waitMs: 60 }, "one STOP two", { waitMs: 5000 }] });
  const other = scriptedProvider({ id: "other", script: [{ waitMs: 5000 }] });
  const { ask } = servedBy([slow, other], { routes: { both: ["slow/scripted-model", "other/scripted-model"] } });
  const answer = await ask({ model: "both", messages: question, stop: "STOP", qwen: { hedge_ms: 10 } });
  expect(await answer.json()).toMatchObject({ choices: [{ message: { content: "one " } }] });
  expect(answer.headers.get("x-qwen-provider")).toBe("slow");
  expect(answer.headers.get("x-qwen-attempts")).toBe("2");
});
