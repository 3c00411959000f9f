import { describe, expect, test } from "vitest";

import { AppendOnlyText } from "../../src/append-only.ts";
import { createProvider } from "../../src/created-provider.ts";
import { emulate } from "../../src/emulate/index.ts";
import type { ProviderPart } from "../../src/part.ts";
import type { ProviderRequest } from "../../src/provider.ts";
import { createRouter } from "../../src/router/router.ts";
import type { RouterOptions } from "../../src/router/router-options.ts";
import type { RouterRequest } from "../../src/router/router-request.ts";
import { heldMb } from "../cost.ts";

const messages = [{ role: "user", content: "Hi" }] as const;
const PIECE = 16 * 1024;
const PIECES = 1024;

/** A provider that says 16 MB, and breaks off after so many pieces. */
function talker({ breaksAt = Infinity }: { readonly breaksAt?: number } = {}) {
  const asked: ProviderRequest[] = [];
  const provider = createProvider({
    id: "talker",
    models: [{ id: "m" }],
    async answer({ request, push, follow }) {
      asked.push(request);
      const paused = { is: false, go: (): void => {} };
      follow({
        start() {},
        pause: () => void (paused.is = true),
        resume() {
          paused.is = false;
          paused.go();
        },
        fail() {},
      });
      for (let at = 0; at < PIECES; at++) {
        if (paused.is) await new Promise<void>((resolve) => (paused.go = resolve));
        if (at === breaksAt) throw new Error("It broke.");
        push({ type: "text-delta", text: String.fromCharCode(97 + (at % 26)).repeat(PIECE) });
      }
      return { type: "finish", reason: "stop", usage: undefined, warnings: [] };
    },
  });
  return { provider, asked };
}

function asking(request: Partial<RouterRequest>, options: Partial<RouterOptions> = {}, how = {}) {
  const { provider, asked } = talker(how);
  const router = createRouter({ ...options, plugins: [provider] });
  return { asked, router, stream: router.stream({ model: "m", messages, ...request }) };
}

describe("`keepText: false`", () => {
  test.each([
    { keepText: false, holds: "a fraction of it" },
    { keepText: undefined, holds: "all of it" },
  ])("$keepText: of a long answer that was passed on a stream holds $holds", async ({ keepText }) => {
    const { stream } = asking({ keepText });
    const before = heldMb();
    let pieces = 0;
    for await (const part of stream) {
      if (part.type !== "text-delta" || ++pieces < PIECES - 10) continue;
      const held = heldMb() - before;
      if (keepText === false) expect(held).toBeLessThan(2);
      else expect(held).toBeGreaterThan(12);
      break;
    }
    expect(pieces).toBe(PIECES - 10);
  });

  test("an emulated provider holds no more of it", async () => {
    const { provider } = talker();
    const settings = { tools: [{ name: "a", inputSchema: {} }] };
    const router = createRouter({ plugins: [emulate(provider, { tools: true, reasoning: true })] });
    const stream = router.stream({ model: "m", messages, settings, keepText: false });
    const before = heldMb();
    let pieces = 0;
    for await (const part of stream) {
      if (part.type !== "text-delta" || ++pieces < PIECES - 10) continue;
      expect(heldMb() - before).toBeLessThan(2);
      break;
    }
    expect(pieces).toBe(PIECES - 10);
  });

  test("there is no `completion`, and asking for it disturbs nothing", async () => {
    const { stream } = asking({ keepText: false });
    await expect(stream.completion).rejects.toThrow(TypeError);
    const parts: ProviderPart["type"][] = [];
    for await (const part of stream) parts.push(part.type as ProviderPart["type"]);
    expect(parts.at(-1)).toBe("finish");
  });

  test("an answer that breaks off says so, without its text", async () => {
    const { stream, asked } = asking({ keepText: false }, {}, { breaksAt: 3 });
    await expect(Array.fromAsync(stream)).rejects.toMatchObject({ code: "stream_interrupted", text: "" });
    expect(asked[0]?.keepText).toBe(false);
  });

  test.each<[string, Partial<RouterRequest>, Partial<RouterOptions>]>([
    ["is to be gone on with", { commit: "continue" }, {}],
    ["is to be gone on with at any request", {}, { commit: { continue: "replay" } }],
    ["is looked at by `shouldRetry`", {}, { retry: { shouldRetry: () => undefined } }],
    ["is looked at by `shouldRetry` of the request", { retry: { shouldRetry: () => undefined } }, {}],
  ])("the text is kept all the same where it %s", async (_, request, options) => {
    const { stream, asked } = asking({ keepText: false, ...request }, options, { breaksAt: 3 });
    const error = await Array.fromAsync(stream).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: "stream_interrupted" });
    expect((error as { readonly text: string }).text).toHaveLength(3 * PIECE);
    expect(asked[0]?.keepText).toBeUndefined();
  });

  test("`complete()` gives all of it", async () => {
    const { router } = asking({});
    const { text } = await router.complete({ model: "m", messages, keepText: false });
    expect(text).toHaveLength(PIECES * PIECE);
  });

  test("what is no flag is a `TypeError`", async () => {
    const { stream } = asking({ keepText: "no" as unknown as boolean });
    await expect(Array.fromAsync(stream)).rejects.toThrow(/`keepText` must be/);
  });
});

test("text that only grows is not kept to be known again", () => {
  const before = heldMb();
  const text = new AppendOnlyText();
  for (let at = 0; at < PIECES; at++) text.append(`${at}`.repeat(4096));
  expect(heldMb() - before).toBeLessThan(1);
  expect(text.replace("other")).toBe("");
  expect(() => text.end()).toThrow(expect.objectContaining({ text: "other" }));
});

test("white space takes no more than its length, whatever comes of it", () => {
  const before = heldMb();
  const text = new AppendOnlyText();
  text.append("x");
  for (let at = 0; at < 20; at++) text.append("\n".repeat(100_000));
  expect(heldMb() - before).toBeLessThan(5);
  expect(text.replace(`x${"\n".repeat(2_000_000)}y`)).toBe("y");
  expect(text.replace(`x${"\n".repeat(2_000_000)}y${" ".repeat(2_000_000)}`)).toHaveLength(2_000_000);
  expect(heldMb() - before).toBeLessThan(10);
});
