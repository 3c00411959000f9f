import { describe, expect, it } from "vitest";
import type { ProviderPart } from "../../src/part.ts";
import { ask, chatProvider, shownText } from "../servers/chat-provider.ts";
import { completed, generating, startTestSpace, starts, type Events } from "../servers/test-space.ts";
import { collect, settle, useVirtualTime } from "../servers/waiting.ts";

const append = (text: string) => generating([[["append", [], text]]]);

describe("a long answer", () => {
  it("costs at most 400 bytes a delta over 10,000 deltas of a cold call, and arrives whole", async () => {
    const deltas = Array.from({ length: 10_000 }, (_, index) =>
      index % 7 === 0 ? "haha haha\n\n\n" : `Wort${index} 日🙂`,
    );
    await using space = await startTestSpace({
      async data({ events, response }) {
        const stream = events();
        stream.send(starts(), generating([""]));
        for (const [index, delta] of deltas.entries()) {
          stream.send(append(delta));
          if (index % 500 === 0 && response.writableNeedDrain)
            await new Promise((resolve) => response.once("drain", resolve));
        }
        stream.send(completed([deltas.join("")]));
        stream.end();
      },
    });
    const provider = chatProvider({ space: space.origin });
    const parts = await collect(ask(provider));
    expect(shownText(parts)).toBe(deltas.join(""));
    expect(
      parts.filter(({ type }) => type === "text-delta").map((part) => part.type === "text-delta" && part.text),
    ).toEqual(deltas);
    // The final value is the whole answer once more.
    const wire = space.bytesSent() - Buffer.byteLength(JSON.stringify(deltas.join("")));
    expect(wire / deltas.length).toBeLessThan(400);
    await provider.close?.();
  });

  it.each([1, 7, 1021])(
    "of 100,000 characters, rewritten in the middle, is whole, exact and there once in packets of %i bytes",
    async (size) => {
      const half = "Qwen 日本 🙂 \u0085\u2028 haha haha\n\n\n".repeat(size === 1 ? 200 : 2000);
      const rewritten = `Rewritten: ${half}`;
      const text = rewritten + half;
      await using space = await startTestSpace({
        async data({ events, response }) {
          const messages = [
            generating([half]),
            generating([[["replace", [], rewritten]]]),
            append(half),
            completed([text]),
          ];
          const bytes = Buffer.from(messages.map((message) => `data: ${JSON.stringify(message)}\r\n\r\n`).join(""));
          const stream = events();
          for (let at = 0; at < bytes.length; at += size) {
            stream.raw(bytes.subarray(at, at + size));
            if (response.writableNeedDrain) await new Promise((resolve) => response.once("drain", resolve));
          }
          stream.end();
        },
      });
      const provider = chatProvider({ space: space.origin });
      const parts = await collect(ask(provider));
      expect(shownText(parts)).toBe(text);
      expect(parts.map(({ type }) => type)).toEqual(["text-delta", "text-replace", "text-delta", "finish"]);
      await provider.close?.();
    },
  );

  it("is handed out as it comes: each text is there before the next is sent", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const provider = chatProvider({ space: space.origin });
    const iterator = ask(provider)[Symbol.asyncIterator]();
    let next = iterator.next();
    const { send, end } = await stream.promise;
    send(generating(["0"]));
    expect(await next).toMatchObject({ value: { text: "0" } });
    for (let step = 1; step < 20; step += 1) {
      next = iterator.next();
      let early = false;
      void next.then(() => (early = true));
      await settle();
      expect(early).toBe(false);
      send(append(String(step)));
      expect(await next).toMatchObject({ value: { text: String(step) } });
    }
    send(completed([Array.from({ length: 20 }, (_, step) => step).join("")]));
    end();
    expect(await collect({ [Symbol.asyncIterator]: () => iterator })).toMatchObject([{ type: "finish" }]);
    await provider.close?.();
  });

  it("is whole for a consumer that sleeps twice the idle limit between parts", async () => {
    const deltas = Array.from({ length: 3000 }, (_, index) => `${index} `);
    await using space = await startTestSpace({
      data: ({ events }) => {
        const stream = events();
        stream.send(generating([""]), ...deltas.map(append), completed([deltas.join("")]));
        stream.end();
      },
    });
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin, timeouts: { idleMs: 1000 } });
    const parts: ProviderPart[] = [];
    for await (const part of ask(provider)) {
      parts.push(part);
      if (parts.length % 500 === 1) await time.pass(2000);
    }
    expect(shownText(parts)).toBe(deltas.join(""));
    await provider.close?.();
  });

  it("waits on the server while the consumer sleeps: the socket is paused, memory does not grow", async () => {
    let sent = 0;
    const block = "x".repeat(1000);
    const total = 40_000;
    await using space = await startTestSpace({
      async data({ events, response }) {
        const stream = events();
        stream.send(generating([""]));
        for (; sent < total; sent += 1) {
          stream.send(append(block));
          if (response.writableNeedDrain) await new Promise((resolve) => response.once("drain", resolve));
        }
        stream.send(completed([block.repeat(total)]));
        stream.end();
      },
    });
    const provider = chatProvider({ space: space.origin });
    const iterator = ask(provider)[Symbol.asyncIterator]();
    await iterator.next();
    let before = -1;
    while (before !== sent) {
      before = sent;
      for (let turn = 0; turn < 10; turn += 1) await settle();
    }
    expect(sent).toBeLessThan(total / 2);
    let length = block.length;
    for (let result = await iterator.next(); result.done !== true; result = await iterator.next())
      if (result.value.type === "text-delta") length += result.value.text.length;
    expect(length).toBe(block.length * total);
    await provider.close?.();
  }, 30_000);
});
