import { describe, expect, test } from "vitest";

import { follow } from "../src/http/follow.ts";
import type { Transport } from "../src/http/transport.ts";
import { signalOf, Stop, type AbortSource } from "../src/stop.ts";
import { rejection } from "./servers/waiting.ts";

const reason = new Error("enough");

/** Both kinds of what tells of an abort, and how to abort it. */
const kinds: readonly (readonly [string, () => readonly [AbortSource, (why: unknown) => void]])[] = [
  [
    "a Stop",
    () => {
      const stop = new Stop();
      return [stop, (why) => stop.abort(why)];
    },
  ],
  [
    "an AbortSignal",
    () => {
      const controller = new AbortController();
      return [controller.signal, (why) => controller.abort(why)];
    },
  ],
];

describe.each(kinds)("%s", (_, make) => {
  test("tells each listener once, in order, whether it is a function or an object, and then why", () => {
    const [source, abort] = make();
    const heard: string[] = [];
    const listener = {
      handleEvent(): void {
        heard.push(`object ${source.reason === reason}`);
      },
    };
    source.addEventListener("abort", () => heard.push(`function ${source.aborted}`), { once: true });
    source.addEventListener("abort", listener, { once: true });
    expect(source.aborted).toBe(false);
    source.throwIfAborted();
    abort(reason);
    abort(new Error("later"));
    expect(heard).toEqual(["function true", "object true"]);
    expect(source.reason).toBe(reason);
    expect(() => source.throwIfAborted()).toThrow(reason);
  });

  test("tells nobody who has gone", () => {
    const [source, abort] = make();
    const heard: string[] = [];
    const gone = (): void => void heard.push("gone");
    source.addEventListener("abort", gone);
    source.removeEventListener("abort", gone);
    source.addEventListener("abort", () => heard.push("there"));
    abort(reason);
    expect(heard).toEqual(["there"]);
  });

  test("tells nobody who comes when it is over: that one asks first", () => {
    const [source, abort] = make();
    const heard: string[] = [];
    source.addEventListener("abort", () => source.addEventListener("abort", () => heard.push("late")));
    abort(reason);
    source.addEventListener("abort", () => heard.push("later"));
    abort(reason);
    expect(heard).toEqual([]);
    expect(source.aborted).toBe(true);
  });

  test("is one signal for what knows nothing else, before and after", () => {
    const [source, abort] = make();
    const signal = signalOf(source);
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(signalOf(source)).toBe(signal);
    abort(reason);
    expect(signal).toMatchObject({ aborted: true, reason });
    expect(signalOf(source)).toBe(signal);
  });

  test("reaches a transport of somebody else's as a signal, whose reason ends the request", async () => {
    const [source, abort] = make();
    const deaf: Transport = {
      request: ({ signal }) =>
        new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
      close: async () => {},
    };
    const followed = follow(deaf, {
      method: "GET",
      url: new URL("http://host.test/"),
      headersFor: () => ({}),
      signal: source,
    });
    abort(reason);
    expect(await rejection(followed)).toBe(reason);
  });
});

test("a Stop whose signal is first asked for when it is over has an aborted one", () => {
  const stop = new Stop();
  stop.abort(reason);
  expect(signalOf(stop)).toMatchObject({ aborted: true, reason });
  expect(signalOf(undefined)).toBeUndefined();
});
