import { describe, expect, test } from "vitest";

import { emulate } from "../../src/emulate/index.ts";
import { QwenError, type InvalidOutputError } from "../../src/errors.ts";
import type { Message } from "../../src/message.ts";
import type { FinishReason, ProviderPart } from "../../src/part.ts";
import type { Provider } from "../../src/provider.ts";
import { createRouter } from "../../src/router/router.ts";
import { schemaOf } from "../router/objects.ts";
import { capabilities, collect, finish, messages, scripted, text, type Step } from "../router/scripted.ts";

interface Held {
  readonly value: unknown;
  /** What is shown of the answer. */
  readonly told: string;
}

const holds = (value: unknown, told: string): Held => ({ value, told });

/** Answers by what they go on behind, and what both hold: nothing where there is no JSON. */
const answers: readonly (readonly [beginning: string, answer: string, held?: Held])[] = [
  ["", '{"a":1}', holds({ a: 1 }, '{"a":1}')],
  ["", "42", holds(42, "42")],
  ["", " -1.5e3\n", holds(-1500, "-1.5e3")],
  ["", '"hi"', holds("hi", '"hi"')],
  ["", '"use {x} or [1]"', holds("use {x} or [1]", '"use {x} or [1]"')],
  ["", "true", holds(true, "true")],
  ["", "null\n", holds(null, "null")],
  ["", "[]", holds([], "[]")],
  ["", "```json\n42\n```", holds(42, "42")],
  ["", '```\n"a{b}"\n```\n', holds("a{b}", '"a{b}"')],
  ["", "~~~json\nnull\n~~~", holds(null, "null")],
  ["", 'So:\n```json\n{"a": "}\\""}\n```\nIs {it} so?', holds({ a: '}"' }, '{"a": "}\\""}')],
  ["", 'By [1]: {"a":[1,2]}.', holds({ a: [1, 2] }, '{"a":[1,2]}')],
  ["", 'Look {here}: {"a":1}', holds({ a: 1 }, '{"a":1}')],
  ["", '[1] [2,3] {"a":', holds([2, 3], "[2,3]")],
  ["", '"Quote": {"a":1}', holds({ a: 1 }, '{"a":1}')],
  ["", 'So:\n```json\n"use [1]"\n```', holds("use [1]", '"use [1]"')],
  ["", "No [1], but\n```\n42\n```", holds(42, "42")],
  ["", 'As {"a":"draft"}?</think>{"a":1}', holds({ a: 1 }, '{"a":1}')],
  ["", '[{"a":1},{"b"'],
  ["", '{"a":1}?</think>'],
  ["Sure:\n```\n", "42\n```", holds(42, "42")],
  ["", "The answer is 42."],
  ["", "True"],
  ["", "'hi'"],
  ["", "{'a': 1}"],
  ["", '{"a":1'],
  ["", '"hi'],
  ["", "42 43"],
  ["", "No idea."],
  ['{"a"', ":1}", holds({ a: 1 }, ":1}")],
  ['{"a":"x', '{y}"}', holds({ a: "x{y}" }, '{y}"}')],
  ["```json\n", '{"a":1}\n```', holds({ a: 1 }, '{"a":1}')],
  ['```json\n{"a":', "1}\n```\nDone.", holds({ a: 1 }, "1}")],
  ['Sure: {"a":', '[1, {"b":2}]} Bye [1].', holds({ a: [1, { b: 2 }] }, '[1, {"b":2}]}')],
  ['"', 'hi there"', holds("hi there", 'hi there"')],
  ["4", "2", holds(42, "2")],
  ["tr", "ue\n", holds(true, "ue")],
  ["[", "1,2]", holds([1, 2], "1,2]")],
  ["[1,", "2"],
  ['{"a"', '{"a":1}', holds({ a: 1 }, '{"a":1}')],
  ['Such as {"example":"of many words"}. Now: {"a"', ":1}", holds({ a: 1 }, ":1}")],
  ['Such as {"example":1}. ', "No."],
  ['{"a":1}', " Done.", holds({ a: 1 }, " Done.")],
  ["```json\n[1]\n", "```", holds([1], "```")],
  ["<think>", 'So {it} is.</think>{"a":1}', holds({ a: 1 }, '{"a":1}')],
  ["<think>\n\n</think>\n\n", "42", holds(42, "42")],
  ['<think>{"a":1}</think>', "No."],
];

const rows = answers.map(([beginning, answer, held]) => [beginning, answer, held] as const);

const models = [{ id: "m", capabilities: { ...capabilities, prefill: true } }] as const;

async function outcomeOf(provider: Provider, beginning: string): Promise<object> {
  const router = createRouter({ plugins: [provider], retry: { maxAttempts: 1 } });
  try {
    const output = schemaOf((value) => ({ value }));
    const { object } = await router.complete({ model: "m", messages: chatOf(beginning), output });
    return { value: object };
  } catch (error) {
    if (!QwenError.isInstance(error)) throw error;
    const { code, issues, text: said } = error as InvalidOutputError;
    return { code, issues, said };
  } finally {
    await router.close();
  }
}

function chatOf(beginning: string): readonly Message[] {
  return beginning === "" ? messages : [...messages, { role: "assistant", content: beginning }];
}

/** An answer in one piece, in characters, and in place of another one. */
function scriptsOf(answer: string, reason: FinishReason): readonly (readonly Step[])[] {
  const end = { ...finish, reason } as ProviderPart;
  return [
    [text(answer), end],
    [...Array.from(answer, text), end],
    [text('Wait: {"x":1'), { type: "text-replace", text: answer }, end],
  ];
}

describe("an answer that is to be JSON", () => {
  test.each(rows)("is of an emulated model what it is of any other: behind %j, %j", async (beginning, answer, held) => {
    const [thought, said] = beginning === "<think>" ? answer.split(/(?<=<\/think>)/) : ["", answer];
    for (const reason of ["stop", "length"] as const) {
      const [whole = [], ...others] = scriptsOf(answer, reason);
      const plain = scripted("p", [thought === "" ? whole : [text(said ?? ""), whole.at(-1) as Step]], { models });
      const wanted = await outcomeOf(plain, beginning);
      expect(wanted).toMatchObject(held === undefined ? { code: "invalid_output", said } : { value: held.value });
      for (const script of [whole, ...others]) {
        const emulated = emulate(scripted("p", [script], { models }), { json: true, reasoning: thought !== "" });
        expect(await outcomeOf(emulated, beginning)).toEqual(wanted);
      }
    }
  });

  test("is shown while it is written, and taken back only where what begins a line as JSON does was none", async () => {
    const settings = { responseFormat: { type: "json" } } as const;
    const rewrites = async (answer: string): Promise<readonly [pieces: number, rewrites: number]> => {
      const provider = emulate(scripted("p", [[...Array.from(answer, text), finish]], { models }), { json: true });
      const { parts } = await collect(provider.stream({ messages, settings }));
      const of = (type: string): number => parts.filter((part) => part.type === type).length;
      return [of("text-delta"), of("text-replace")];
    };
    for (const answer of [
      '{"a":1}',
      'So:\n```json\n  {"a":1}\n```',
      '"So":\n{"a":1}',
      'By [1]: {"a":1}',
      'I say {"a":\n{}}',
    ])
      expect((await rewrites(answer))[1], answer).toBe(0);
    expect(await rewrites('So:\n{"a":1}')).toEqual([7, 0]);
    expect(await rewrites('[1] says:\n{"a":1}')).toEqual([3, 1]);
  });

  test("is empty where nothing is said, which is told by why it ended", async () => {
    for (const [reason, code] of [
      ["stop", "empty_response"],
      ["length", "context_length_exceeded"],
      ["content-filter", "content_policy"],
    ] as const) {
      for (const script of [[text(" \n")], []]) {
        const end = { ...finish, reason } as ProviderPart;
        const emulated = emulate(scripted("p", [[...script, end]], { models }), { json: true });
        expect(await outcomeOf(emulated, "")).toMatchObject({ code });
      }
    }
    const thinking = scripted("p", [[{ type: "reasoning-delta", text: "Hm." }, text("\n"), finish]], { models });
    expect(await outcomeOf(emulate(thinking, { json: true }), "")).toMatchObject({ code: "invalid_output" });
  });

  test.each(rows)("is shown without what stands around it: behind %j, %j", async (beginning, answer, held) => {
    for (const script of scriptsOf(answer, "stop")) {
      const provider = emulate(scripted("p", [script], { models }), { json: true, reasoning: true });
      const settings = { responseFormat: { type: "json" } } as const;
      const { parts, error } = await collect(provider.stream({ messages: chatOf(beginning), settings }));
      let told = "";
      for (const part of parts) {
        if (part.type === "text-delta") told += part.text;
        else if (part.type === "text-replace") told = part.text;
      }
      if (held === undefined) expect(error).toMatchObject({ code: "invalid_output" });
      else expect([error, told]).toEqual([undefined, held.told]);
    }
  });
});
