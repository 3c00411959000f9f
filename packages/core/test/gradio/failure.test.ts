import { describe, expect, it } from "vitest";
import { completionFailure, statusFailure, type Sent } from "../../src/gradio/failure.ts";
import { expectLinear } from "../cost.ts";

const TRACEBACK = 'Traceback (most recent call last):\n  File "/home/ann/app.py", line 3, in chat\nKeyError: 7\n';
const HTML_503 =
  "<!DOCTYPE html><html><head><title>503 Service Temporarily Unavailable</title><style>b{}</style></head><body><h1>503</h1></body></html>";

function status(
  code: number,
  body: unknown,
  {
    host = "host.test",
    headers = {},
    sent,
  }: { readonly host?: string; readonly headers?: Record<string, string>; readonly sent?: Sent } = {},
) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return statusFailure({ status: code, headers }, { url: new URL(`https://${host}/`), body: text, sent });
}

describe("a status", () => {
  it.each([
    [400, { detail: "bad" }, "protocol"],
    [401, { detail: { error: "Not authenticated", auth_message: null } }, "authentication"],
    [403, "Forbidden", "authentication"],
    [404, { detail: "Not Found" }, "protocol"],
    [405, { detail: "Method Not Allowed" }, "protocol"],
    [413, "too large", "protocol"],
    [422, { detail: [{ msg: "Value error" }] }, "protocol"],
    [429, "Too Many Requests", "rate_limited"],
    [500, "Internal Server Error", "space_unavailable"],
    [502, "<html><title>Bad Gateway</title></html>", "space_unavailable"],
    [503, { detail: "Queue is full. Max size is 2 and size is 2." }, "queue_full"],
    [503, { detail: "Queue is stopped." }, "space_unavailable"],
    [503, HTML_503, "space_unavailable"],
    [503, "", "space_unavailable"],
    [504, "", "space_unavailable"],
    [204, "", "protocol"],
    [418, "teapot", "protocol"],
  ])("%i with %j is %s, and says its number", (code, body, expected) => {
    const error = status(code, body);
    expect(error.code).toBe(expected);
    expect(error.status).toBe(code);
    if (expected !== "queue_full") expect(error.message).toContain(String(code));
  });

  it.each([
    [400, "inputs", "unsupported"],
    [400, "file", "unsupported"],
    [409, "inputs", "unsupported"],
    [413, "inputs", "context_length_exceeded"],
    [413, "file", "unsupported"],
    [415, "file", "unsupported"],
    [422, "inputs", "unsupported"],
    [431, undefined, "unsupported"],
    [404, "inputs", "protocol"],
    [500, "inputs", "space_unavailable"],
  ] as const)("%i to %s that this SDK made is %s: what one host thinks of it", (code, sent, expected) => {
    expect(status(code, "no", { sent })).toMatchObject({ code: expected, status: code });
  });

  it("404 of a Space on Hugging Face says that it may be private or gone", () => {
    expect(status(404, "<html><title>404</title></html>", { host: "a-b.hf.space" })).toMatchObject({
      code: "space_unavailable",
      message: expect.stringContaining("private"),
    });
  });

  it("keeps the three kinds of 503 apart in words", () => {
    expect(status(503, { detail: "Queue is full. Max size is 2 and size is 2." }).message).toContain("Queue is full");
    expect(status(503, { detail: "Queue is stopped." }).message).toContain("Queue is stopped");
    expect(status(503, HTML_503).message).toContain("Service Temporarily Unavailable");
  });

  it.each([
    [429, { "retry-after": "7" }, 7000],
    [429, { "retry-after-ms": "70" }, 70],
    [503, { "retry-after": "7" }, 7000],
    [429, {}, undefined],
  ])("%i with %j asks to wait %s ms", (code, headers, expected) => {
    expect(status(code, "", { headers }).retryAfterMs).toBe(expected);
  });

  it("never shows a page's markup, nor more than a few words of it", () => {
    expect(status(502, "<html><body><b>Oops</b><script>alert(1)</script></body></html>").message).not.toMatch(
      /[<>]|alert/,
    );
    expect(status(500, "x".repeat(10_000)).message.length).toBeLessThan(500);
  });

  it.each([
    TRACEBACK,
    JSON.stringify(TRACEBACK),
    JSON.stringify({ detail: TRACEBACK }),
    JSON.stringify({ error: `Failed: ${TRACEBACK}` }),
    `\n${TRACEBACK}`,
    `Internal Server Error\n${TRACEBACK}`,
  ])("never shows a traceback of the server: %j", (body) => {
    expect(status(500, body).message).not.toMatch(/app\.py|Traceback|home/);
  });

  it("keeps escape sequences and what turns text from a terminal", () => {
    const body = { detail: "\u001b[2J\u001b]0;title\u0007gone\u009b31m \u202Eback" };
    expect(status(500, body).message).toBe("host.test cannot answer now (status 500: gone back).");
  });

  it.each(["[", '{"a":'])("stands JSON nested deeper than can be written: %s", (open) => {
    const close = open === "[" ? "]" : "}";
    const body = `{"detail":${open.repeat(30_000)}${open === "[" ? "" : "1"}${close.repeat(30_000)}}`;
    expect(status(500, body)).toMatchObject({ code: "space_unavailable", status: 500 });
  });

  it("reads a page made to keep it busy without keeping the process busy", async () => {
    for (const piece of ["<style", "<a", "<!", "&amp", "<title"])
      await expectLinear((size) => status(500, piece.repeat(size / piece.length)), 64 * 1024);
  });
});

describe("a job that ended without success", () => {
  const failure = (error: string | undefined, title?: string) =>
    completionFailure({ type: "completed", success: false, data: undefined, error, title });

  it("says what gr.Error said", () => {
    expect(failure("The model gave up…", "Error")).toMatchObject({
      code: "space_error",
      message: "The model gave up…",
      title: "Error",
      hidden: false,
    });
  });

  it.each([
    ["'The model gave up…'", "The model gave up…"],
    [`"it's late"`, "it's late"],
    [String.raw`'both \' and "'`, `both ' and "`],
    ["'one' or 'two'", "'one' or 'two'"],
    [`"a" and "b"`, `"a" and "b"`],
    ["'", "'"],
  ])("takes off the quotes that 4.44 puts around it, and no others: %s", (error, message) => {
    expect(failure(error).message).toBe(message);
  });

  it("is hidden where Gradio hides what happened", () => {
    expect(failure(undefined)).toMatchObject({ code: "space_error", hidden: true });
  });

  it("says something where gr.Error was empty", () => {
    expect(failure("")).toMatchObject({ code: "space_error", hidden: false, message: expect.stringMatching(/\w/) });
  });

  it("keeps comparisons and code, which are no markup", () => {
    expect(failure("need 1 < 2 and 3 > 2").message).toBe("need 1 < 2 and 3 > 2");
  });

  it.each([
    ["You have exceeded your ZeroGPU runs limit. Add credits to keep using ZeroGPU.", undefined],
    ["You have exceeded your ZeroGPU runs limit. ", undefined],
    ["This Space app has reached its GPU limit", undefined],
    ["There are too many ZeroGPU credits allocated", undefined],
    ["Unlogged user is out of time. Try again in 0:00:10", "ZeroGPU quota exceeded"],
    [undefined, "ZeroGPU quota exceeded"],
  ])("is quota_exceeded for what ZeroGPU says today: %s, titled %s", (error, title) => {
    expect(failure(error, title)).toMatchObject({ code: "quota_exceeded", message: expect.stringMatching(/\w/) });
  });

  it.each([
    ["The requested GPU duration (300s) is larger than the maximum allowed", "unsupported"],
    ["This Space requires a logged in user", "authentication"],
  ])("is nothing to ask again for where no call can get it: %s", (error, code) => {
    expect(failure(error, "ZeroGPU quota exceeded")).toMatchObject({ code });
  });

  it("believes no wait longer than a day", () => {
    const text = "You have exceeded your GPU quota. Try again in 99999999999 days, 0:00:00";
    expect(failure(text).retryAfterMs).toBe(86_400_000);
  });

  it.each(["'", '"', "'\\", "<a", "<style>", "&amp;", "\u001b]", "\u001b["])("reads 10 MB of %j at once", (piece) =>
    expectLinear((size) => {
      const found = failure(`'${piece.repeat(size / piece.length)}'`);
      expect(found.message.length).toBeLessThan(2100);
    }, 10_000_000),
  );

  it("shows a terminal no escape sequences, of its text or its title", () => {
    const error = failure("\u001b[31mred\u001b[0m\u0007", "\u001b]8;;http://x\u0007link");
    expect(error).toMatchObject({ message: "red", title: "link" });
  });

  it.each([
    ["You have exceeded your GPU quota (60s requested vs. 56s left).", undefined],
    [
      'You have exceeded your GPU quota (60s requested vs. 56s left). <a href="https://x">Sign up</a>, retry in 0:09:48',
      588_000,
    ],
    ["You have exceeded your free GPU quota (60s requested vs. 0s left). Try again in 23:59:59", 86_399_000],
    ["You have exceeded your GPU quota. Try again in 1 day, 2:03:04", 86_400_000],
    ["'You have exceeded your GPU quota (60s requested vs. 56s left)'", undefined],
    ["You have exceeded your\nPro GPU quota", undefined],
  ])("is quota_exceeded for ZeroGPU's text: %s", (error, retryAfterMs) => {
    const found = failure(error);
    expect(found).toMatchObject({ code: "quota_exceeded", retryAfterMs });
    expect(found.message).not.toMatch(/[<>]/);
  });
});
