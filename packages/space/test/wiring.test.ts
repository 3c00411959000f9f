import { describe, expect, test } from "vitest";

import { planFor } from "../src/plan.ts";
import { IDS, page, told } from "./wired.ts";

describe("the chat of a page is", () => {
  test.each<readonly [string, readonly string[], string]>([
    ["one function", ["box.submit respond*: box chat > box chat"], "respond; box; chatbot; chat"],
    ["one function with the chatbot first", ["send.click respond: chat box > chat box"], "respond; box; chatbot; chat"],
    ["one that gives more", ["send.click respond: box chat > out box md chat"], "respond; box; chatbot; chat"],
    [
      "the second step",
      ["box.submit user: box chat > box chat", "then bot*: chat heat > chat"],
      "user bot; box; chatbot; chat",
    ],
    [
      "the second step, though a third one shows in a chat of its own how it came to that",
      ["box.submit user: box chat > box chat", "then bot*: chat heat > chat", "then trace*: chat > chat2"],
      "user bot; box; chatbot; chat",
    ],
    [
      "the second step, though nothing streams",
      ["box.submit user: box chat > box chat", "then bot: chat > chat"],
      "user bot; box; chatbot; chat",
    ],
    [
      "the first step, where that alone streams",
      ["box.submit chat*: box chat > chat", "then save: chat state > chat"],
      "chat; box; chatbot; chat",
    ],
    [
      "as LLaVA's",
      ["box.submit add_text: state box image mode > state chat box image", "then http_bot*: state heat > state chat"],
      "add_text http_bot; box; prompt; chat",
    ],
    [
      "through a State that is written anew",
      ["box.submit take: box > state box", "then bot*: state chat > chat"],
      "take bot; box; chatbot; chat",
    ],
    [
      "what follows on what only the page runs",
      ["send.click js!: >", "then respond*: box chat > chat"],
      "respond; box; chatbot; chat",
    ],
    [
      "what follows on what takes nothing",
      ["send.click off: > send", "then respond*: box chat > chat"],
      "respond; box; chatbot; chat",
    ],
    [
      "not what runs again without a question",
      [
        "again.click regenerate: state > state chat",
        "then http_bot*: state > chat",
        "box.submit ask: box state > chat",
      ],
      "ask; box; prompt; chat",
    ],
    [
      "not an example",
      ["rows.click respond*: box chat > chat", "box.submit ask: box chat > box chat"],
      "ask; box; chatbot; chat",
    ],
    [
      "of ChatGLM",
      ["send.click predict*: nameless chat heat state memo > chat state memo", "send.click reset: > nameless"],
      "predict; nameless; prompt; chat",
    ],
    ["of a State and a text", ["box.submit go: box state > out state"], "go; box; prompt; out"],
    ["a text function with a system prompt", ["send.click infer: system box > md"], "infer; box; prompt; md"],
    ["a text function that empties its box", ["box.submit ask: box > box md"], "ask; box; prompt; md"],
    ["of a picture and a text", ["send.click look: image box > out"], "look; box; prompt; out"],
    [
      "a chat before a text function",
      ["send.click infer: other > out", "box.submit talk: box chat > chat"],
      "talk; box; chatbot; chat",
    ],
    [
      "with the question in the box that Enter sends, though its example speaks of a system",
      ["solar.submit respond*: solar name chat > chat"],
      "respond; solar; chatbot; chat",
    ],
    [
      "with the question in the box that is called so, though its example speaks of instructions",
      ["send.click respond*: name task chat > chat"],
      "respond; task; chatbot; chat",
    ],
    [
      "with no question in a box whose example is a system prompt",
      ["send.click respond*: hidden box chat > chat"],
      "respond; box; chatbot; chat",
    ],
    [
      "not what a button of another name takes back",
      ["again.click one: box chat > chat", "send.click two: box chat > box chat"],
      "two; box; chatbot; chat",
    ],
    [
      "nor in another language",
      [
        "anew.click one: box chat > chat",
        "dos.click two: box chat heat > chat",
        "send.click three: box chat > box chat",
      ],
      "three; box; chatbot; chat",
    ],
    [
      "what Enter sends, before what another button does",
      ["seek.click look: box chat > chat", "box.submit talk: box chat > box chat"],
      "talk; box; chatbot; chat",
    ],
    [
      "what is sent, before what another button does",
      ["seek.click look: box chat > chat", "send.click talk: box chat > box chat"],
      "talk; box; chatbot; chat",
    ],
    [
      "what Enter sends, though what another button does streams",
      ["seek.click look*: box chat > chat", "box.submit talk: box chat > box chat"],
      "talk; box; chatbot; chat",
    ],
    [
      "what is sent, though what another button does streams",
      ["seek.click look*: box chat > chat", "send.click answer: box chat > box chat"],
      "answer; box; chatbot; chat",
    ],
    [
      "not what begins one with a name",
      ["start.click start_chat: name > chat state", "query.submit respond: query state > chat state"],
      "respond; query; prompt; chat",
    ],
    [
      "not what Enter in the system prompt does",
      ["system.submit set_system: system > chat state", "send.click talk: query state > chat state"],
      "talk; query; prompt; chat",
    ],
    [
      "not what runs again with the system prompt",
      ["again.click bot*: chat system > chat", "seek.click user: box chat > box chat", "then bot*: chat system > chat"],
      "user bot; box; chatbot; chat",
    ],
    [
      "not what takes data out of a text",
      ["send.click extract: other state > json state", "box.submit talk*: box chat > chat"],
      "talk; box; chatbot; chat",
    ],
    [
      "what goes on once the chat was changed",
      ["box.submit user: box chat > box chat", "chat.change bot: chat > chat"],
      "user bot; box; chatbot; chat",
    ],
    [
      "not what is made of a chat that streams",
      ["box.submit talk*: box chat > box chat", "chat.change tidy: chat > chat"],
      "talk; box; chatbot; chat",
    ],
    ["a text that is written anew", ["send.click continue_it: other > other"], "continue_it; other; prompt; other"],
    [
      "not what a page does for itself behind a button that nobody sees",
      ["unseen.click vote: token state > md state", "box.submit talk: box chat > chat"],
      "talk; box; chatbot; chat",
    ],
    [
      "the chat that is read and written, beside one that is only read",
      ["box.submit talk: box chat2 chat > box chat"],
      "talk; box; chatbot; chat",
    ],
    [
      "with no question in a box for a key, though it speaks of a chat",
      ["send.click respond: query key chat > query chat"],
      "respond; query; chatbot; chat",
    ],
    [
      "with no question in a box that Enter keeps",
      ["name.submit keep: name > status", "send.click respond: box name chat > box chat"],
      "respond; box; chatbot; chat",
    ],
    [
      "with no question in a box that nobody sees",
      ["send.click respond: nameless token chat > nameless chat"],
      "respond; nameless; chatbot; chat",
    ],
    [
      "the text that is made of what was found before",
      ["send.click retrieve: box > found", "then generate: box found > out"],
      "retrieve generate; box; prompt; out",
    ],
    [
      "the text that is made of what was found before, with the question in the box that nothing is written into",
      ["send.click find: other > found", "then answer: other found > out"],
      "find answer; other; prompt; out",
    ],
    ["a text beside a status", ["send.click infer: other > status out"], "infer; other; prompt; out"],
    [
      "a step that keeps the question in a State which it only reads",
      ["box.submit keep: box state >", "then bot: state chat > chat"],
      "keep bot; box; prompt; chat",
    ],
    ...["ask_nuclear", "flagship_bot", "poetry_of_design_up"].map(
      (name) =>
        [
          `a text function, whatever is in its words: ${name}`,
          [`send.click ${name}: other > out`],
          `${name}; other; prompt; out`,
        ] as const,
    ),
    [
      "a text function whose button has something in its words",
      ["blog.click predict: other > out"],
      "predict; other; prompt; out",
    ],
    ["the box that Enter sends", ["box.submit respond: other box chat > chat"], "respond; box; chatbot; chat"],
    ["a chat, whatever it is called", ["box.submit clear_and_go: box chat > chat"], "clear_and_go; box; chatbot; chat"],
  ])("%s", (_, lines, expected) => {
    expect(told(planFor(page(...lines)))).toBe(expected);
  });
});

test("earlier turns go into the chat that is answered in, not into one that is only read", () => {
  const { history } = planFor(page("box.submit talk: box chat2 chat > box chat"));
  expect(history).toMatchObject({ kind: "chatbot", chatbot: { id: IDS.indexOf("chat") } });
});

describe("no chat is", () => {
  test.each<readonly [string, readonly string[]]>([
    ["a summary", ["send.click summarize: other > out"]],
    ["a summary by its button alone", ["shorten.click predict: other > out"]],
    ["a login", ["send.click do_login: other > out"]],
    ["a greeting", ["other.submit greet: other > out"]],
    ["two texts for one", ["send.click infer: other > out md"]],
    ["a picture of a text", ["send.click draw: other > image"]],
    ["two chats of which one streams", ["box.submit chat*: box chat > chat", "other.submit b: other chat2 > chat2"]],
    ["two chats of which one is sent by Enter", ["box.submit a: box chat > chat", "seek.click b: other chat2 > chat2"]],
    [
      "two questions for one chat",
      ["box.submit a: box state > chat state", "query.submit b: query state > chat state"],
    ],
    ["two texts, one behind the other", ["send.click one: other > found", "then two: other found > out"]],
    ["what puts a question into a State", ["other.submit take: other > other state"]],
    ["a status", ["send.click apply: other > status"]],
    ["two chats", ["box.submit a: box chat > chat", "other.submit b: other chat2 > chat2"]],
    ["what is never set off", ["chat.like respond: box chat > chat", "box.change respond: box chat > chat"]],
    ["what only clears", ["send.click go: > chat box"]],
  ])("%s", (_, lines) => {
    expect(() => planFor(page(...lines))).toThrow(expect.objectContaining({ code: "unsupported" }));
  });

  test("named twice where two could be it", () => {
    const two = page("send.click one: other > found", "then two: other found > out");
    expect(() => planFor(two)).toThrow(/two chats: "\/one" \(0\) and "\/two" \(1\)/);
    expect(told(planFor(two, { endpoint: "two" }))).toBe("one two; other; prompt; out");
  });

  test("but may be asked where its caller says so", () => {
    expect(told(planFor(page("send.click summarize: other > out"), { endpoint: "summarize" }))).toBe(
      "summarize; other; prompt; out",
    );
    expect(told(planFor(page("send.click infer: other > out md"), { endpoint: "/infer", answer: 1 }))).toBe(
      "infer; other; prompt; md",
    );
    const two = page("box.submit a: box chat > chat", "other.submit b: other chat2 > chat2");
    expect(told(planFor(two, { endpoint: 1 }))).toBe("b; other; chatbot; chat2");
    const steps = page("box.submit user: box chat > box chat", "then bot*: chat > chat");
    expect(told(planFor(steps, { endpoint: "user" }))).toBe("user bot; box; chatbot; chat");
    expect(told(planFor(steps, { endpoint: "bot" }))).toBe("user bot; box; chatbot; chat");
  });
});
