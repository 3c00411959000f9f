import { scriptedProvider } from "@qwen/testing";
import { describe, expect, it, vi } from "vitest";

import { KeptResponses } from "../../src/kept-responses.ts";
import type { ResponseStore } from "../../src/store.ts";
import { asked } from "./asked.ts";

function keptWith(item: object): string {
  return JSON.stringify({
    response: { status: "completed", output: [] },
    asked: [{ id: "x", ...item }],
    before: 0,
    model: "m",
  });
}

describe("a store that gives", () => {
  it.each<[string, string | null | number]>([
    ["null", null],
    ["a number", 5],
    ["half a value", '{"response":{'],
    ["what another version kept", '{"response":{"status":"completed"}}'],
    ["no response", '{"response":null,"asked":[],"before":0,"model":"scripted-model"}'],
    ["items that are none", '{"response":{"status":"completed","output":[null]},"asked":[],"before":0,"model":"m"}'],
    ["a message without parts", keptWith({ type: "message", role: "user", content: "Hi" })],
    ["a result without any", keptWith({ type: "function_call_output", call_id: "c", output: 7 })],
  ])("%s for a response is unknown", async (_, value) => {
    const store = {
      put: async () => true,
      get: async () => value,
      delete: async () => false,
      close: async () => {},
    } as unknown as ResponseStore;
    const { create, call } = asked([scriptedProvider({ script: ["Hello"] })], { store });
    const { id } = await create({ input: "Hi" });
    const looking = Promise.all([
      call("GET", `/${id}`),
      call("GET", `/${id}/input_items`),
      call("GET", `/${id}?stream=true`),
      call("POST", `/${id}/cancel`),
    ]);
    const next = await call("POST", "", { model: "scripted-model", input: "Hi", previous_response_id: id });
    expect((await looking).map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(next.status).toBe(400);
    expect(await next.json()).toMatchObject({ error: { code: "previous_response_not_found" } });
  });

  it("that never answers is waited for as long as for anything, however much is on its way", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const never = (): Promise<never> => new Promise(() => {});
      const kept = new KeptResponses({ get: never, put: never, delete: never, close: never });
      const response = { response: {}, asked: [], before: 0, model: "m" };
      for (let time = 0; time < 3; time++) kept.keep("", "id", response);
      const found = kept.find("", "id").catch((error: unknown) => error);
      const closed = kept.close();
      await vi.advanceTimersByTimeAsync(5000);
      expect(await found).toMatchObject({ status: 503, code: "store_unavailable" });
      await closed;
    } finally {
      vi.useRealTimers();
    }
  });
});
