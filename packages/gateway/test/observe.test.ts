import { createRouter, QwenError, type Router } from "@qwen/core";
import { scriptedProvider, type ScriptItem } from "@qwen/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { createGateway, createKey, type GatewayEvent, type GatewayRequestEnded } from "../src/index.ts";
import { asked } from "./responses/asked.ts";
import { question, servedBy, type Served, type ServedOptions } from "./served.ts";

const usage = { inputTokens: 3, outputTokens: 2 };
const whole: readonly ScriptItem[] = ["Hello", { type: "finish", reason: "stop", usage }];
const cut: readonly ScriptItem[] = ["Hello", new QwenError("stream_interrupted", "It broke off.")];
const body = { model: "scripted-model", messages: question };

interface Observed extends Served {
  readonly events: GatewayEvent[];
  /** The end of the request that came last, once it is told. */
  ended(): Promise<GatewayRequestEnded>;
}

function observed(script: readonly ScriptItem[], options: ServedOptions = {}): Observed {
  const events: GatewayEvent[] = [];
  const served = servedBy([scriptedProvider({ script })], { observe: (event) => void events.push(event), ...options });
  const ended = async (): Promise<GatewayRequestEnded> => {
    const isOver = (): boolean => events.at(-1)?.type === "request-ended";
    await vi.waitFor(() => expect(isOver()).toBe(true));
    return events.at(-1) as GatewayRequestEnded;
  };
  return { ...served, events, ended };
}

describe("observe", () => {
  test("hears of each request when it comes, and how it ended, with nothing of what was said", async () => {
    const { key, record } = await createKey({ note: "the blog" });
    const { ask, events, ended } = observed(whole, { keys: [record] });
    for (const stream of [false, true]) {
      events.length = 0;
      const answer = await ask({ ...body, stream }, { headers: { authorization: `Bearer ${key}` } });
      await answer.text();
      const label = {
        requestId: answer.headers.get("x-request-id"),
        path: "/v1/chat/completions",
        method: "POST",
      };
      await ended();
      expect(events).toStrictEqual([
        { type: "request-started", ...label },
        {
          type: "request-ended",
          ...label,
          status: 200,
          outcome: "answered",
          durationMs: expect.any(Number) as number,
          firstOutputMs: expect.any(Number) as number,
          attempts: 1,
          keyId: record.id,
          route: "scripted-model",
          provider: "scripted",
          model: "scripted-model",
          usage,
        },
      ]);
      expect(JSON.stringify(events)).not.toMatch(/Hello|Hi"/);
      expect(events.every((event) => Object.isFrozen(event))).toBe(true);
    }
  });

  test.each([
    ["refused", "a name that nobody has", { ...body, model: "a secret" }, 404, "model_not_found"],
    ["refused", "what is wrong", { ...body, n: 2 }, 400, "unsupported_value"],
    ["failed", "an answer that breaks off and is wanted whole", body, 502, "stream_interrupted"],
    ["cut", "a stream that breaks off behind some output", { ...body, stream: true }, 200, "stream_interrupted"],
  ])("tells as %s %s", async (outcome, _, asks, status, code) => {
    const { ask, events, ended } = observed(cut);
    await (await ask(asks)).text();
    expect(await ended()).toMatchObject({ outcome, status, code });
    expect(JSON.stringify(events)).not.toContain("a secret");
  });

  test("tells as failed a stream that began with a comment and had no output", async () => {
    const { ask, ended } = observed([{ waitMs: 30 }, new QwenError("space_error", "No.")], { keepAliveMs: 5 });
    const answer = await ask({ ...body, stream: true });
    expect(answer.status).toBe(200);
    await answer.text();
    expect(await ended()).toMatchObject({ outcome: "failed", status: 200, code: "space_error" });
  });

  test("tells as cancelled a caller who leaves before an answer, and in the middle of one", async () => {
    const { ask, ended } = observed(["Hello", { waitMs: 5000 }]);
    const leaving = new AbortController();
    const before = ask(body, { signal: leaving.signal });
    setTimeout(() => leaving.abort(), 5);
    await before;
    expect(await ended()).toMatchObject({ outcome: "cancelled", status: 499 });
    const streamed = await ask({ ...body, stream: true });
    await streamed.body?.cancel();
    expect(await ended()).toMatchObject({ outcome: "cancelled", status: 200, attempts: 1 });
  });

  test("tells of a response in the background once that is over", async () => {
    const events: GatewayEvent[] = [];
    const { create, call } = asked([scriptedProvider({ script: ["Hello", { waitMs: 5000 }] })], {
      observe: (event) => void events.push(event),
    });
    const { id } = await create({ input: "Hi", background: true });
    expect(events.map(({ type }) => type)).toStrictEqual(["request-started"]);
    await (await call("POST", `/${id}/cancel`)).text();
    await vi.waitFor(() => expect(events).toHaveLength(4));
    expect(events.filter(({ type }) => type === "request-ended")).toMatchObject([
      { path: "/v1/responses", outcome: "cancelled" },
      { path: "/v1/responses/:id/cancel", outcome: "answered" },
    ]);
  });

  test("tells of what comes to no path, by no method, and of nothing a caller wrote there", async () => {
    const { gateway, events, ended } = observed(whole);
    await gateway.fetch(new Request("http://localhost/a-secret?key=1", { method: "PROPFIND" }));
    expect(await ended()).toMatchObject({ path: "other", method: "other", status: 404, outcome: "refused" });
    expect(JSON.stringify(events)).not.toContain("a-secret");
  });

  test.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("from an observer");
      },
    ],
    ["rejects", () => Promise.reject(new Error("from an observer"))],
    ["never settles", () => new Promise(() => {})],
  ])("disturbs nothing where it %s", async (_, observe) => {
    const { ask } = observed(whole, { observe });
    expect((await ask(body)).status).toBe(200);
    expect(await (await ask({ ...body, stream: true })).text()).toContain("[DONE]");
  });

  test("is closed with what is known where the router never ends a request", async () => {
    const router: Router = createRouter({ plugins: [scriptedProvider({ script: whole })] }) as Router;
    onTestFinished(() => router.close());
    const deaf: Router = {
      ...router,
      observe: (observer) => router.observe((event) => event.type !== "request-ended" && observer(event)),
    };
    const events: GatewayEvent[] = [];
    const gateway = createGateway({ router: deaf, observe: (event) => void events.push(event) });
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    await (await gateway.fetch(new Request("http://localhost/v1/chat/completions", init))).text();
    await gateway.close();
    expect(events.map(({ type }) => type)).toStrictEqual(["request-started", "request-ended"]);
  });
});

describe("/metrics", () => {
  test("counts answers that broke off behind some output, none of which was told as whole", async () => {
    const { ask, get } = servedBy([scriptedProvider({ script: cut })], { metrics: true });
    await get("/metrics");
    for (let call = 0; call < 2; call++) await (await ask({ ...body, stream: true })).text();
    await ask(body);
    await vi.waitFor(async () => expect(await (await get("/metrics")).text()).toContain("qwen_cut_total 2"));
    expect(await (await get("/metrics")).text()).toContain("qwen_truncated_total 0");
  });

  test("counts an answer that was told as whole where the router says that it failed", async () => {
    const router: Router = createRouter({ plugins: [scriptedProvider({ script: whole })] }) as Router;
    onTestFinished(() => router.close());
    const lying: Router = {
      ...router,
      observe: (observer) =>
        router.observe((event) => observer(event.type === "request-ended" ? { ...event, outcome: "failed" } : event)),
    };
    const gateway = createGateway({ router: lying, metrics: true });
    onTestFinished(() => gateway.close());
    const metrics = async (): Promise<string> => (await gateway.fetch(new Request("http://localhost/metrics"))).text();
    await metrics();
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    await (await gateway.fetch(new Request("http://localhost/v1/chat/completions", init))).text();
    expect(await metrics()).toContain("qwen_truncated_total 1");
  });
});
