import { describe, expect, it } from "vitest";
import { dialogueOf, inWords, promptOf } from "../src/dialogue.ts";
import { textOf, type ContentPart, type Message } from "../src/message.ts";

const say = (role: Message["role"], content: Message["content"]): Message => ({ role, content });
const text = (words: string): ContentPart => ({ type: "text", text: words });

describe("a dialogue", () => {
  const TABLE: readonly (readonly [
    name: string,
    messages: readonly Message[],
    expected: ReturnType<typeof dialogueOf>,
  ])[] = [
    ["nothing", [], { system: undefined, turns: [], question: "" }],
    ["a question", [say("user", "q")], { system: undefined, turns: [], question: "q" }],
    [
      "a developer, who is the system",
      [say("developer", "s"), say("user", "a")],
      { system: "s", turns: [], question: "a" },
    ],
    [
      "earlier turns",
      [say("system", "s"), say("user", "a"), say("assistant", "b"), say("user", "c")],
      { system: "s", turns: [["a", "b"]], question: "c" },
    ],
    [
      "several system messages, wherever they stand",
      [say("system", "s"), say("user", "a"), say("system", "t")],
      { system: "s\n\nt", turns: [], question: "a" },
    ],
    ["an empty system message", [say("system", ""), say("user", "a")], { system: "", turns: [], question: "a" }],
    [
      "messages of one side that follow each other",
      [
        say("user", "a"),
        say("user", "b"),
        say("assistant", "c"),
        say("assistant", "d"),
        say("user", "e"),
        say("user", "f"),
      ],
      { system: undefined, turns: [["a\n\nb", "c\n\nd"]], question: "e\n\nf" },
    ],
    [
      "an answer that nobody asked for",
      [say("assistant", "hello"), say("user", "a")],
      { system: undefined, turns: [["", "hello"]], question: "a" },
    ],
    [
      "a tool's result, which counts as said by the user",
      [say("user", "a"), say("tool", "42"), say("assistant", "b"), say("user", "c")],
      { system: undefined, turns: [["a\n\n42", "b"]], question: "c" },
    ],
    [
      "an answer last",
      [say("user", "a"), say("assistant", "b")],
      { system: undefined, turns: [["a", "b"]], question: "" },
    ],
  ];

  it.each(TABLE)("loses nothing of %s", (_, messages, expected) => {
    const before = structuredClone(messages);
    expect(dialogueOf(messages)).toEqual(expected);
    expect(messages).toEqual(before);
  });
});

describe("a prompt", () => {
  it("is a lone question as it stands", () => {
    expect(promptOf([say("user", "  just this\n")])).toBe("  just this\n");
  });

  it("puts the system prompt first, and names the speakers of earlier turns", () => {
    expect(promptOf([say("system", "s"), say("user", "a"), say("assistant", "b"), say("user", "c")])).toBe(
      "s\n\nUser: a\n\nAssistant: b\n\nUser: c",
    );
    expect(promptOf([say("system", "s"), say("user", "a")])).toBe("s\n\na");
  });

  it("does not call somebody who said nothing", () => {
    expect(promptOf([say("assistant", "hello"), say("user", "a")])).toBe("Assistant: hello\n\nUser: a");
    expect(promptOf([say("user", "a"), say("assistant", "b")])).toBe("User: a\n\nAssistant: b");
    expect(promptOf([say("system", ""), say("user", "a")])).toBe("a");
  });
});

describe("the calls and results of tools in words", () => {
  const call = (id: string, input: string): ContentPart => ({
    type: "tool-call",
    toolCallId: id,
    toolName: "weather",
    input,
  });
  const result = (id: string, words: string, more: object = {}): ContentPart => ({
    type: "tool-result",
    toolCallId: id,
    toolName: "weather",
    output: { type: "text", value: words },
    ...more,
  });
  const chat = [
    say("user", "Where is it warm?"),
    say("assistant", [text("Let me "), text("see."), call("a", '{"in":"Rome"}'), call("b", '{"in":"Oslo"}')]),
    say("tool", [result("b", "2 °C"), result("a", "no such place", { isError: true })]),
  ];

  it("are said by assistant and user, each result as that of its call", () => {
    expect(dialogueOf(chat)).toEqual({
      system: undefined,
      turns: [
        [
          "Where is it warm?",
          'Let me see.\n\nTool call 1: weather {"in":"Rome"}\n\nTool call 2: weather {"in":"Oslo"}',
        ],
      ],
      question: "Result of tool call 2 (weather): 2 °C\n\nError of tool call 1 (weather): no such place",
    });
    expect(promptOf(chat)).toContain('Assistant: Let me see.\n\nTool call 1: weather {"in":"Rome"}');
    expect(promptOf(chat)).toMatch(/User: Result of tool call 2 \(weather\): 2 °C/);
  });

  it("tell JSON as JSON, and keep what a tool gave besides words", () => {
    const image: ContentPart = { type: "image", image: new URL("data:,") };
    const json = { type: "json", value: { degrees: [1] } } as const;
    const content = { type: "content", value: [text("Here: "), image] } as const;
    const message = say("tool", [result("a", "", { output: json }), result("b", "", { output: content })]);
    const [told] = inWords([message]);
    expect(textOf(told!)).toBe('Result of a call of weather: {"degrees":[1]}\n\nResult of a call of weather: Here: ');
    expect(told?.content).toContainEqual(image);
  });

  it("leave other chats as they are, and change no message", () => {
    const plain = [say("user", "a"), say("assistant", [{ type: "reasoning", text: "Hm." }, text("b")])];
    expect(inWords(plain)).toBe(plain);
    const before = structuredClone(chat);
    inWords(chat);
    expect(chat).toEqual(before);
    expect(dialogueOf([...plain, say("user", "c")]).turns).toEqual([["a", "b"]]);
  });
});
