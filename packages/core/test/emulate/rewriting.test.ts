import { describe, expect, test } from "vitest";

import { emulate } from "../../src/emulate/index.ts";
import type { ProviderPart } from "../../src/part.ts";
import { createRouter } from "../../src/router/router.ts";
import { collect, finish, messages, scripted, text, type Step } from "../router/scripted.ts";

const settings = { tools: [{ name: "a", inputSchema: {} }] };
const call = (input: string): string => `<tool_call>{"name":"a","arguments":${input}}</tool_call>`;
const replaced = (words: string): ProviderPart => ({ type: "text-replace", text: words });

const told = async (script: readonly Step[]) =>
  collect(emulate(scripted("p", [script]), { tools: true, reasoning: true }).stream({ messages, settings }));

const inputs = (parts: readonly ProviderPart[]): readonly string[] =>
  parts.flatMap((part) => (part.type === "tool-call" ? [part.input] : []));

describe("an emulated provider that rewrites what it wrote", () => {
  test.each<readonly [string, readonly Step[], readonly string[], string]>([
    ["a call into words", [text(call("{}")), replaced("Never mind.")], [], "Never mind."],
    ["words into a call", [text("Never mind."), replaced(call("{}"))], ["{}"], ""],
    ["a call into another", [text(`So. ${call("1")}`), replaced(`So. ${call("2")}`)], ["2"], "So."],
    ["one of several", [text(call("1") + call("2")), replaced(call("1") + call("3"))], ["1", "3"], ""],
    ["calls in another order", [text(call("1") + call("2")), replaced(call("2") + call("1"))], ["2", "1"], ""],
    ["a call, and goes on", [text(call("1")), replaced(call("2")), text(call("3"))], ["2", "3"], ""],
    [
      "a call into one that cannot be read, and back",
      [text(call("1")), replaced(call("{")), replaced(call("1"))],
      ["1"],
      "",
    ],
  ])("is read anew: %s", async (_, script, calls, words) => {
    const { parts, error } = await told([...script, finish]);
    expect(error).toBeUndefined();
    expect(inputs(parts)).toEqual(calls);
    expect(parts.at(-1)).toMatchObject({ reason: calls.length === 0 ? "stop" : "tool-calls" });
    for (const commit of ["first-output", "buffered", "continue"] as const) {
      const plugins = [emulate(scripted("p", [[...script, finish]]), { tools: true })];
      const router = createRouter({ plugins, commit });
      const answer = await router.complete({ model: "m", messages, settings });
      expect([answer.toolCalls.map(({ input }) => input), answer.text]).toEqual([calls, words]);
      await router.close();
    }
  });

  test("ends with text_rewritten only where a call that was passed on is no longer there", async () => {
    const large = call(JSON.stringify("x".repeat(2 ** 20)));
    const kept = await told([text(large + call("1")), replaced(large + call("2")), finish]);
    expect([kept.error, inputs(kept.parts).slice(1)]).toEqual([undefined, ["2"]]);
    const { error, parts } = await told([text(large), replaced("Never mind."), finish]);
    expect(inputs(parts)).toHaveLength(1);
    expect(error).toMatchObject({ code: "text_rewritten", text: "Never mind.", provider: "p" });
  });

  test("passes no call on of an answer that breaks off, so that another can be asked", async () => {
    const other = scripted("q", [[text(call("2")), finish]]);
    for (const end of [[new Error("Gone.")], []]) {
      const plugins = [scripted("p", [[text(call("1")), ...end]]), other].map((one) => emulate(one, { tools: true }));
      const router = createRouter({
        plugins,
        routes: { both: ["p/m", "q/m"] },
        retry: { baseDelayMs: 0, maxAttempts: 2 },
      });
      const { parts, error } = await collect(router.stream({ model: "both", messages, settings }));
      expect(error).toBeUndefined();
      expect(parts.flatMap((part) => (part.type === "tool-call" ? [part.input] : []))).toEqual(["2"]);
      await router.close();
    }
  });

  test.each<readonly [string, readonly Step[], string]>([
    ["away", [text("<think>Hm"), replaced("Hi")], "Hm"],
    ["away once it has ended", [text("<think>Hm</think>H"), replaced("Hi")], "Hm"],
    ["into another", [text("<think>Hm"), replaced("<think>No.</think>Hi")], "Hm"],
    ["into one that goes on", [text("<think>Hm"), replaced("<think>Hm, yes.</think>Hi")], "Hm, yes."],
  ])("answers also where it rewrites what it thought: %s", async (_, script, thought) => {
    const router = createRouter({ plugins: [emulate(scripted("p", [[...script, finish]]), { reasoning: true })] });
    const answer = await router.complete({ model: "m", messages });
    expect(answer).toMatchObject({ text: "Hi", reasoning: thought });
    const { parts } = await told([...script, finish]);
    expect(parts.filter(({ type }) => type === "reasoning-end")).toHaveLength(1);
    expect(parts.findLastIndex(({ type }) => type === "reasoning-end")).toBeLessThan(parts.length - 2);
    expect(answer.warnings.map(({ feature }) => feature)).toEqual(
      thought === "Hm" ? ["reasoning", "reasoning"] : ["reasoning"],
    );
    await router.close();
  });
});
