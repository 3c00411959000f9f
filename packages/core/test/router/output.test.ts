import { describe, expect, test } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";

import { emulate } from "../../src/emulate/index.ts";
import type { ProviderPart } from "../../src/part.ts";
import { ada, ask, fits, JSON_SCHEMA, native, schemaOf, whole, wrong } from "./objects.ts";
import { capabilities, finish, messages, scripted, text, type Scripted, type Step } from "./scripted.ts";
import { failure, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

describe("complete({ output })", () => {
  test("answers with the object, and the text as it came", async () => {
    const words = `Here it is:\n\`\`\`json\n${JSON.stringify(ada)}\n\`\`\`\nBye.`;
    const { answer } = await ask([scripted("a", [[text(words.slice(0, 20)), text(words.slice(20)), finish]])]);
    expect(answer).toMatchObject({ object: ada, text: words, provider: "a", finishReason: "stop" });
    expect(answer?.attempts).toHaveLength(1);
  });

  test("gives what the schema made of it, also later, and of text that was rewritten", async () => {
    const shout = z.object({ name: z.string().transform(async (name) => name.toUpperCase()) });
    const script: readonly Step[] = [text('{"name"'), { type: "text-replace", text: '{"name": "Ada"}' }, finish];
    expect((await ask([scripted("a", [script])], { output: shout })).answer).toMatchObject({
      object: { name: "ADA" },
      text: '{"name": "Ada"}',
    });
    const slow = schemaOf(async (value) => {
      await new Promise((resolve) => setTimeout(resolve, 90_000));
      return { value: [value] };
    });
    // Longer than a provider may be silent: the time is not the provider's.
    expect((await ask([scripted("a", [fits])], { output: slow })).answer).toMatchObject({ object: [ada] });
  });

  test("takes a schema that is a function, one without JSON Schema, and values that are no objects", async () => {
    const list = Object.assign(
      () => {},
      schemaOf((value) => ({ value })),
    );
    expect((await ask([scripted("a", [whole("[1]")])], { output: list })).answer).toMatchObject({ object: [1] });
    expect((await ask([scripted("a", [whole("null")])], { output: mini.null() })).answer).toMatchObject({
      object: null,
    });
  });

  test("without `output` answers have no object", async () => {
    const { answer } = await ask([scripted("a", [fits])], { output: undefined });
    expect(answer).not.toHaveProperty("object");
  });
});

describe("what is asked for", () => {
  test("natively, with the JSON Schema of the schema, where a model answers in JSON", async () => {
    const provider = scripted("a", [fits], { models: native });
    await ask([provider], { settings: { seed: 1 } });
    expect(provider.requests[0]).toMatchObject({
      messages,
      settings: { seed: 1, responseFormat: { type: "json", schema: JSON_SCHEMA } },
    });
  });

  test("in the prompt, behind its system text, where it does not", async () => {
    const provider = scripted("a", [fits]);
    const chat = [{ role: "system", content: "Be brief." }, ...messages] as const;
    await ask([provider], { messages: chat });
    const [asked] = provider.requests;
    expect(asked?.settings?.responseFormat).toBeUndefined();
    expect(asked?.messages[0]?.content).toMatch(/^Be brief\.\n\n# Output\n\nAnswer with JSON only/);
    expect(asked?.messages[0]?.content).toContain(`<schema>\n${JSON.stringify(JSON_SCHEMA)}\n</schema>`);
    expect(asked?.messages.slice(1)).toEqual(messages);
    expect(chat[0].content).toBe("Be brief.");
  });

  test("the JSON Schema beside the schema, as it was at the call, or JSON alone where there is none", async () => {
    const jsonSchema = { type: "object", title: "first" };
    const provider = scripted("a", [fits], { models: native });
    const answered = ask([provider], { output: { schema: schemaOf((value) => ({ value })), jsonSchema } });
    jsonSchema.title = "later";
    await answered;
    await ask([provider], { output: schemaOf((value) => ({ value })) });
    expect(provider.requests.map(({ settings }) => settings?.responseFormat)).toEqual([
      { type: "json", schema: { type: "object", title: "first" } },
      { type: "json" },
    ]);
    // Without a schema, vendors refuse to answer in JSON where nothing in the chat says so.
    const inWords = "# Output\n\nAnswer with JSON only: no other words, no fence.";
    expect(provider.requests.map(({ messages: chat }) => chat)).toEqual([
      messages,
      [{ role: "system", content: inWords }, ...messages],
    ]);
    const emulated = scripted("a", [fits]);
    await ask([emulate(emulated, { json: true }) as Scripted], { output: schemaOf((value) => ({ value })) });
    expect(emulated.requests[0]?.messages).toEqual([{ role: "system", content: inWords }, ...messages]);
    const other = scripted("a", [fits]);
    await ask([other], { output: schemaOf((value) => ({ value })) });
    expect(other.requests[0]?.messages[0]).toEqual({ role: "system", content: inWords });
  });
});

describe("an answer that does not fit is `invalid_output`", () => {
  test("the same provider is asked once again at once, with what was wrong, then the next as if for the first time", async () => {
    const first = scripted("a", [wrong]);
    const second = scripted("b", [fits]);
    const router = routerOf([first, second]);
    const startedAt = performance.now();
    const { answer } = await ask(router);
    expect(performance.now() - startedAt).toBe(0);
    expect(answer).toMatchObject({
      object: ada,
      attempts: [
        { provider: "a", error: { code: "invalid_output", issues: [expect.stringContaining("`age`: ")] } },
        { provider: "a", error: { code: "invalid_output" } },
        { provider: "b" },
      ],
    });
    const [once, again] = first.requests;
    expect(once?.messages).toHaveLength(2);
    expect(again?.messages).toEqual([
      ...once!.messages.map((message) =>
        message.role === "system" ? { ...message, content: expect.stringContaining("# Output") } : message,
      ),
      { role: "assistant", content: '{"name": "Ada", "age": "36"}' },
      { role: "user", content: expect.stringMatching(/^This is not what was asked for: `age`: .*expected number/) },
    ]);
    expect(second.requests[0]?.messages).toHaveLength(2);
    expect(router.health()).toMatchObject([
      { provider: "a", breaker: "closed", busy: 0 },
      { provider: "b", breaker: "closed" },
    ]);
  });

  test("alone, it is asked twice and no more, and never counts for the breaker", async () => {
    const provider = scripted("a", [wrong]);
    const router = routerOf([provider], { breaker: { minimumCalls: 2 } });
    for (let call = 1; call <= 10; call++) {
      const { error } = await ask(router);
      expect(error).toMatchObject({
        code: "all_failed",
        attempts: [{ error: { code: "invalid_output" } }, { error: { code: "invalid_output" } }],
      });
      expect(provider.requests).toHaveLength(2 * call);
    }
    expect(router.health()).toMatchObject([{ breaker: "closed" }]);
  });

  test("a provider may find that itself, by an error of the base class: it is asked again with its words", async () => {
    const a = scripted("a", [[text("no"), failure("invalid_output")], fits]);
    const { answer } = await ask([a], { output: undefined });
    expect(answer?.attempts).toMatchObject([{ error: { code: "invalid_output", text: "no" } }, { provider: "a" }]);
    expect(a.requests[1]?.messages.slice(1)).toMatchObject([
      { role: "assistant", content: "no" },
      { role: "user", content: expect.stringContaining("It is invalid_output.") },
    ]);
  });

  test("the error has the text, where no log looks, and survives JSON", async () => {
    const words = "Ada is 36.";
    const { error } = await ask([scripted("a", [whole(words)])], { retry: { maxAttempts: 1 } });
    expect(error).toMatchObject({ code: "invalid_output", provider: "a", issues: ["it holds no JSON"] });
    expect(error).toHaveProperty("text", words);
    expect(JSON.stringify(error)).not.toContain(words);
  });

  test("a failure before it leads to what its own code says, and a cut answer says that it was cut", async () => {
    const provider = scripted("a", [
      [failure("connection")],
      [text('{"name": "A'), { ...finish, reason: "length" } as ProviderPart],
      fits,
    ]);
    const { answer } = await ask([provider]);
    expect(answer).toMatchObject({
      object: ada,
      attempts: [
        { error: { code: "connection" } },
        { error: { issues: ["it holds no JSON that is whole, since it was cut off"] } },
        {},
      ],
    });
  });

  test("of an answer without text nothing is said again, and one without anything is still empty", async () => {
    const thinking = scripted("a", [[{ type: "reasoning-delta", text: "Hm." }, finish], fits]);
    expect((await ask([thinking])).answer).toMatchObject({ object: ada, reasoning: "" });
    expect(thinking.requests[1]?.messages.map(({ role }) => role)).toEqual(["system", "user", "user"]);
    const { error } = await ask([scripted("a", [[finish]])], { retry: { maxAttempts: 1 } });
    expect(error).toMatchObject({ code: "empty_response" });
  });

  test("much that is wrong is told shortly, on one line, and a long answer is shown in part", async () => {
    const issues = Array.from({ length: 1000 }, (_, index) => ({
      message: `\u001b[31m${"x".repeat(100_000)}`,
      path: ["list", { key: index }, Symbol("s")],
    }));
    const provider = scripted("a", [whole(`"${"y".repeat(1_000_000)}"`)]);
    const { error } = await ask([provider], { output: schemaOf(() => ({ issues })) });
    const [{ error: first }] = (
      error as { readonly attempts: readonly [{ readonly error: Error & { readonly issues: readonly string[] } }] }
    ).attempts;
    expect(first.issues).toHaveLength(11);
    expect(first.issues[0]).toMatch(/^`list\.0\.Symbol\(s\)`: x+… \(\d+ characters\)$/);
    expect(first.message.length).toBeLessThan(2100);
    expect(JSON.stringify(provider.requests[1]?.messages).length).toBeLessThan(25_000);
  });

  test("a hedge and a pause do not change who is told what", async () => {
    const slowly = scripted("a", [
      [{ waitMs: 2000 }, ...wrong],
      [{ waitMs: 2000 }, ...fits],
    ]);
    const other = scripted("b", [[{ waitMs: 10_000 }, ...fits]]);
    const { answer } = await ask(routerOf([slowly, other], { hedge: { delayMs: 1000 } }));
    expect(answer).toMatchObject({ object: ada, provider: "a" });
    expect(slowly.requests.map(({ messages: chat }) => chat.length)).toEqual([2, 4]);
    expect(other.requests.map(({ messages: chat }) => chat.length)).toEqual([2]);
  });
});

test("an answer that goes on behind a beginning is checked with it, and told so whole", async () => {
  const models = [{ id: "m", aliases: [], capabilities: { ...capabilities, prefill: true } }] as const;
  const chat = [...messages, { role: "assistant", content: '{"name": "Ada", ' }] as const;
  const provider = scripted("a", [whole('"age": "36"}'), fits], { models });
  const { answer } = await ask([provider], { messages: chat });
  expect(answer).toMatchObject({ object: ada, text: JSON.stringify(ada) });
  expect(provider.requests[1]?.messages.slice(-2)).toMatchObject([
    { role: "assistant", content: '{"name": "Ada", "age": "36"}' },
    { role: "user", content: expect.stringContaining("`age`") },
  ]);
  const whatFollows = scripted("a", [whole('"age": 36}')], { models });
  expect((await ask([whatFollows], { messages: chat })).answer).toMatchObject({ object: ada, text: '"age": 36}' });
});

test.each([true, false])("so is one with a system prompt behind that beginning (json: %j)", async (json) => {
  const models = [{ id: "m", aliases: [], capabilities: { ...capabilities, prefill: true, json } }] as const;
  const last = { role: "system", content: "Be brief." } as const;
  const chat = [...messages, { role: "assistant", content: '{"name": "Ada", ' }, last] as const;
  const provider = scripted("a", [whole('"age": "36"}'), fits], { models });
  expect((await ask([provider], { messages: chat })).answer).toMatchObject({ object: ada, attempts: [{}, {}] });
  const spoken = provider.requests[1]?.messages.filter(({ role }) => role !== "system");
  expect(spoken).toMatchObject([
    ...messages,
    { role: "assistant", content: '{"name": "Ada", "age": "36"}' },
    { role: "user", content: expect.stringContaining("`age`") },
  ]);
  const whatFollows = scripted("a", [whole('"age": 36}')], { models });
  expect((await ask([whatFollows], { messages: chat })).answer).toMatchObject({ object: ada, text: '"age": 36}' });
});

test("a model that says nothing but white space is as late as without `output`", async () => {
  const script = Array.from({ length: 20 }, () => [text(" "), { waitMs: 20_000 }]).flat();
  for (const output of [undefined, schemaOf((value) => ({ value }))]) {
    const { error } = await ask([scripted("a", [script])], { output, retry: { maxAttempts: 1 } });
    expect(error).toMatchObject({ code: "timeout", phase: "first-output" });
  }
});

test("the object has the type that the schema gives, of zod too", async () => {
  const router = routerOf([scripted("a", [fits])]);
  const { object: person } = await router.complete({
    model: "m",
    messages,
    output: z.object({ name: z.string(), age: z.number().transform((age) => new Date(age)) }),
  });
  const born: { name: string; age: Date } = person;
  // @ts-expect-error: the schema knows nothing of it
  expect(born.age.getTime() + Number(person.size ?? 0)).toBe(36);
});

test("with a conversation, whose server has moved on and leaves none to ask in, an answer that does not fit ends the call", async () => {
  const models = [{ id: "m", aliases: [], capabilities: { ...capabilities, conversation: true } }] as const;
  const provider = scripted("a", [[text("Hi"), { ...finish, conversation: "c1" } as ProviderPart], wrong], { models });
  const router = routerOf([provider]);
  const { answer } = await ask(router, { output: undefined });
  const { error } = await ask(router, { conversation: answer?.conversation });
  expect(error).toMatchObject({ code: "invalid_output" });
  expect(provider.requests).toHaveLength(2);
});
