import { expect, it } from "vitest";
import { fetchElsewhere } from "../../src/http/elsewhere.ts";
import type { Transport } from "../../src/http/transport.ts";
import { collectGarbage, heldMb } from "../cost.ts";

const reach = () => "any" as const;
const limits = { reach, maxBytes: 10, limitMs: 5000, connectMs: 1000, headersMs: 1000 };
const url = new URL("http://files.example/a");

it("leaves nothing at a signal that outlives it", async () => {
  const transport: Transport = {
    request: () =>
      Promise.resolve({
        status: 200,
        headers: {},
        body: {
          pipe(sink) {
            sink.chunk(new Uint8Array(1));
            sink.end();
          },
          pause() {},
          resume() {},
          cancel() {},
        },
      }),
    close: () => Promise.resolve(),
  };
  const { signal } = new AbortController();
  const fetchMany = async (count: number): Promise<void> => {
    for (let call = 0; call < count; call += 1) await fetchElsewhere(url, { ...limits, transport, signal });
    // What is known of a signal made of others is forgotten turns after it was collected.
    for (let turn = 0; turn < 3; turn += 1) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await fetchMany(200);
  const before = heldMb();
  await fetchMany(1000);
  expect(heldMb() - before).toBeLessThan(0.5);
});

it("ends by its signal and by its limit, though a transport listens to neither", async () => {
  const silent: Transport = { request: () => new Promise(() => {}), close: () => Promise.resolve() };
  const stops = new AbortController();
  const stopped = fetchElsewhere(url, { ...limits, transport: silent, signal: stops.signal });
  stops.abort(new Error("left"));
  await expect(stopped).rejects.toBe(stops.signal.reason);
  const { signal } = new AbortController();
  const late = fetchElsewhere(url, { ...limits, limitMs: 20, transport: silent, signal });
  await expect(late).rejects.toMatchObject({ code: "invalid_request", message: expect.stringContaining("20 ms") });
});
