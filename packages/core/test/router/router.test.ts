import { describe, expect, test, vi } from "vitest";

import { markOwn } from "../../src/own-functions.ts";
import type { ModelInfo } from "../../src/provider.ts";
import type { ProviderPart } from "../../src/part.ts";
import { createRouter, type Router } from "../../src/router/router.ts";
import { capabilities, collect, finish, messages, scripted, text } from "./scripted.ts";

const talker = (id: string, model: string, ...aliases: string[]) =>
  scripted(id, [[text(`I am ${id}`), finish]], { models: [{ id: model, aliases, capabilities }] });

describe("a router", () => {
  test("sends the request to the provider as it is, with the model's id", async () => {
    const provider = talker("a", "m", "alias");
    const router: Router = createRouter({ plugins: [provider] });
    const request = {
      messages,
      settings: { temperature: 1 },
      maxQueueMs: 5,
      providerOptions: { a: { b: 1 } },
      headers: { a: { "x-a": "b" } },
    };
    expect(await router.complete({ model: "alias", ...request })).toMatchObject({ text: "I am a", model: "m" });
    expect(provider.requests).toMatchObject([{ model: "m", ...request, headers: { "x-a": "b" } }]);
  });

  test("grows by use(), also while its older type is in use", async () => {
    const router: Router = createRouter({ plugins: [talker("a", "m")] });
    expect(router.has("n")).toBe(false);
    expect(router.use(talker("b", "n"))).toBe(router);
    expect(router.has("n")).toBe(true);
    expect((await router.complete({ model: "n", messages })).provider).toBe("b");
    expect(() => router.use(talker("b", "o"))).toThrow(TypeError);
  });

  test("tells its names, what kind they are and who is meant", () => {
    const router: Router = createRouter({
      plugins: [talker("a", "m", "x"), talker("b", "n", "x")],
      routes: { smart: ["n", "x"] },
    });
    expect(
      router.names.map(({ name, kind, candidates }) => [name, kind, ...candidates.map((one) => one.provider)]),
    ).toEqual([
      ["smart", "route", "b", "a"],
      ["m", "model", "a"],
      ["x", "alias", "a", "b"],
      ["n", "model", "b"],
    ]);
    expect(router.has("smart")).toBe(true);
    expect(router.has("a/x")).toBe(true);
    expect(router.has("a/n")).toBe(false);
  });

  test("finds the names that lead to who can do what is wanted, with those candidates only", () => {
    const able = (id: string, ...models: [ModelInfo, ...ModelInfo[]]) => scripted(id, [], { models });
    const router: Router = createRouter({
      plugins: [
        able("plain", { id: "p", aliases: ["any"] }),
        able("eyes", { id: "e", aliases: ["same"], capabilities: { images: true, settings: ["seed", "topK"] } }),
        able("tools", { id: "p", capabilities: { tools: true, files: undefined, system: "prompt" } }),
        able("other", { id: "o", aliases: ["same"], capabilities: { images: true } }),
      ],
      routes: { smart: ["p", "e"], deep: "smart", unclear: ["p", "same"] },
    });
    const names = (wanted: object): readonly string[] =>
      router.find(wanted).map(({ name, candidates }) => [name, ...candidates.map((one) => one.provider)].join(" "));
    expect(names({ images: true })).toEqual(["smart eyes", "deep eyes", "e eyes", "o other"]);
    expect(names({ images: true, settings: ["seed"] })).toEqual(["smart eyes", "deep eyes", "e eyes"]);
    expect(names({ tools: true })).toEqual(["smart tools", "deep tools", "p tools"]);
    expect(names({ tools: true, files: false, system: "prompt" })).toEqual(names({ tools: true }));
    expect(names({ images: true, tools: true })).toEqual([]);
    expect(names({ system: "native", images: undefined })).toContain("p plain");
    expect(names({})).toEqual([
      "smart plain tools eyes",
      "deep plain tools eyes",
      "p plain tools",
      "any plain",
      "e eyes",
      "o other",
    ]);
    for (const { name } of router.find({})) expect(router.has(name)).toBe(true);
  });

  test.each<[unknown, RegExp]>([
    [{ image: true }, /`find` has no option "image"\. Did you mean "images"/],
    [{ images: 1 }, /`find\.images` must be true or false/],
    [{ system: true }, /`find\.system` must be "native" or "prompt"/],
    [{ settings: "seed" }, /`find\.settings` must be an array of the names of settings/],
    [{ settings: ["sed"] }, /`find\.settings`/],
    [{ settings: Array.from({ length: 1 }) }, /`find\.settings`/],
    ["images", /`find` must be an object/],
    [null, /`find` must be an object/],
    [Promise.resolve({}), /`find` must be an object of options, not a promise/],
  ])("finds nothing for what is no capability, but says what it must be: %o", (wanted, message) => {
    const router: Router = createRouter({ plugins: [talker("a", "m")] });
    expect(() => router.find(wanted as object)).toThrow(TypeError);
    expect(() => router.find(wanted as object)).toThrow(message);
  });

  test("refuses what is no list of plugins, and limits that are none, at once", () => {
    expect(() => createRouter({ plugins: {} as [] })).toThrow(TypeError);
    expect(() => createRouter({ plugins: [], timeouts: { idleMs: -1 } })).toThrow(TypeError);
  });

  test("does not stumble over names that every object has", async () => {
    const router: Router = createRouter({ plugins: [] });
    expect(router.has("constructor")).toBe(false);
    expect((await collect(router.stream({ model: "__proto__", messages }))).error).toMatchObject({
      code: "no_such_model",
    });
  });
});

describe("close()", () => {
  test("ends the calls under way and what the providers keep open, and leaves the router usable", async () => {
    let closed = 0;
    const provider = {
      ...scripted("a", [
        [text("Hi"), "stall"],
        [text("Hi"), finish],
      ]),
      close: async () => void closed++,
    };
    const router: Router = createRouter({ plugins: [provider, talker("b", "n")] });
    const reading = collect(router.stream({ model: "m", messages }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await router.close();
    expect(closed).toBe(1);
    expect((await reading).error).toMatchObject({ name: "AbortError" });
    expect(provider.requests[0]?.signal?.aborted).toBe(true);
    expect((await router.complete({ model: "m", messages })).text).toBe("Hi");
  });

  test("is called by await using", async () => {
    let closed = 0;
    {
      await using router = createRouter({ plugins: [{ ...talker("a", "m"), close: async () => void closed++ }] });
      await router.complete({ model: "m", messages });
    }
    expect(closed).toBe(1);
  });

  test("waits for nobody who does not close, closes the others, and never rejects", async () => {
    let closed = 0;
    const closing = (id: string, close: () => Promise<void>) => ({ ...talker(id, "m"), close });
    const router = createRouter({
      plugins: [
        closing("a", () => new Promise(() => {})),
        closing("b", () => Promise.reject(new Error("will not"))),
        closing("c", () => {
          throw new Error("cannot");
        }),
        closing("d", async () => void closed++),
      ],
    });
    vi.useFakeTimers();
    const done = router.close();
    await vi.advanceTimersByTimeAsync(1500);
    await done;
    vi.useRealTimers();
    expect(closed).toBe(1);
  });

  test("waits longer for the clean-ups of a provider of ours, but not for ever", async () => {
    vi.useFakeTimers();
    const after: number[] = [];
    for (const neededMs of [3000, 20_000]) {
      const startedAt = performance.now();
      const close = markOwn(async () => void (await new Promise((resolve) => setTimeout(resolve, neededMs))));
      const closing = createRouter({ plugins: [{ ...talker("a", "m"), close }] }).close();
      void closing.then(() => after.push(performance.now() - startedAt));
      await vi.advanceTimersByTimeAsync(20_000);
    }
    vi.useRealTimers();
    expect(after).toEqual([3000, 4000]);
  });

  test("ends its own calls only, also where another router asks the same provider, and though calls keep coming", async () => {
    const shared = scripted("a", [[text("Hi"), "stall"]]);
    const [one, other] = [createRouter({ plugins: [shared] }), createRouter({ plugins: [shared] })];
    const ended: unknown[] = [];
    const call = (): Promise<unknown> =>
      one.complete({ model: "m", messages }).catch((error: unknown) => {
        if (ended.push(error) < 3) void call();
      });
    void call();
    const theirs = other.stream({ model: "m", messages })[Symbol.asyncIterator]();
    await theirs.next();
    await theirs.next();
    await one.close();
    expect(ended).toMatchObject([{ name: "AbortError" }]);
    expect(other.health()).toMatchObject([{ busy: 1 }]);
    await theirs.return?.();
    await one.close();
    await one.close();
  });
});

describe("a conversation", () => {
  const model: ModelInfo = { id: "m", aliases: [], capabilities: { ...capabilities, conversation: true } };
  const holder = (id: string) => {
    const seen: (string | undefined)[] = [];
    const stream = async function* ({
      conversation,
    }: {
      conversation?: string | undefined;
    }): AsyncGenerator<ProviderPart> {
      seen.push(conversation);
      if (conversation === "broken") throw new Error("lost");
      yield text("Hi");
      yield { ...finish, type: "finish", reason: "stop", warnings: [], conversation: `${id}-turn-${seen.length}` };
    };
    return { id, models: [model] as const, stream, seen };
  };

  test("goes on at its provider, which gets its own string back", async () => {
    const [a, b] = [holder("a"), holder("b")];
    const first = await createRouter({ plugins: [b] }).complete({ model: "m", messages });
    const router = createRouter({ plugins: [a, b] });
    const saved: string = JSON.parse(JSON.stringify(first.conversation));
    const second = await router.complete({ model: "m", messages, conversation: saved });
    expect(second.provider).toBe("b");
    expect(b.seen).toEqual([undefined, "b-turn-1"]);
    expect(a.seen).toEqual([]);
    const elsewhere = router.complete({ model: "a/m", messages, conversation: saved });
    await expect(elsewhere).rejects.toMatchObject({ code: "invalid_request" });
  });

  test("that fails is neither tried again nor moved", async () => {
    const [a, b] = [holder("a"), holder("b")];
    const router = createRouter({ plugins: [a, b] });
    const conversation = JSON.stringify(["a", "m", "broken"]);
    await expect(router.complete({ model: "m", messages, conversation })).rejects.toMatchObject({
      code: "protocol",
      provider: "a",
    });
    expect([a.seen, b.seen]).toEqual([["broken"], []]);
  });

  test("that no finish carried is an invalid request", async () => {
    const router = createRouter({ plugins: [holder("a")] });
    for (const conversation of ["", "x", "{}", "[1]", "null"]) {
      await expect(router.complete({ model: "m", messages, conversation })).rejects.toMatchObject({
        code: "invalid_request",
      });
    }
  });
});
