import { scriptedProvider } from "@qwen/testing";
import { describe, expect, it, vi } from "vitest";

import { createKey } from "../../src/index.ts";
import type { ResponseStore } from "../../src/store.ts";
import { asked, eventsIn, lastOf, textOf } from "./asked.ts";

const hello = () => scriptedProvider({ script: ["Hello"] });
const slow = () => scriptedProvider({ script: ["Hello", { waitMs: 40 }, " there"] });

async function errorOf(answer: Response): Promise<unknown> {
  return { status: answer.status, ...((await answer.json()) as { error: object }).error };
}

describe("in the background", () => {
  it("a response is made whoever stays, and can be seen meanwhile", async () => {
    const { create, call } = asked([slow()]);
    const begun = await create({ input: "Hi", background: true });
    expect(begun).toMatchObject({ status: "in_progress", background: true });
    expect(await (await call("GET", `/${begun.id}`)).json()).toMatchObject({ status: "in_progress" });
    await vi.waitFor(async () => {
      const now = (await (await call("GET", `/${begun.id}`)).json()) as { readonly status: string };
      expect(now).toMatchObject({ status: "completed", output: [{ content: [{ text: "Hello there" }] }] });
    });
  });

  it("its events can be read from any of them on, again and again", async () => {
    const { call, create } = asked([slow()]);
    const streamed = await call("POST", "", { model: "scripted-model", input: "Hi", background: true, stream: true });
    const events = await eventsIn(streamed);
    const { id } = lastOf(events);
    expect(textOf(lastOf(events))).toBe("Hello there");
    for (let after = 0; after < events.length - 1; after++) {
      const again = await call("GET", `/${id}?stream=true&starting_after=${after}`);
      expect(await eventsIn(again, after + 1)).toEqual(events.slice(after + 1));
    }
    const begun = await create({ input: "Hi", background: true });
    expect(await eventsIn(await call("GET", `/${begun.id}?stream=true`))).toHaveLength(events.length);
    expect(await errorOf(await call("GET", `/${id}?stream=true&starting_after=x`))).toMatchObject({
      status: 400,
      param: "starting_after",
    });
  });

  it("a long request is answered as a short one is, however long it waits in a queue", async () => {
    const news = Array.from({ length: 40 }, (_, index) => ({ type: "queue", position: 40 - index, size: 40 }) as const);
    for (const script of [["Hello"], [...news, "Hello"]]) {
      const { call } = asked([scriptedProvider({ script })]);
      const body = { model: "scripted-model", input: "Hi", background: true, stream: true };
      const streamed = await call("POST", "", { ...body, instructions: "x".repeat(6_000_000) });
      const events = (await streamed.text()).matchAll(/^event: (.+)$/gm);
      const names = [...events].map(([, name]) => name);
      expect(names.filter((name) => /completed|failed|error/.test(name ?? ""))).toEqual(["response.completed"]);
    }
  });

  it("its events can be read however many others are made and deleted behind it", async () => {
    const { create, call } = asked([hello()]);
    const first = await create({ input: "Hi", background: true });
    for (let index = 0; index < 101; index++) {
      const { id } = await create({ input: "Hi", background: true });
      await call("DELETE", `/${id}`);
    }
    expect(textOf(lastOf(await eventsIn(await call("GET", `/${first.id}?stream=true`))))).toBe("Hello");
  });

  it("a reader that leaves stops nothing", async () => {
    const model = slow();
    const { call } = asked([model]);
    const leaving = await call("POST", "", { model: "scripted-model", input: "Hi", background: true, stream: true });
    await leaving.body?.cancel();
    await vi.waitFor(() => expect(model.calls[0]?.state).toBe("finished"));
  });

  it("cancelling ends the work, is the same a second time, and is for what is in the background alone", async () => {
    const model = scriptedProvider({ script: ["Hello", { waitMs: 5000 }, " there"] });
    const { create, call } = asked([model]);
    const begun = await create({ input: "Hi", background: true });
    await vi.waitFor(() => expect(model.calls[0]?.parts).toBe(1));
    for (let time = 0; time < 2; time++) {
      const answer = await call("POST", `/${begun.id}/cancel`);
      expect(await answer.json()).toMatchObject({ id: begun.id, status: "cancelled" });
    }
    await vi.waitFor(() => expect(model.calls[0]?.state).toBe("stopped"));
    expect(await (await call("GET", `/${begun.id}`)).json()).toMatchObject({ status: "cancelled" });
    const other = asked([hello()]);
    const whole = await other.create({ input: "Hi" });
    expect(await errorOf(await other.call("POST", `/${whole.id}/cancel`))).toMatchObject({
      status: 400,
      code: "not_in_background",
    });
    expect(await errorOf(await other.call("GET", `/${whole.id}?stream=true`))).toMatchObject({
      status: 400,
      code: "not_in_background",
    });
  });

  it("deleting ends the work, and leaves nothing", async () => {
    const model = scriptedProvider({ script: ["Hello", { waitMs: 5000 }, " there"] });
    const { create, call } = asked([model]);
    const begun = await create({ input: "Hi", background: true });
    expect((await call("DELETE", `/${begun.id}`)).status).toBe(200);
    expect((await call("GET", `/${begun.id}`)).status).toBe(404);
    await vi.waitFor(() => expect(model.calls.every(({ state }) => state === "stopped")).toBe(true));
    expect((await call("GET", `/${begun.id}`)).status).toBe(404);
  });

  it("what is being deleted is gone for whoever asks meanwhile, and not made by somebody else", async () => {
    const values = new Map<string, string>();
    const later = () => new Promise((resolve) => void setTimeout(resolve, 20));
    const store: ResponseStore = {
      get: async (_, id) => values.get(id),
      put: async (_, id, value) => values.set(id, value) === values,
      delete: (_, id) => later().then(() => values.delete(id)),
      close: async () => {},
    };
    const { create, call } = asked([scriptedProvider({ script: ["Hello", { waitMs: 5000 }, " there"] })], { store });
    const { id } = await create({ input: "Hi", background: true });
    const deleting = call("DELETE", `/${id}`);
    const others = ["", "?stream=true", "/input_items"].map((path) => call("GET", `/${id}${path}`));
    const answers = await Promise.all([deleting, ...others, call("POST", `/${id}/cancel`)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 404, 404, 404]);
  });

  it("a gateway that is closed ends what is left as failed", async () => {
    const model = scriptedProvider({ script: ["Hello", { waitMs: 5000 }, " there"] });
    const { call, gateway } = asked([model]);
    const streamed = await call("POST", "", { model: "scripted-model", input: "Hi", background: true, stream: true });
    const events = eventsIn(streamed);
    await vi.waitFor(() => expect(model.calls[0]?.parts).toBe(1));
    await gateway.close({ drainMs: 10 });
    expect((await events).at(-1)).toMatchObject({ type: "error", code: "draining" });
    expect(model.calls[0]?.state).toBe("stopped");
  });

  it("a place of the key is held until it is over", async () => {
    const { key, record } = await createKey({ concurrency: 1 });
    const { create, call } = asked([slow()], { keys: [record] });
    const as = { authorization: `Bearer ${key}` };
    const { id } = await create({ input: "Hi", background: true }, as);
    const body = { model: "scripted-model", input: "Hi" };
    expect((await call("POST", "", body, as)).status).toBe(429);
    await vi.waitFor(async () => expect((await call("POST", "", body, as)).status).toBe(200));
    expect((await call("GET", `/${id}`, undefined, as)).status).toBe(200);
  });

  it("who has no place left can free one by cancelling", async () => {
    const { key, record } = await createKey({ concurrency: 1 });
    const model = scriptedProvider({ script: ["Hello", { waitMs: 5000 }, " there"] });
    const { create, call } = asked([model], { keys: [record] });
    const as = { authorization: `Bearer ${key}` };
    const { id } = await create({ input: "Hi", background: true }, as);
    expect((await call("POST", `/${id}/cancel`, undefined, as)).status).toBe(200);
    expect((await create({ input: "Hi", background: true }, as)).status).toBe("in_progress");
  });
});

describe("the events of one", () => {
  const body = { model: "scripted-model", input: "Hi", background: true, stream: true };
  const waiting = () => scriptedProvider({ script: ["Hello", { waitMs: 5000 }, " there"] });

  it("are no silence, whoever reads them", async () => {
    const { call } = asked([scriptedProvider({ script: ["Hello", { waitMs: 250 }, " there"] })], { keepAliveMs: 10 });
    const streamed = await (await call("POST", "", body)).text();
    expect(streamed.match(/^: waiting$/gm)?.length).toBeGreaterThan(1);
    const { call: other, create } = asked([scriptedProvider({ script: [{ waitMs: 250 }, "Hello"] })], {
      keepAliveMs: 10,
    });
    const { id } = await create({ input: "Hi", background: true });
    expect(await (await other("GET", `/${id}?stream=true`)).text()).toMatch(/^: waiting$/m);
    const { call: silent } = asked([slow()], { keepAliveMs: 0 });
    expect(await (await silent("POST", "", body)).text()).not.toContain(": waiting");
  });

  it("are left by who reads nothing for too long, and what they tell of goes on", async () => {
    const model = slow();
    const { call } = asked([model], { idleClientMs: 20 });
    const streamed = await call("POST", "", body);
    await new Promise((resolve) => void setTimeout(resolve, 60));
    const text = await streamed.text();
    expect(text).toMatch(/^event: error\ndata: .*"client_stalled".*\n\n$/);
    await vi.waitFor(() => expect(model.calls[0]?.state).toBe("finished"));
  });

  it("end with an error where it is cancelled or deleted, so that no reader takes them for all", async () => {
    for (const [method, path] of [
      ["POST", "/cancel"],
      ["DELETE", ""],
    ] as const) {
      const { call, create } = asked([waiting()]);
      const { id } = await create({ input: "Hi", background: true });
      const reading = eventsIn(await call("GET", `/${id}?stream=true`));
      await call(method, `/${id}${path}`);
      const events = await reading;
      expect(events.at(-2)).toMatchObject({ type: "response.failed", response: { status: "cancelled", error: null } });
      expect(events.at(-1)).toMatchObject({ type: "error", code: "cancelled" });
    }
  });
});

it("what is made can be seen, read and cancelled while the store is gone", async () => {
  const gone = async (): Promise<never> => {
    throw new Error("The disk is full.");
  };
  const store = { get: gone, put: gone, delete: gone, close: async () => {} };
  const { create, call } = asked([scriptedProvider({ script: ["Hello", { waitMs: 5000 }] })], { store });
  const { id } = await create({ input: "Hi", background: true });
  const reading = eventsIn(await call("GET", `/${id}?stream=true`));
  expect(await (await call("GET", `/${id}`)).json()).toMatchObject({ id });
  expect(await (await call("POST", `/${id}/cancel`)).json()).toMatchObject({ status: "cancelled" });
  expect((await reading).at(-1)).toMatchObject({ type: "error", code: "cancelled" });
});

it("no caller has more than 100 under way", async () => {
  const one = await createKey();
  const other = await createKey();
  const { create, call } = asked([scriptedProvider({ script: [{ waitMs: 5000 }, "Hello"] })], {
    keys: [one.record, other.record],
  });
  const as = { authorization: `Bearer ${one.key}` };
  const body = { model: "scripted-model", input: "Hi", background: true };
  const [first] = await Promise.all(Array.from({ length: 100 }, () => create({ input: "Hi", background: true }, as)));
  const refused = await call("POST", "", body, as);
  expect(await errorOf(refused.clone())).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
  expect(refused.headers.get("retry-after")).toBe("5");
  expect((await call("POST", "", body, { authorization: `Bearer ${other.key}` })).status).toBe(200);
  await call("POST", `/${first?.id}/cancel`, undefined, as);
  expect((await call("POST", "", body, as)).status).toBe(200);
});
