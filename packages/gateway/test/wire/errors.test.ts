import {
  AllFailedError,
  InvalidOutputError,
  NoSuchModelError,
  QwenError,
  SpaceError,
  StreamInterruptedError,
  TextRewrittenError,
  TimeoutError,
  type Attempt,
  type TimeoutPhase,
} from "@qwen/core";
import { describe, expect, test } from "vitest";

import { Refusal } from "../../src/refusal.ts";
import { refusalOf, rewrittenText } from "../../src/wire/errors.ts";

const error = (code: ConstructorParameters<typeof QwenError>[0], options = {}) =>
  new QwenError(code, "It failed.", options);
const timeout = (phase: TimeoutPhase) => new TimeoutError(phase, 1000);
const theirs = "invalid_request_error";
const ours = "server_error";
const limit = "rate_limit_error";

describe("an error of the SDK on the wire", () => {
  test.each<[string, unknown, number, string, string | null, object]>([
    ["invalid_request", error("invalid_request"), 400, theirs, null, {}],
    ["ambiguous_model", error("ambiguous_model"), 400, theirs, null, {}],
    ["no_such_model", new NoSuchModelError("x", { available: [] }), 404, theirs, "model_not_found", {}],
    ["unsupported", error("unsupported"), 400, theirs, "unsupported_value", {}],
    ["context_length_exceeded", error("context_length_exceeded"), 400, theirs, "context_length_exceeded", {}],
    ["content_policy", error("content_policy"), 400, theirs, "content_policy_violation", {}],
    ["rate_limited", error("rate_limited"), 429, limit, "rate_limit_exceeded", {}],
    [
      "rate_limited with a pause",
      error("rate_limited", { retryAfterMs: 1500 }),
      429,
      limit,
      "rate_limit_exceeded",
      { "retry-after": "2", "retry-after-ms": "1500" },
    ],
    ["queue_full", error("queue_full"), 429, limit, "queue_full", {}],
    [
      "quota_exceeded for a while",
      error("quota_exceeded", { retryAfterMs: 60_000 }),
      429,
      limit,
      "quota_exceeded",
      { "retry-after": "60", "retry-after-ms": "60000" },
    ],
    [
      "quota_exceeded for long",
      error("quota_exceeded", { retryAfterMs: 60_001 }),
      429,
      limit,
      "quota_exceeded",
      { "retry-after": "61", "retry-after-ms": "60001", "x-should-retry": "false" },
    ],
    ["quota_exceeded", error("quota_exceeded"), 429, limit, "quota_exceeded", { "x-should-retry": "false" }],
    ["authentication", error("authentication"), 502, ours, "provider_authentication", { "x-should-retry": "false" }],
    [
      "space_unavailable",
      error("space_unavailable", { retryAfterMs: 9000 }),
      503,
      ours,
      "space_unavailable",
      { "retry-after": "9", "retry-after-ms": "9000" },
    ],
    [
      "space_unavailable for an unknown time",
      error("space_unavailable"),
      503,
      ours,
      "space_unavailable",
      { "retry-after": "5", "retry-after-ms": "5000" },
    ],
    ["space_error", new SpaceError("It failed."), 502, ours, "space_error", {}],
    ...(["connection", "protocol", "session_not_found", "empty_response"] as const).map(
      (code): [string, unknown, number, string, string, object] => [code, error(code), 502, ours, code, {}],
    ),
    ["stream_interrupted", new StreamInterruptedError("Cut.", { text: "Half" }), 502, ours, "stream_interrupted", {}],
    ["invalid_output", new InvalidOutputError({ issues: ["no JSON"], text: "x" }), 502, ours, "invalid_output", {}],
    ["text_rewritten", new TextRewrittenError("All of it"), 502, ours, "text_rewritten", {}],
    ["timeout first-output", timeout("first-output"), 504, ours, "timeout_first_output", {}],
    ["timeout queue", timeout("queue"), 504, ours, "timeout_queue", {}],
    ["timeout idle", timeout("idle"), 504, ours, "timeout_idle", {}],
    ["timeout total", timeout("total"), 504, ours, "timeout_total", { "x-should-retry": "false" }],
    ["conversation_busy", error("conversation_busy"), 409, theirs, "conversation_busy", {}],
    ["conversation_expired", error("conversation_expired"), 410, theirs, "conversation_expired", {}],
    [
      "a router that was closed",
      new DOMException("The router was closed.", "AbortError"),
      503,
      ours,
      "draining",
      { "retry-after": "1", "retry-after-ms": "1000" },
    ],
    ["an error of anybody's", new Error("secret at /home/me"), 500, ours, "internal_error", {}],
    ["a string", "boom", 500, ours, "internal_error", {}],
  ])("%s", (_, thrown, status, type, code, headers) => {
    const refusal = refusalOf(thrown);
    expect(refusal).toMatchObject({ status, type, code });
    expect(refusal.headers).toStrictEqual(headers);
    expect(JSON.parse(refusal.body)).toStrictEqual({
      error: { message: expect.any(String), type, code, param: refusal.param ?? null },
    });
    expect(refusal.message).not.toMatch(/secret|home|boom/);
  });

  test("is itself where it is a refusal already", () => {
    const refusal = new Refusal({ status: 413, message: "Too much." });
    expect(refusalOf(refusal)).toBe(refusal);
  });

  test("has the exact text where an answer was rewritten, and no other error has one", () => {
    expect(rewrittenText(new TextRewrittenError("All of it"))).toBe("All of it");
    expect(rewrittenText(new StreamInterruptedError("Cut.", { text: "Half" }))).toBeUndefined();
  });
});

describe("when all candidates failed", () => {
  const attempts = (...errors: unknown[]): Attempt[] =>
    errors.map((failure, index) => ({
      provider: `p${index}`,
      model: "m",
      number: index + 1,
      durationMs: 1,
      error: failure,
    }));
  const all = (...errors: unknown[]): Refusal => refusalOf(new AllFailedError("m", attempts(...errors)));

  test.each<[string, unknown[], number, string | null, object]>([
    [
      "the shortest pause wins over what is broken",
      [
        error("connection"),
        error("rate_limited", { retryAfterMs: 9000 }),
        error("rate_limited", { retryAfterMs: 2000 }),
      ],
      429,
      "rate_limit_exceeded",
      { "retry-after": "2" },
    ],
    [
      "an open breaker over a slow answer",
      [timeout("idle"), error("space_unavailable")],
      503,
      "space_unavailable",
      { "retry-after": "5" },
    ],
    ["a slow answer over a broken one", [error("connection"), timeout("idle")], 504, "timeout_idle", {}],
    ["what is broken over what the request asks for", [error("unsupported"), error("protocol")], 502, "protocol", {}],
    [
      "what the request asks for, if nothing else",
      [error("unsupported"), error("context_length_exceeded")],
      400,
      "unsupported_value",
      {},
    ],
    ["somebody's own errors", [new Error("x"), new Error("y")], 502, "all_failed", {}],
  ])("%s; clients are told not to try again", (_, errors, status, code, headers) => {
    const refusal = all(...errors);
    expect(refusal).toMatchObject({ status, code });
    expect(refusal.headers).toMatchObject({ ...headers, "x-should-retry": "false" });
    expect(refusal.message).toContain(`in ${errors.length} attempts`);
  });
});

describe("what a provider says", () => {
  test.each([
    new QwenError("connection", "connect ECONNREFUSED 10.1.2.3:8080", { provider: "up" }),
    new QwenError("protocol", "http://models.internal:9/v1 sent no JSON", { provider: "up" }),
    new QwenError("authentication", "Incorrect API key provided: sk-abc123", { provider: "up" }),
    new QwenError("space_unavailable", "http://10.1.2.3:8080/v1/chat answers 503", { provider: "up" }),
    new QwenError("space_error", "vllm.internal:8000 failed at [fd00::12]:80", { provider: "up" }),
    new QwenError("unsupported", "models.internal refuses what it was sent (status 422: no such thing)", {
      provider: "up",
    }),
    new QwenError("context_length_exceeded", "gpu.lan:8080 says that 9 tokens are too many", { provider: "up" }),
    new QwenError("rate_limited", "https://me:pw@gpu.lan/x?key=1 says: slow down", { provider: "up" }),
  ])("tells neither where it is nor what its key is: $code", (failure) => {
    for (const thrown of [
      failure,
      new AllFailedError(
        "m",
        [1, 2].map((number) => ({ provider: "up", model: "m", number, durationMs: 1, error: failure })),
      ),
    ]) {
      const { message } = refusalOf(thrown);
      expect(message).toMatch(/\w/);
      expect(message).not.toMatch(/10\.1\.2\.3|internal|sk-abc|fd00|gpu\.lan|8080|key=/);
    }
  });

  test.each([
    [
      'File "/home/op/vllm/engine.py", line 5: no /srv/models/q or ~/q/m/',
      'File "(path)", line 5: no (path) or (path)',
    ],
    ["cannot open ../app/a.bin, C:\\Users\\op\\a.bin", "cannot open (path), (path)"],
  ])("tells no path of a file: %s", (words, told) => {
    expect(refusalOf(new SpaceError(words)).message).toBe(told);
  });

  test.each(["Your prompt is too long", "takes text/plain and/or application/json, 1/2 of 3", "a / b // c"])(
    "is told where it is about the request: %s",
    (words) => {
      expect(refusalOf(new SpaceError(words)).message).toBe(words);
    },
  );
});
