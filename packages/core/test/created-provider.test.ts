import { createProvider } from "@qwen/core/http";
import { createRouter, type ProviderPart } from "@qwen/core";
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
