import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { BufferedBody } from "../../src/http/buffered-body.ts";
import { readText, type BodySink, type ResponseBody } from "../../src/http/transport.ts";
import { rejection, useVirtualTime } from "../servers/waiting.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function open() {
  const calls: string[] = [];
  const sink = new BufferedBody({
    pause: () => void calls.push("pause"),
    resume: () => void calls.push("resume"),
    cancel: () => void calls.push("cancel"),
  });
  return { body: sink.handle(), sink, calls };
}

it("reads text whose characters are split over chunks", async () => {
  const { body, sink } = open();
  const text = readText(body);
  for (const byte of bytes("日本 🙂")) sink.chunk(Uint8Array.of(byte));
  sink.end();
  expect(await text).toBe("日本 🙂");
});

it("stops at `maxBytes`, drops the connection and says that the answer is too large", async () => {
  const { body, sink, calls } = open();
  const failure = rejection(readText(body, { maxBytes: 4 * 1024 * 1024 }));
  sink.chunk(new Uint8Array(3 * 1024 * 1024));
  sink.chunk(new Uint8Array(3 * 1024 * 1024));
  sink.chunk(bytes("ijkl"));
  expect(await failure).toMatchObject({ code: "protocol", message: expect.stringMatching(/too large.*4 MiB/) });
  expect(calls).toEqual(["resume", "cancel"]);
});

it("resolves with what is there of a longer one, where it may be cut", async () => {
  const { body, sink, calls } = open();
  const text = readText(body, { maxBytes: 4, cut: true });
  sink.chunk(bytes("abcd"));
  sink.chunk(bytes("efgh"));
  sink.chunk(bytes("ijkl"));
  expect(await text).toBe("abcdefgh");
  expect(calls).toEqual(["resume", "cancel"]);
});

it("gives up after `limitMs` however many bytes trickle in, and drops the connection", async () => {
  const time = useVirtualTime();
  const { body, sink, calls } = open();
  const failure = rejection(readText(body, { limitMs: 1000 }));
  for (let step = 0; step < 11; step += 1) {
    sink.chunk(bytes("."));
    await time.pass(100);
  }
  expect(await failure).toMatchObject({ code: "timeout", phase: "headers", limitMs: 1000 });
  expect(calls).toEqual(["resume", "cancel"]);
});

it("rejects with the signal's reason, drops the connection and leaves no listener", async () => {
  const { body, calls } = open();
  const controller = new AbortController();
  const failure = rejection(readText(body, { signal: controller.signal }));
  const reason = new Error("mine");
  controller.abort(reason);
  expect(await failure).toBe(reason);
  expect(calls).toEqual(["resume", "cancel"]);
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  const late = open();
  expect(await rejection(readText(late.body, { signal: controller.signal }))).toBe(reason);
  expect(late.calls).toEqual(["cancel"]);
});

it("rejects with what the transport reports, and leaves no timer or listener", async () => {
  const { body, sink } = open();
  const { signal } = new AbortController();
  const failure = rejection(readText(body, { signal }));
  const reason = new Error("reset");
  sink.error(reason);
  expect(await failure).toBe(reason);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("tells a reader that comes late everything, in order, and exactly one end", () => {
  const { body, sink } = open();
  sink.chunk(bytes("a"));
  sink.chunk(bytes("b"));
  sink.end();
  sink.error(new Error("too late"));
  const told: string[] = [];
  body.pipe({
    chunk: (chunk) => void told.push(new TextDecoder().decode(chunk)),
    end: () => void told.push("end"),
    error: () => void told.push("error"),
  });
  sink.end();
  sink.error(new Error("too late"));
  expect(told).toEqual(["a", "b", "end"]);
});

it("tells nothing after `cancel`, not even what waited", () => {
  const { body, sink } = open();
  for (const text of ["a", "b", "c"]) sink.chunk(bytes(text));
  let told = 0;
  body.pipe({
    chunk() {
      told += 1;
      body.cancel();
    },
    end: () => void (told += 100),
    error: () => void (told += 100),
  });
  sink.chunk(bytes("d"));
  sink.end();
  expect(told).toBe(1);
});

it("cancels the transport once", () => {
  const { body, calls } = open();
  body.cancel();
  body.cancel();
  expect(calls).toEqual(["cancel"]);
});

it("asks for nothing before it is piped, nor after a pause", () => {
  const { body, calls } = open();
  body.resume();
  expect(calls).toEqual([]);
  body.pause();
  body.pipe({ chunk() {}, end() {}, error() {} });
  expect(calls).toEqual(["pause"]);
  body.resume();
  expect(calls).toEqual(["pause", "resume"]);
});

it("leaves a body to the reader that it has, and keeps no clock of its own", async () => {
  const time = useVirtualTime();
  const { body, sink, calls } = open();
  const { signal } = new AbortController();
  const first = readText(body);
  expect(await rejection(readText(body, { limitMs: 100, signal }))).toBeInstanceOf(TypeError);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  await time.pass(200);
  sink.chunk(bytes("whole"));
  sink.end();
  expect([await first, calls]).toEqual(["whole", ["resume"]]);
});

it("ends though a body of somebody else's throws where it is dropped", async () => {
  const time = useVirtualTime();
  let sink: BodySink | undefined;
  const body: ResponseBody = {
    pipe: (given) => void (sink = given),
    pause() {},
    resume() {},
    cancel() {
      throw new Error("It cannot be dropped.");
    },
  };
  const late = rejection(readText(body, { limitMs: 100 }));
  await time.pass(200);
  expect(await late).toMatchObject({ code: "timeout" });
  const long = readText(body, { maxBytes: 2, cut: true });
  sink?.chunk(bytes("long"));
  expect(await long).toBe("long");
  const left = new AbortController();
  const aborted = rejection(readText(body, { signal: left.signal }));
  left.abort("mine");
  expect(await aborted).toBe("mine");
});
