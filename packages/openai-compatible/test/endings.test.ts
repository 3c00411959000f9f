import { createRouter } from "@qwen/core";
import { describe, expect, test } from "vitest";
import { chunk, DONE, event, providerOf, QUESTION, stream, type Answerer } from "./scripted-endpoint.ts";

/** Says the first of these at once, and one more each time, until there are none. */
function slowly(first: string, more: readonly string[], everyMs: number): Answerer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(first);
    let at = 0;
    const timer = setInterval(() => {
      const next = more[at++];
      if (next === undefined) response.end();
      else response.write(next);
    }, everyMs);
    response.on("close", () => clearInterval(timer));
  };
}

const SHORT = { timeouts: { firstOutputMs: 500, idleMs: 500, totalMs: 3000 } };

describe("an answer that was cut is never a `stop`", () => {
  test.each([
    ["error", { error: { code: "stream_interrupted", text: "Hel" } }],
    ["ERROR_TOXIC", { error: { code: "stream_interrupted", text: "Hel" } }],
    ["function_call_filter: MALFORMED_FUNCTION_CALL", { error: { code: "stream_interrupted", text: "Hel" } }],
    ["UNEXPECTED_TOOL_CALL", { error: { code: "stream_interrupted", text: "Hel" } }],
    ["length", { finish: { reason: "length", rawReason: "length" } }],
    ["content_filter", { finish: { reason: "content-filter", rawReason: "content_filter" } }],
  ])("though behind %s a stop is said", async (reason, ended) => {
    const { ask } = await providerOf(stream([chunk({ content: "Hel" }), chunk({}, reason), chunk({}, "stop")]));
    expect(await ask()).toMatchObject({ text: "Hel", ...ended });
  });

  test("where the model refuses behind some of it", async () => {
    const { ask } = await providerOf(
      stream([chunk({ content: "Sure: " }), chunk({ refusal: "I can't." }), chunk({}, "stop")]),
    );
    expect(await ask()).toMatchObject({ text: "Sure: ", finish: { reason: "content-filter", rawReason: "stop" } });
  });

  test("and a refusal behind white space is `content_policy`", async () => {
    const { ask } = await providerOf(
      stream([chunk({ content: "\n" }), chunk({ refusal: "I can't." }), chunk({}, "stop")]),
    );
    expect((await ask()).error).toMatchObject({ code: "content_policy" });
  });
});

describe("what is no reason ends no answer", () => {
  test.each(["null", "None", "in_progress", "FINISH_REASON_UNSPECIFIED"])("such as %s in each chunk", async (none) => {
    const cut = stream([chunk({ content: "Hel" }, none)], "");
    expect((await (await providerOf(cut)).ask()).error).toMatchObject({ code: "stream_interrupted", text: "Hel" });
    const whole = stream([chunk({ content: "Hel" }, none), chunk({ content: "lo" }, none), chunk({}, "stop")]);
    expect(await (await providerOf(whole)).ask()).toMatchObject({ text: "Hello", finish: { reason: "stop" } });
  });

  test("and an answer that names one in each chunk is read to its end", async () => {
    const read = async (reason: string) => {
      const words = Array.from({ length: 6 }, (_, at) => event(chunk({ content: `${at} ` }, reason)));
      const { ask } = await providerOf(slowly(event(chunk({ content: "- " }, reason)), [...words, DONE], 190));
      expect(await ask(), reason).toMatchObject({ text: "- 0 1 2 3 4 5 ", error: undefined });
    };
    await Promise.all([read("stop"), read("whatever")]);
  });
});

describe("an answer that has said all ends", () => {
  const again = (data: string): readonly string[] => Array.from({ length: 1000 }, () => data);

  test("though [DONE] follows it, again and again, or chunks of nothing", async () => {
    const read = async (more: string) => {
      const { ask } = await providerOf(slowly(event(chunk({ content: "Hi" }, "stop")), again(more), 20), SHORT);
      expect(await ask()).toMatchObject({ text: "Hi", finish: { reason: "stop" }, error: undefined });
    };
    await Promise.all([read(DONE), read(event(chunk({ content: "" })))]);
  });

  test("for a reason that nobody knows, though its stream does not: by the clock", async () => {
    const { ask } = await providerOf(
      (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(event(chunk({ content: "Hi" })) + event(chunk({}, "whatever")));
      },
      { timeouts: { idleMs: 60 } },
    );
    expect(await ask()).toMatchObject({ text: "Hi", finish: { reason: "other", rawReason: "whatever" } });
  });

  test("with [DONE], again and again, and no reason: it was cut", async () => {
    const { ask } = await providerOf(slowly(event(chunk({ content: "Hi" })), again(DONE), 20), SHORT);
    expect((await ask()).error).toMatchObject({ code: "stream_interrupted", text: "Hi" });
  });
});

describe("an answer is told once", () => {
  const whole = (message: object) => ({
    object: "chat.completion",
    model: "model-a",
    choices: [{ index: 0, message, finish_reason: "stop" }],
  });

  test("though all of it stands in the last chunk again", async () => {
    const { ask } = await providerOf(
      stream([chunk({ content: "Hello " }), chunk({ content: "world" }), whole({ content: "Hello world" })]),
    );
    expect(await ask()).toMatchObject({ text: "Hello world", finish: { reason: "stop" } });
  });

  test("calls and thoughts as well", async () => {
    const calls = [{ index: 0, id: "a", type: "function", function: { name: "look_up", arguments: "{}" } }];
    const { ask } = await providerOf(
      stream([
        chunk({ reasoning_content: "Hm." }),
        chunk({ tool_calls: calls }),
        whole({ content: "", reasoning_content: "Hm.", tool_calls: calls }),
      ]),
      { capabilities: { tools: true } },
    );
    const { parts, reasoning } = await ask({ settings: { tools: [{ name: "look_up", inputSchema: {} }] } });
    expect(reasoning).toBe("Hm.");
    expect(parts.filter(({ type }) => type === "tool-call")).toHaveLength(1);
  });

  test("but for calls that nothing else has told of", async () => {
    const calls = [{ id: "a", type: "function", function: { name: "look_up", arguments: "{}" } }];
    const { ask } = await providerOf(
      stream([chunk({ content: "Let me see." }), whole({ content: "Let me see.", tool_calls: calls })]),
      { capabilities: { tools: true } },
    );
    const { parts, text, finish } = await ask({ settings: { tools: [{ name: "look_up", inputSchema: {} }] } });
    expect(text).toBe("Let me see.");
    expect(parts.filter(({ type }) => type === "tool-call")).toMatchObject([{ toolCallId: "a" }]);
    expect(finish).toMatchObject({ reason: "tool-calls" });
  });

  test("and one of messages only is told by all of them", async () => {
    const { ask } = await providerOf(stream([whole({ content: "Hello " }), whole({ content: "world" })]));
    expect(await ask()).toMatchObject({ text: "Hello world" });
  });
});

describe("an error that is told with status 200 is one, in the shapes of other vendors", () => {
  test.each<[object, string]>([
    [{ base_resp: { status_code: 1008, status_msg: "insufficient balance" } }, "quota_exceeded"],
    [{ choices: null, base_resp: { status_code: 1002, status_msg: "rate limit" } }, "rate_limited"],
    [{ choices: [], base_resp: { status_code: 1004, status_msg: "invalid api key" } }, "authentication"],
    [{ status: 503, message: "Busy." }, "space_unavailable"],
    [{ statusCode: 429, message: "Slow down." }, "rate_limited"],
    [{ status: "error", message: "Failed." }, "space_unavailable"],
    [{ success: false, message: "Failed." }, "space_unavailable"],
    [{ error_code: 18, error_msg: "Open api qps rate limit reached" }, "rate_limited"],
    [[{ error: { code: 429, message: "Enough." } }] as never, "rate_limited"],
    [{ ...chunk({}, "stop"), x_groq: { id: "req_1", error: "over capacity" } }, "space_unavailable"],
  ])("%j", async (body, code) => {
    for (const answer of [stream([chunk({ content: "He" }), body]), stream([], JSON.stringify(body))]) {
      const { ask } = await providerOf(answer);
      expect((await ask()).error).toMatchObject({ code });
    }
  });

  test.each([{ code: 0, message: "Success" }, { code: "200", message: "OK" }, { base_resp: { status_code: 0 } }])(
    "and %j is none",
    async (more) => {
      const { ask } = await providerOf(stream([chunk({ content: "Hi" }), more, chunk({}, "stop")]));
      expect(await ask()).toMatchObject({ text: "Hi", error: undefined });
    },
  );
});

test("the id of a provider may be a name that all objects have", async () => {
  for (const id of ["constructor", "toString", "__proto__"]) {
    const { provider } = await providerOf(stream([chunk({ content: "Hi" }, "stop")]), { id: id as never });
    await using router = createRouter({ plugins: [provider] });
    const asked = { model: "model-a", messages: QUESTION, providerOptions: {} };
    expect((await router.complete(asked)).text).toBe("Hi");
  }
});
