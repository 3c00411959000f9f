import { describe, expect, test, vi } from "vitest";

import type { StreamPart } from "../../src/part.ts";
import { finish, messages, scripted, text, type Step } from "./scripted.ts";
import { failure, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

type Options = NonNullable<Parameters<typeof routerOf>[1]>;

/** What `onPart` hears, with the name of who begins, and the text of the answer. */
async function told(scripts: Readonly<Record<string, readonly (readonly Step[])[]>>, options: Options = {}) {
  const seen: string[] = [];
  const router = routerOf(
    Object.entries(scripts).map(([id, all]) => scripted(id, all)),
    { hedge: { delayMs: 20 }, ...options },
  );
  const onPart = (part: StreamPart): void => {
    const said = "text" in part && typeof part.text === "string" ? part.text : part.type;
    seen.push(part.type === "attempt" ? `attempt ${part.provider}` : said);
  };
  const answer = router.complete({ model: "m", messages }, { onPart }).then(
    (whole) => whole.text,
    (error: Error) => error,
  );
  await vi.runAllTimersAsync();
  return { seen, answer: await answer };
}

const place: Step = { type: "queue", position: 3 };

describe("complete(request, { onPart }) with attempts side by side tells one attempt at a time", () => {
  test("a hedge that comes to nothing is not told", async () => {
    const a: readonly Step[] = [text("a1 "), { waitMs: 60 }, text("a2"), finish];
    for (const b of [["stall"], [text("b1"), { waitMs: 10 }, failure("authentication")]] as const)
      expect((await told({ a: [a], b: [b] })).seen).toEqual(["attempt a", "a1 ", "a2", "finish"]);
  });

  test("the whole text of a hedge that wins is told behind its `attempt`", async () => {
    const b: readonly Step[] = [place, text("b1 "), { waitMs: 30 }, text("b2"), finish];
    const { seen, answer } = await told({ a: [[text("a1 "), "stall"]], b: [b] });
    expect([answer, seen]).toEqual(["b1 b2", ["attempt a", "a1 ", "attempt b", "b1 ", "b2", "finish"]]);
  });

  test("where the oldest fails, the hedge is told from its beginning, and goes on live", async () => {
    const a: readonly Step[] = [text("a1 "), { waitMs: 60 }, failure("timeout")];
    const b: readonly Step[] = [text("b1 "), { waitMs: 80 }, place, text("b2"), finish];
    const { seen } = await told({ a: [a], b: [b] }, { retry: { maxAttempts: 2 } });
    expect(seen).toEqual(["attempt a", "a1 ", "attempt b", "b1 ", "queue", "b2", "finish"]);
  });

  test("a retry beside the hedge waits for its turn", async () => {
    const a: readonly Step[] = [text("a1 "), { waitMs: 30 }, failure("timeout")];
    const b: readonly Step[] = [text("b1 "), { waitMs: 80 }, failure("authentication")];
    const c: readonly Step[] = [text("c1 "), { waitMs: 80 }, text("c2"), finish];
    const { seen, answer } = await told({ a: [a], b: [b], c: [c] }, { retry: { baseDelayMs: 1 } });
    expect([answer, seen]).toEqual([
      "c1 c2",
      ["attempt a", "a1 ", "attempt b", "b1 ", "attempt c", "c1 ", "c2", "finish"],
    ]);
  });

  test("an answer that is turned down is told where its attempt was, and another is told behind it", async () => {
    const whole = (words: string, waitMs: number): readonly Step[] => [text(words), { waitMs }, finish];
    const shouldRetry: NonNullable<Options["retry"]>["shouldRetry"] = ({ result }) =>
      (result as { readonly text?: string } | undefined)?.text === "bad" ? "next" : undefined;
    const quicker = await told(
      { a: [whole("good", 100)], b: [whole("bad", 10)], c: [["stall"]] },
      { retry: { shouldRetry } },
    );
    expect(quicker.seen).toEqual(["attempt a", "good", "finish"]);
    const slower = await told(
      { a: [whole("bad", 30)], b: [whole("good", 100)], c: [["stall"]] },
      { retry: { shouldRetry } },
    );
    expect(slower.seen).toEqual(["attempt a", "bad", "attempt b", "good", "finish"]);
  });

  test("nothing more is told once who hears it ends the request", async () => {
    const seen: string[] = [];
    const a: readonly Step[] = [text("a1"), "stall"];
    const router = routerOf([scripted("a", [a]), scripted("b", [[text("b1"), text("b2"), finish]])], {
      hedge: { delayMs: 20 },
    });
    const controller = new AbortController();
    const onPart = (part: StreamPart): void => {
      seen.push(part.type);
      if (part.type === "attempt" && part.provider === "b") controller.abort(new Error("seen enough"));
    };
    const answer = router.complete({ model: "m", messages, signal: controller.signal }, { onPart });
    const [failed] = await Promise.all([answer.catch((error: unknown) => error), vi.runAllTimersAsync()]);
    expect(failed).toHaveProperty("message", "seen enough");
    expect(seen).toEqual(["attempt", "text-delta", "attempt"]);
  });
});

test("who hears parts by `onPart` may write on them: the answer and the provider's own parts stay as they are", async () => {
  const call = {
    type: "tool-call",
    toolCallId: "1",
    toolName: "t",
    input: "{}",
    providerMetadata: { a: { b: 1 } },
  } as const;
  const last = { type: "finish", reason: "stop", usage: { inputTokens: 1 }, response: { id: "r" } } as const;
  const parts = [{ ...text("one \ud83d"), providerMetadata: { a: { b: 1 } } }, text("\ude00"), call, last] as const;
  const before = structuredClone(parts);
  const heard: unknown[] = [];
  const onPart = (part: StreamPart): void => {
    if (part.type === "text-delta") heard.push(part.text);
    spoil(part);
  };
  const answering = routerOf([scripted("a", [parts])]).complete({ model: "m", messages }, { onPart });
  await vi.runAllTimersAsync();
  expect(await answering).toMatchObject({
    text: "one \u{1f600}",
    toolCalls: [call],
    finishReason: "stop",
    usage: { inputTokens: 1 },
    response: { id: "r" },
    attempts: [{ provider: "a", number: 1 }],
  });
  expect(parts).toEqual(before);
  expect(heard).toEqual(["one \ud83d", "\ude00"]);
});

/** Writes on all there is, however deep. */
function spoil(value: object): void {
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === "object" && member !== null) spoil(member as object);
    else Reflect.set(value, name, "spoilt");
  }
}
