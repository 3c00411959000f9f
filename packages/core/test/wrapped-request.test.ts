import { describe, expect, test } from "vitest";

import type { ProviderRequest } from "../src/provider.ts";
import { REQUEST_NAMES } from "../src/request.ts";
import { wrapProvider } from "../src/wrap-provider.ts";
import { finish, messages, played, text } from "./servers/played-provider.ts";
import { collect } from "./servers/waiting.ts";

describe.each(["flow", "own"] as const)("around a provider that is read as %s", (kind) => {
  test.each([1, 151])("what the hook changes is read as the rest is, in %i messages", async (size) => {
    const inner = played(kind, [text("ok"), finish]);
    const wrapped = wrapProvider(inner, {
      request({ messages: own }) {
        (own as unknown[]).push({ role: "developer", content: "half \uD800" }, { role: "user", content: "Hi" });
        return { messages: own };
      },
    });
    await collect(wrapped.stream({ messages: Array.from({ length: size }, () => messages).flat() }));
    expect(inner.requests[0]?.messages.at(-2)).toEqual({ role: "system", content: "half \uFFFD" });
  });

  test("what `request` gives as undefined is not set there: what was asked stays", async () => {
    const inner = played(kind, [text("ok"), finish]);
    const unset = Object.fromEntries(Object.keys(REQUEST_NAMES).map((name) => [name, undefined]));
    const wrapped = wrapProvider(inner, { request: () => ({ ...unset, maxQueueMs: 5 }) as Partial<ProviderRequest> });
    const asked = {
      model: "inner-1",
      messages,
      settings: { topP: 1 },
      signal: new AbortController().signal,
      timeouts: { idleMs: 7000 },
      headers: { "x-a": "1" },
      requestId: "mine",
    };
    await collect(wrapped.stream(asked));
    expect(inner.requests).toEqual([expect.objectContaining({ ...asked, maxQueueMs: 5 })]);
  });
});
