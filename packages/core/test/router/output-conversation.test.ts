import { describe, expect, test } from "vitest";

import type { ProviderPart } from "../../src/part.ts";
import type { RetryOptions } from "../../src/router/retry.ts";
import type { RouterOptions } from "../../src/router/router-options.ts";
import type { RouterRequest } from "../../src/router/router-request.ts";
import { ada, ask, fits, wrong } from "./objects.ts";
import { capabilities, finish, scripted, text, type Step } from "./scripted.ts";
import { failure, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

const models = [{ id: "m", aliases: [], capabilities: { ...capabilities, conversation: true } }] as const;
const leaving = (conversation: string): ProviderPart => ({ ...finish, conversation }) as ProviderPart;
const wrongThen = (conversation: string): readonly Step[] => [...wrong.slice(0, -1), leaving(conversation)];

/** Asks in a conversation that the first script has begun; another provider stands behind it. */
async function goOn(
  scripts: readonly (readonly Step[])[],
  request: Partial<RouterRequest> = {},
  options: Partial<RouterOptions> = {},
) {
  const a = scripted("a", [[text("Hi"), leaving("c1")], ...scripts], { models });
  const b = scripted("b", [fits]);
  const router = routerOf([a, b], options);
  const begun = await ask(router, { output: undefined });
  const { conversation } = begun.answer ?? {};
  const outcome = await ask(router, { conversation, ...request });
  return { ...outcome, router, b, asked: a.requests.slice(1) };
}

describe("with a conversation, an answer that does not fit", () => {
  test("is asked for once again at the same provider, with what was wrong, in the conversation that it has left", async () => {
    const { answer, asked, b } = await goOn([wrongThen("c2"), [...fits.slice(0, -1), leaving("c3")]]);
    expect(answer).toMatchObject({ object: ada, attempts: [{ error: { code: "invalid_output" } }, {}] });
    expect(answer?.conversation).toContain("c3");
    expect(asked.map(({ conversation }) => conversation)).toEqual(["c1", "c2"]);
    expect(asked[1]?.messages.at(-1)).toMatchObject({ role: "user", content: expect.stringContaining("`age`") });
    expect(b.requests).toEqual([]);
  });

  test("is asked for by the last message, the only one that its server may get", async () => {
    const { asked } = await goOn([wrongThen("c2"), fits]);
    for (const { messages } of asked) {
      expect(messages.filter(({ role }) => role === "system")).toEqual([]);
      expect(messages.at(-1)).toMatchObject({
        role: "user",
        content: expect.stringContaining('"required":["name","age"]'),
      });
    }
  });

  test.each(["fail", "restart"] as const)("twice ends the call: there is no next (%s)", async (onConversationLost) => {
    const scripts = [wrongThen("c2"), wrongThen("c3"), fits];
    const retry: RetryOptions = { shouldRetry: () => "retry" };
    const { error, asked, b } = await goOn(scripts, { onConversationLost, retry });
    expect(error).toMatchObject({ code: "invalid_output", provider: "a", attempts: [{}, {}] });
    expect([asked.length, b.requests.length]).toEqual([2, 0]);
  });

  test("ends the call where its server leaves no conversation to ask in, and where the budget is spent", async () => {
    const left = await goOn([wrong, fits], { onConversationLost: "restart" });
    expect(left.error).toMatchObject({ code: "invalid_output" });
    expect([left.asked.length, left.b.requests.length]).toEqual([1, 0]);
    const spent = await goOn([wrongThen("c2"), fits], { retry: { maxAttempts: 1 } });
    expect(spent.error).toMatchObject({ code: "invalid_output" });
    expect(spent.asked).toHaveLength(1);
  });

  test("may lose the conversation when it is asked for again, which begins anew where the caller says so", async () => {
    const scripts = [wrongThen("c2"), [failure("conversation_expired")], fits];
    const lost = await goOn(scripts);
    expect(lost.error).toMatchObject({ code: "conversation_expired", attempts: [{}, {}] });
    const anew = await goOn(scripts, { onConversationLost: "restart" });
    expect(anew.answer).toMatchObject({ object: ada, provider: "a" });
    expect(anew.asked.map(({ conversation }) => conversation)).toEqual(["c1", "c2", undefined]);
  });

  test("never counts for the breaker", async () => {
    const options = { breaker: { minimumCalls: 2 } };
    const { router } = await goOn([wrongThen("c2"), wrongThen("c3")], {}, options);
    expect(router.health()[0]).toMatchObject({ breaker: "closed", busy: 0 });
  });
});
