import { scriptedProvider } from "@qwen/testing";
import { expect, it, vi } from "vitest";

import { memoryStore } from "../../src/store.ts";
import { asked, textOf } from "./asked.ts";

async function stage(input: string | readonly object[] = "x".repeat(100_000)) {
  const store = memoryStore();
  const get = vi.spyOn(store, "get");
  const served = asked([scriptedProvider({ script: ["Hello"] })], { store });
  const made = await served.create({ input });
  const items = (await (await served.call("GET", `/${made.id}/input_items`)).json()) as { data: { id: string }[] };
  get.mockClear();
  return { ...served, get, made, reference: { type: "item_reference", id: items.data[0]?.id } };
}

it("A response is read once, however often a request names what it holds", async () => {
  const { create, get, reference } = await stage();
  const made = await create({ store: false, input: [reference, reference, { role: "user", content: "y" }, reference] });
  expect(textOf(made)).toBe("Hello");
  expect(get).toHaveBeenCalledOnce();
});

it("A request of a few bytes cannot go back to more than the process can hold", async () => {
  const { call, get, reference } = await stage();
  const input = Array.from({ length: 1000 }, () => reference);
  const answer = await call("POST", "", { model: "scripted-model", store: false, input });
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({ error: { code: "request_too_large", type: "invalid_request_error" } });
  expect(get).toHaveBeenCalledOnce();
});

it("A request of a few bytes cannot go back to more parts than are read in a moment, however short they are", async () => {
  const content = Array.from({ length: 30_000 }, () => ({ type: "input_text", text: "a" }));
  const { create, call, made, reference } = await stage([{ role: "user", content }]);
  expect(
    textOf(await create({ store: false, input: [{ role: "user", content: "y" }], previous_response_id: made.id })),
  ).toBe("Hello");
  const next = await create({ input: [{ role: "user", content }], previous_response_id: made.id });
  for (const body of [{ input: "y", previous_response_id: next.id }, { input: [reference, reference] }]) {
    const answer = await call("POST", "", { model: "scripted-model", store: false, ...body });
    expect([answer.status, await answer.json()]).toMatchObject([413, { error: { code: "request_too_large" } }]);
  }
});
