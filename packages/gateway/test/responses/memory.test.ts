import { QwenError } from "@qwen/core";
import { scriptedProvider } from "@qwen/testing";
import { describe, expect, it, vi } from "vitest";

import { memoryStore } from "../../src/store.ts";
import { asked, textOf } from "./asked.ts";

describe("a model with a memory of its own", () => {
  const remembering = () => {
    let turns = 0;
    return scriptedProvider({
      models: [{ id: "scripted-model", capabilities: { conversation: true } }],
      script: ({ conversation }) => {
        if (conversation === "lost") return [new QwenError("conversation_expired", "Over.")];
        return [conversation ?? "new", { type: "finish", reason: "stop", conversation: `turn-${++turns}` }];
      },
    });
  };

  it("is gone on with in it, with the whole history beside", async () => {
    const model = remembering();
    const { create } = asked([model]);
    const first = await create({ input: "One" });
    const second = await create({ input: "Two", previous_response_id: first.id });
    expect(textOf(second)).toBe("turn-1");
    expect(model.calls[1]?.request.messages).toHaveLength(3);
  });

  it("begins anew with the whole history where that is lost", async () => {
    let isLost = false;
    const model = scriptedProvider({
      models: [{ id: "scripted-model", capabilities: { conversation: true } }],
      script: ({ conversation, messages }) => {
        if (conversation !== undefined && isLost) return [new QwenError("conversation_expired", "Over.")];
        return [`${messages.length}`, { type: "finish", reason: "stop", conversation: "memory" }];
      },
    });
    const { create } = asked([model]);
    const first = await create({ input: "One" });
    isLost = true;
    const second = await create({ input: "Two", previous_response_id: first.id });
    expect(textOf(second)).toBe("3");
    expect(model.calls.map(({ request }) => request.conversation)).toEqual([undefined, "memory", undefined]);
  });

  it("takes two ways out of one response: the second, while the first goes on in it, begins anew", async () => {
    const model = scriptedProvider({
      models: [{ id: "scripted-model", capabilities: { conversation: true } }],
      script: ({ conversation }) => [
        { waitMs: 20 },
        conversation ?? "new",
        { type: "finish", reason: "stop", conversation: "memory" },
      ],
    });
    const { create } = asked([model]);
    const first = await create({ input: "One" });
    const both = await Promise.all([1, 2].map(() => create({ input: "Two", previous_response_id: first.id })));
    expect(both.map(textOf).toSorted()).toEqual(["memory", "new"]);
    const later = await create({ input: "Two", previous_response_id: first.id });
    expect(textOf(later)).toBe("memory");
  });

  it("is gone on with also after somebody left in the middle of that", async () => {
    let waitMs = 0;
    const model = scriptedProvider({
      models: [{ id: "scripted-model", capabilities: { conversation: true } }],
      script: ({ conversation }) => [
        { waitMs },
        conversation ?? "new",
        { type: "finish", reason: "stop", conversation: "memory" },
      ],
    });
    const { create, gateway } = asked([model]);
    const first = await create({ input: "One" });
    const body = { input: "Two", previous_response_id: first.id };
    waitMs = 5000;
    for (const stream of [false, true]) {
      const leaving = new AbortController();
      const request = new Request("http://localhost/v1/responses", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "scripted-model", stream, ...body }),
        signal: leaving.signal,
      });
      const before = model.calls.length;
      const answer = gateway.fetch(request);
      await vi.waitFor(() => expect(model.calls.length).toBeGreaterThan(before));
      leaving.abort();
      expect((await answer).status).toBe(499);
    }
    waitMs = 0;
    expect(textOf(await create(body))).toBe("memory");
  });

  it("begins anew with the whole history where nobody who remembers is there any more, as after a restart", async () => {
    const store = memoryStore();
    const before = asked([remembering()], { store });
    const first = await before.create({ input: "One" });
    await before.gateway.close();
    const other = scriptedProvider({
      id: "other",
      models: [{ id: "scripted-model", capabilities: { conversation: true } }],
      script: ({ conversation, messages }) => [`${conversation} ${messages.length}`],
    });
    const second = await asked([other], { store }).create({ input: "Two", previous_response_id: first.id });
    expect(textOf(second)).toBe("undefined 3");
  });

  it("is not asked to go on by another name", async () => {
    const model = remembering();
    const { create } = asked([model], { routes: { smart: ["scripted-model"] } });
    const first = await create({ input: "One" });
    const second = await create({ model: "smart", input: "Two", previous_response_id: first.id });
    expect(textOf(second)).toBe("new");
  });
});
