import { QwenError, textOf as textOfMessage } from "@qwen/core";
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
  });

  /** As a Space, which takes what its session is told for what comes next, by whichever process. */
  const space = () => {
    const sessions: string[][] = [];
    return scriptedProvider({
      models: [{ id: "scripted-model", capabilities: { conversation: true } }],
      script: ({ conversation, messages }) => {
        const session = (sessions[Number(conversation ?? sessions.length)] ??= []);
        const told = conversation === undefined ? messages : messages.slice(-1);
        session.push(...told.filter(({ role }) => role !== "assistant").map(textOfMessage));
        const number = String(sessions.indexOf(session));
        return [session.join(", "), { type: "finish", reason: "stop", conversation: number }];
      },
    });
  };

  it("is gone on with once: what goes another way out of a response knows nothing of the first, by whichever process", async () => {
    const [store, model] = [memoryStore(), space()];
    const [one, other] = [asked([model], { store }), asked([model], { store })];
    const first = await one.create({ input: "One" });
    const next = { previous_response_id: first.id };
    expect(textOf(await one.create({ input: "Two", ...next }))).toBe("One, Two");
    expect(textOf(await one.create({ input: "Three", ...next }))).toBe("One, Three");
    expect(textOf(await other.create({ input: "Four", ...next }))).toBe("One, Four");
  });

  it.each<[string, object]>([
    ["instructions that it was not given", { instructions: "Speak French.", input: "Two" }],
    [
      "words of a developer",
      {
        input: [
          { role: "developer", content: "Speak French." },
          { role: "user", content: "Two" },
        ],
      },
    ],
  ])("is left where a request comes with %s", async (_, body) => {
    const { create } = asked([space()]);
    const first = await create({ input: "One" });
    const second = await create({ ...body, previous_response_id: first.id });
    expect(textOf(second).split(", ").toSorted()).toEqual(["One", "Speak French.", "Two"]);
  });

  it("is gone on with under the same instructions", async () => {
    const model = remembering();
    const { create } = asked([model]);
    const instructions = "Speak French.";
    const first = await create({ input: "One", instructions });
    expect(textOf(await create({ input: "Two", instructions, previous_response_id: first.id }))).toBe("turn-1");
  });

  it("goes with its response", async () => {
    const [store, model] = [memoryStore(), remembering()];
    const { create, call } = asked([model], { store });
    const first = await create({ input: "One" });
    await call("DELETE", `/${first.id}`);
    expect(await store.get("", `${first.id} is remembered`)).toBeUndefined();
  });

  it("is left once somebody left in the middle of a turn, as nobody knows how far it got", async () => {
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
    expect(textOf(await create(body))).toBe("new");
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
