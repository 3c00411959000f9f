import type { Socket } from "node:net";

import { createRouter } from "@qwen/core";
import { afterEach, describe, expect, test } from "vitest";

import { CHUNKED, chunk, response, startRawServer, type RawServer } from "../servers/raw-server.ts";
import { collect, rejection, settle, until } from "../servers/waiting.ts";
import { chatCompletions } from "./chat-completions.ts";

const messages = [{ role: "user", content: "Hi" }] as const;
const said = (content: string): string => chunk(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
const stop = chunk(`data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }] })}\n\n`);
const done = `${chunk("data: [DONE]\n\n")}0\r\n\r\n`;
const whole = CHUNKED + said("Hel") + chunk(": still here\n\n") + said("lo.") + stop + done;

const opened: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));

function open(server: RawServer) {
  const provider = chatCompletions({ url: new URL(server.origin), key: "secret-key" });
  const router = createRouter({ plugins: [provider], retry: { baseDelayMs: 0, maxAttempts: 2 } });
  opened.push(router);
  return { provider, router };
}

async function serve(answer: (socket: Socket, request: string, connection: number) => void) {
  const server = await startRawServer(answer);
  return Object.assign(server, open(server));
}

describe("a provider over HTTP", () => {
  test("streams an answer, over one connection for calls that follow each other", async () => {
    await using server = await serve((socket) => socket.write(whole));
    for (const _ of [1, 2]) {
      expect(await collect(server.provider.stream({ messages }))).toEqual([
        { type: "text-delta", text: "Hel" },
        { type: "text-delta", text: "lo." },
        { type: "finish", reason: "stop", warnings: [] },
      ]);
    }
    expect(server.connections()).toBe(1);
    expect(server.received[0]).toContain("authorization: Bearer secret-key");
    expect(server.received[0]).toContain('"messages":[{"role":"user","content":"Hi"}]');
  });

  test("asks again after the pause that a 429 wants", async () => {
    let asked = 0;
    await using server = await serve((socket) => {
      asked += 1;
      socket.write(asked === 1 ? response("slow down", { status: 429, headers: "retry-after-ms: 5\r\n" }) : whole);
    });
    const { text, attempts } = await server.router.complete({ model: "chat-1", messages });
    expect(text).toBe("Hello.");
    expect(attempts[0]?.error).toMatchObject({ code: "rate_limited", status: 429, retryAfterMs: 5 });
  });

  test("that is cut in mid-answer is broken off, whatever the cut looks like", async () => {
    for (const end of ["0\r\n\r\n", undefined]) {
      await using server = await serve((socket) => {
        socket.write(CHUNKED + said("Half an"));
        if (end === undefined) setImmediate(() => socket.resetAndDestroy());
        else socket.end(end);
      });
      const stream = server.router.stream({ model: "chat-1", messages });
      const error = await rejection(collect(stream));
      expect(error).toMatchObject({ code: end === undefined ? "connection" : "stream_interrupted" });
    }
  });

  test("is left by a break, a return and an abort, each of which closes the connection", async () => {
    await using server = await serve((socket) => socket.write(CHUNKED + said("a") + said("b")));
    for await (const _ of server.router.stream({ model: "chat-1", messages })) break;
    await until(() => server.open() === 0);
    const controller = new AbortController();
    const reason = new Error("mine");
    const call = rejection(server.router.complete({ model: "chat-1", messages, signal: controller.signal }));
    await until(() => server.open() === 1);
    controller.abort(reason);
    expect(await call).toBe(reason);
    await until(() => server.open() === 0);
  });

  test("keeps its key from the host that a redirect leads to", async () => {
    await using other = await startRawServer((socket) => socket.write(whole));
    await using server = await serve((socket) =>
      socket.write(response("", { status: 307, headers: `location: ${other.origin}/steal\r\n` })),
    );
    expect(await rejection(server.router.complete({ model: "chat-1", messages }))).toMatchObject({
      code: "all_failed",
    });
    expect(other.connections()).toBe(0);
  });

  test("refuses before it sends what it cannot take", async () => {
    await using server = await serve((socket) => socket.write(whole));
    const image = { type: "image", image: new Uint8Array([1]) } as const;
    const pictures = server.provider.stream({ messages: [{ role: "user", content: [image] }] });
    expect(await rejection(collect(pictures))).toMatchObject({ code: "unsupported" });
    expect(await rejection(collect(server.provider.stream({ messages: [] })))).toMatchObject({
      code: "invalid_request",
    });
    expect(server.connections()).toBe(0);
    const parts = await collect(server.provider.stream({ messages, settings: { temperature: 0, seed: 1 } }));
    expect(parts.at(-1)).toMatchObject({ warnings: [{ feature: "seed" }] });
  });

  test("holds up its server where nobody reads, and loses nothing", async () => {
    const words = Array.from({ length: 300 }, (_, index) => `${index} ${"x".repeat(40_000)}\n`);
    let sending: Socket | undefined;
    await using server = await serve((socket) => {
      sending = socket;
      socket.write(CHUNKED + words.map(said).join("") + stop + done);
    });
    const iterator = server.provider.stream({ messages });
    const first = await iterator.next();
    await settle();
    expect(sending?.writableLength).toBeGreaterThan(0);
    let text = first.value?.type === "text-delta" ? first.value.text : "";
    for await (const part of iterator) if (part.type === "text-delta") text += part.text;
    expect(text === words.join("")).toBe(true);
  });
});
