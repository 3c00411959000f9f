import { expect, test } from "vitest";

import { readEvents } from "../../src/http/events.ts";
import type { BodySink, ResponseBody } from "../../src/http/transport.ts";
import { collect, rejection } from "../servers/waiting.ts";

/** A body by hand, and what was asked of it. */
function createBody(): ResponseBody & { readonly log: string[]; readonly sink: () => BodySink } {
  const log: string[] = [];
  let sink: BodySink | undefined;
  return {
    log,
    sink: () => sink!,
    pipe(to) {
      log.push("pipe");
      sink = to;
    },
    pause: () => void log.push("pause"),
    resume: () => void log.push("resume"),
    cancel: () => void log.push("cancel"),
  };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("nothing is read before the first next(), and any number of them are answered in order", async () => {
  const body = createBody();
  const events = readEvents(body);
  expect(body.log).toEqual([]);
  const reads = Promise.all([events.next(), events.next(), events.next()]);
  body.sink().chunk(bytes("event: a\ndata: 1\n\ndata: 2\n\n"));
  body.sink().end();
  expect(await reads).toEqual([
    { done: false, value: { data: "1", name: "a" } },
    { done: false, value: { data: "2", name: undefined } },
    { done: true, value: undefined },
  ]);
});

test("a reader who lags pauses the body, and goes on with it", async () => {
  const body = createBody();
  const events = readEvents(body);
  const first = events.next();
  for (let at = 0; at < 5; at++) body.sink().chunk(bytes(`data: ${"x".repeat(100_000)}\n\n`));
  await first;
  expect(body.log).toEqual(["pipe", "pause"]);
  body.sink().end();
  expect(await collect(events)).toHaveLength(4);
});

test("leaving closes the connection at once, also while an event is awaited", async () => {
  const body = createBody();
  const events = readEvents(body);
  const next = events.next();
  await events.return?.();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(body.log).toEqual(["pipe", "cancel"]);
});

test("what breaks the body off is thrown behind the events that came, and an event too long closes the connection", async () => {
  const broken = createBody();
  const events = readEvents(broken);
  const first = events.next();
  const failure = new Error("reset");
  broken.sink().chunk(bytes("data: 1\n\ndata: 2\n\ndata: cut"));
  broken.sink().error(failure);
  expect((await first).value).toEqual({ data: "1", name: undefined });
  expect((await events.next()).value).toEqual({ data: "2", name: undefined });
  expect(await rejection(events.next())).toBe(failure);

  const long = createBody();
  const tooLong = rejection(readEvents(long, { maxEventChars: 10 }).next());
  long.sink().chunk(bytes(`data: ${"x".repeat(50)}`));
  expect(await tooLong).toMatchObject({ code: "protocol" });
  expect(long.log).toContain("cancel");
});

test("a second iteration is a TypeError", async () => {
  const body = createBody();
  const events = readEvents(body);
  events[Symbol.asyncIterator]();
  expect(() => events[Symbol.asyncIterator]()).toThrow(TypeError);
});

test("a body that throws where it is steered ends the reading with that, and never throws where nobody waits", async () => {
  const refuse = (): never => {
    throw new Error("The body's own.");
  };
  for (const name of ["pause", "resume", "cancel"] as const) {
    const body = { ...createBody(), [name]: refuse };
    const events = readEvents(body);
    const first = events.next();
    for (let count = 0; count < 5; count += 1) body.sink().chunk(bytes(`data: ${"x".repeat(100_000)}\n\n`));
    expect(await first).toMatchObject({ done: false });
    if (name === "cancel") expect(await events.return?.()).toEqual({ done: true, value: undefined });
    else expect(await rejection(collect(events))).toMatchObject({ message: "The body's own." });
  }
});
