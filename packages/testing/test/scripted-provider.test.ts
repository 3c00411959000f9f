import { QwenError, type ProviderRequest, textOf } from "@qwen/core";
import { afterEach, expect, test, vi } from "vitest";

import { scriptedProvider } from "../src/index.ts";

const request: ProviderRequest = { messages: [{ role: "user", content: "Hi" }] };

async function collect<Part>(parts: AsyncIterable<Part>): Promise<Part[]> {
  const all: Part[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

afterEach(() => {
  vi.useRealTimers();
});

test("yields its script and finishes by itself", async () => {
  const provider = scriptedProvider({ script: ["Hello", { type: "queue", position: 1 }, " there"] });
  expect(await collect(provider.stream(request))).toEqual([
    { type: "text-delta", text: "Hello" },
    { type: "queue", position: 1 },
    { type: "text-delta", text: " there" },
    { type: "finish", reason: "stop", warnings: [] },
  ]);
  expect(provider.calls).toEqual([{ request, state: "finished", parts: 4 }]);
});

test("finishes as the script says", async () => {
  const finish = { type: "finish", reason: "length", usage: { outputTokens: 1 }, warnings: [] } as const;
  const provider = scriptedProvider({ script: ["cut", finish, "never said"] });
  expect((await collect(provider.stream(request))).at(-1)).toEqual(finish);
});

test("answers by request and by call", async () => {
  const provider = scriptedProvider({
    script: ({ messages: [message] }, call) => [`${call}: ${message === undefined ? "" : textOf(message)}`],
  });
  expect((await collect(provider.stream(request)))[0]).toEqual({ type: "text-delta", text: "1: Hi" });
  expect((await collect(provider.stream(request)))[0]).toEqual({ type: "text-delta", text: "2: Hi" });
});

test("fails where the script has an error", async () => {
  const error = new QwenError("rate_limited", "Too many.", { retryAfterMs: 10 });
  const provider = scriptedProvider({ script: ["Hello", error] });
  const parts = provider.stream(request)[Symbol.asyncIterator]();
  expect((await parts.next()).value).toEqual({ type: "text-delta", text: "Hello" });
  await expect(parts.next()).rejects.toBe(error);
  expect(provider.calls[0]?.state).toBe("failed");
});

test("waits by the clock that tests can move", async () => {
  vi.useFakeTimers();
  const provider = scriptedProvider({ script: [{ waitMs: 60_000 }, "late"] });
  const parts = collect(provider.stream(request));
  await vi.advanceTimersByTimeAsync(59_999);
  expect(provider.calls[0]).toMatchObject({ state: "running", parts: 0 });
  await vi.advanceTimersByTimeAsync(1);
  expect((await parts)[0]).toEqual({ type: "text-delta", text: "late" });
});

test("refuses what its model cannot take, such as files and the beginning of an answer", async () => {
  const file = { type: "file", file: new Uint8Array(1), mediaType: "a/b" } as const;
  const asked: ProviderRequest[] = [
    { messages: [{ role: "user", content: [file] }] },
    { messages: [...request.messages, { role: "assistant", content: "Once" }] },
  ];
  const models = [{ id: "m", capabilities: { files: true, prefill: true } }] as const;
  for (const one of asked) {
    const plain = scriptedProvider({ script: ["Hi"] });
    await expect(collect(plain.stream(one))).rejects.toMatchObject({ code: "unsupported" });
    expect(plain.calls).toEqual([]);
    expect(await collect(scriptedProvider({ models, script: ["Hi"] }).stream(one))).toHaveLength(2);
  }
});

test("has the names it is given", () => {
  const capabilities = {
    images: true,
    system: "native",
    history: "native",
    conversation: false,
    tools: false,
    json: false,
  } as const;
  const provider = scriptedProvider({
    id: "mine",
    models: [{ id: "one", aliases: ["uno"], capabilities }],
    script: [],
  });
  const id: "mine" = provider.id;
  const alias: "one" | "uno" | undefined = provider.models[0].aliases[0];
  expect([id, alias]).toEqual(["mine", "uno"]);
});
