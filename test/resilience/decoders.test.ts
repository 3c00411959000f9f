import * as fc from "fast-check";
import { expect, test } from "vitest";

import { QwenError } from "../../packages/core/src/errors.ts";
import { AnswerReader } from "../../packages/core/src/gradio/answer.ts";
import { applyEdits } from "../../packages/core/src/gradio/diff.ts";
import { parseQueueMessage } from "../../packages/core/src/gradio/messages.ts";
import { decodeEvents } from "../../packages/core/src/http/sse.ts";

// What a server may send by mistake or malice, of every shape: each input ends, in values or in an error of the family.

const RUNS = 100_000;

/** What stands in streams, in any order: field names, ends of lines, halves of characters. */
const FRAGMENTS = ["data:", "data: ", "event: x", "id: 1", "retry: 5", ":", "\n", "\r", "\r\n", "\n\n", "\r\r"];
const SAID = ['{"msg":"heartbeat"}', '{"msg":', "\u0085", "\u2028", "é", "👩‍👩‍👧", "\0", "\uFEFF", "x"];

const bytes = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom(...FRAGMENTS, ...SAID), { maxLength: 12 }).map(encode) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
);
const cuts = fc.array(fc.nat(60), { maxLength: 4 });

test(`any ${RUNS} streams of bytes decode to the same events wherever they are cut, and end once`, () => {
  fc.assert(
    fc.property(bytes, cuts, (stream, places) => {
      const whole = decode([stream]);
      expectSame(decode(split(stream, places)), whole);
      if (whole.ends !== 1) throw new Error(`it ended ${whole.ends} times`);
      for (const data of whole.events) parseQueueMessage(data);
    }),
    { numRuns: RUNS },
  );
});

test("events survive any ends of lines and any cuts to the letter", () => {
  const lines = fc.array(fc.stringMatching(/^[^\r\n\uFEFF]*$/u, { maxLength: 20 }), { minLength: 1, maxLength: 3 });
  const ends = fc.constantFrom("\n", "\r", "\r\n");
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 4 }), ends, cuts, (events, end, places) => {
      // A space in front keeps one that the text begins with.
      const text = events.map((event) => event.map((line) => `data: ${line}${end}`).join("") + end).join("");
      const { events: decoded } = decode(split(encode([text]), places));
      expect(decoded).toEqual(events.map((event) => event.join("\n")));
    }),
    { numRuns: 2000 },
  );
});

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(null, "", "text", 0, -1, 1.5, true),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("text", "0", "__proto__", "constructor", "toString"), tie("value"), { maxKeys: 3 }),
  ),
})).value;
const key = fc.constantFrom<string | number>(0, 1, 2, -1, 0.5, "text", "0", "__proto__", "constructor", "length");
const edit = fc.tuple(
  fc.constantFrom("append", "replace", "add", "delete", "explode"),
  fc.array(key, { maxLength: 4 }),
  json,
);
const change = fc.oneof(fc.array(edit, { maxLength: 3 }), json);

test(`any ${RUNS} edits of any values make a new value or a protocol error, and change nothing handed out`, () => {
  fc.assert(
    fc.property(fc.array(json, { maxLength: 3 }), fc.array(change, { maxLength: 3 }), (outputs, changes) => {
      const before = JSON.stringify(outputs);
      orProtocolError(() => applyEdits(outputs, changes));
      if (JSON.stringify(outputs) !== before) throw new Error("the value before was changed");
    }),
    { numRuns: RUNS },
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test("whatever a job's messages say, the final value is the answer, and parts add up to it", () => {
  const pieces = fc.constantFrom("one ", "two", "\n", "", " ", "  * three");
  const message = fc.oneof(
    pieces.map((piece) => [[["append", [0, 1], piece]]]),
    pieces.map((piece) => [[["replace", [0, 1], piece]]]),
    fc.array(change, { maxLength: 2 }),
  );
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), fc.string(), (messages, last) => {
      const isChat = (outputs: readonly unknown[]): boolean => {
        const [chat] = outputs;
        return Array.isArray(chat) && Array.isArray(chat.at(-1)) && typeof chat.at(-1)[1] === "string";
      };
      const reader = new AnswerReader(
        { at: [0, -1, 1] },
        { whole: false, check: (outputs) => (isChat(outputs) ? undefined : "no chat") },
      );
      let shown = "";
      const show = (part: ReturnType<typeof reader.completed>): void => {
        if (part?.type === "text-delta") shown += part.text;
        if (part?.type === "text-replace") shown = part.text;
      };
      for (const data of [[[["question", "zero "]]], ...messages]) {
        orProtocolError(() => show(reader.generating(data)));
      }
      orProtocolError(() => show(reader.completed([[["question", last]]])));
      expect([shown, reader.text()]).toEqual([last, last]);
    }),
    { numRuns: 10_000 },
  );
});

function encode(texts: readonly string[]): Uint8Array {
  return new TextEncoder().encode(texts.join(""));
}

function split(stream: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const ordered = [0, ...places.map((place) => place % (stream.length + 1)).toSorted((a, b) => a - b), stream.length];
  return ordered.slice(1).map((end, index) => stream.subarray(ordered[index], end));
}

function decode(chunks: readonly Uint8Array[]): { readonly events: readonly string[]; readonly ends: number } {
  const events: string[] = [];
  let ends = 0;
  const sink = decodeEvents({ event: (data) => void events.push(data), end: () => ends++, error: () => ends++ });
  for (const chunk of chunks) sink.chunk(chunk);
  sink.end();
  return { events, ends };
}

function expectSame(left: { readonly events: readonly string[] }, right: { readonly events: readonly string[] }): void {
  // A hundred thousand matchers would take longer than what they look at.
  if (left.events.join("\0\0") !== right.events.join("\0\0")) expect(left).toEqual(right);
}

function orProtocolError(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!QwenError.isInstance(error) || error.code !== "protocol") throw error;
  }
}
