import { describe, expect, test, vi } from "vitest";

import { emulate } from "../src/emulate/index.ts";
import { createRouter } from "../src/router/router.ts";
import { object, string } from "../src/schema/index.ts";
import { wrapProvider } from "../src/wrap-provider.ts";
import { useVirtualTime } from "./router/virtual.ts";
import { messages, played, text } from "./servers/played-provider.ts";
import { rejection } from "./servers/waiting.ts";

useVirtualTime();

const output = object({ name: string() });

describe("a provider behind hooks that fail is stopped at its source", () => {
  test.each([
    ["asked for an object", "its time is over"],
    ["asked for an object", "a hook throws"],
    ["emulated", "its time is over"],
    ["emulated", "a hook throws"],
  ])("%s, where %s", async (kind, why) => {
    const inner = played("own", [text("a"), "stall"]);
    const part = (): void => {
      if (why === "a hook throws") throw new Error("hook");
    };
    const wrapped = wrapProvider(inner, { part });
    const provider = kind === "emulated" ? emulate(wrapped, { reasoning: true }) : wrapped;
    const router = createRouter({ plugins: [provider], retry: { maxAttempts: 1 } });
    const request = { model: "one", messages, timeouts: { idleMs: 50 } } as const;
    const failed = rejection(kind === "emulated" ? router.complete(request) : router.complete({ ...request, output }));
    await vi.runAllTimersAsync();
    await failed;
    expect(inner.requests[0]?.signal?.aborted).toBe(true);
    expect(inner.ended).toEqual(["left"]);
  });
});
