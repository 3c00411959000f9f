import { expect, test } from "vitest";

import { createOpenAIEmulator, type OpenAIFault } from "../../src/index.ts";
import { ask, chunksIn, textIn } from "./raw-client.ts";

const QUESTION = { model: "m", stream: true, messages: [{ role: "user", content: "Hi" }] };

async function flooded(fault: OpenAIFault) {
  await using server = await createOpenAIEmulator({ models: { m: "end" }, faults: [fault] });
  const heard = (await ask(server.url, QUESTION, { leaveAfterMs: 60_000 }))!;
  return { heard, call: server.calls[0] };
}

test("huge-answer: so many characters in pieces, before its own answer", async () => {
  const { heard, call } = await flooded({ name: "huge-answer", count: 25_000 });
  expect(textIn(heard)).toMatch(/^[a ]{25000}end$/u);
  expect(call).toMatchObject({ state: "finished", pieces: 4 });
});

test("huge-chunk: so many characters in one", async () => {
  const { heard } = await flooded({ name: "huge-chunk", count: 25_000 });
  expect(chunksIn(heard)[1]?.choices?.[0]?.delta.content?.length).toBe(25_000);
});

test("empty-chunks: so many of them", async () => {
  const { heard } = await flooded({ name: "empty-chunks", count: 100 });
  expect(chunksIn(heard).filter(({ choices }) => choices?.[0]?.delta.content === "")).toHaveLength(101);
  expect(textIn(heard)).toBe("end");
});

test("many-tool-calls: so many, each with a number and an id of its own", async () => {
  const { heard } = await flooded({ name: "many-tool-calls", count: 100 });
  const calls = chunksIn(heard).flatMap(({ choices }) => {
    const [call] = (choices?.[0]?.delta["tool_calls"] ?? []) as { index: number; id: string }[];
    return call === undefined ? [] : [`${call.index} ${call.id}`];
  });
  expect([calls.length, new Set(calls).size, calls.at(-1)]).toEqual([100, 100, "99 call_100"]);
});

test("a client that does not read holds up what is to come", async () => {
  await using server = await createOpenAIEmulator({ models: { m: "end" }, faults: ["huge-answer"] });
  const leaving = new AbortController();
  const { body } = await fetch(`${server.url}/chat/completions`, {
    method: "POST",
    body: JSON.stringify(QUESTION),
    signal: leaving.signal,
  });
  expect(body).not.toBeNull();
  let before = -1;
  await expect
    .poll(
      () => {
        const [{ pieces } = { pieces: 0 }] = server.calls;
        const stands = pieces === before;
        before = pieces;
        return stands;
      },
      { interval: 30 },
    )
    .toBe(true);
  // Ten thousand pieces make the answer; what the two sockets take is a few megabytes.
  expect(before).toBeLessThan(2000);
  leaving.abort();
  await server.idle();
  expect(server.calls[0]?.state).toBe("cancelled");
});

test.runIf(process.env["TEST_ALL"] === "1")(
  "a million empty chunks, 100 MB, and a chunk of 10 MB, as they are without a count",
  async () => {
    for (const name of ["empty-chunks", "huge-answer", "huge-chunk", "many-tool-calls"] as const) {
      await using server = await createOpenAIEmulator({ models: { m: "end" }, faults: [name] });
      const { body } = await fetch(`${server.url}/chat/completions`, {
        method: "POST",
        body: JSON.stringify(QUESTION),
      });
      let bytes = 0;
      for await (const part of body!) bytes += part.length;
      expect(server.calls[0]?.state).toBe("finished");
      expect(bytes).toBeGreaterThan(1_000_000);
    }
  },
);
