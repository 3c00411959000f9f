import { QwenError } from "@qwen/core";
import { scriptedProvider } from "@qwen/testing";
import { describe, expect, it, vi } from "vitest";

import { createKey } from "../../src/index.ts";
import { memoryStore, type ResponseStore } from "../../src/store.ts";
import { asked, lastOf, textOf } from "./asked.ts";

const hello = () => scriptedProvider({ script: ["Hello"] });

async function errorOf(answer: Response): Promise<unknown> {
  return { status: answer.status, ...((await answer.json()) as { error: object }).error };
}

describe("a response", () => {
  it("is kept, and can be seen, and what it was asked, until it is deleted", async () => {
    const { create, call } = asked([hello()]);
    const made = await create({ input: "Hi", metadata: { a: "b" } });
    expect(await (await call("GET", `/${made.id}`)).json()).toEqual(
      JSON.parse(JSON.stringify({ ...made, user: null })),
    );
    expect(await (await call("GET", `/${made.id}/input_items`)).json()).toMatchObject({
      object: "list",
      data: [{ type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }], id: expect.any(String) }],
      has_more: false,
    });
    const deleted = await call("DELETE", `/${made.id}`);
    expect(await deleted.json()).toEqual({ id: made.id, object: "response", deleted: true });
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["GET", "/input_items"],
      ["POST", "/cancel"],
    ] as const)
      expect(await errorOf(await call(method, `/${made.id}${path}`))).toMatchObject({
        status: 404,
        code: "response_not_found",
      });
  });

  it("that is streamed is kept as its last event has it", async () => {
    const { stream, call } = asked([hello()]);
    const last = lastOf(await stream({ input: "Hi" }));
    expect(await (await call("GET", `/${last.id}`)).json()).toMatchObject(last);
  });

  it("says who made it, however it comes", async () => {
    const { call } = asked([hello()]);
    for (const stream of [false, true])
      for (const commit of ["first-output", "buffered"]) {
        const body = { model: "scripted-model", input: "Hi", stream, qwen: { commit } };
        const { headers } = await call("POST", "", body);
        expect([headers.get("x-qwen-provider"), headers.get("x-qwen-attempts")]).toEqual(["scripted", "1"]);
      }
  });

  it("that is not to be stored leaves nothing", async () => {
    const store = memoryStore();
    const put = vi.spyOn(store, "put");
    const { create, stream, call } = asked([hello()], { store });
    const made = [await create({ input: "Hi", store: false }), lastOf(await stream({ input: "Hi", store: false }))];
    expect(put).not.toHaveBeenCalled();
    for (const { id, store: isStored } of made) {
      expect(isStored).toBe(false);
      expect((await call("GET", `/${id}`)).status).toBe(404);
      expect(
        await errorOf(await call("POST", "", { model: "scripted-model", input: "x", previous_response_id: id })),
      ).toMatchObject({
        status: 400,
        code: "previous_response_not_found",
        param: "previous_response_id",
      });
    }
  });

  it("is the key's that made it, and for any other unknown", async () => {
    const [mine, theirs] = [await createKey(), await createKey()];
    const { create, call } = asked([hello()], { keys: [mine.record, theirs.record] });
    const [as, other] = [mine, theirs].map(({ key }) => ({ authorization: `Bearer ${key}` }));
    const made = await create({ input: "Hi" }, as);
    const never = `/resp_${"0".repeat(32)}`;
    for (const [method, path] of [
      ["GET", ""],
      ["GET", "?stream=true"],
      ["GET", "/input_items"],
      ["POST", "/cancel"],
      ["DELETE", ""],
    ] as const)
      expect(await errorOf(await call(method, `/${made.id}${path}`, undefined, other))).toEqual(
        await errorOf(await call(method, `${never}${path}`, undefined, other)),
      );
    const body = { model: "scripted-model", input: "x" };
    expect(await errorOf(await call("POST", "", { ...body, previous_response_id: made.id }, other))).toMatchObject({
      status: 400,
      code: "previous_response_not_found",
    });
    const reference = {
      ...body,
      input: [
        { type: "item_reference", id: made.output[0]?.id },
        { role: "user", content: "x" },
      ],
    };
    expect(await errorOf(await call("POST", "", reference, other))).toMatchObject({
      status: 404,
      code: "item_not_found",
    });
    expect((await call("POST", "", reference, as)).status).toBe(200);
    expect((await call("GET", `/${made.id}`, undefined, as)).status).toBe(200);
  });

  it("stands as it was last in a store that takes two values at once in any order", async () => {
    const values = new Map<string, string>();
    let late: PromiseWithResolvers<void> | undefined;
    const store: ResponseStore = {
      get: async (_, id) => values.get(id),
      async put(_, id, value) {
        // The first one takes longer than the second.
        if (late === undefined) await (late = Promise.withResolvers()).promise;
        values.set(id, value);
        return true;
      },
      delete: async (_, id) => values.delete(id),
      close: async () => {},
    };
    const { create, call, gateway } = asked([hello()], { store });
    const { id } = await create({ input: "Hi", background: true });
    await vi.waitFor(async () => expect(late).toBeDefined());
    await vi.waitFor(async () =>
      expect(await (await call("GET", `/${id}`)).json()).toMatchObject({ status: "completed" }),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    late?.resolve();
    await gateway.close();
    expect(JSON.parse(values.get(id) ?? "{}")).toMatchObject({ response: { status: "completed" } });
  });

  it("is there for another process that shares the store, however quickly its caller comes back", async () => {
    const values = new Map<string, string>();
    const store: ResponseStore = {
      get: async (_, id) => values.get(id),
      async put(_, id, value) {
        await new Promise((resolve) => void setTimeout(resolve, 30));
        values.set(id, value);
        return true;
      },
      delete: async (_, id) => values.delete(id),
      close: async () => {},
    };
    const [one, other] = [asked([hello()], { store }), asked([hello()], { store })];
    const whole = await one.create({ input: "Hi" });
    expect((await other.create({ input: "Hi", previous_response_id: whole.id })).previous_response_id).toBe(whole.id);
    const streamed = lastOf(await one.stream({ input: "Hi" }));
    expect((await other.call("GET", `/${streamed.id}`)).status).toBe(200);
  });

  it("of a store that fails is answered all the same, and looked for in vain", async () => {
    const failing: ResponseStore = {
      get: () => Promise.reject(new Error("secret of the store")),
      put: () => Promise.reject(new Error("secret of the store")),
      delete: () => Promise.reject(new Error("secret of the store")),
      close: async () => {},
    };
    const { create, call } = asked([hello()], { store: failing });
    const made = await create({ input: "Hi" });
    const answer = await call("GET", `/${made.id}`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).not.toContain("secret");
  });

  it("that broke off cannot be gone on with", async () => {
    const broken = scriptedProvider({ script: ["Hello", new QwenError("connection", "Gone.")] });
    const { stream, call } = asked([broken]);
    const events = await stream({ input: "Hi" });
    expect(events.slice(-2)).toMatchObject([
      {
        type: "response.failed",
        response: {
          status: "failed",
          error: { code: "server_error" },
          completed_at: null,
          output: [{ status: "incomplete", content: [{ text: "Hello" }] }],
        },
      },
      { type: "error", code: "connection" },
    ]);
    expect((await call("GET", `/${lastOf(events).id}`)).status).toBe(404);
  });

  it("that fails before its first output has its own status, and no event", async () => {
    const limited = scriptedProvider({
      script: [new QwenError("rate_limited", "Slow down.", { retryAfterMs: 120_000 })],
    });
    const { call } = asked([limited]);
    const answer = await call("POST", "", { model: "scripted-model", input: "Hi", stream: true });
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("120");
  });

  it("whose tokens ran out is incomplete", async () => {
    const short = scriptedProvider({ script: ["Hel", { type: "finish", reason: "length" }] });
    const { create, stream } = asked([short]);
    expect(await create({ input: "Hi" })).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      completed_at: null,
      usage: null,
      output: [{ status: "incomplete" }],
    });
    expect((await stream({ input: "Hi" })).at(-1)).toMatchObject({ type: "response.incomplete" });
  });

  it("tells of a queue once the silence was long enough, and then of each place", async () => {
    const queued = scriptedProvider({
      script: [
        { type: "queue", position: 2, size: 3, etaMs: 4000 },
        { waitMs: 60 },
        { type: "queue", position: 1, size: 3 },
        { waitMs: 20 },
        "Hello",
      ],
    });
    const { stream } = asked([queued], { keepAliveMs: 20 });
    const events = await stream({ input: "Hi" });
    expect(events.slice(0, 5)).toMatchObject([
      { type: "response.created", response: { status: "queued" } },
      { type: "response.queued", response: { status: "queued" } },
      { type: "response.queued" },
      { type: "response.in_progress", response: { status: "in_progress" } },
      { type: "response.output_item.added" },
    ]);
    expect(textOf(lastOf(events))).toBe("Hello");
  });
});

describe("what a response was asked", () => {
  it("comes in pages, from either end", async () => {
    const { create, call } = asked([hello()]);
    const input = Array.from({ length: 25 }, (_, index) => ({ role: "user", content: `${index}` }));
    const { id } = await create({ input });
    const page = async (
      query: string,
    ): Promise<{ data: { id: string; content: { text: string }[] }[]; has_more: boolean; last_id: string }> =>
      (await call("GET", `/${id}/input_items?${query}`)).json() as never;
    const texts = ({ data }: Awaited<ReturnType<typeof page>>): (string | undefined)[] =>
      data.map(({ content }) => content[0]?.text);
    const first = await page("");
    expect(texts(first)).toEqual(Array.from({ length: 20 }, (_, index) => `${24 - index}`));
    expect(first.has_more).toBe(true);
    expect(texts(await page(`after=${first.last_id}`))).toEqual(["4", "3", "2", "1", "0"]);
    expect(texts(await page("order=asc&limit=2"))).toEqual(["0", "1"]);
    for (const query of ["limit=0", "limit=x", "limit=1000", "order=up"])
      expect((await call("GET", `/${id}/input_items?${query}`)).status).toBe(400);
  });
});
