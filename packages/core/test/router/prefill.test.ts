import { describe, expect, test, vi } from "vitest";

import type { QwenError } from "../../src/errors.ts";
import type { Message } from "../../src/message.ts";
import type { Settings } from "../../src/provider.ts";
import type { ProviderPart, StreamPart } from "../../src/part.ts";
import type { CommitPoint } from "../../src/router/attempt-settings.ts";
import type { Outcome } from "../../src/router/retry.ts";
import { finish, messages, scripted, text, type Scripted, type Step } from "./scripted.ts";
import { failure, read, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

const cut = failure("stream_interrupted");
const stop: ProviderPart = { type: "finish", reason: "stop" };

/** A provider that goes on behind a beginning, or one that cannot. */
function provider(id: string, scripts: readonly (readonly Step[])[], prefill = true): Scripted {
  return scripted(id, scripts, { models: [{ id: "m", capabilities: { prefill, json: true } }] });
}

function told(parts: readonly StreamPart[]): string {
  let shown = "";
  for (const part of parts) {
    if (part.type === "text-delta") shown += part.text;
    else if (part.type === "text-replace") shown = part.text;
  }
  return shown;
}

async function ask(
  providers: readonly Scripted[],
  settings?: Settings,
  { commit = "continue", chat = messages }: { commit?: CommitPoint; chat?: readonly Message[] } = {},
) {
  const answer = await read(routerOf(providers, { commit }), { messages: chat, settings });
  const last = answer.parts.at(-1);
  const attempts = last?.type === "finish" ? last.attempts : ((answer.error as QwenError).attempts ?? []);
  return {
    ...answer,
    last,
    shown: told(answer.parts),
    ways: attempts.map((one) => `${one.provider} ${one.continuedBy ?? "-"} ${one.continuedAt ?? "-"}`),
    lastMessages: providers.map(({ requests }) => requests.map((request) => request.messages.at(-1))),
  };
}

const assistant = (content: string): Message => ({ role: "assistant", content });

describe("an answer that breaks off is gone on with by a prefill", () => {
  test("what was shown stands, and the rest is written behind exactly that", async () => {
    const answer = await ask([
      provider("a", [
        [text("Hello "), text("w"), cut],
        [text("orld."), stop],
      ]),
    ]);
    expect(answer.error).toBeUndefined();
    expect(answer.shown).toBe("Hello world.");
    expect(answer.ways).toEqual(["a - -", "a prefill 7"]);
    expect(answer.lastMessages).toEqual([[messages[0], assistant("Hello w")]]);
  });

  test("the whole answer is what was shown and what was written behind it", async () => {
    const router = routerOf(
      [
        provider("a", [
          [text("Hello "), cut],
          [text("world."), stop],
        ]),
      ],
      { commit: "continue" },
    );
    const stream = router.stream({ model: "m", messages });
    const reading = stream.completion;
    await vi.runAllTimersAsync();
    expect(await reading).toMatchObject({ text: "Hello world.", usage: undefined });
  });

  test("takes a stop without a word for the finish that was lost", async () => {
    const answer = await ask([provider("a", [[text("Hello."), cut], [stop]])]);
    expect(answer.error).toBeUndefined();
    expect(answer.shown).toBe("Hello.");
    expect(answer.ways).toEqual(["a - -", "a prefill 6"]);
  });

  test.each(["length", "content-filter", "other"] as const)(
    "takes a %s without a word for no answer",
    async (reason) => {
      const answer = await ask([provider("a", [[text("Hello."), cut], [{ type: "finish", reason }]])]);
      expect(answer.error).toMatchObject({ code: "stream_interrupted", text: "Hello." });
    },
  );

  test("leaves out usage and the conversation, which heard only half of it", async () => {
    const end: ProviderPart = { ...stop, usage: { outputTokens: 2 }, conversation: "c" };
    const answer = await ask([
      provider("a", [
        [text("Hello "), cut],
        [text("you."), end],
      ]),
    ]);
    expect(answer.last).not.toHaveProperty("usage");
    expect(answer.last).not.toHaveProperty("conversation");
  });

  test("goes on from seam to seam, behind all that was shown", async () => {
    const scripts = [
      [text("One, "), cut],
      [text("two, "), cut],
      [text("three."), stop],
    ];
    const answer = await ask([provider("a", scripts)]);
    expect(answer.shown).toBe("One, two, three.");
    expect(answer.lastMessages[0]?.at(-1)).toEqual(assistant("One, two, "));
    expect(answer.ways).toEqual(["a - -", "a prefill 5", "a prefill 10"]);
  });

  test("asks a candidate that can before one that began and cannot", async () => {
    const first = provider("a", [[text("Hello "), cut]], false);
    const answer = await ask([first, provider("b", [[text("world."), stop]])]);
    expect(answer.shown).toBe("Hello world.");
    expect(answer.ways).toEqual(["a - -", "b prefill 6"]);
    expect(first.requests).toHaveLength(1);
  });

  test("asks for a replay where nobody went on by a prefill", async () => {
    const other = provider("b", [[failure("authentication")]]);
    const whole = [text("Hello you."), stop];
    const answer = await ask([provider("a", [[text("Hello "), cut], whole], false), other]);
    expect(answer.error).toBeUndefined();
    expect(answer.shown).toBe("Hello you.");
    expect(answer.ways).toEqual(["a - -", "b - -", "a replay 6"]);
  });

  test.each<Settings>([{ temperature: 0 }, { seed: 7 }])("with %j a replay comes first", async (settings) => {
    const whole = [text("Hello you."), finish];
    const answer = await ask([provider("a", [[text("Hello "), cut], whole])], settings);
    expect(answer.ways).toEqual(["a - -", "a replay 6"]);
    const differs = await ask(
      [
        provider("a", [
          [text("Hello "), cut],
          [text("Good day."), finish],
          [text("you."), stop],
        ]),
      ],
      settings,
    );
    expect(differs.shown).toBe("Hello you.");
    expect(differs.ways).toEqual(["a - -", "a - -", "a prefill 6"]);
  });

  test.each<{ settings: Settings | undefined; commit?: CommitPoint }>([
    { settings: { maxOutputTokens: 9 } },
    { settings: { stopSequences: ["."] } },
    { settings: { responseFormat: { type: "json" } } },
    { settings: undefined, commit: { continue: "replay" } },
  ])("never happens with $settings $commit", async ({ settings, commit = "continue" }) => {
    const answer = await ask(
      [
        provider("a", [
          [text("Hello "), cut],
          [text("you."), stop],
        ]),
      ],
      settings,
      { commit },
    );
    expect(answer.error).toMatchObject({ code: "stream_interrupted", text: "Hello " });
    expect(answer.lastMessages.flat().every((message) => message?.role === "user")).toBe(true);
  });

  test.each(["", "\n\n"])("asks nobody to go on behind nothing: %j", async (nothing) => {
    const answer = await ask([
      provider("a", [
        [text("Hm"), { type: "text-replace", text: nothing }, cut],
        [text(`${nothing}Hello.`), stop],
      ]),
    ]);
    expect(answer.shown).toBe(`${nothing}Hello.`);
    expect(answer.ways).toEqual(["a - -", `a replay ${nothing.length}`]);
  });

  test("asks nobody to go on behind half a character, which no wire carries: that is replayed", async () => {
    const cat = "\u{1F63A}";
    const a = provider("a", [
      [text(`Hi ${cat.slice(0, 1)}`), cut],
      [text(`Hi ${cat}.`), stop],
    ]);
    const answer = await ask([a]);
    expect(answer.shown).toBe(`Hi ${cat}.`);
    expect(answer.ways).toEqual(["a - -", "a replay 4"]);
    expect(answer.lastMessages[0]?.at(-1)).toEqual(messages[0]);
  });

  test("nor behind one further in: what goes on would be behind another text than was shown", async () => {
    const half = "\uD83D";
    const a = provider("a", [
      [text(`Hi ${half} you`), cut],
      [text(`Hi ${half} you.`), stop],
    ]);
    const answer = await ask([a]);
    expect(answer.shown).toBe(`Hi ${half} you.`);
    expect(answer.ways).toEqual(["a - -", "a replay 8"]);
  });

  test.each<{ content: Message["content"]; joined: Message["content"] }>([
    { content: "It is ", joined: "It is blue" },
    {
      content: [{ type: "text", text: "It is " }],
      joined: [
        { type: "text", text: "It is " },
        { type: "text", text: "blue" },
      ],
    },
  ])("joins it to a beginning that the caller gave: $content", async ({ content, joined }) => {
    const given = { role: "assistant", content } as Message;
    const answer = await ask(
      [
        provider("a", [
          [text("blue"), cut],
          [text("."), stop],
        ]),
      ],
      undefined,
      {
        chat: [...messages, given],
      },
    );
    expect(answer.shown).toBe("blue.");
    expect(answer.lastMessages[0]?.at(-1)).toEqual({ role: "assistant", content: joined });
  });

  test("never happens behind the call of a tool, whose result comes first", async () => {
    const call: Message = {
      role: "assistant",
      content: [{ type: "tool-call", toolCallId: "1", toolName: "t", input: "{}" }],
    };
    const a = provider("a", [
      [text("Hello "), cut],
      [text("Hello."), stop],
    ]);
    const { ways } = await ask([a], undefined, { chat: [...messages, call] });
    expect(ways).toEqual(["a - -", "a - -"]);
    expect(a.requests.map((request) => request.messages.length)).toEqual([2, 2]);
  });

  test.each([{ before: [] }, { before: [text("w")] }])(
    "never takes back what was shown ($before)",
    async ({ before }) => {
      const rewriting: readonly Step[] = [...before, { type: "text-replace", text: "Goodbye." }, stop];
      const answer = await ask([provider("a", [[text("Hello "), cut], rewriting])]);
      expect(answer.error).toMatchObject({ code: "stream_interrupted" });
      expect(answer.shown).toMatch(/^Hello w?$/);
    },
  );

  test("asks nobody beyond the budget", async () => {
    const a = provider("a", [[text("Hello "), cut], [failure("connection")]]);
    const answer = await ask([a]);
    expect(answer.error).toMatchObject({ code: "stream_interrupted", text: "Hello " });
    expect(a.requests).toHaveLength(3);
  });

  describe("by the errors table, as a replay is", () => {
    const pause = (retryAfterMs: number) => failure("rate_limited", { retryAfterMs });
    const rest = [text("world."), stop];

    test("leaves alone who asks for a longer pause than is granted", async () => {
      const a = provider("a", [[text("Hello "), pause(60_000)], rest]);
      const b = provider("b", [[text("Hello you."), stop]], false);
      const answer = await ask([a, b]);
      expect(answer.shown).toBe("Hello you.");
      expect(answer.ways).toEqual(["a - -", "b replay 6"]);
      const alone = provider("a", [[text("Hello "), pause(60_000)], rest]);
      expect((await ask([alone], { temperature: 0 })).error).toMatchObject({ code: "stream_interrupted" });
      expect(alone.requests).toHaveLength(1);
    });

    test("keeps a pause, also of one that failed before another broke off", async () => {
      const alone = await ask([provider("a", [[text("Hello "), pause(800)], rest])]);
      expect(alone.shown).toBe("Hello world.");
      expect(alone.tookMs).toBeGreaterThanOrEqual(800);
      const answer = await ask([provider("a", [[pause(800)], rest]), provider("b", [[text("Hello "), cut]], false)]);
      expect(answer.ways).toEqual(["a - -", "b - -", "a prefill 6"]);
      expect(answer.tookMs).toBeGreaterThanOrEqual(800);
      const kept = provider("a", [[pause(60_000)], rest]);
      const cutOff = provider(
        "b",
        [
          [text("Hello "), cut],
          [text("Hello b."), stop],
        ],
        false,
      );
      expect((await ask([kept, cutOff])).ways).toEqual(["a - -", "b - -", "b replay 6"]);
    });

    test("waits before it asks the same provider again", async () => {
      const answer = await ask([provider("a", [[text("Hello "), failure("connection")], rest])]);
      expect(answer.shown).toBe("Hello world.");
      expect(answer.tookMs).toBeGreaterThanOrEqual(250);
    });

    test("asks once more after an error that is granted one more try, by whatever way", async () => {
      const a = provider("a", [[text("Hello "), failure("space_error")], [failure("space_error")]]);
      expect((await ask([a])).error).toMatchObject({ code: "stream_interrupted", text: "Hello " });
      expect(a.requests).toHaveLength(2);
    });

    test("never asks a provider again of which `shouldRetry` said to go on to the next", async () => {
      const a = provider("a", [[text("Hello "), cut], rest]);
      const b = provider("b", [[text("b."), stop]]);
      const shouldRetry = ({ error }: Outcome) => (error === undefined ? undefined : "next");
      const options = { commit: "continue", retry: { shouldRetry } } as const;
      expect((await read(routerOf([a], options))).error).toMatchObject({ code: "stream_interrupted" });
      expect(a.requests).toHaveLength(1);
      const both = await read(routerOf([provider("a", [[text("Hello "), cut], rest]), b], options));
      expect(told(both.parts)).toBe("Hello b.");
    });
  });
});
