import { describe, expect, test, vi } from "vitest";

import { type QwenError, StreamInterruptedError } from "../../src/errors.ts";
import type { ProviderPart, StreamPart } from "../../src/part.ts";
import type { RouterRequest } from "../../src/router/router-request.ts";
import { capabilities, finish, messages, scripted, text, type Step } from "./scripted.ts";
import { failure, read, routerOf, slow, useVirtualTime } from "./virtual.ts";

useVirtualTime();

const cut = failure("stream_interrupted");
const replace = (words: string): ProviderPart => ({ type: "text-replace", text: words });
const commit = "continue" as const;

/** What the parts of a stream have told of text. */
function textOf(parts: readonly StreamPart[]): string {
  let told = "";
  for (const part of parts) {
    if (part.type === "text-delta") told += part.text;
    else if (part.type === "text-replace") told = part.text;
  }
  return told;
}

/** Asks two candidates, each of which plays its scripts. */
function ask(
  first: readonly (readonly Step[])[],
  second: readonly (readonly Step[])[] = [],
  request: Partial<RouterRequest> = {},
) {
  const providers = [scripted("a", first), ...(second.length > 0 ? [scripted("b", second)] : [])];
  const router = routerOf(providers, { commit });
  return read(router, request);
}

const seamsOf = (parts: readonly StreamPart[]): unknown => {
  const last = parts.at(-1);
  if (last?.type !== "finish") throw new Error("There is no finish.");
  return last.attempts.map(({ provider, continuedAt, continuedBy }) => [provider, continuedAt, continuedBy]);
};

describe("an answer that breaks off is gone on with by a replay", () => {
  const whole = [text("Hello"), text(" wor"), text("ld."), finish];

  test("shows what goes beyond what was shown, once, and says where the seam is", async () => {
    const { parts, error } = await ask([[text("Hello"), text(" w"), cut], whole]);
    expect(error).toBeUndefined();
    expect(parts.flatMap((part) => (part.type === "text-delta" ? [part.text] : []))).toEqual([
      "Hello",
      " w",
      "or",
      "ld.",
    ]);
    expect(seamsOf(parts)).toEqual([
      ["a", undefined, undefined],
      ["a", 7, "replay"],
    ]);
  });

  test.each<{ how: string; step: Step }>([
    { how: "an error of the family", step: failure("space_error") },
    { how: "any other error", step: new Error("socket hang up") },
    { how: "a stall", step: "stall" },
  ])("goes on behind $how at the next candidate", async ({ step }) => {
    const { parts, error } = await ask([[text("Hello"), step]], [whole]);
    expect(error).toBeUndefined();
    expect(textOf(parts)).toBe("Hello world.");
    expect(parts.at(-1)).toMatchObject({ provider: "b" });
  });

  test("goes on behind an end without a finish", async () => {
    expect(textOf((await ask([[text("Hello")], whole])).parts)).toBe("Hello world.");
  });

  test("takes a whole answer whose finish was lost for what it is", async () => {
    const { parts, error } = await ask([[text("Hello world."), cut], whole]);
    expect(error).toBeUndefined();
    expect(textOf(parts)).toBe("Hello world.");
  });

  test("goes on from seam to seam, each behind what was shown by then", async () => {
    const { parts, error } = await ask([[text("Hel"), cut], [text("Hello w"), cut], whole]);
    expect(error).toBeUndefined();
    expect(textOf(parts)).toBe("Hello world.");
    expect(seamsOf(parts)).toEqual([
      ["a", undefined, undefined],
      ["a", 3, "replay"],
      ["a", 7, "replay"],
    ]);
  });

  test("is left at the first difference, for the next candidate, and nothing of it is shown", async () => {
    const providers = [
      scripted("a", [[text("Hello"), cut]]),
      scripted("b", [[text("Help"), "stall"]]),
      scripted("c", [whole]),
    ];
    const router = routerOf(providers, { commit, retry: { baseDelayMs: 0 } });
    const { parts, error } = await read(router, {});
    expect(error).toBeUndefined();
    expect(textOf(parts)).toBe("Hello world.");
    expect(providers[1]?.requests).toHaveLength(1);
    expect(providers[1]?.open()).toBe(0);
    expect(router.health()[1]).toMatchObject({ provider: "b", breaker: "closed", busy: 0 });
  });

  test("ends with the honest error, which has all that was shown and all that was tried", async () => {
    const { parts, error } = await ask([[text("Hello"), text(" w"), "stall"]], [[text("Good day."), finish]]);
    expect(textOf(parts)).toBe("Hello w");
    expect(error).toBeInstanceOf(StreamInterruptedError);
    expect(error).toMatchObject({ code: "stream_interrupted", text: "Hello w", provider: "a" });
    const codes = (error as QwenError).attempts?.map((one) => (one.error as QwenError).code);
    expect(codes).toEqual(["timeout", "unsupported"]);
  });

  test("is left where it ends before it has covered what was shown", async () => {
    const { parts, error } = await ask([[text("Hello w"), "stall"]], [[text("Hello"), finish]]);
    expect(textOf(parts)).toBe("Hello w");
    expect(error).toMatchObject({ code: "stream_interrupted", text: "Hello w" });
  });

  test("reads text-replace on both sides of the seam", async () => {
    const grown = [text("Hel"), replace("Hello"), cut];
    const { parts, error } = await ask([grown, [replace("Hell"), replace("Hello world"), text("."), finish]]);
    expect(error).toBeUndefined();
    expect(textOf(parts)).toBe("Hello world.");
  });

  test("compares with the text as the last text-replace left it", async () => {
    const { parts, error } = await ask([[text("Hallo"), replace("Hello"), cut], whole]);
    expect(error).toBeUndefined();
    expect(textOf(parts)).toBe("Hello world.");
  });

  test("never takes back what another attempt has shown", async () => {
    const { parts, error } = await ask([
      [text("Hello"), cut],
      [text("Hello w"), replace("Goodbye."), finish],
    ]);
    expect(textOf(parts)).toBe("Hello w");
    expect(error).toMatchObject({ code: "stream_interrupted", text: "Hello w" });
    expect((error as QwenError).attempts).toHaveLength(2);
  });

  test("counts nothing against a provider that rewrites its own answer, which fits no longer", async () => {
    const providers = [
      scripted("a", [[text("Hello"), failure("unsupported")]]),
      scripted("b", [[text("Hello w"), replace("Bye."), finish]]),
    ];
    const router = routerOf(providers, { commit, breaker: { minimumCalls: 1 } });
    const { error } = await read(router);
    expect(error).toMatchObject({ code: "stream_interrupted", text: "Hello w" });
    expect(router.health()).toMatchObject([{ breaker: "closed" }, { breaker: "closed" }]);
  });

  test("may rewrite what it has shown itself", async () => {
    const { parts, error } = await ask([
      [text("Hello"), cut],
      [text("Hello w"), replace("Hello, you."), finish],
    ]);
    expect(error).toBeUndefined();
    expect(textOf(parts)).toBe("Hello, you.");
  });

  test.each<{ what: string; part: ProviderPart }>([
    { what: "reasoning", part: { type: "reasoning-delta", text: "Hm." } },
    { what: "a file", part: { type: "file", url: new URL("https://a.example/1.png") } },
    { what: "a tool call", part: { type: "tool-call", toolCallId: "1", toolName: "t", input: "{}" } },
    { what: "a piece of one", part: { type: "tool-input-delta", toolCallId: "1", toolName: "t", text: "{" } },
  ])("does not go on where $what was shown, and is left where it comes with $what", async ({ part }) => {
    const shown = await ask([[part, text("Hello"), cut], whole]);
    expect(shown.error).toMatchObject({ code: "stream_interrupted", text: "Hello" });
    expect((shown.error as QwenError).attempts).toHaveLength(1);

    const replayed = await ask([[text("Hello"), "stall"]], [[part, ...whole]]);
    expect(replayed.error).toMatchObject({ code: "stream_interrupted", text: "Hello" });
    expect(replayed.parts.some(({ type }) => type === part.type)).toBe(false);
  });

  test("passes only live parts on meanwhile", async () => {
    const queue = { type: "queue", position: 1 } as const;
    const { parts } = await ask([
      [text("Hello"), cut],
      [queue, text("Hel"), text("lo"), text(" you."), finish],
    ]);
    expect(parts.slice(2).map((part) => (part.type === "text-delta" ? part.text : part.type))).toEqual([
      "Hello",
      "attempt",
      "queue",
      " you.",
      "finish",
    ]);
  });

  test("hands out one start, that of whoever began", async () => {
    const start = (feature: string): ProviderPart => ({ type: "start", warnings: [{ feature, message: "No." }] });
    const { parts } = await ask([
      [start("seed"), text("Hello"), cut],
      [start("topK"), ...whole],
    ]);
    expect(parts.filter(({ type }) => type === "start")).toEqual([start("seed")]);
  });

  test("tells in its finish the warnings of all who gave some of it, each once", async () => {
    const start = (...features: readonly string[]): ProviderPart => ({
      type: "start",
      warnings: features.map((feature) => ({ feature, message: "No." })),
    });
    const { parts } = await ask([
      [start("seed", "topK"), text("Hel"), cut],
      [start("topP"), text("Hello"), cut],
      [start("topK"), ...whole],
    ]);
    expect(parts.at(-1)).toMatchObject({
      warnings: [{ feature: "seed" }, { feature: "topK" }, { feature: "topP" }],
    });
  });

  test("leaves out usage, which the side that broke off never told", async () => {
    const told = { ...finish, usage: { inputTokens: 1, outputTokens: 2 } } as ProviderPart;
    const { parts } = await ask([
      [text("Hello"), cut],
      [text("Hello."), told],
    ]);
    expect(parts.at(-1)).not.toHaveProperty("usage");
  });

  test("gives the whole of whoever said it: text, conversation, completion", async () => {
    const last = { ...finish, conversation: "c2" } as ProviderPart;
    const router = routerOf(
      [
        scripted("a", [
          [text("Hello"), cut],
          [text("Hello"), text("."), last],
        ]),
      ],
      { commit },
    );
    const stream = router.stream({ model: "m", messages });
    const reading = stream.completion;
    await vi.runAllTimersAsync();
    expect(await reading).toMatchObject({ text: "Hello.", conversation: expect.stringContaining("c2") });
  });

  test("gives readers of text alone one text without a seam", async () => {
    const router = routerOf([scripted("a", [[text("Hello"), "stall"]]), scripted("b", [whole])], { commit });
    let told = "";
    const reading = (async () => {
      for await (const piece of router.stream({ model: "m", messages }).textStream) told += piece;
    })();
    await vi.runAllTimersAsync();
    await reading;
    expect(told).toBe("Hello world.");
  });

  test("asks nobody beside a replay, and spends one budget", async () => {
    const providers = [
      scripted("a", [[text("Hello"), cut], slow(1000), slow(1000)]),
      scripted("b", [slow(1000)]),
      scripted("c", [slow(1000)]),
    ];
    const router = routerOf(providers, { commit, hedge: { delayMs: 10 }, retry: { maxAttempts: 3 } });
    let busy = 0;
    router.observe((event) => {
      if (event.type === "attempt-started") expect(++busy).toBe(1);
      else if (event.type === "attempt-ended") busy--;
    });
    const { error } = await read(router);
    expect(error).toMatchObject({ code: "stream_interrupted", text: "Hello" });
    expect(providers.map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
  });

  test("asks nobody again with a budget of one attempt", async () => {
    const { error } = await ask([[text("Hello"), cut], whole], [], { retry: { maxAttempts: 1 } });
    expect(error).toMatchObject({ code: "stream_interrupted", text: "Hello" });
  });

  test("ends with an error that no other attempt could mend", async () => {
    const { error } = await ask([[text("Hello"), failure("content_policy")]], [whole]);
    expect(error).toMatchObject({ code: "content_policy" });
  });

  test("ends with its time while it waits for another attempt", async () => {
    const { error, tookMs } = await ask([[text("Hello"), cut], ["stall"]], [], { timeouts: { totalMs: 700 } });
    expect(error).toMatchObject({ code: "timeout", phase: "total" });
    expect(tookMs).toBeLessThanOrEqual(750);
  });

  test("ends at once with the caller's signal, also between two attempts", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    const { error, tookMs } = await ask([[text("Hello"), cut], whole], [], { signal: controller.signal });
    expect(error).toBe(reason);
    expect(tookMs).toBeLessThan(100);
  });

  test("does not go on with a conversation, whose server has moved on", async () => {
    const talkative = { id: "m", aliases: [], capabilities: { ...capabilities, conversation: true } };
    const provider = scripted(
      "a",
      [
        [text("Hello"), { ...finish, conversation: "c1" } as ProviderPart],
        [text("Hel"), cut],
      ],
      {
        models: [talkative],
      },
    );
    const router = routerOf([provider], { commit });
    const begun = await read(router);
    const last = begun.parts.at(-1);
    if (last?.type !== "finish") throw new Error("There is no finish.");
    const { error } = await read(router, { conversation: last.conversation });
    expect(error).toMatchObject({ code: "stream_interrupted", text: "Hel" });
    expect(provider.requests).toHaveLength(2);
  });

  test("tells those who watch where it went on, and JSON too", async () => {
    const router = routerOf([scripted("a", [[text("Hello"), cut], [text("Hello w"), cut], ["stall"]])], { commit });
    const told: unknown[] = [];
    router.observe((event) => {
      if (event.type === "attempt-ended") told.push(event);
    });
    const { error } = await read(router);
    expect(told).toMatchObject([{ number: 1 }, { number: 2, continuedAt: 5, continuedBy: "replay" }, { number: 3 }]);
    expect(told[2]).not.toHaveProperty("continuedAt");
    const { attempts } = (error as QwenError).toJSON();
    expect(attempts?.[1]).toMatchObject({ continuedAt: 5, continuedBy: "replay" });
  });
});
