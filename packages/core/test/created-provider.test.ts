import { inspect } from "node:util";
import { createProvider, type AnswerCall } from "@qwen/core/http";
import { createRouter, QwenError, type FinishPart, type ProviderPart } from "@qwen/core";
import { describe, expect, test } from "vitest";
import { collect, rejection } from "./servers/waiting.ts";

const QUESTION = [{ role: "user", content: "Hi" }] as const;
const FINISH = { type: "finish", reason: "stop" } as const;

describe("a provider that pushes its parts", () => {
  test("answers with what is pushed, and the finish last", async () => {
    const provider = createProvider({
      id: "pushing",
      models: [{ id: "m", aliases: ["a"] }],
      async answer({ model, request, push }) {
        push({ type: "text-delta", text: `${model.id}: ` });
        await Promise.resolve();
        push({ type: "text-delta", text: JSON.stringify(request.messages[0]?.content) });
        return FINISH;
      },
    });
    const parts: ProviderPart[] = await collect(provider.stream({ model: "a", messages: QUESTION }));
    expect(parts.map((part) => ("text" in part ? part.text : part.type))).toEqual(["m: ", `"Hi"`, "finish"]);
    await using router = createRouter({ plugins: [provider] });
    expect((await router.complete({ model: "a", messages: QUESTION })).text).toBe(`m: "Hi"`);
  });

  test.each([undefined, null, "stop", {}, { type: "text-delta", text: "x" }])(
    "says that its answer ends with a finish, where it gives none: %j",
    async (given) => {
      const provider = createProvider({
        id: "careless",
        models: [{ id: "m" }],
        answer: async () => given as unknown as FinishPart,
      });
      const error = await rejection(collect(provider.stream({ messages: QUESTION })));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({
        message: expect.stringContaining("`answer()` must be a `finish`, or its promise, not "),
      });
    },
  );

  test.each([3, 151])(
    "writes on a request of its own: who is asked next hears what was asked, of %i messages",
    async (size) => {
      const models = [{ id: "one" }] as const;
      const heard: unknown[] = [];
      const careless = createProvider({
        id: "careless",
        models,
        async answer({ request }) {
          (request.messages as unknown[]).push({ role: "user", content: "scribbled" });
          Object.assign(request.messages[0] ?? {}, { content: "scribbled" });
          throw new QwenError("authentication", "Down.");
        },
      });
      const next = createProvider({
        id: "next",
        models,
        async answer({ request, push }) {
          heard.push(...request.messages);
          push({ type: "text-delta", text: "ok" });
          return { type: "finish", reason: "stop" };
        },
      });
      const asked = Array.from({ length: size }, () => ({ role: "user", content: "asked" }) as const);
      const router = createRouter({
        plugins: [careless, next],
        routes: { both: ["careless/one", "next/one"] },
        retry: { maxAttempts: 2 },
      });
      await router.complete({ model: "both", messages: asked });
      expect(heard).toEqual(asked);
    },
  );

  test("may be defined by an object of a class, and is read once: what its owner changes later changes nothing", async () => {
    class Definition {
      id = "defined";
      models: [{ id: string }] = [{ id: "m" }];
      timeouts = { totalMs: 1000 };
      #isClosed = false;
      #words = "Hi";

      async answer({ model, push, limits }: AnswerCall): Promise<FinishPart> {
        push({ type: "text-delta", text: `${this.#words} ${model.id} ${limits.totalMs}` });
        return await Promise.resolve(FINISH);
      }

      async close(): Promise<void> {
        this.#isClosed = await Promise.resolve(true);
      }

      get isClosed(): boolean {
        return this.#isClosed;
      }
    }
    const definition = new Definition();
    const provider = createProvider(definition);
    definition.id = "other";
    definition.models = [{ id: "n" }];
    definition.timeouts = { totalMs: -1 };
    definition.answer = undefined as never;
    const parts = await collect(provider.stream({ messages: QUESTION }));
    expect(parts).toMatchObject([{ text: "Hi m 1000" }, FINISH]);
    await provider.close?.();
    expect(definition.isClosed).toBe(true);
  });

  test("is not asked what it could not answer", async () => {
    let asked = 0;
    const provider = createProvider({
      id: "pushing",
      models: [{ id: "m" }],
      answer: () => Promise.resolve((asked++, FINISH)),
    });
    const codes = await Promise.all(
      [
        { messages: [] },
        { messages: QUESTION, model: "x" },
        { messages: QUESTION, settings: { tools: [{ name: "t", inputSchema: {} }] } },
      ].map((request) => rejection(collect(provider.stream(request)))),
    );
    expect(codes).toMatchObject([{ code: "invalid_request" }, { code: "no_such_model" }, { code: "unsupported" }]);
    expect(asked).toBe(0);
  });

  test("shows nothing of a request's headers in its errors, whoever repeats it, nor of causes", async () => {
    const cause = Object.assign(new Error("You sent my-key\u001B[0m-of-mine."), { responseBody: "my-key-of-mine" });
    const provider = createProvider({
      id: "repeating",
      models: [{ id: "m" }],
      async answer() {
        throw new QwenError("authentication", "No: MY-key-of-mine.", { cause });
      },
    });
    const headers = { authorization: "Bearer my-key-of-mine" };
    const error = await rejection(collect(provider.stream({ messages: QUESTION, headers })));
    expect(error).toMatchObject({ code: "authentication", message: "No: ***.", provider: "repeating" });
    await using router = createRouter({ plugins: [provider] });
    const routed = await rejection(
      router.complete({ model: "m", messages: QUESTION, headers: { repeating: headers } }),
    );
    for (const one of [error, routed])
      expect(inspect(one, { depth: 9, showHidden: true }).toLowerCase()).not.toMatch(/my-key|of-mine/);
    expect(await rejection(collect(provider.stream({ messages: QUESTION })))).toMatchObject({ cause });
  });

  test("names itself in its errors, and stops its source when it is left", async () => {
    let stopped: unknown;
    const provider = createProvider({
      id: "pushing",
      models: [{ id: "m" }],
      timeouts: { firstOutputMs: 20 },
      answer: (call) =>
        new Promise((_, reject) => {
          call.stop.addEventListener("abort", () => (stopped = call.stop.reason));
          call.follow({ start: () => call.clock.startPhase(), pause() {}, resume() {}, fail: reject });
        }),
    });
    expect(await rejection(collect(provider.stream({ messages: QUESTION })))).toMatchObject({
      code: "timeout",
      phase: "first-output",
      provider: "pushing",
    });
    const controller = new AbortController();
    const reading = collect(
      provider.stream({ messages: QUESTION, signal: controller.signal, timeouts: { firstOutputMs: 5000 } }),
    );
    controller.abort(new Error("Enough."));
    expect(await rejection(reading)).toBe(controller.signal.reason);
    expect(stopped).toBe(controller.signal.reason);
  });
});
