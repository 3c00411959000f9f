import { describe, expect, test, vi } from "vitest";

import type { ProviderPart } from "../../src/part.ts";
import type { Settings } from "../../src/provider.ts";
import { collect, finish, messages, scripted, text, type Step } from "./scripted.ts";
import { failure, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

const cut = failure("stream_interrupted");
const source = (sourceId: string): ProviderPart => ({ type: "source", sourceId });

/** The parts of a stream, and its completion beside them. */
async function both(scripts: readonly (readonly Step[])[], settings?: Settings) {
  const a = scripted("a", scripts, { models: [{ id: "m", capabilities: { prefill: true } }] });
  const stream = routerOf([a], { commit: "continue" }).stream({ model: "m", messages, settings });
  const reading = collect(stream);
  const completion = stream.completion;
  await vi.runAllTimersAsync();
  const { parts } = await reading;
  const told = parts.flatMap((part) => (part.type === "source" ? [part.sourceId] : []));
  return { told, completion: await completion };
}

describe("over a seam the completion has the sources that the stream told, each where it told it", () => {
  test("by a prefill: those of both halves", async () => {
    const { told, completion } = await both([
      [source("1"), text("Hello"), source("2"), cut],
      [source("3"), text(" world"), source("4"), finish],
    ]);
    expect(told).toEqual(["1", "2", "3", "4"]);
    expect(completion).toMatchObject({ text: "Hello world", attempts: [{}, { continuedBy: "prefill" }] });
    expect(completion.sources.map(({ sourceId }) => sourceId)).toEqual(told);
  });

  test("by a replay: those that were shown, and not what it said again before its seam", async () => {
    const { told, completion } = await both(
      [
        [source("1"), text("Hello"), cut],
        [source("2"), text("Hel"), source("3"), text("lo world"), source("4"), finish],
      ],
      { seed: 1 },
    );
    expect(told).toEqual(["1", "4"]);
    expect(completion).toMatchObject({ text: "Hello world", attempts: [{}, { continuedBy: "replay" }] });
    expect(completion.sources.map(({ sourceId }) => sourceId)).toEqual(told);
  });

  test("from seam to seam, also where the last one is whole before it is shown", async () => {
    const { told, completion } = await both([
      [source("1"), text("Hello"), cut],
      [text(" wor"), source("2"), cut],
      [source("3"), finish],
    ]);
    expect(told).toEqual(["1", "2", "3"]);
    expect(completion).toMatchObject({ text: "Hello wor" });
    expect(completion.sources.map(({ sourceId }) => sourceId)).toEqual(told);
  });
});
