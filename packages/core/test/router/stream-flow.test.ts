import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";

import type { FlowReader } from "../../src/flow.ts";
import type { StreamPart } from "../../src/part.ts";
import { createRouter } from "../../src/router/router.ts";
import { flowOf, type RouterStream } from "../../src/router/router-stream.ts";
import { finish, messages, outline, scripted, text, type Scripted, type Step } from "./scripted.ts";

const good: readonly Step[] = [text("Hello"), text(" world"), finish];
const shown = ["attempt", "start", "Hello", " world", "finish"];

function open(script: readonly Step[]): { provider: Scripted; stream: RouterStream } {
  const provider = scripted("a", [script]);
  return { provider, stream: createRouter({ plugins: [provider] }).stream({ model: "m", messages }) };
}

const tick = () => wait(5);

/** Who reads without promises, as much at a time as it wants. */
class Taking implements FlowReader<StreamPart> {
  readonly parts: StreamPart[] = [];
  readonly over = Promise.withResolvers<unknown>();
  wanted = Infinity;

  wants(): boolean {
    return this.parts.length < this.wanted;
  }

  take(part: StreamPart): void {
    this.parts.push(part);
  }

  end(): void {
    this.over.resolve("ended");
  }

  fail(error: unknown): void {
    this.over.resolve(error);
  }
}

/** As the whole of it would be passed on by somebody who watches it. */
function wrapped(stream: RouterStream): AsyncIterable<StreamPart, undefined> {
  return {
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
  };
}

describe("a stream as a flow", () => {
  test.each([
    ["of a router", (stream: RouterStream) => stream],
    ["that somebody wrapped", wrapped],
  ])("%s gives its parts as they are wanted, then its end", async (_, made) => {
    const { provider, stream } = open(good);
    const flow = flowOf(made(stream));
    const reader = new Taking();
    reader.wanted = 3;
    await tick();
    expect(provider.requests).toHaveLength(0);
    flow.read(reader);
    await tick();
    expect(outline(reader.parts)).toEqual(shown.slice(0, 3));
    reader.wanted = Infinity;
    flow.offer();
    expect(await reader.over.promise).toBe("ended");
    expect(outline(reader.parts)).toEqual(shown);
  });

  test("counts as read", () => {
    const { stream } = open(good);
    flowOf(stream);
    expect(() => stream[Symbol.asyncIterator]()).toThrow(TypeError);
    expect(() => flowOf(stream)).toThrow(TypeError);
  });

  test("stops the work of who is left, and of who takes a part badly", async () => {
    const leaving = open([text("Hello"), { waitMs: 60_000 }, finish]);
    const flow = flowOf(leaving.stream);
    const reader = new Taking();
    flow.read(reader);
    await tick();
    flow.leave(new Error("enough"));
    await expect(leaving.stream.completion).rejects.toThrow("enough");
    const throwing = open(good);
    const bad = new Taking();
    bad.take = () => {
      throw new Error("no");
    };
    flowOf(throwing.stream).read(bad);
    expect(await bad.over.promise).toMatchObject({ message: "no" });
  });
});
