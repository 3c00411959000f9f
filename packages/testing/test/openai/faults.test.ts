import { gunzipSync } from "node:zlib";

import { describe, expect, test } from "vitest";

import { createOpenAIEmulator, type OpenAIFaultLike, openAIFaultNames, type OpenAIFaultName } from "../../src/index.ts";
import { ask, type AskOptions, chunksIn, eventsIn, finishIn, type Heard, textIn } from "./raw-client.ts";

const QUESTION = { model: "m", stream: true, messages: [{ role: "user", content: "Hi" }] };

// These never end by themselves.
const ENDLESS: readonly OpenAIFaultName[] = ["stall", "heartbeats-only", "never-headers", "headers-only"];

async function strike(fault: OpenAIFaultLike, body: object = QUESTION, options: AskOptions = {}) {
  await using server = await createOpenAIEmulator({ models: { m: "one two three" }, faults: [fault], heartbeatMs: 10 });
  const name = typeof fault === "string" ? fault : fault.name;
  const heard = await ask(server.url, body, { ...(ENDLESS.includes(name) && { leaveAfterMs: 120 }), ...options });
  await server.idle();
  return { heard, state: server.calls[0]?.state };
}

type Struck = Awaited<ReturnType<typeof strike>>;

/** What came of it: the text, the finish reason, how it ended, and what became of the call. */
const said = ({ heard, state }: Struck) => heard && [textIn(heard), finishIn(heard), isDone(heard), heard.end, state];
const isDone = ({ body }: Heard): boolean => body.includes("data: [DONE]");

/** An error in the midst: what was said before, and the last event. */
function expectError({ heard, state }: Struck, event: unknown, { done = false } = {}): void {
  expect([textIn(heard!), finishIn(heard!) ?? "error", heard?.end, state]).toEqual(["one", "error", "eof", "failed"]);
  const last = eventsIn(heard!).at(done ? -2 : -1);
  expect(isDone(heard!)).toBe(done);
  if (typeof event === "string") expect(last?.slice(0, event.length)).toBe(event);
  else expect(JSON.parse(last!.slice("data: ".length))).toMatchObject(event as object);
}

function expectRefusal({ heard, state }: Struck, status: number, error: object = {}): void {
  expect([heard?.status, state]).toEqual([status, undefined]);
  expect(JSON.parse(heard!.body)).toMatchObject({ error });
}

const EFFECTS: Readonly<Record<OpenAIFaultName, (struck: Struck) => void>> = {
  eof: (struck) => expect(said(struck)).toEqual(["one", undefined, false, "eof", "failed"]),
  "eof-done": (struck) => expect(said(struck)).toEqual(["one", undefined, true, "eof", "failed"]),
  "missing-finish": (struck) => expect(said(struck)).toEqual(["one two three", undefined, true, "eof", "finished"]),
  "missing-done": (struck) => expect(said(struck)).toEqual(["one two three", "stop", false, "eof", "finished"]),
  reset: (struck) => expect(said(struck)).toEqual(["one", undefined, false, "broken", "failed"]),
  truncated(struck) {
    expect(said(struck)).toEqual(["one", undefined, false, "eof", "failed"]);
    expect(eventsIn(struck.heard!).at(-1)).toMatch(/^data: \{[^}]*$/u);
  },
  "short-body"(struck) {
    expect(said(struck)).toEqual(["one", undefined, false, "broken", "failed"]);
    expect(struck.heard?.headers["content-length"]).toBe(String(struck.heard!.bytes.length + 1000));
  },
  "cut-body"(struck) {
    expect(said(struck)).toEqual(["one", undefined, false, "eof", "failed"]);
    expect(struck.heard?.headers["content-length"]).toBe(String(struck.heard!.bytes.length));
  },
  stall: (struck) => expect(said(struck)).toEqual(["one", undefined, false, "left", "cancelled"]),
  "heartbeats-only"(struck) {
    expect(said(struck)).toEqual(["one", undefined, false, "left", "cancelled"]);
    expect(eventsIn(struck.heard!).slice(-2)).toEqual([": keep-alive", ": keep-alive"]);
  },
  "garbage-chunk"(struck) {
    expect(said(struck)).toEqual(["one two three", "stop", true, "eof", "finished"]);
    expect(eventsIn(struck.heard!)[2]).toBe("data: {this is not JSON");
  },
  "error-chunk": (struck) => expectError(struck, { error: { type: "server_error", code: null } }),
  "error-done": (struck) => expectError(struck, { error: { type: "server_error" } }, { done: true }),
  "error-event": (struck) => expectError(struck, 'event: error\ndata: {"error":{'),
  "error-choice": (struck) => expectError(struck, { error: { code: 502 }, choices: [{ finish_reason: "error" }] }),
  "error-object": (struck) => expectError(struck, { object: "error", type: "InternalServerError", code: 500 }),
  "error-text": (struck) => expectError(struck, { error: "The model has failed." }),
  "error-field": (struck) => expectError(struck, 'error: {"code":500,'),
  "error-bare": (struck) => expectError(struck, { code: "InternalError", message: "The model has failed." }),
  "error-fields": (struck) => expectError(struck, { choices: null, error_message: "The model has failed." }),
  "error-finish": (struck) => expectError(struck, { choices: [{ finish_reason: "error" }] }),
  "content-filter": (struck) => expect(said(struck)).toEqual(["one", "content_filter", true, "eof", "finished"]),
  length: (struck) => expect(said(struck)).toEqual(["one", "length", true, "eof", "finished"]),
  empty: (struck) => expect(said(struck)).toEqual(["", "stop", true, "eof", "finished"]),
  "empty-body": ({ heard }) => expect([heard?.status, heard?.body]).toEqual([200, ""]),
  "error-200": (struck) => expectRefusal(struck, 200, { type: "server_error" }),
  "json-body"({ heard, state }) {
    expect([heard?.headers["content-type"], state]).toEqual(["application/json", "finished"]);
    expect(JSON.parse(heard!.body)).toMatchObject({ choices: [{ message: { content: "one two three" } }] });
  },
  "other-model": ({ heard }) => expect(chunksIn(heard!)[0]?.model).toBe("m-other"),
  // By a smaller count below: here it is only seen that each is there.
  "huge-answer": () => {},
  "huge-chunk": () => {},
  "empty-chunks": () => {},
  "many-tool-calls": () => {},
  "huge-index": ({ heard }) => expect(heard?.body).toContain('"tool_calls":[{"index":1000000000,'),
  "huge-id": ({ heard }) => expect(heard?.body).toContain(`"id":"${"a".repeat(1_000_000)}"`),
  "byte-split": (struck) => expect(said(struck)).toEqual(["one two three", "stop", true, "eof", "finished"]),
  gzip({ heard }) {
    expect(heard?.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(heard!.bytes).toString()).toContain("data: [DONE]");
  },
  delay: () => {},
  "never-headers": ({ heard, state }) => expect([heard, state]).toEqual([undefined, "cancelled"]),
  "headers-only": ({ heard, state }) =>
    expect([heard?.status, heard?.body, heard?.end, state]).toEqual([200, "", "left", "cancelled"]),
  redirect({ heard }) {
    expect(heard?.status).toBe(307);
    expect(heard?.headers["location"]).toMatch(/^http:\/\/localhost:\d+\/v1\/chat\/completions$/u);
  },
  html: ({ heard }) => expectHtml(heard, 200),
  "proxy-error": ({ heard }) => expectHtml(heard, 502),
  status: (struck) => expectRefusal(struck, 500),
  "refused-parameter": ({ state }) => expect(state).toBe("finished"),
  "context-too-long": (struck) => expectRefusal(struck, 400, { code: "context_length_exceeded", param: "messages" }),
  "content-refused": (struck) => expectRefusal(struck, 400, { code: "content_policy_violation" }),
  unauthorized: (struck) => expectRefusal(struck, 401, { code: "invalid_api_key" }),
  "payment-required": (struck) => expectRefusal(struck, 402),
  forbidden: (struck) => expectRefusal(struck, 403),
  "not-found": (struck) => expectRefusal(struck, 404),
  conflict: (struck) => expectRefusal(struck, 409),
  "too-large": (struck) => expectRefusal(struck, 413),
  unprocessable: (struck) => expectRefusal(struck, 422),
  "rate-limited"(struck) {
    expectRefusal(struck, 429, { code: "rate_limit_exceeded" });
    expect(Object.keys(struck.heard!.headers).filter((name) => /retry|ratelimit/u.test(name))).toEqual([]);
  },
  "rate-limited-seconds"(struck) {
    expectRefusal(struck, 429);
    expect(struck.heard?.headers["retry-after"]).toBe("1");
  },
  "rate-limited-date"(struck) {
    expectRefusal(struck, 429);
    const date = Date.parse(String(struck.heard?.headers["retry-after"]));
    expect(Math.abs(date - Date.now())).toBeLessThan(2500);
  },
  "rate-limited-ms"(struck) {
    expectRefusal(struck, 429);
    expect(struck.heard?.headers["retry-after-ms"]).toBe("1000");
  },
  "rate-limited-reset"(struck) {
    expectRefusal(struck, 429);
    expect(struck.heard?.headers).toMatchObject({
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "1s",
      "x-ratelimit-reset-tokens": "0s",
    });
  },
  "rate-limited-epoch"(struck) {
    expectRefusal(struck, 429);
    const reset = Number(struck.heard?.headers["x-ratelimit-reset"]);
    expect(Math.abs(reset - Date.now())).toBeLessThan(2500);
  },
  quota: (struck) => expectRefusal(struck, 429, { code: "insufficient_quota" }),
  "server-error": (struck) => expectRefusal(struck, 500),
  "bad-gateway": (struck) => expectRefusal(struck, 502),
  unavailable: (struck) => expectRefusal(struck, 503),
  "gateway-timeout": (struck) => expectRefusal(struck, 504),
};

function expectHtml(heard: Heard | undefined, status: number): void {
  expect(heard?.status).toBe(status);
  expect(heard?.headers["content-type"]).toMatch(/html/u);
}

const SMALL = { "huge-answer": 20_000, "huge-chunk": 20_000, "empty-chunks": 10, "many-tool-calls": 10 } as const;

describe("a fault of a stream", () => {
  test.each(openAIFaultNames)("%s", async (name) => {
    const count = (SMALL as Partial<Record<OpenAIFaultName, number>>)[name];
    EFFECTS[name](await strike(name === "delay" ? { name, ms: 1 } : { name, count }));
  });
});

describe("a fault of a response", () => {
  const RESPONSE = { model: "m", stream: true, input: "Hi" };
  const spoken = ({ heard }: Struck) =>
    eventsIn(heard!).filter((event) => event.startsWith("event: response.output_text.delta")).length;

  test.each(openAIFaultNames.filter((name) => !(name in SMALL)))("%s ends as in a chat", async (name) => {
    const fault = { name, ms: 1, count: 1 };
    const [chat, response] = [await strike(fault), await strike(fault, RESPONSE, { path: "/responses" })];
    const ending = ({ heard, state }: Struck) => [heard?.status, heard?.end, state];
    expect(ending(response)).toEqual(ending(chat));
  });

  test.each(["eof", "stall", "error-chunk", "reset"] as const)("%s strikes after the first piece", async (name) => {
    const struck = await strike(name, RESPONSE, { path: "/responses" });
    expect(spoken(struck)).toBe(1);
    expect(struck.heard?.body).not.toContain("response.completed");
  });

  test.each([
    ["missing-finish", undefined],
    [
      "length",
      '"status":"incomplete","background":false,"error":null,"incomplete_details":{"reason":"max_output_tokens"}',
    ],
    ["content-filter", '"incomplete_details":{"reason":"content_filter"}'],
    ["empty", '"status":"completed"'],
  ] as const)("%s ends with %s", async (name, last) => {
    const { heard } = await strike(name, RESPONSE, { path: "/responses" });
    const ends = eventsIn(heard!).filter((event) => /^event: response\.(?:completed|incomplete|failed)/u.test(event));
    expect(ends).toEqual(last === undefined ? [] : [expect.stringContaining(last)]);
  });
});

describe("a fault of an answer that is sent whole", () => {
  const QUESTION_WHOLE = { ...QUESTION, stream: false };
  const content = (heard: Heard | undefined) =>
    (JSON.parse(heard!.body) as { choices: [{ message: { content: string } }] }).choices[0].message.content;

  test.each(["eof", "reset"] as const)("%s: nothing comes", async (name) => {
    expect(await strike(name, QUESTION_WHOLE)).toMatchObject({ heard: undefined, state: "failed" });
  });

  test.each([
    ["truncated", "eof", "failed"],
    ["cut-body", "eof", "failed"],
    ["short-body", "broken", "failed"],
    ["stall", "left", "cancelled"],
  ] as const)("%s: half of the body", async (name, end, state) => {
    const { heard, ...struck } = await strike(name, QUESTION_WHOLE);
    expect([heard?.status, heard?.end, struck.state]).toEqual([200, end, state]);
    expect(heard?.body).toMatch(/^\{.*[^}]$/u);
  });

  test("heartbeats-only: white space", async () => {
    const { heard, state } = await strike("heartbeats-only", QUESTION_WHOLE);
    expect([heard?.body.trim(), heard?.end, state]).toEqual(["", "left", "cancelled"]);
    expect(heard?.body.length).toBeGreaterThan(1);
  });

  test.each(["never-headers", "headers-only"] as const)("%s: no body", async (name) => {
    const { heard, state } = await strike(name, QUESTION_WHOLE);
    expect([heard?.body ?? "", state]).toEqual(["", "cancelled"]);
  });

  test.each(["byte-split", "delay"] as const)("%s: all of it", async (name) => {
    expect(content((await strike({ name, ms: 1 }, QUESTION_WHOLE)).heard)).toBe("one two three");
  });

  test("gzip: all of it, compressed", async () => {
    const { heard } = await strike("gzip", QUESTION_WHOLE);
    expect(heard?.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(heard!.bytes).toString()).toContain("one two three");
  });

  test.each([
    ["missing-finish", "one two three", null],
    ["content-filter", "one", "content_filter"],
    ["length", "one", "length"],
    ["empty", "", "stop"],
  ] as const)("%s: %j, which ends with %j", async (name, text, reason) => {
    const { heard } = await strike(name, QUESTION_WHOLE);
    expect(JSON.parse(heard!.body)).toMatchObject({ choices: [{ message: { content: text }, finish_reason: reason }] });
  });

  test.each(openAIFaultNames.filter((name) => name.startsWith("error-")))(
    "%s: an error of status 200",
    async (name) => {
      const { heard, state } = await strike({ name, message: "My words." }, QUESTION_WHOLE);
      expect(heard?.status).toBe(200);
      if (name !== "error-finish") expect(heard?.body).toContain("My words.");
      expect(state).toBe(name === "error-200" ? undefined : "failed");
    },
  );
});

describe("a fault in time", () => {
  test("delay: the answer is worked on at once and told later", async () => {
    await using server = await createOpenAIEmulator({ faults: [{ name: "delay", ms: 60 }] });
    for (const stream of [true, false]) {
      const start = performance.now();
      const asked = ask(server.url, { ...QUESTION, model: "test-model", stream });
      await expect.poll(() => server.calls.at(-1)?.state, { interval: 5 }).toBe("running");
      expect((await asked)?.status).toBe(200);
      expect(performance.now() - start).toBeGreaterThan(55);
    }
  });

  test.each([0, 2])("strikes after %i pieces", async (after) => {
    const { heard, state } = await strike({ name: "eof", after });
    expect([textIn(heard!), state]).toEqual([["", "one", "one two"][after], "failed"]);
  });

  test("strikes at the end where there are not so many pieces", async () => {
    expect(said(await strike({ name: "eof", after: 3 }))).toEqual(["one two three", undefined, false, "eof", "failed"]);
    expect(said(await strike({ name: "eof", after: 4 }))).toEqual(["one two three", "stop", true, "eof", "finished"]);
  });
});

test("strikes the requests it is told to, by model, number, route and parameter", async () => {
  await using server = await createOpenAIEmulator({ models: { a: "A", b: "B" } });
  const status = async (body: object) => (await ask(server.url, { ...QUESTION, ...body }))?.status;
  const undo = server.fault({ name: "unavailable", model: "a", on: [1, 3] });
  expect([await status({ model: "a" }), await status({ model: "b" }), await status({ model: "a" })]).toEqual([
    503, 200, 200,
  ]);
  expect([await status({ model: "a" }), await status({ model: "a" })]).toEqual([503, 200]);
  undo();
  server.fault({ name: "refused-parameter", on: 1 });
  expect([await status({ model: "a" }), await status({ model: "a", stream_options: {} })]).toEqual([200, 400]);
  expect(await status({ model: "a", stream_options: {} })).toBe(200);
  server.fault({ name: "status", status: 418, route: "models" });
  expect(await status({ model: "a" })).toBe(200);
  expect((await ask(server.url, "", { method: "GET", path: "/models" }))?.status).toBe(418);
  server.clearFaults();
  expect((await ask(server.url, "", { method: "GET", path: "/models" }))?.status).toBe(200);
});

test.each(["stream_options", "max_completion_tokens", "parallel_tool_calls"])(
  "refuses %s by its name",
  async (parameter) => {
    const { heard } = await strike({ name: "refused-parameter", parameter }, { ...QUESTION, [parameter]: 1 });
    expect([heard?.status, JSON.parse(heard!.body)]).toMatchObject([
      400,
      { error: { param: parameter, code: "unsupported_parameter" } },
    ]);
  },
);

test("a redirect is followed to the answer", async () => {
  await using server = await createOpenAIEmulator({ models: { m: "there" }, faults: ["redirect"] });
  const followed = await fetch(`${server.url}/chat/completions`, { method: "POST", body: JSON.stringify(QUESTION) });
  expect([followed.status, await followed.text()]).toEqual([200, expect.stringContaining("there")]);
});

test.each([
  [20, "20ms"],
  [1500, "1.5s"],
  [360_000, "6m0s"],
  [3_723_000, "1h2m3s"],
])("says %i ms as %s in its rate limit", async (ms, text) => {
  const { heard } = await strike({ name: "rate-limited-reset", ms });
  expect(heard?.headers["x-ratelimit-reset-requests"]).toBe(text);
});
