import { describe, expect, test } from "vitest";

import { emulate } from "../../src/emulate/index.ts";
import type { InvalidOutputError } from "../../src/errors.ts";
import { textOf, type Message } from "../../src/message.ts";
import type { ProviderPart } from "../../src/part.ts";
import { createRouter } from "../../src/router/router.ts";
import { schemaOf } from "../router/objects.ts";
import { collect, finish, messages, scripted, text, type Step } from "../router/scripted.ts";

describe("an emulated model whose answer is no JSON", () => {
  test.each<readonly [string, readonly Step[], string]>([
    ["prose alone", [text("Sure! "), text("No JSON."), finish], "Sure! No JSON."],
    [
      "prose around what is none",
      [text("Look [below]: {'a'"), text(": 1}. Bye."), finish],
      "Look [below]: {'a': 1}. Bye.",
    ],
    ["prose that was rewritten", [text("Well"), { type: "text-replace", text: "No idea." }, finish], "No idea."],
    ["thought aside", [text("<think>{}?</think>"), text("No idea."), finish], "No idea."],
    [
      "of what is endless its beginning",
      [text("no ".repeat(400_000)), text("end"), finish],
      "no ".repeat(400_000).slice(0, 2 ** 20),
    ],
  ])("tells in invalid_output what the model said: %s", async (_what, script, said) => {
    const json = { settings: { responseFormat: { type: "json" } } } as const;
    for (const reasoning of [false, true]) {
      const { error } = await collect(
        emulate(scripted("p", [script]), { json: true, reasoning }).stream({ messages, ...json }),
      );
      expect(error).toMatchObject({ code: "invalid_output" });
      expect((error as InvalidOutputError).text === said).toBe(true);
    }
  });

  test("ends one that grows and grows, as it is kept until it is whole", async () => {
    const json = { settings: { responseFormat: { type: "json" } } } as const;
    const much = text("x".repeat(16 * 1024 * 1024));
    const provider = scripted("p", [[much, much, much, much, text("."), "stall"]]);
    const { parts, error } = await collect(emulate(provider, { json: true }).stream({ messages, ...json }));
    expect(parts).toHaveLength(1);
    expect(error).toMatchObject({ code: "invalid_output", issues: ["it is longer than 67108864 characters"] });
    expect(provider.requests[0]?.signal?.aborted).toBe(true);
  });

  test("shows a model that is asked again for an object what it said", async () => {
    const provider = scripted("p", [
      [text("Sure! No JSON."), finish],
      [text('Here: {"a":2}'), finish],
    ]);
    const router = createRouter({ plugins: [emulate(provider, { json: true })] });
    const { object } = await router.complete({ model: "m", messages, output: schemaOf((value) => ({ value })) });
    expect(object).toEqual({ a: 2 });
    expect(provider.requests[1]?.messages.slice(-2)).toMatchObject([
      { role: "assistant", content: "Sure! No JSON." },
      { role: "user", content: expect.stringContaining("it holds no JSON") },
    ]);
    await router.close();
  });

  test("shows a model that is asked again for JSON what it said, without a schema too", async () => {
    const provider = scripted("p", [
      [text("Sure! No JSON."), finish],
      [text('Here: {"a":2}'), finish],
    ]);
    const router = createRouter({ plugins: [emulate(provider, { json: true })] });
    const settings = { responseFormat: { type: "json" } } as const;
    expect(await router.complete({ model: "m", messages, settings })).toMatchObject({ text: '{"a":2}' });
    expect(provider.requests[1]?.messages.slice(-2)).toMatchObject([
      { role: "assistant", content: "Sure! No JSON." },
      { role: "user", content: expect.stringContaining("it holds no JSON") },
    ]);
    await router.close();
  });

  test("in a conversation is asked again in the one that its answer left", async () => {
    const leaving = (conversation: string) => ({ ...finish, conversation }) as ProviderPart;
    const models = [{ id: "m", capabilities: { conversation: true } }] as const;
    const provider = scripted(
      "p",
      [
        [text("Hi"), leaving("c1")],
        [text("No JSON."), leaving("c2")],
        [text('{"a":2}'), leaving("c3")],
      ],
      { models },
    );
    const router = createRouter({ plugins: [emulate(provider, { json: true })] });
    const { conversation } = await router.complete({ model: "m", messages });
    const settings = { responseFormat: { type: "json" } } as const;
    expect(await router.complete({ model: "m", messages, settings, conversation })).toMatchObject({ text: '{"a":2}' });
    expect(provider.requests.map((request) => request.conversation)).toEqual([undefined, "c1", "c2"]);
    // The server may get the last message only.
    for (const request of provider.requests.slice(1))
      expect(textOf(request.messages.at(-1) as Message)).toContain("Answer with JSON only");
    await router.close();
  });
});
