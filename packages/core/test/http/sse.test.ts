import { describe, expect, it } from "vitest";
import { decodeEvents } from "../../src/http/sse.ts";

interface Decoded {
  readonly events: readonly (readonly [data: string, name: string | undefined])[];
  readonly errors: readonly unknown[];
  readonly ends: number;
}

function decode(chunks: readonly Uint8Array[], options?: { readonly maxEventChars?: number }): Decoded {
  const events: (readonly [string, string | undefined])[] = [];
  const errors: unknown[] = [];
  let ends = 0;
  const sink = decodeEvents(
    {
      event: (data, name) => void events.push([data, name]),
      error: (error) => void errors.push(error),
      end: () => void (ends += 1),
    },
    options,
  );
  for (const chunk of chunks) sink.chunk(chunk);
  sink.end();
  return { events, errors, ends };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const dataOf = (...texts: string[]): readonly string[] => decode(texts.map(bytes)).events.map(([data]) => data);

it("ends an event of more lines than anybody writes, which cost more than their characters", () => {
  const lines = bytes("data:a\n".repeat(10_000));
  const endless = decode(Array.from({ length: 80 }, () => lines));
  expect(endless.errors).toEqual([
    expect.objectContaining({ code: "protocol", message: expect.stringContaining("500000 lines") }),
  ]);
  expect(endless.events).toEqual([]);
  const cut = "\ndata".repeat(10_000);
  const inLines = Array.from({ length: 80 }, () => [bytes(cut.slice(0, -3)), bytes(cut.slice(-3))]).flat();
  expect(decode(inLines).errors).toHaveLength(1);
  const many = [lines, ...Array.from({ length: 100 }, () => bytes("data: x\n\n".repeat(10_000)))];
  expect(decode(many).errors).toEqual([]);
});

it("counts no lines of what was no event, such as the comments by which a server keeps a connection for days", () => {
  const beats = bytes(": ping\n\n".repeat(10_000));
  const chunks = Array.from({ length: 80 }, () => [beats, bytes("data: x\n\n")]).flat();
  expect(decode(chunks)).toMatchObject({ errors: [], ends: 1, events: { length: 80 } });
});

it.each([": ping\n", "id: 7\r\n", "event: beat\n", "database: x\r"])(
  "counts lines of data only, not %j, which is no part of an event's data",
  (line) => {
    const lines = bytes(line.repeat(10_000));
    const beats = Array.from({ length: 60 }, () => lines);
    expect(decode([bytes("data: a\n"), ...beats, bytes("\n\n")]).errors).toEqual([]);
    expect(decode([...beats, bytes("\ndata: x\n\n")])).toMatchObject({ errors: [], ends: 1, events: { length: 1 } });
  },
);

const EVENTS: readonly (readonly [string, string | undefined])[] = [
  ["plain", undefined],
  ["two\nlines", undefined],
  ["näht 日本 🙂", "generating"],
  ["a\u0085b\u2028c\u2029d", undefined],
  ["", undefined],
  [" leading space", undefined],
  ["a:b", undefined],
];

function streamWith(newline: string): string {
  return [
    "\uFEFF: a comment",
    "data: plain",
    "",
    "data: two",
    "data: lines",
    "id: 1",
    "retry: 10",
    "",
    "event: generating",
    "data: näht 日本 🙂",
    "unknown: field",
    "",
    "data: a\u0085b\u2028c\u2029d",
    "",
    "data",
    "",
    ": only a comment",
    "",
    "data:  leading space",
    "",
    "data:a:b",
    "",
    "",
  ].join(newline);
}

describe.each([
  ["LF", "\n"],
  ["CR", "\r"],
  ["CRLF", "\r\n"],
])("lines ended by %s", (_, newline) => {
  const whole = bytes(streamWith(newline));

  it("decodes the same events wherever the bytes are split in two", () => {
    for (let at = 0; at <= whole.length; at += 1)
      expect(decode([whole.subarray(0, at), whole.subarray(at)]).events, `split at byte ${at}`).toEqual(EVENTS);
  });

  it("decodes the same events byte by byte, empty chunks in between", () => {
    const single = [...whole].flatMap((byte) => [Uint8Array.of(byte), new Uint8Array()]);
    expect(decode(single)).toEqual({ events: EVENTS, errors: [], ends: 1 });
  });

  it("hands an event out as soon as its blank line is there", () => {
    const events: string[] = [];
    const sink = decodeEvents({ event: (data) => void events.push(data), end() {}, error() {} });
    sink.chunk(bytes(`data: now${newline}${newline}`));
    expect(events).toEqual(["now"]);
  });
});

it("splits lines at CR and LF only, so U+0085, U+2028, U+2029, VT, FF and NUL stay in the data", () => {
  const data = '{"text":"a\u0085b\u2028c\u2029d\u000be\u000cf\u0000g"}';
  expect(dataOf(`data: ${data}\n\n`)).toEqual([data]);
});

it("decodes an event that fills a chunk as any other, wherever it comes", () => {
  const events = [
    "data: a\n\n",
    "data: \n\n",
    "data:b\n\n",
    "data: c\rdata: d\n\n",
    "data: \uFEFF日本\n\n",
    ": no\n\n",
  ];
  events.push(
    "\n\n",
    "data: e\n\ndata: f\n\n",
    "\uFEFFdata: g\n\n",
    "event: h\ndata: i\n\n",
    "id: 1\n\n",
    "data: j\n",
    "\n",
  );
  for (const first of events) {
    for (const second of events) {
      const text = `${first}${second}data: z\n\n`;
      const expected = decode([...text].map(bytes)).events;
      expect(decode([first, second, "data: z\n\n"].map(bytes)).events, JSON.stringify(text)).toEqual(expected);
    }
  }
});

it("strips one byte order mark, at the very start only", () => {
  expect(dataOf("\uFEFFdata: \uFEFFx\n\n", "\uFEFFdata: y\n\n")).toEqual(["\uFEFFx"]);
});

it("drops an event that the end of the stream cuts off", () => {
  expect(decode([bytes("data: whole\n\ndata: cut\n")])).toEqual({
    events: [["whole", undefined]],
    errors: [],
    ends: 1,
  });
});

it("keeps a text of 100,000 characters in one event whole, whatever the chunks are", () => {
  const text = "Qwen 日本 🙂 ".repeat(10_000);
  const whole = bytes(`data: ${text}\n\n`);
  const chunks = [];
  for (let at = 0; at < whole.length; at += 1021) chunks.push(whole.subarray(at, at + 1021));
  expect(decode(chunks).events).toEqual([[text, undefined]]);
});

it("replaces bytes that are no UTF-8 instead of failing", () => {
  expect(decode([Uint8Array.of(...bytes("data: a"), 0xff, ...bytes("b\n\n"))]).events).toEqual([
    ["a\uFFFDb", undefined],
  ]);
});

describe("an event longer than allowed", () => {
  it("is told once, wherever the bytes are cut", () => {
    const whole = bytes(`data: ${"a".repeat(12)}\n\nx: y\ndata: ${"b".repeat(30)}\n\ndata: c\n\n`);
    for (let first = 0; first <= whole.length; first += 1) {
      for (let second = first; second <= whole.length; second += 3) {
        const cut = [whole.subarray(0, first), whole.subarray(first, second), whole.subarray(second)];
        const { events, errors } = decode(cut, { maxEventChars: 20 });
        // In one chunk it may pass: only what waits for more is held.
        expect(events[0]).toEqual(["a".repeat(12), undefined]);
        expect(errors.length + events.length, `${first}, ${second}`).toBe(errors.length === 0 ? 3 : 2);
      }
    }
  });

  it("is one protocol error, and nothing is told after it", () => {
    const decoded = decode([bytes("data: 1\n\ndata: "), bytes("x".repeat(200)), bytes("\n\ndata: 2\n\n")], {
      maxEventChars: 100,
    });
    expect(decoded.events).toEqual([["1", undefined]]);
    expect(decoded.errors).toMatchObject([{ code: "protocol" }]);
    expect(decoded.ends).toBe(0);
  });

  it("is one also when it arrives as many lines in one chunk", () => {
    const decoded = decode([bytes(`${"data: xxxxxxxxxx\n".repeat(20)}\ndata: after\n\n`)], { maxEventChars: 100 });
    expect(decoded).toMatchObject({ events: [], errors: [{ code: "protocol" }], ends: 0 });
  });

  it("is one too where it fills a chunk", () => {
    const decoded = decode([bytes("data: 1\n\n"), bytes(`data: ${"x".repeat(200)}\n\n`), bytes("data: 2\n\n")], {
      maxEventChars: 100,
    });
    expect(decoded.ends + decoded.errors.length).toBe(1);
  });

  it("does not count events before it: a long stream of short ones is fine", () => {
    expect(dataOf(...Array.from({ length: 1000 }, () => "data: 0123456789\n\n"))).toHaveLength(1000);
  });
});
