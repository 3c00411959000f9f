import { describe, expect, test } from "vitest";
import { endpointProvider } from "../src/openai-compatible.ts";
import { heard, json, providerOf, QUESTION, startEndpoint, words } from "./scripted-endpoint.ts";

const ABLE = { prefill: true } as const;

describe("a beginning of the answer is given", () => {
  const messages = [...QUESTION, { role: "assistant", content: "One, " }] as const;
  const models = [{ id: "model-a", capabilities: { prefill: true } }] as const;

  test.each([
    ["message", { messages }],
    ["partial", { messages: [QUESTION[0], { ...messages[1], partial: true }] }],
    ["continue_final_message", { messages, continue_final_message: true, add_generation_prompt: false }],
  ] as const)("by the way %s", async (prefill, body) => {
    const endpoint = await startEndpoint(words("two."));
    const provider = endpointProvider({ id: "a", baseURL: endpoint.url, models }, { prefill });
    expect(await heard(provider.stream({ messages }))).toMatchObject({ text: "two.", error: undefined });
    expect(endpoint.requests[0]?.body).toMatchObject(body);
    await provider.close();
  });

  test("and is no part of the answer, though a server says it again in one that comes whole", async () => {
    const message = { role: "assistant", content: "One, two." };
    const { ask } = await providerOf(json({ choices: [{ message, finish_reason: "stop" }] }), { capabilities: ABLE });
    expect(await ask({ messages })).toMatchObject({ text: "two." });
  });

  test.each([
    ["Write ", ["<think> there"], { text: "<think> there", reasoning: "" }],
    ["<think>So", [" it is.</thi", "nk>\n\nHi"], { text: "Hi", reasoning: " it is." }],
    ["<think>\n\n</think>\n\n", ["Hi"], { text: "Hi", reasoning: "" }],
  ])("behind which thought begins or goes on as in one answer: %j", async (content, more, told) => {
    const { ask } = await providerOf(words(...more), { capabilities: ABLE });
    expect(await ask({ messages: [...QUESTION, { role: "assistant", content }] })).toMatchObject(told);
  });

  test("behind which nothing more is a whole answer", async () => {
    const { ask } = await providerOf(words(), { capabilities: ABLE });
    expect(await ask({ messages })).toMatchObject({ text: "", error: undefined, finish: { reason: "stop" } });
  });

  test("only where the model can", async () => {
    const { ask, requests } = await providerOf(words("Hello"));
    expect((await ask({ messages })).error).toMatchObject({ code: "unsupported" });
    expect(requests).toEqual([]);
  });
});
