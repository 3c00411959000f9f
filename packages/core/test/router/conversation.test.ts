import { describe, expect, test } from "vitest";

import { scripted, type Step } from "./scripted.ts";
import { complete, failure, good, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

describe("a conversation that is lost", () => {
  const holder = (id: string, script: readonly Step[]) => scripted(id, [script]);
  const conversation = JSON.stringify(["a", "m", "turn"]);

  test("fails with conversation_expired, or begins anew along the route if the caller says so", async () => {
    const expired = failure("conversation_expired");
    const [a, b] = [holder("a", [expired]), holder("b", good)];
    const { error } = await complete(routerOf([a, b]), { conversation });
    expect(error).toMatchObject({ code: expired.code, message: expired.message, provider: "a" });
    expect(a.requests[0]?.conversation).toBe("turn");
    const again = scripted("a", [[failure("conversation_expired")], [failure("connection")], [failure("connection")]]);
    const restarted = await complete(routerOf([again, b]), { conversation, onConversationLost: "restart" });
    expect(restarted.completion).toMatchObject({ provider: "b" });
    expect([...again.requests, ...b.requests].map((request) => request.conversation)).toEqual([
      "turn",
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("is expired as well while the breaker of its provider is open", async () => {
    const a = scripted("a", [[failure("authentication")], good]);
    const router = routerOf([a], { breaker: { minimumCalls: 1 } });
    await complete(router);
    expect((await complete(router, { conversation })).error).toMatchObject({
      code: "conversation_expired",
      provider: "a",
    });
    expect(a.requests).toHaveLength(1);
    expect((await complete(router, { conversation, onConversationLost: "restart" })).completion).toMatchObject({
      text: "Hello world",
    });
  });

  test("of somebody whom its model does not lead to is a wrong request, or lost if the caller says so", async () => {
    const b = scripted("b", [good]);
    expect((await complete(routerOf([b]), { conversation })).error).toMatchObject({ code: "invalid_request" });
    expect(b.requests).toHaveLength(0);
    const { completion } = await complete(routerOf([b]), { conversation, onConversationLost: "restart" });
    expect(completion).toMatchObject({ provider: "b", text: "Hello world" });
    expect(b.requests[0]?.conversation).toBeUndefined();
  });

  test("is never hedged and never loses its turn to a strategy, also where it may begin anew", async () => {
    const a = scripted("a", [[{ waitMs: 500 }, ...good]]);
    const b = scripted("b", [good]);
    const router = routerOf([a, b], { hedge: { delayMs: 10 }, providers: { a: { weight: 0 } } });
    const { completion } = await complete(router, { conversation, onConversationLost: "restart" });
    expect(completion).toMatchObject({ provider: "a", attempts: [{ provider: "a" }] });
    expect(b.requests).toHaveLength(0);
  });
});

test("a conversation is as long as its provider writes it, up to a million characters; none that cannot come back is given", async () => {
  const holding = (conversation: string) =>
    scripted("a", [[...good.slice(0, -1), { type: "finish", reason: "stop", conversation }]]);
  const long = holding("c".repeat(500_000));
  const first = await complete(routerOf([long]));
  await complete(routerOf([long]), { conversation: first.completion?.conversation });
  expect(long.requests[1]?.conversation).toHaveLength(500_000);
  const { completion } = await complete(routerOf([holding("c".repeat(1_100_000))]));
  expect(completion).toMatchObject({ text: "Hello world", conversation: undefined });
});
