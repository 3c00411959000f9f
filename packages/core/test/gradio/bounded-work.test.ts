import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AnswerReader } from "../../src/gradio/answer.ts";
import { findEndpoint } from "../../src/gradio/config.ts";
import { parseConfig } from "../../src/gradio/config-reader.ts";
import { checkConfig } from "../../src/gradio/config-schema.ts";
import { applyEdits, Editor, type Edit } from "../../src/gradio/diff.ts";
import { LongList } from "../../src/gradio/long-list.ts";
import { parseQueueMessage } from "../../src/gradio/messages.ts";
import { decodeEvents } from "../../src/http/sse.ts";
import type { ProviderPart } from "../../src/part.ts";
import { expectLinear } from "../cost.ts";

// What comes from outside costs its own length: never that of what came before once more for each of its parts.

const turns = (count: number): unknown[] => Array.from({ length: count }, () => ["q", "a"]);

describe("edits", () => {
  it("copy a list once a message, however many of them change it", () => {
    let reads = 0;
    const list = new Proxy(turns(10_000), {
      get(target, key) {
        reads += 1;
        return Reflect.get(target, key) as unknown;
      },
    });
    const edits = Array.from({ length: 1000 }, (_, index): Edit => ["replace", [index, 1], "c"]);
    const [after] = applyEdits([list], [edits]);
    expect(reads).toBeLessThan(30_000);
    expect(after).toHaveLength(10_000);
    expect((after as unknown[])[999]).toEqual(["q", "c"]);
  });

  it("of an answer copy what they were given once a job", () => {
    let reads = 0;
    const list = new Proxy(turns(10_000), {
      get(target, key) {
        reads += 1;
        return Reflect.get(target, key) as unknown;
      },
    });
    const reader = new AnswerReader({ at: [0, -1, 1] }, { whole: false, check: () => undefined });
    reader.generating([list]);
    for (let step = 0; step < 1000; step += 1)
      reader.generating([
        [
          ["append", [9999, 1], "b"],
          ["replace", [0, 0], "r"],
        ],
      ]);
    expect(reader.text()).toBe(`a${"b".repeat(1000)}`);
    expect(reads).toBeLessThan(30_000);
  });

  it.each<[string, (index: number, size: number) => Edit]>([
    ["deleted in front", () => ["delete", [0], null]],
    ["added in front", () => ["add", [0], "x"]],
    ["deleted at its end", (index, size) => ["delete", [size - 1 - index], null]],
    ["added and deleted in its middle", (index, size) => [index % 2 === 0 ? "add" : "delete", [size >> 1], "x"]],
    ["appended", () => ["append", [], ["x"]]],
  ])("in one message cost the list and themselves, not one for the other: %s", (_, edit) =>
    expectLinear((size) => {
      const list = turns(size);
      const edits = Array.from({ length: size / 40 }, (_unused, index) => edit(index, list.length));
      applyEdits([list], [edits]);
    }, 200_000),
  );

  it.each([1, 9])("without end at the front of a long list are given up, %i a message", (each) =>
    expectLinear((size) => {
      const editor = new Editor();
      let value: unknown = turns(size);
      const edits = Array.from({ length: each }, (): Edit => ["add", [0], "x"]);
      const make = (): void => {
        for (let index = 0; index < size / each; index++) value = editor.apply(value, edits);
      };
      expect(make).toThrow(expect.objectContaining({ code: "protocol" }));
    }, 64_000),
  );

  it("go on at the front of a list that is not long", () => {
    const editor = new Editor();
    let value: unknown = turns(1000);
    for (let index = 0; index < 20_000; index++) {
      value = editor.apply(value, [["add", [0], "x"]]);
      value = editor.apply(value, [["delete", [1000], null]]);
    }
    expect(value).toHaveLength(1000);
  });

  it("of fewer outputs than there are do not fit", () => {
    expect(() => applyEdits(["a", "b"], [[["append", [], "c"]]])).toThrow(
      expect.objectContaining({ code: "protocol" }),
    );
  });

  it("make the same list as one by one", () => {
    const step = fc.record({
      operation: fc.constantFrom("add", "delete", "replace", "append"),
      at: fc.nat(3100),
      value: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 9, maxLength: 40 }), fc.nat(3000), (steps, length) => {
        const expected: unknown[] = Array.from({ length }, (_, index) => index);
        const list = [...expected];
        const edits = steps.map(({ operation, at, value }): Edit => {
          const index = at % (expected.length + 1);
          const there = index < expected.length;
          if (operation === "append") {
            expected.push(value, value);
            return ["append", [], [value, value]];
          }
          if (operation === "add" || !there) {
            expected.splice(index, 0, value);
            return ["add", [index], value];
          }
          expected.splice(index, 1, ...(operation === "delete" ? [] : [value]));
          return operation === "delete" ? ["delete", [index], null] : ["replace", [index], value];
        });
        expect(new Editor().apply(list, edits)).toEqual(expected);
        expect(list).toHaveLength(length);
      }),
      { numRuns: 50 },
    );
  });

  it("keep a long list whole while it grows and shrinks", () => {
    const long = new LongList([]);
    const expected: number[] = [];
    for (let step = 0; step < 6000; step += 1) {
      const index = (step * 7919) % (expected.length + 1);
      long.insert(index, step);
      expected.splice(index, 0, step);
    }
    for (let step = 0; step < 5990; step += 1) {
      const index = (step * 104_729) % expected.length;
      long.remove(index);
      expected.splice(index, 1);
    }
    long.set(3, -1);
    expected[3] = -1;
    const list: unknown[] = ["old"];
    long.writeTo(list);
    expect(list).toEqual(expected);
    expect([long.length, long.get(3)]).toEqual([10, -1]);
  });

  it("may have a path, and a value, 100,000 levels deep; one that does not fit is told in few words", () => {
    const deep: unknown = JSON.parse(`${"[".repeat(100_000)}"a"${"]".repeat(100_000)}`);
    const path = Array.from({ length: 100_000 }, () => 0);
    const [after] = applyEdits([deep], [[["append", path, "b"]]]);
    let value = after;
    while (Array.isArray(value)) [value] = value as readonly unknown[];
    expect(value).toBe("ab");
    expect(() => applyEdits([deep], [[["append", [...path, 0], "b"]]])).toThrow(
      expect.objectContaining({ code: "protocol", message: expect.stringMatching(/^.{1,200}$/) }),
    );
    const steps: unknown[] = [deep];
    expect(() => applyEdits([deep], [[["append", steps, "b"]]])).toThrow(expect.objectContaining({ code: "protocol" }));
  });
});

describe("an answer", () => {
  const reader = (more = {}) => new AnswerReader({ at: [0, -1, 1], ...more }, { whole: false, check: () => undefined });

  it.each<[string, object, (step: number) => readonly unknown[]]>([
    ["of appended pieces", {}, () => [["append", [0, 1], "0123456789"]]],
    [
      "of pieces beside other edits",
      {},
      (step) => [
        ["append", [0, 1], "0123456789"],
        ["replace", [0, 0], `${step}`],
      ],
    ],
    ["above a footer", { footer: { from: "<s>", to: "</s>" } }, () => [["append", [0, 1], "0123456789"]]],
    [
      "with marks of a footer in it",
      { footer: { from: "<s>", to: "</s>" } },
      (step) => [["append", [0, 1], ["\n<s>x</s>", "y", "\n<", "s>", " "][step % 5]]],
    ],
    ["with placeholders", { placeholders: ["Wait"] }, () => [["append", [0, 1], "0123456789"]]],
  ])("costs its length: %s", (_, more, edits) => {
    return expectLinear((size) => {
      const answer = reader(more);
      answer.generating([[["q", ""]]]);
      for (let step = 0; step < size; step += 1) answer.generating([edits(step)]);
      answer.text();
    }, 8000);
  });
});

describe("an answer that short edits put in another's place", () => {
  const long = "x".repeat(100_000);
  const flips = (count: number): readonly Edit[] =>
    Array.from({ length: count }, (_, step) => (step % 2 === 0 ? ["add", [1], ["q", "short"]] : ["delete", [1], null]));
  const told = (edits: readonly Edit[], last: readonly unknown[]): { readonly text: string; readonly told: number } => {
    const answer = new AnswerReader({ at: [0, -1, 1] }, { whole: false, check: () => undefined });
    let text = "";
    let length = 0;
    const take = (part: ProviderPart | undefined): void => {
      if (part?.type !== "text-delta" && part?.type !== "text-replace") return;
      length += part.text.length;
      text = part.type === "text-delta" ? text + part.text : part.text;
    };
    take(answer.generating([[["q", long]]]));
    for (const edit of edits) take(answer.generating([[edit]]));
    take(answer.completed(last));
    expect(answer.text()).toBe(text);
    return { text, told: length };
  };

  it("is told as often as they allow, as whoever reads it reads all of it each time", () => {
    const { text, told: length } = told(flips(1000), [[["q", "end"]]]);
    expect(text).toBe("end");
    expect(length).toBeLessThan(1000 * 10_000 + 2 * long.length);
  });

  it.each([10, 11])("is what it is at the end, though its app leaves that out: %i edits", (count) => {
    const skipped = { __type__: "update" };
    expect(told(flips(count), [skipped]).text).toBe(count % 2 === 0 ? long : "short");
  });

  it("goes on by what is appended to it after", () => {
    const edits: readonly Edit[] = [...flips(2), ...Array.from({ length: 30 }, (): Edit => ["append", [0, 1], "y"])];
    expect(told(edits, [{ __type__: "update" }]).text).toBe(long + "y".repeat(30));
  });
});

describe("a stream", () => {
  it.each([
    ["empty lines", "\n\n\n\n"],
    ["lines ended by CR", "\r\r\r\r"],
    ["comments", ":\n: ping\n"],
    ["fields without a meaning", "x: y\nretry: z\n"],
    ["events of many lines", "data: a\n"],
    ["events", "data: a\n\n"],
  ])("costs its length, however it is cut: %s", (_, line) => {
    return expectLinear((size) => {
      const bytes = new TextEncoder().encode(line.repeat(size));
      for (const length of [bytes.length, 1000]) {
        const sink = decodeEvents({ event() {}, end() {}, error() {} });
        for (let from = 0; from < bytes.length; from += length) sink.chunk(bytes.subarray(from, from + length));
        sink.end();
      }
    }, 20_000);
  });
});

describe("a config", () => {
  const parse = (config: object) => parseConfig(config, { host: "host.test", check: checkConfig });
  const config = (dependencies: readonly unknown[]) => ({ version: "5.50.0", protocol: "sse_v3", dependencies });

  it("of 50,000 endpoints is read, and each is found", () => {
    const many = Array.from({ length: 50_000 }, (_, id) => ({ id, api_name: `f/${id}`, queue: true }));
    const read = parse(config(many));
    expect(findEndpoint(read, "f/49999")).toEqual({ name: "/f/49999", fnIndex: 49_999, queue: true });
  });

  it("that is wrong in 20,000 places is told in few words", () => {
    const wrong = Array.from({ length: 20_000 }, () => ({ id: "x" }));
    expect(() => parse(config(wrong))).toThrow(
      expect.objectContaining({ code: "protocol", message: expect.stringMatching(/^[^]{1,500}$/) }),
    );
  });
});

it("numbers of any size in messages are numbers that can be waited for", () => {
  const read = (fields: string) => parseQueueMessage(`{"msg":"estimation","event_id":"e",${fields}}`)?.message;
  expect(read('"rank":1e308,"queue_size":1e308,"rank_eta":1e308')).toMatchObject({ etaMs: Number.MAX_SAFE_INTEGER });
  expect(read('"rank":-1,"queue_size":null,"rank_eta":-5')).toMatchObject({ position: 0, etaMs: 0 });
  const units = '[{"index":1e308,"length":1e-308,"unit":"x","progress":null,"desc":null}]';
  expect(parseQueueMessage(`{"msg":"progress","event_id":"e","progress_data":${units}}`)?.message).toMatchObject({
    fraction: 1,
  });
});
