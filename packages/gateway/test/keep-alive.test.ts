import { QwenError, type ProviderPart } from "@qwen/core";
import { scriptedProvider, type ScriptItem } from "@qwen/testing";
import { describe, expect, test } from "vitest";

import { eventsOf, question, servedBy, textIn, type Served, type ServedOptions } from "./served.ts";

const finish: ProviderPart = { type: "finish", reason: "stop" };
const ask = { model: "scripted-model", messages: question, stream: true };

const saying = (script: readonly ScriptItem[], options: ServedOptions = {}): Served =>
  servedBy([scriptedProvider({ script })], options);

describe("before the first output", () => {
  test("no 200 is sent: a failure keeps its own status", async () => {
    const { ask: send } = saying([{ waitMs: 30 }, new QwenError("quota_exceeded", "Enough.", { retryAfterMs: 5000 })], {
      keepAliveMs: 200,
    });
    const response = await send(ask);
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("5");
  });

  test("a 200 with comments is sent once the silence is too long, and what fails then is in the stream", async () => {
    const news: ProviderPart = { type: "queue", position: 3, size: 12, etaMs: 40_000 };
    const { ask: send } = saying(
      [news, { waitMs: 60 }, { ...news, position: 1 }, { waitMs: 20 }, new QwenError("quota_exceeded", "Enough.")],
      { keepAliveMs: 25 },
    );
    const response = await send(ask);
    expect(response.status).toBe(200);
    const events = await eventsOf(response);
    expect(events.slice(0, -1)).toContain(": queue 3/12 eta 40");
    expect(events.slice(0, -1)).toContain(": queue 1/12 eta 40");
    expect(events.slice(0, -1).every((event) => typeof event === "string" && event.startsWith(": "))).toBe(true);
    expect(events.at(-1)).toMatchObject({ error: { code: "quota_exceeded", type: "rate_limit_error" } });
  });

  test("a 200 that is sent so does not say who answers while what is held may come to nothing", async () => {
    const first = scriptedProvider({ id: "first", script: ["Half", { waitMs: 60 }, new QwenError("connection", "")] });
    const second = scriptedProvider({ id: "second", script: ["Hello", finish] });
    const { ask: send } = servedBy([first, second], {
      routes: { both: ["first/scripted-model", "second/scripted-model"] },
      keepAliveMs: 20,
    });
    const response = await send({ ...ask, model: "both", qwen: { commit: "buffered" } });
    expect(response.headers.get("x-qwen-provider")).toBeNull();
    expect(textIn(await eventsOf(response))).toBe("Hello");
  });

  test("with 0 it waits however long that takes, and no comment is sent", async () => {
    const { ask: send } = saying([{ waitMs: 60 }, "Hello", { waitMs: 60 }, " you", finish], { keepAliveMs: 0 });
    expect(
      (await eventsOf(await send(ask))).every((event) => typeof event !== "string" || event === "data: [DONE]"),
    ).toBe(true);
  });

  test.each([2 ** 31, 1e10, Infinity])(
    "a time that no timer can count, such as %d ms, is none that is over at once",
    async (ms) => {
      const { ask: send } = saying([{ waitMs: 20 }, "Hello", finish], { keepAliveMs: ms, idleClientMs: ms });
      const response = await send(ask);
      expect(response.headers.get("x-qwen-provider")).toBe("scripted");
      expect(await response.text()).not.toMatch(/^:/m);
    },
  );

  test("silence in the middle of an answer has comments as well, between events", async () => {
    const { ask: send } = saying(["Hello", { waitMs: 80 }, " you", finish], { keepAliveMs: 20 });
    const events = await eventsOf(await send(ask));
    expect(events.filter((event) => typeof event === "string" && event.startsWith(":")).length).toBeGreaterThanOrEqual(
      2,
    );
    expect(textIn(events)).toBe("Hello you");
  });
});
