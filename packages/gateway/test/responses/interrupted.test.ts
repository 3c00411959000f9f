import { scriptedProvider } from "@qwen/testing";
import { afterEach, describe, expect, it, vi } from "vitest";

import { KeptResponses } from "../../src/kept-responses.ts";
import { memoryStore, type ResponseStore } from "../../src/store.ts";
import { asked } from "./asked.ts";

afterEach(() => void vi.useRealTimers());

const id = `resp_${"0".repeat(32)}`;
const unfinished = {
  response: { id, status: "in_progress", background: true, output: [], error: null },
  asked: [],
  before: 0,
  model: "scripted-model",
};

describe("a response in the background, by a store that several processes share,", () => {
  it("is being made for all of them as long as one of them makes it", async () => {
    const memory = memoryStore();
    const store: ResponseStore = {
      get: (...asks) => memory.get(...asks),
      delete: (...asks) => memory.delete(...asks),
      close: () => memory.close(),
      put: async (...asks) => {
        await new Promise((resolve) => void setTimeout(resolve, 20));
        return memory.put(...asks);
      },
    };
    const { create, call } = asked([scriptedProvider({ script: ["Hello", { waitMs: 5000 }, " there"] })], { store });
    const { call: elsewhere } = asked([scriptedProvider({ script: ["Hello"] })], { store });
    const begun = await create({ input: "Hi", background: true });
    expect(await (await elsewhere("GET", `/${begun.id}`)).json()).toMatchObject({ status: "in_progress" });
    for (const other of [
      await elsewhere("POST", `/${begun.id}/cancel`),
      await elsewhere("GET", `/${begun.id}?stream=true`),
      // It would be kept once more when it is whole.
      await elsewhere("DELETE", `/${begun.id}`),
    ])
      expect([other.status, await other.json()]).toMatchObject([409, { error: { code: "made_elsewhere" } }]);
    await call("POST", `/${begun.id}/cancel`);
    await vi.waitFor(async () =>
      expect(await (await elsewhere("GET", `/${begun.id}`)).json()).toMatchObject({ status: "cancelled" }),
    );
  });

  it("is gone for all of them once one has deleted it, also for the one that made it", async () => {
    const store = memoryStore();
    const { create, call } = asked([scriptedProvider({ script: ["Hello"] })], { store });
    const { call: elsewhere } = asked([scriptedProvider({ script: ["Hello"] })], { store });
    const { id: made } = await create({ input: "Hi", background: true });
    await vi.waitFor(async () =>
      expect(await (await elsewhere("GET", `/${made}`)).json()).toMatchObject({ status: "completed" }),
    );
    expect((await elsewhere("DELETE", `/${made}`)).status).toBe(200);
    const looks = [call("GET", `/${made}`), call("GET", `/${made}?stream=true`), call("POST", `/${made}/cancel`)];
    expect((await Promise.all(looks)).map(({ status }) => status)).toEqual([404, 404, 404]);
    expect((await call("DELETE", `/${made}`)).status).toBe(404);
  });

  it("has failed once the process that made it has ended", async () => {
    const store = memoryStore();
    await store.put("", id, JSON.stringify(unfinished));
    const { call } = asked([scriptedProvider({ script: ["Hello"] })], { store });
    expect(await (await call("GET", `/${id}`)).json()).toMatchObject({
      status: "failed",
      error: { code: "server_error", message: expect.stringContaining("has ended") },
    });
    const next = await call("POST", "", { model: "scripted-model", input: "Hi", previous_response_id: id });
    expect(await next.json()).toMatchObject({ error: { code: "previous_response_not_found" } });
  });

  it("says so however long it takes, and leaves no sign behind", async () => {
    vi.useFakeTimers({
      now: 1_800_000_000_000,
      toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
    });
    const store = memoryStore();
    const [one, other] = [new KeptResponses(store), new KeptResponses(store)];
    const made = one.making("", id);
    one.keep("", id, unfinished);
    await vi.advanceTimersByTimeAsync(600_000);
    expect((await other.find("", id))?.response).toMatchObject({ status: "in_progress" });
    one.keep("", id, { ...unfinished, response: { ...unfinished.response, status: "completed" } });
    made();
    await vi.advanceTimersByTimeAsync(10);
    expect((await other.find("", id))?.response).toMatchObject({ status: "completed" });
    expect(await store.get("", `${id} is being made`)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});
