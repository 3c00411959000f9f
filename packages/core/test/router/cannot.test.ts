import { describe, expect, test } from "vitest";

import type { QwenError } from "../../src/errors.ts";
import type { ProviderPart } from "../../src/part.ts";
import type { Settings } from "../../src/provider.ts";
import { finish, scripted, text, type Step } from "./scripted.ts";
import { failure, read, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

const cut = failure("stream_interrupted");
const cannot = failure("unsupported");
const replace = (words: string): ProviderPart => ({ type: "text-replace", text: words });

/** What each attempt was and ended with, of providers that can go on behind a beginning. */
async function ask(all: Readonly<Record<string, readonly (readonly Step[])[]>>, settings?: Settings) {
  const providers = Object.entries(all).map(([id, scripts]) =>
    scripted(id, scripts, { models: [{ id: "m", capabilities: { prefill: true } }] }),
  );
  const router = routerOf(providers, { commit: "continue", retry: { maxAttempts: 9 } });
  const { parts, error } = await read(router, { settings });
  let shown = "";
  for (const part of parts) if (part.type === "text-delta") shown += part.text;
  const asked = providers.map(({ requests }) =>
    requests.map(({ messages }) => (messages.at(-1)?.role === "assistant" ? "prefill" : "whole")),
  );
  return { shown, error, asked };
}

describe("a provider that says itself that it cannot", () => {
  const rest = [text("world."), finish];
  const whole = [text("Hello world."), finish];

  test.each<Settings>([{}, { seed: 1 }])(
    "after output is asked by no other way, and others are (%j)",
    async (settings) => {
      const alone = await ask({ a: [[text("Hello "), cannot], whole] }, settings);
      expect(alone.error).toMatchObject({ code: "stream_interrupted", text: "Hello " });
      expect(alone.asked).toEqual([["whole"]]);
      const scripts = settings.seed === undefined ? [rest] : [whole];
      const other = await ask({ a: [[text("Hello "), cannot], whole], b: scripts }, settings);
      expect(other).toMatchObject({ shown: "Hello world.", error: undefined });
      expect(other.asked[0]).toEqual(["whole"]);
    },
  );

  test("after output that it wrote behind a beginning neither", async () => {
    const { shown, error, asked } = await ask({ a: [[text("Hello "), cut], [text("wor"), cannot], whole] });
    expect(error).toMatchObject({ code: "stream_interrupted", text: "Hello wor" });
    expect([shown, asked]).toEqual(["Hello wor", [["whole", "prefill"]]]);
  });

  test("to the request, before another one began, neither", async () => {
    const { shown, asked } = await ask({ a: [[cannot], whole], b: [[text("Hello "), cut], [cannot], whole] });
    expect(shown).toBe("Hello world.");
    expect(asked).toEqual([["whole"], ["whole", "prefill", "whole"]]);
  });

  test.each<Settings>([{}, { seed: 1 }])("of which that is known before is passed over once (%j)", async (settings) => {
    const json = [{ id: "m", capabilities: { prefill: true, json: true } }] as const;
    const [a, b] = [
      scripted("a", [whole]),
      scripted("b", [[text("Hello "), failure("authentication")]], { models: json }),
    ];
    const asked = { ...settings, responseFormat: { type: "json" } } as const;
    const { error } = await read(routerOf([a, b], { commit: "continue" }), { settings: asked });
    expect((error as QwenError).attempts?.map(({ provider }) => provider)).toEqual(["a", "b"]);
  });

  test("while it repeats what was shown neither", async () => {
    const { error, asked } = await ask({ a: [[text("Hello "), cut], [text("Hel"), cannot], rest] }, { seed: 1 });
    expect(error).toMatchObject({ code: "stream_interrupted" });
    expect(asked).toEqual([["whole", "whole"]]);
  });
});

describe("a provider is asked by another way", () => {
  test("that takes no beginning", async () => {
    const { shown, asked } = await ask({ a: [[text("Hello "), cut], [cannot], [text("Hello world."), finish]] });
    expect(shown).toBe("Hello world.");
    expect(asked).toEqual([["whole", "prefill", "whole"]]);
  });

  test("whose answer was another one", async () => {
    const settings = { seed: 1 };
    const differs = await ask(
      {
        a: [
          [text("Hello "), cut],
          [text("Good"), finish],
          [text("you."), finish],
        ],
      },
      settings,
    );
    expect(differs.shown).toBe("Hello you.");
    const script = [
      [text("Hello "), cut],
      [replace("Bye."), text("!"), finish],
      [text("Hello you."), finish],
    ];
    const rewrites = await ask({ a: script });
    expect(rewrites.shown).toBe("Hello you.");
    expect(rewrites.asked).toEqual([["whole", "prefill", "whole"]]);
  });
});
