import { describe, expect, test, vi } from "vitest";

import { QwenError, StreamInterruptedError } from "../../src/errors.ts";
import type { LogFields, Logger } from "../../src/router/logger.ts";
import type { RouterOptions } from "../../src/router/router-options.ts";
import { collect, finish, messages, scripted, text, type Step } from "./scripted.ts";
import { complete, failure, good, read, routerOf, slow, useVirtualTime } from "./virtual.ts";

useVirtualTime();

type Line = readonly [level: string, message: string, fields: LogFields];

function logged(): { readonly logger: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: string) => (fields: LogFields, message: string) => void lines.push([level, message, fields]);
  return { logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, lines };
}

const CANARY = "CANARY-7";

describe("a logger", () => {
  test("is told each step by a line with the request's id, at the level that it deserves", async () => {
    const { logger, lines } = logged();
    const usage = { inputTokens: 3, outputTokens: 2 };
    const answer: readonly Step[] = [
      { type: "queue", position: 1, etaMs: 9 },
      { waitMs: 5 },
      text("Hi"),
      { ...finish, usage } as Step,
    ];
    const router = routerOf([scripted("a", [[failure("authentication", { status: 401 })]]), scripted("b", [answer])], {
      logger,
      breaker: { minimumCalls: 1 },
    });
    await read(router, { requestId: "mine" });
    expect(lines.map(([level, message]) => `${level}: ${message}`)).toEqual([
      "debug: request started",
      "debug: attempt started",
      "warn: attempt failed",
      "warn: breaker is open",
      "debug: attempt started",
      "debug: attempt is queued",
      "debug: attempt has output",
      "debug: attempt answered",
      "info: request answered",
    ]);
    for (const [, message, fields] of lines)
      if (!message.startsWith("breaker")) expect(fields).toMatchObject({ requestId: "mine", name: "m" });
    expect(lines[2]?.[2]).toMatchObject({ provider: "a", number: 1, error: "authentication", status: 401 });
    const about = { provider: "b", model: "m", durationMs: 5, firstOutputMs: 5, attempts: 2 };
    expect(lines.at(-1)?.[2]).toMatchObject({ ...about, inputTokens: 3, outputTokens: 2 });
    lines.length = 0;
    await read(routerOf([scripted("a", [[failure("connection")]])], { logger, retry: { maxAttempts: 1 } }));
    expect(lines.at(-1)).toMatchObject(["error", "request failed", { error: "connection" }]);
  });

  test("never hears a question, an answer, a secret, or the words of an error", async () => {
    const { logger, lines } = logged();
    class Wordy extends Error {
      override readonly name = CANARY;
    }
    const errors: readonly Error[] = [
      new QwenError("space_error", CANARY),
      new StreamInterruptedError(CANARY, { text: CANARY }),
      Object.assign(new QwenError("connection", CANARY), { code: CANARY, phase: CANARY, status: CANARY }),
      new Wordy(CANARY),
      new Proxy(new Error(CANARY), {
        get: () => {
          throw new Error(CANARY);
        },
      }),
    ];
    const odd = { type: "queue", position: CANARY, size: CANARY, etaMs: 1 } as unknown as Step;
    const usage = { inputTokens: CANARY, raw: CANARY } as never;
    const scripts: readonly (readonly Step[])[] = [
      ...errors.flatMap((error) => [[error], [text(CANARY), error]]),
      [odd, text(CANARY), { ...finish, usage, rawReason: CANARY } as Step],
    ];
    const requests = [
      { messages: [{ role: "user", content: CANARY }] as const },
      { headers: { a: { authorization: `Bearer ${CANARY}` } }, providerOptions: { a: { key: CANARY } } },
      { settings: { stopSequences: [CANARY] }, conversation: CANARY },
      { messages: [{ role: CANARY, content: 7 }] as never },
      { output: CANARY } as never,
      { signal: AbortSignal.abort(new Wordy(CANARY)) },
    ];
    for (const script of scripts)
      for (const request of requests) {
        const router = routerOf([scripted("a", [script])], { logger, retry: { maxAttempts: 2 } });
        await read(router, request);
        await complete(router, request);
      }
    expect(lines.length).toBeGreaterThan(200);
    expect(JSON.stringify(lines)).not.toContain(CANARY);
    for (const [, , fields] of lines)
      for (const value of Object.values(fields))
        expect(["string", "number", "boolean", "undefined"]).toContain(typeof value);
  });

  test("that throws, rejects or loses its methods disturbs nothing", async () => {
    const throwing = (): never => {
      throw new Error("the disk is full");
    };
    const rejecting = (() => Promise.reject(new Error("the disk is full"))) as () => void;
    for (const write of [throwing, rejecting]) {
      const logger = { debug: write, info: write, warn: write, error: write };
      expect((await read(routerOf([scripted("a", [good])], { logger }))).error).toBeUndefined();
    }
    const { logger } = logged();
    const router = routerOf([scripted("a", [good])], { logger });
    Object.assign(logger, { debug: undefined, info: 7 });
    expect((await read(router)).error).toBeUndefined();
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 5));
    vi.useFakeTimers();
  });

  test("may be console, whose methods are called on it, and hears what its level is set to meanwhile", async () => {
    const heard: unknown[] = [];
    class Pino {
      level = "silent";
      debug = (): void => {};
      warn = (): void => {};
      error = (): void => {};
      info(fields: object, message: string): void {
        heard.push([this.level, message, fields]);
      }
    }
    const logger = new Pino();
    const router = routerOf([scripted("a", [good])], { logger });
    logger.level = "info";
    await read(router);
    expect(heard).toMatchObject([["info", "request answered", { provider: "a" }]]);
    expect(() => routerOf([], { logger: console })).not.toThrow();
  });

  test("beside those who observe, for calls that are hedged, limited and gone on with", async () => {
    const { logger, lines } = logged();
    const events: unknown[] = [];
    const router = routerOf([scripted("a", [slow(500)]), scripted("b", [slow(10)])], {
      logger,
      limits: { maxConcurrent: 1 },
      hedge: { delayMs: 100 },
    });
    router.observe((event) => events.push(event));
    const calls = [1, 2].map(() => collect(router.stream({ model: "m", messages })));
    await vi.runAllTimersAsync();
    await Promise.all(calls);
    expect(lines).toHaveLength(events.length);
    expect(lines.map(([, message]) => message)).toContain("attempt has a place");
  });

  test.each([null, 7, "console", {}, { debug() {}, info() {}, warn() {} }, () => {}])(
    "must have the four methods, which %j has not",
    (logger) => {
      expect(() => routerOf([], { logger } as unknown as Partial<RouterOptions>)).toThrow(/`logger` must be .*pino/);
    },
  );
});
