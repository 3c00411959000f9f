import type { Timeouts } from "@qwen/core";
import { createOpenAIEmulator, openAIFaultNames, type OpenAIFault, type OpenAIFaultName } from "@qwen/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openaiCompatible, type OpenAICompatibleProvider } from "../src/index.ts";
import { heard, QUESTION } from "./scripted-endpoint.ts";

const TEXT = "one two three four five";

let server: Awaited<ReturnType<typeof createOpenAIEmulator>>;
let provider: OpenAICompatibleProvider;
beforeAll(async () => {
  server = await createOpenAIEmulator({ models: { "model-a": TEXT, "model-b": TEXT }, heartbeatMs: 20 });
  provider = openaiCompatible({ id: "emulated", baseURL: server.url, models: ["model-a"] });
  // What is loaded with the first call takes its time.
  await heard(provider.stream({ messages: QUESTION }));
});
afterAll(async () => {
  await provider.close();
  await server.close();
});

/** What a fault ends with: a code, fields of an error, or `whole` where the answer is. */
type Ending = string | Readonly<Record<string, unknown>>;

interface Expected {
  /** Before any output, or where it does not matter when. */
  readonly before: Ending;
  /** After output, where that makes a difference. */
  readonly after?: Ending;
}

const CUT: Expected = { before: "stream_interrupted" };
const RESET: Expected = { before: "connection", after: "stream_interrupted" };
const SILENT: Expected = {
  before: { code: "timeout", phase: "first-output" },
  after: { code: "timeout", phase: "idle" },
};
const LIMITED: Expected = { before: { code: "rate_limited", status: 429, retryAfterMs: 1000 } };

const EXPECTED: Readonly<Record<OpenAIFaultName, Expected>> = {
  eof: CUT,
  "eof-done": CUT,
  "missing-finish": CUT,
  "missing-done": { before: "whole" },
  reset: RESET,
  truncated: CUT,
  "short-body": RESET,
  "cut-body": CUT,
  stall: SILENT,
  "heartbeats-only": SILENT,
  "garbage-chunk": { before: "protocol" },
  "error-chunk": { before: { code: "space_unavailable", message: expect.stringContaining("The model has failed.") } },
  "error-done": { before: "space_unavailable" },
  "error-event": { before: "space_unavailable" },
  "error-choice": { before: { code: "space_unavailable", status: 502 } },
  "error-object": { before: { code: "space_unavailable", status: 500 } },
  "error-text": { before: "space_unavailable" },
  // A field that no stream of events has, so nothing is heard of it but the end.
  "error-field": CUT,
  "error-bare": { before: "space_unavailable" },
  "error-fields": { before: "space_unavailable" },
  "error-finish": CUT,
  "content-filter": { before: "content_policy", after: "content-filter" },
  length: { before: "context_length_exceeded", after: "length" },
  empty: { before: "empty_response" },
  "empty-body": CUT,
  "error-200": { before: "space_unavailable" },
  "json-body": { before: "whole" },
  "other-model": { before: "whole" },
  "huge-answer": { before: { code: "protocol", message: expect.stringContaining("too large") } },
  "huge-chunk": { before: "whole" },
  "empty-chunks": { before: "whole" },
  "many-tool-calls": { before: { code: "protocol", message: expect.stringContaining("tool calls") } },
  "huge-index": { before: "whole" },
  "huge-id": { before: { code: "protocol", message: expect.stringContaining("id has 1000000 characters") } },
  "byte-split": { before: "whole" },
  gzip: { before: "protocol" },
  delay: { before: { code: "timeout", phase: "headers" } },
  "never-headers": { before: { code: "timeout", phase: "headers" } },
  "headers-only": { before: { code: "timeout", phase: "first-output" } },
  redirect: { before: { code: "protocol", message: expect.stringContaining("redirects to") } },
  html: { before: "space_unavailable" },
  "proxy-error": {
    before: { code: "space_unavailable", status: 502, message: expect.stringContaining("502 Bad Gateway") },
  },
  status: { before: { code: "space_unavailable", status: 500 } },
  "refused-parameter": { before: "whole" },
  "context-too-long": { before: { code: "context_length_exceeded", status: 400 } },
  "content-refused": { before: { code: "content_policy", status: 400 } },
  unauthorized: { before: { code: "authentication", status: 401 } },
  "payment-required": { before: { code: "quota_exceeded", status: 402 } },
  forbidden: { before: { code: "authentication", status: 403 } },
  "not-found": { before: { code: "unsupported", status: 404 } },
  conflict: { before: { code: "space_unavailable", status: 409 } },
  "too-large": { before: { code: "context_length_exceeded", status: 413 } },
  unprocessable: { before: { code: "unsupported", status: 422 } },
  "rate-limited": { before: { code: "rate_limited", status: 429 } },
  "rate-limited-seconds": LIMITED,
  "rate-limited-date": {
    before: { code: "rate_limited", retryAfterMs: expect.toSatisfy((ms) => ms >= 0 && ms <= 2000) },
  },
  "rate-limited-ms": LIMITED,
  "rate-limited-reset": LIMITED,
  "rate-limited-epoch": {
    before: { code: "rate_limited", retryAfterMs: expect.toSatisfy((ms) => ms > 500 && ms <= 1000) },
  },
  quota: { before: { code: "quota_exceeded", status: 429 } },
  "server-error": { before: { code: "space_unavailable", status: 500 } },
  "bad-gateway": { before: { code: "space_unavailable", status: 502 } },
  unavailable: { before: { code: "space_unavailable", status: 503 } },
  "gateway-timeout": { before: { code: "space_unavailable", status: 504 } },
};

/** The one limit that is short: no other strikes before it, however busy the machine is. */
function limitOf(ending: Ending): Timeouts | undefined {
  const phase = typeof ending === "object" ? ending["phase"] : undefined;
  if (phase === "headers") return { headersMs: 120 };
  if (phase === "first-output") return { firstOutputMs: 150 };
  return phase === "idle" ? { idleMs: 150 } : undefined;
}

/** What a fault makes of the answer to one call. */
async function struck(fault: OpenAIFault, timeouts: Timeouts | undefined) {
  const undo = server.fault(fault);
  try {
    return await heard(provider.stream({ messages: QUESTION, timeouts }));
  } finally {
    undo();
  }
}

describe.each(openAIFaultNames.map((name) => [name, EXPECTED[name]] as const))(
  "the fault %s",
  (name, { before, after = before }) => {
    test.each([
      [0, before],
      [2, after],
    ])("behind %i pieces ends as the errors table says", async (pieces, ending) => {
      const { text, finish, error } = await struck({ name, after: pieces, ...SMALLER[name] }, limitOf(ending));
      if (ending === "whole")
        expect({ error, reason: finish?.reason }).toEqual({
          error: undefined,
          reason: expect.stringMatching(/^(stop|tool-calls)$/),
        });
      else if (ending === "length" || ending === "content-filter") expect(finish).toMatchObject({ reason: ending });
      else {
        expect(error).toMatchObject({
          provider: "emulated",
          ...(typeof ending === "string" ? { code: ending } : ending),
        });
        expect(finish).toBeUndefined();
      }
      expect(TEXT.startsWith(text) || ending === "whole" || name === "huge-answer").toBe(true);
      if (ending === "stream_interrupted") expect(error).toMatchObject({ text });
    });
  },
);

/** Less of what is long, of which there is a test below. */
const SMALLER: Partial<Record<OpenAIFaultName, Partial<OpenAIFault>>> = {
  "huge-answer": { count: 20_000_000 },
  "huge-chunk": { count: 1_000_000 },
  "empty-chunks": { count: 1000 },
};

test("after all of them the endpoint works on nothing, and answers as before", async () => {
  expect(await heard(provider.stream({ messages: QUESTION }))).toMatchObject({
    text: TEXT,
    finish: { reason: "stop" },
  });
  await server.idle();
  expect(server.calls.filter(({ state }) => state === "running")).toEqual([]);
});
