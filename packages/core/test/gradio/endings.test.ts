import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { ask, chatProvider, shownText } from "../servers/chat-provider.ts";
import type { ProviderPart } from "../../src/part.ts";
import {
  closeStream,
  completed,
  estimation,
  eventId,
  failed,
  generating,
  heartbeat,
  says,
  startTestSpace,
  starts,
  type Events,
  type Exchange,
  type TestSpace,
} from "../servers/test-space.ts";
import { collect, rejection, settle, until } from "../servers/waiting.ts";

const HTML = "<!DOCTYPE html><html><head><title>Restarting</title></head><body>data: x</body></html>";
const html = { "content-type": "text/html" };

/** Calls the Space once, with a connection of its own that is closed in the end; what was yielded, and how it ended. */
async function call(space: TestSpace): Promise<{ readonly parts: readonly ProviderPart[]; readonly error: unknown }> {
  const provider = chatProvider({ space: space.origin });
  const parts: ProviderPart[] = [];
  let error: unknown;
  try {
    for await (const part of ask(provider)) parts.push(part);
  } catch (thrown) {
    error = thrown;
  }
  await provider.close?.();
  return { parts, error };
}

describe("a stream that ends too soon", () => {
  const ENDS: readonly (readonly [name: string, end: (exchange: Exchange, events: Events) => void])[] = [
    ["a clean end", (_, events) => events.end()],
    ["close_stream", (_, events) => events.send(closeStream)],
    ["a reset", ({ socket }) => void socket.resetAndDestroy()],
    ["a connection closed without the last chunk", ({ socket }) => void socket.destroy()],
    [
      "an event cut off in the middle",
      ({ socket }, events) => {
        events.raw('data: {"msg":"process_completed","event_id":"event-1","output":{"data":["Hello"');
        socket.end();
      },
    ],
  ];

  it.each(ENDS)(
    "by %s in mid-answer is `stream_interrupted` with the text so far, and the next call works",
    async (_, end) => {
      await using space = await startTestSpace();
      const provider = chatProvider({ space: space.origin });
      space.handlers.data = (exchange) => {
        const events = exchange.events();
        events.send(starts(), generating(["Hel"]), generating([[["append", [], "lo"]]]));
        void until(() => space.log.includes("config"))
          .then(settle)
          .then(() => end(exchange, events));
      };
      const parts: ProviderPart[] = [];
      const error = await rejection(
        (async () => {
          for await (const part of ask(provider)) parts.push(part);
        })(),
      );
      expect(error).toMatchObject({ code: "stream_interrupted", text: "Hello", provider: "test" });
      expect(shownText(parts)).toBe("Hello");
      space.handlers.data = says(completed(["again"], "event-2"));
      expect(shownText(await collect(ask(provider)))).toBe("again");
      await provider.close?.();
    },
  );

  it.each(ENDS)("by %s before any text is retryable, and says nothing was said", async (_, end) => {
    await using space = await startTestSpace({
      data(exchange) {
        const events = exchange.events();
        events.send(estimation(0));
        void settle().then(() => end(exchange, events));
      },
    });
    const { error } = await call(space);
    expect(["stream_interrupted", "connection"]).toContain((error as { code: string }).code);
    expect(error).toMatchObject({ retryable: true });
  });
});

describe("what the server says in place of an answer", () => {
  const JOIN: readonly (readonly [name: string, answer: (exchange: Exchange) => void, error: object])[] = [
    [
      "429 with seconds",
      ({ reply }) => reply(429, "slow", { "retry-after": "7" }),
      { code: "rate_limited", status: 429, retryAfterMs: 7000 },
    ],
    [
      "429 with a date",
      ({ reply }) => reply(429, "slow", { "retry-after": "Fri, 01 Jan 2100 00:00:00 GMT" }),
      { code: "rate_limited", retryAfterMs: 86_400_000 },
    ],
    [
      "429 with milliseconds",
      ({ reply }) => reply(429, "slow", { "retry-after-ms": "70" }),
      { code: "rate_limited", retryAfterMs: 70 },
    ],
    [
      "429 without a time",
      ({ reply }) => reply(429, "slow"),
      { code: "rate_limited", retryAfterMs: undefined, message: expect.stringContaining("slow") },
    ],
    [
      "a full queue",
      ({ reply }) => reply(503, { detail: "Queue is full. Max size is 2 and size is 2." }),
      { code: "queue_full", status: 503, message: expect.stringContaining("Max size is 2") },
    ],
    [
      "a stopped queue",
      ({ reply }) => reply(503, { detail: "Queue is stopped." }),
      { code: "space_unavailable", status: 503, message: expect.stringContaining("Queue is stopped") },
    ],
    [
      "a proxy's 503 page",
      ({ reply }) => reply(503, HTML, html),
      { code: "space_unavailable", status: 503, message: expect.stringContaining("Restarting") },
    ],
    ["a page with 200", ({ reply }) => reply(200, HTML, html), { code: "space_unavailable" }],
    ["JSON without an event id", ({ reply }) => reply(200, { ok: true }), { code: "protocol" }],
    ["an event id of another type", ({ reply }) => reply(200, { event_id: 7 }), { code: "protocol" }],
    ["nothing", ({ reply }) => reply(200, ""), { code: "protocol" }],
    [
      "401",
      ({ reply }) => reply(401, { detail: { error: "Not authenticated", auth_message: null } }),
      { code: "authentication", message: expect.stringContaining("Not authenticated") },
    ],
    [
      "422",
      ({ reply }) => reply(422, { detail: [{ msg: "Value 9 is not in the list" }] }),
      { code: "unsupported", message: expect.stringContaining("Value 9") },
    ],
    ["a reset", ({ socket }) => void socket.resetAndDestroy(), { code: "connection" }],
    [
      "a 429 whose body never ends",
      ({ response }) => {
        response.writeHead(429, { "retry-after": "7" });
        response.write("sl");
        void settle().then(() => response.destroy());
      },
      { code: "rate_limited", retryAfterMs: 7000 },
    ],
  ];

  it.each(JOIN)("to the join: %s", async (_, join, expected) => {
    await using space = await startTestSpace({ join });
    const { parts, error } = await call(space);
    expect(error).toMatchObject({ provider: "test", ...expected });
    expect(parts).toEqual([]);
    await until(() => space.open() === 0);
  });

  const DATA: readonly (readonly [name: string, answer: (exchange: Exchange) => void, error: object])[] = [
    ...JOIN.filter(([name]) => /^(429|a (full|stopped|reset|proxy)|401)/.test(name)),
    ["a page with 200", ({ reply }) => reply(200, HTML, html), { code: "space_unavailable" }],
    [
      "an unknown session",
      says({
        msg: "unexpected_error",
        event_id: null,
        message: "404: Not Found",
        session_not_found: true,
        success: false,
      }),
      { code: "session_not_found" },
    ],
    [
      "an unknown session, as 4.44 says it",
      says({ msg: "unexpected_error", event_id: null, message: "404: Session not found.", success: false }),
      { code: "session_not_found" },
    ],
    [
      "another unexpected error",
      says({ msg: "unexpected_error", event_id: null, message: "Out of memory", success: false }),
      { code: "space_unavailable", message: expect.stringContaining("Out of memory") },
    ],
    [
      "gr.Error",
      says(failed({ error: "The model gave up…", duration: 10, visible: true, title: "Oh" })),
      { code: "space_error", message: "The model gave up…", title: "Oh", hidden: false },
    ],
    [
      "gr.Error of 4.44",
      says(failed({ error: "'The model gave up…'" })),
      { code: "space_error", message: "The model gave up…" },
    ],
    ["a hidden exception", says(failed({ error: null })), { code: "space_error", hidden: true }],
    [
      "a used-up quota",
      says(
        failed({
          error:
            'You have exceeded your GPU quota (60s requested vs. 56s left). <a href="x">Log in</a>, retry in 0:09:48',
        }),
      ),
      { code: "quota_exceeded", retryAfterMs: 588_000 },
    ],
    ["a final value of another shape", says(completed([{ not: "text" }])), { code: "protocol" }],
  ];

  it.each(DATA)("to the stream: %s", async (_, data, expected) => {
    await using space = await startTestSpace({ data });
    const { parts, error } = await call(space);
    expect(error).toMatchObject({ provider: "test", ...expected });
    expect(parts.filter(({ type }) => type === "finish" || type === "text-delta")).toEqual([]);
    await until(() => space.open() === 0);
  });

  it("in mid-answer: gr.Error is thrown, it does not just end the loop", async () => {
    await using space = await startTestSpace({ data: says(generating(["Hel"]), failed({ error: "gave up" })) });
    const { parts, error } = await call(space);
    expect(error).toMatchObject({ code: "space_error", message: "gave up" });
    expect(shownText(parts)).toBe("Hel");
  });

  it("a job that failed by itself is not cancelled, and its stream ends by itself", async () => {
    await using gradio = await startTestSpace();
    const space = connectSpace(gradio.origin);
    await space.endpoints();
    for (const event of [eventId(1), eventId(2)]) {
      gradio.handlers.data = says(generating(["Hel"], event), failed({ error: "gave up" }, event));
      expect(await rejection(space.predict("/chat", ["Hi"]))).toMatchObject({ code: "space_error" });
    }
    await space.close();
    expect(gradio.log).toEqual(["config", "join", "data", "join", "data"]);
  });
});

describe("what is no end", () => {
  it("an unknown `msg`, a line that is no JSON, comments and messages of other jobs are passed over", async () => {
    await using space = await startTestSpace({
      data({ events }) {
        const stream = events();
        stream.raw(': hello\nretry: 5\n\ndata: <html>\n\ndata: {"msg":\n\nevent: other\ndata: null\n\n');
        stream.send({ msg: "a_message_of_gradio_9", event_id: "event-1", output: {} }, heartbeat, []);
        stream.send(
          generating(["not mine"], "event-0"),
          completed(["not mine"], "event-0"),
          failed({ error: "no" }, "event-0"),
        );
        stream.send(generating(["mi"]), { ...closeStream, event_id: "event-0" }, completed(["mine"]));
        stream.end();
      },
    });
    const { parts, error } = await call(space);
    expect(error).toBeUndefined();
    expect(shownText(parts)).toBe("mine");
    expect(parts.at(-1)).toMatchObject({ type: "finish", reason: "stop" });
  });

  it("a `process_completed` is the end, whether `close_stream` or the end of the stream follows or not", async () => {
    await using space = await startTestSpace({
      data: ({ events }) =>
        events().send(generating(["all"]), completed(["all"]), generating([[["append", [], "too late"]]])),
    });
    const provider = chatProvider({ space: space.origin });
    const parts = await collect(ask(provider));
    expect(shownText(parts)).toBe("all");
    await provider.close?.();
    await until(() => space.open() === 0);
  });

  it("nulls as the final value are an empty answer, not an unreadable one", async () => {
    await using space = await startTestSpace({ data: says(completed([null])) });
    const { parts, error } = await call(space);
    expect(error).toBeUndefined();
    expect(parts.map(({ type }) => type)).toEqual(["finish"]);
  });

  it("a job that somebody else cancelled is an empty answer, not a success", async () => {
    await using space = await startTestSpace({
      data: says({ msg: "process_completed", event_id: "event-1", output: {}, success: true }),
    });
    expect(await rejection(connectSpace(space.origin).predict("chat", []))).toMatchObject({ code: "empty_response" });
    space.handlers.data = says({ msg: "process_completed", event_id: "event-2", output: {}, success: true });
    space.handlers.join = ({ reply }) => reply(200, { event_id: "event-2" });
    expect((await call(space)).error).toMatchObject({ code: "empty_response" });
  });

  it("a job that somebody else cancelled in mid-answer is a cut answer, not a success", async () => {
    await using space = await startTestSpace({
      data: says(generating(["Hel"]), { msg: "process_completed", event_id: "event-1", output: {}, success: true }),
    });
    expect((await call(space)).error).toMatchObject({ code: "stream_interrupted", text: "Hel" });
  });
});

it("says so when an endpoint of that name is not there, and which there are", async () => {
  await using space = await startTestSpace({ call: ({ reply }) => reply(500, "Internal Server Error") });
  const client = connectSpace(space.origin);
  expect(await rejection(client.predict("typo", []))).toMatchObject({
    code: "invalid_request",
    message: expect.stringMatching(/"typo".*\/chat/),
  });
  await client.close();
});

it("keeps a 500 of an endpoint that is there what it is", async () => {
  await using space = await startTestSpace({ call: ({ reply }) => reply(500, "Internal Server Error") });
  const client = connectSpace(space.origin);
  expect(await rejection(client.predict("chat", []))).toMatchObject({ code: "space_unavailable", status: 500 });
  await client.close();
});
