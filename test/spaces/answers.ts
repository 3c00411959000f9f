import {
  createRouter,
  QwenError,
  type Message,
  type Provider,
  type ProviderPart,
  type Router,
  type StreamPart,
} from "@qwen/core";
import { describe, expect, test } from "vitest";

import type { RealSpace } from "./real-space.ts";

declare module "vitest" {
  interface TaskMeta {
    /** The cell of the table of answers that the test fills. */
    cell?: { readonly space: string; readonly row: string };
  }
}

/** What differs between the Spaces. */
export interface AnswersOptions {
  create(space: string): Provider;
  /** Where a system prompt and a history arrive: in slots of their own, or written into the prompt. */
  readonly slots: "native" | "prompt";
  /** What is left of `script:repeat` after the server's own clean-up. */
  readonly repeated: string;
  /** What is left of `script:indented`. */
  readonly indented: string;
  /** 1M sends the whole text with every step, so its steps are few. */
  readonly longSteps?: number;
}

const UNICODE =
  "Grüße, 世界! e\u0301 n\u0303 \u{1F469}\u200D\u{1F469}\u200D\u{1F467} \u{1F1E9}\u{1F1EA} \u{1D54F}" +
  ' next\u0085line\u2028separator\u2029paragraph\u00A0space \u202Bשלום\u202C “quotes” \\ " </b> end';

const LONG = Array.from({ length: 12_500 }, (_, number) => `${String(number).padStart(7, "0")}.`).join("");

const TEXT = 'Hello  there, you:\n\n- one \\ two\n- "three" & <four>\n\nThe end.';

const EARLIER = ["Who was Ada?", "A mathematician.\n\n“The first” programmer 👩‍💻, \\ they say."] as const;

/** Tests that the answers of a real Space arrive as they were given, through the router and by the provider alone. */
export function testAnswers(space: RealSpace, options: AnswersOptions): void {
  const { create, slots, repeated, indented, longSteps = 500 } = options;

  function cell(row: string, promise: string, run: (router: Router) => Promise<void>): void {
    test(`${row}: ${promise}`, { meta: { cell: { space: space.name, row } } }, async () => {
      const provider = create(space.url);
      // A second attempt would hide what the first one did.
      const routes = { it: provider.models[0].id };
      const router = createRouter({ plugins: [provider], routes, retry: { maxAttempts: 1 } });
      try {
        await run(router);
      } finally {
        await router.close();
      }
    });
  }

  describe(`the answers of ${space.name}`, () => {
    for (const { row, prompt, text } of [
      { row: "exact text", prompt: `script:text ${TEXT}`, text: TEXT },
      { row: "repeated fragments", prompt: "script:repeat", text: repeated },
      { row: "unicode", prompt: "script:unicode", text: UNICODE },
      { row: "100,000 characters", prompt: `script:long 100000 ${longSteps}`, text: LONG },
    ]) {
      cell(row, "arrives whole, once, in pieces, as parts and as text", async (router) => {
        const heard = await listen(router.stream(asked(prompt)));
        expect(heard.error).toBeUndefined();
        expect(heard.text).toBe(text);
        expect(heard.parts.filter(({ type }) => type.startsWith("text")).length).toBeGreaterThan(1);
        expect(await textOf(router.stream(asked(prompt)).textStream)).toBe(text);
        expect(await router.complete(asked(prompt))).toMatchObject({
          text,
          finishReason: "stop",
          provider: space.name,
        });
      });
    }

    cell("rewrite", "the newest text counts, and an append-only reader is told the exact one", async (router) => {
      const text = "Hello world, again.";
      const heard = await listen(router.stream(asked("script:rewrite")));
      expect(heard.parts).toContainEqual({ type: "text-replace", text: expect.stringMatching(/^Hello world/) });
      expect(heard.text).toBe(text);
      expect((await router.complete(asked("script:rewrite"))).text).toBe(text);
      await expect(textOf(router.stream(asked("script:rewrite")).textStream)).rejects.toMatchObject({
        code: "text_rewritten",
        text,
      });
    });

    cell(
      "rewrite",
      "an indented list is exact, and an append-only reader misses white space at most",
      async (router) => {
        expect((await listen(router.stream(asked("script:indented")))).text).toBe(indented);
        const appended = await textOf(router.stream(asked("script:indented")).textStream);
        expect(appended.replaceAll(/\s/g, "")).toBe(indented.replaceAll(/\s/g, ""));
      },
    );

    for (const script of ["empty", "nothing"]) {
      cell("empty", `${script} is an answer to the provider and an error to the router`, async (router) => {
        const provider = create(space.url);
        const heard = await listen(provider.stream({ messages: asked(`script:${script}`).messages }));
        expect(heard).toMatchObject({ text: "", error: undefined });
        expect(heard.parts.at(-1)).toMatchObject({ type: "finish", reason: "stop" });
        await provider.close?.();
        await expect(router.complete(asked(`script:${script}`))).rejects.toMatchObject({ code: "empty_response" });
      });
    }

    cell("error mid-answer", "comes after the text so far, in the app's own words", async (router) => {
      const heard = await listen(router.stream(asked("script:error 3")));
      expect(heard.text.trimEnd()).toBe("one two three");
      expect(heard.error).toMatchObject({
        code: "space_error",
        message: "The model gave up…",
        hidden: false,
        provider: space.name,
      });
      expect(heard.parts.map(({ type }) => type)).not.toContain("finish");
      await expect(router.stream(asked("script:error 3")).completion).rejects.toBeInstanceOf(QwenError);
    });

    cell("hidden error", "is an error that says so, and nothing of what Gradio hides", async (router) => {
      for (const words of [0, 3]) {
        const heard = await listen(router.stream(asked(`script:crash ${words}`)));
        expect(heard.text.trimEnd()).toBe(words === 0 ? "" : "one two three");
        expect(heard.error).toMatchObject({ code: "space_error", hidden: true });
        expect(String(heard.error)).not.toContain("a detail");
      }
    });

    cell("history", "arrives as it was said", async (router) => {
      const messages: Message[] = [
        { role: "user", content: EARLIER[0] },
        { role: "assistant", content: EARLIER[1] },
        { role: "user", content: slots === "native" ? "script:history" : "script:prompt" },
      ];
      const { text } = await router.complete({ model: "it", messages });
      expect(JSON.parse(text)).toEqual(
        slots === "native" ? [EARLIER] : `User: ${EARLIER[0]}\n\nAssistant: ${EARLIER[1]}\n\nUser: script:prompt`,
      );
    });

    cell("system", "arrives as it was said", async (router) => {
      const system = "Speak like a pirate.\n  “Always” & <everywhere>";
      const content = slots === "native" ? "script:system" : "script:prompt";
      const messages: Message[] = [
        { role: "system", content: system },
        { role: "user", content },
      ];
      const { text } = await router.complete({ model: "it", messages });
      expect(JSON.parse(text)).toBe(slots === "native" ? system : `${system}\n\nscript:prompt`);
    });

    testCancel(space, cell);
  });
}

function testCancel(
  space: RealSpace,
  cell: (row: string, promise: string, run: (router: Router) => Promise<void>) => void,
): void {
  const reason = new Error("The caller has enough.");
  const ways: Record<string, (stream: Started) => Promise<void>> = {
    async "an abort"({ iterator, abort }) {
      const pending = drain(iterator);
      abort.abort(reason);
      await expect(pending).rejects.toBe(reason);
    },
    async break({ iterator }) {
      for await (const part of { [Symbol.asyncIterator]: () => iterator }) if (part.type !== "attempt") break;
    },
    async "return()"({ iterator }) {
      const pending = iterator.next();
      expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
      await pending;
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    },
    async "throw()"({ iterator }) {
      await expect(iterator.throw?.(reason)).rejects.toBe(reason);
    },
  };
  for (const [way, end] of Object.entries(ways)) {
    cell("cancel", `${way} ends the iteration at once and the work on the server soon after`, async (router) => {
      const job = `cancelled-by-${way}-${space.name}`.replaceAll(/\W/g, "");
      const abort = new AbortController();
      const stream = router.stream({ ...asked(`script:slow 400 50 ${job}`), signal: abort.signal });
      const iterator = stream[Symbol.asyncIterator]();
      await untilText(iterator);

      const endedAt = performance.now();
      await end({ iterator, abort });
      expect(performance.now() - endedAt).toBeLessThan(200);
      await expect.poll(() => space.working(job), { timeout: 5000, interval: 50 }).toBe(0);
      const { started, steps, finished } = await space.stats(job);
      expect({ started, finished }).toEqual({ started: 1, finished: 0 });
      expect(steps).toBeLessThan(100);
    });
  }
}

interface Started {
  readonly iterator: AsyncIterableIterator<StreamPart, undefined>;
  readonly abort: AbortController;
}

function asked(content: string): { readonly model: string; readonly messages: readonly Message[] } {
  return { model: "it", messages: [{ role: "user", content }] };
}

interface Heard<Part> {
  readonly parts: readonly Part[];
  /** What a reader who takes rewrites in ends up with. */
  readonly text: string;
  readonly error: unknown;
}

/** Reads to the end, and checks what holds for every stream. */
async function listen<Part extends ProviderPart | StreamPart>(stream: AsyncIterable<Part>): Promise<Heard<Part>> {
  const parts: Part[] = [];
  let text = "";
  let error: unknown;
  try {
    for await (const part of stream) {
      parts.push(part);
      if (part.type === "text-delta") {
        expect(part.text).not.toBe("");
        text += part.text;
      } else if (part.type === "text-replace") ({ text } = part);
    }
    expect(parts.filter(({ type }) => type === "finish")).toEqual([parts.at(-1)]);
  } catch (thrown) {
    if (!QwenError.isInstance(thrown)) throw thrown;
    error = thrown;
  }
  return { parts, text, error };
}

async function textOf(stream: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of stream) {
    expect(piece).not.toBe("");
    text += piece;
  }
  return text;
}

async function untilText(iterator: AsyncIterator<StreamPart, undefined>): Promise<void> {
  for (;;) {
    const { value } = await iterator.next();
    if (value === undefined) throw new Error("The answer ended before its first text.");
    if (value.type === "text-delta") return;
  }
}

async function drain(iterator: AsyncIterator<StreamPart, undefined>): Promise<void> {
  while ((await iterator.next()).done !== true);
}
