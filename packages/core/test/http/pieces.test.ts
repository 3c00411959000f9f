import { expect, it } from "vitest";
import { BufferedBody } from "../../src/http/buffered-body.ts";
import { Pieces } from "../../src/http/pieces.ts";

/** As a parser hands out a chunked body whose chunks are a byte long: views of what was read. */
function* bytewise(text: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < text.byteLength; at += 1) yield text.subarray(at, at + 1);
}

const whole = Uint8Array.from({ length: 64 * 1024 }, (_, index) => index % 251);

it("a body that comes byte by byte is kept in few pieces, and in order", () => {
  const pieces = new Pieces();
  for (const byte of bytewise(whole)) pieces.push(byte);
  expect(pieces.size).toBe(whole.byteLength);
  const taken = pieces.take();
  expect(taken.length).toBeLessThan(600);
  expect(Buffer.concat(taken).equals(whole)).toBe(true);
  expect(pieces.size).toBe(0);
});

it("large pieces are not copied", () => {
  const pieces = new Pieces();
  const large = new Uint8Array(2048);
  for (let count = 0; count < 1000; count += 1) pieces.push(large);
  expect(pieces.take().every((piece) => piece === large)).toBe(true);
  pieces.push(large);
  expect(pieces.takeJoined()).toBe(large);
});

it("a body that nobody reads yet keeps few pieces too, and none once it is cancelled", () => {
  const flow = { pause() {}, resume() {}, cancel() {} };
  const sink = new BufferedBody(flow);
  for (const byte of bytewise(whole)) sink.chunk(byte);
  const got: Uint8Array[] = [];
  sink.handle().pipe({ chunk: (bytes) => void got.push(bytes), end() {}, error() {} });
  expect(got.length).toBeLessThan(600);
  expect(Buffer.concat(got).equals(whole)).toBe(true);
});
