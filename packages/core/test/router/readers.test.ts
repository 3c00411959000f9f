import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";

import { QwenError } from "../../src/errors.ts";
import type { StreamPart } from "../../src/part.ts";
import { createRouter } from "../../src/router/router.ts";
import type { RouterStream } from "../../src/router/router-stream.ts";
import { collect, finish, messages, scripted, text, type Scripted, type Step } from "./scripted.ts";

const good: readonly Step[] = [text("Hello"), text(" world"), finish];

const open = (script: readonly Step[]): { readonly stream: RouterStream } => ({
  stream: createRouter({ plugins: [scripted("a", [script])] }).stream({ model: "m", messages }),
});

const tick = () => wait(5);

describe("a stream with several readers", () => {
  const ways: readonly [string, (stream: RouterStream) => AsyncIterator<StreamPart | string, undefined>][] = [
    ["parts", (stream) => stream[Symbol.asyncIterator]()],
    ["text", (stream) => stream.textStream[Symbol.asyncIterator]()],
    [
      "parts, with `completion` asked for before",
      (stream) => {
        void stream.completion;
        return stream[Symbol.asyncIterator]();
      },
    ],
    [
      "text, with `completion` asked for before",
      (stream) => {
        void stream.completion;
        return stream.textStream[Symbol.asyncIterator]();
      },
    ],
  ];

  test.each(ways)("gives each of its %s to one of its readers, in order, and the end to all", async (_, iterate) => {
    const words = Array.from({ length: 10 }, (__, index) => String(index));
    const script: readonly Step[] = [...words.flatMap((word) => [{ waitMs: 1 }, text(word)]), finish];
    const iterator = iterate(open(script).stream);
    const seen: string[] = [];
    const worker = async (): Promise<void> => {
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        const { value } = next;
        if (typeof value === "string") seen.push(value);
        else if (value.type === "text-delta") seen.push(value.text);
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    expect(seen).toEqual(words);
  });

  test.each(ways)(
    "fails once for readers of its %s who asked ahead, and is over for the others",
    async (_, iterate) => {
      const iterator = iterate(open([text("Hi"), { waitMs: 1 }, new QwenError("authentication", "no")]).stream);
      const ends = await Promise.allSettled(Array.from({ length: 8 }, () => iterator.next()));
      expect(ends.filter(({ status }) => status === "rejected")).toHaveLength(1);
      const fulfilled = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
      expect(fulfilled.filter(({ done }) => done !== true).length).toBeGreaterThan(0);
      expect(fulfilled.at(-1)).toEqual({ done: true, value: undefined });
    },
  );

  test("flows by itself once `completion` was asked for, also while the reader of its text rests", async () => {
    const words = Array.from({ length: 20 }, (_, index) => ` ${index}`);
    const { stream } = open([...words.map(text), finish]);
    const texts = stream.textStream[Symbol.asyncIterator]();
    await texts.next();
    await tick();
    expect((await stream.completion).text).toBe(words.join(""));
    let rest = "";
    for (let next = await texts.next(); next.done !== true; next = await texts.next()) rest += next.value;
    expect(rest).toBe(words.slice(1).join(""));
  });

  test("can be read by several loops over one iterator", async () => {
    const iterator = open(good).stream[Symbol.asyncIterator]();
    const [one, two] = await Promise.all([collect(iterator), collect(iterator)]);
    expect([...one.parts, ...two.parts]).toHaveLength(5);
  });

  test("asks a provider's own iteration one part ahead at most, unless the whole is wanted", async () => {
    let asked = 0;
    const counting: Scripted = {
      ...scripted("a", []),
      stream: () => ({
        [Symbol.asyncIterator]: () => ({
          async next() {
            asked++;
            return { done: false, value: asked > 50 ? finish : text(String(asked)) };
          },
        }),
      }),
    };
    const stream = createRouter({ plugins: [counting] }).stream({ model: "m", messages });
    const iterator = stream[Symbol.asyncIterator]();
    for (let part = 0; part < 4; part++) await iterator.next();
    await tick();
    // The attempt, the start and two parts were read.
    expect(asked).toBe(3);
    await iterator.next();
    await tick();
    expect(asked).toBe(4);
    expect((await stream.completion).text).toContain("50");
    expect(asked).toBe(51);
  });
});
