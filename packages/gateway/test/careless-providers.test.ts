import type { ProviderPart } from "@qwen/core";
import { scriptedProvider, type ScriptItem } from "@qwen/testing";
import { describe, expect, test } from "vitest";

import { asked } from "./responses/asked.ts";
import { eventsOf, question, servedBy, textIn, type Chunk } from "./served.ts";

const finish: ProviderPart = { type: "finish", reason: "stop" };
const piece: ProviderPart = { type: "tool-input-delta", toolCallId: "1", toolName: "f", text: '{"a":' };
const whole: ProviderPart = { type: "tool-call", toolCallId: "1", toolName: "f", input: '{"a":1}' };

async function eventsFor(script: readonly unknown[], body: object = {}): Promise<readonly (Chunk | string)[]> {
  const models = [{ id: "m", capabilities: { tools: true } }] as const;
  const { ask } = servedBy([scriptedProvider({ models, script: script as ScriptItem[] })]);
  return eventsOf(await ask({ model: "m", messages: question, stream: true, ...body }));
}

async function responseOf(script: readonly unknown[]): Promise<unknown> {
  const { gateway } = servedBy([scriptedProvider({ script: script as ScriptItem[] })]);
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ model: "scripted-model", input: "Hi" });
  const answer = await gateway.fetch(new Request("http://localhost/v1/responses", { method: "POST", headers, body }));
  return answer.json();
}

const reasonsIn = (events: readonly (Chunk | string)[]): readonly unknown[] =>
  events
    .flatMap((event) => (typeof event === "string" ? [] : (event.choices ?? []).map((one) => one.finish_reason)))
    .filter(Boolean);

describe("of a careless provider", () => {
  test("half a call never passes for a whole one", async () => {
    const events = await eventsFor(["I look. ", piece, finish]);
    expect(events.at(-1)).toMatchObject({ error: { code: "protocol" } });
    expect(reasonsIn(events)).toStrictEqual([]);
  });

  test.each([
    { what: "two calls of one id", script: [whole, { ...whole, input: '{"b":2}' }] },
    { what: "a call that is told twice", script: [whole, whole] },
  ])("$what never pass for one", async ({ script }) => {
    const events = await eventsFor([...script, finish]);
    expect(events.at(-1)).toMatchObject({ error: { code: "protocol" } });
    expect(reasonsIn(events)).toStrictEqual([]);
    expect(await responseOf([...script, finish])).toMatchObject({ error: { code: "protocol" } });
  });

  test("a piece of a call that is whole already never passes for more of it", async () => {
    const events = await eventsFor([whole, piece, finish]);
    expect(events.at(-1)).toMatchObject({ error: { code: "protocol" } });
    expect(reasonsIn(events)).toStrictEqual([]);
  });

  test("the events of a response have each number, also where half a call is found out behind half a character", async () => {
    const models = [{ id: "scripted-model", capabilities: { tools: true } }] as const;
    const { stream } = asked([scriptedProvider({ models, script: [piece as ScriptItem, "a\uD83D", finish] })]);
    expect((await stream({ input: "Hi" })).at(-1)).toMatchObject({ type: "error", code: "protocol" });
  });

  test("a call that is under way where the text is cut at a stop sequence is told whole", async () => {
    const events = await eventsFor(["I ", piece, "look END and see", whole, "more", finish], { stop: "END" });
    expect(textIn(events)).toBe("I look ");
    expect(JSON.stringify(events)).toContain(JSON.stringify("1}"));
    expect(reasonsIn(events)).toStrictEqual(["tool_calls"]);
    expect(events.at(-1)).toBe("data: [DONE]");
  });

  test.each([
    { inputTokens: "3", outputTokens: 1 },
    { inputTokens: Number.NaN, outputTokens: 1 },
    { inputTokens: 3, outputTokens: Infinity },
    {},
  ])("usage that is no count is not told: %j", async (usage) => {
    const events = await eventsFor(["a", { ...finish, usage }], { stream_options: { include_usage: true } });
    expect(events.at(-2)).toMatchObject({ choices: [{ finish_reason: "stop" }], usage: null });
    expect(await responseOf(["a", { ...finish, usage }])).toMatchObject({ status: "completed", usage: null });
  });

  test("an address that is a string is one all the same", async () => {
    const file = { type: "file", url: "https://example.com/a.png", mediaType: "image/png" };
    const source = { ...file, type: "source", sourceType: "url", id: "1" };
    for (const part of [file, source]) {
      expect(JSON.stringify(await eventsFor(["a", part, finish]))).toContain("https://example.com/a.png");
      expect(JSON.stringify(await responseOf(["a", part, finish]))).toContain("https://example.com/a.png");
    }
  });
});
