import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { follow } from "../../src/http/follow.ts";
import type { ResponseBody, Transport, TransportResponse } from "../../src/http/transport.ts";
import { rejection, until } from "../servers/waiting.ts";

const quiet: ResponseBody = { pipe() {}, pause() {}, resume() {}, cancel() {} };

function transportOf(response: unknown): Transport {
  return { request: async () => response as TransportResponse, close: async () => {} };
}

function withBody(body: Partial<ResponseBody>): Transport {
  return transportOf({ status: 200, headers: {}, body: { ...quiet, ...body } });
}

/** What every kind of call comes to over a transport. */
async function errorsOver(transport: Transport, totalMs = 10_000): Promise<readonly unknown[]> {
  const client = connectSpace("http://127.0.0.1:9", { transport, timeouts: { totalMs } });
  const errors = [client.predict("chat", []), client.endpoints(), client.upload(new Uint8Array(1))].map(rejection);
  return Promise.all(errors);
}

describe("a transport of a caller's own", () => {
  it("that resolves with what is no response ends its calls with a TypeError that says so", async () => {
    const head = { status: 200, headers: {} };
    const none = [undefined, null, "x", head, { ...head, body: {} }, { ...head, status: "200", body: quiet }];
    for (const response of [...none, { status: 200, body: quiet }])
      for (const error of await errorsOver(transportOf(response)))
        expect(error, JSON.stringify(response)).toMatchObject({
          name: "TypeError",
          message: expect.stringMatching(/^`transport` must/),
        });
  });

  it("whose bodies throw or hold no bytes ends its calls with errors of the family", async () => {
    const boom = (): never => {
      throw new Error("boom");
    };
    const bodies: readonly Partial<ResponseBody>[] = [
      { pipe: boom },
      { pipe: (sink) => sink.chunk("text" as never) },
      { pipe: (sink) => sink.error(null) },
      { pipe: boom, cancel: boom, pause: boom, resume: boom },
    ];
    for (const body of bodies)
      for (const error of await errorsOver(withBody(body))) expect(error).toMatchObject({ code: "connection" });
  });

  it("whose `cancel` throws when a call is given up disturbs nothing", async () => {
    const cancel = (): never => {
      throw new Error("boom");
    };
    for (const error of await errorsOver(withBody({ cancel }), 100)) expect(error).toMatchObject({ phase: "total" });
  });

  it("that does not listen to its signal is left by an abort, and what it answers later is dropped", async () => {
    const { promise, resolve } = Promise.withResolvers<TransportResponse>();
    const controller = new AbortController();
    const { signal } = controller;
    const transport: Transport = { request: () => promise, close: async () => {} };
    const url = new URL("http://127.0.0.1:9");
    const left = rejection(follow(transport, { method: "GET", url, signal, headersFor: () => ({}) }));
    controller.abort("enough");
    expect(await left).toBe("enough");
    let dropped = 0;
    resolve({ status: 200, headers: {}, body: { ...quiet, cancel: () => void dropped++ } });
    await promise;
    await until(() => dropped === 1);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
