import { describe, expect, test } from "vitest";
import { chunk, DONE, event, json, providerOf, stream, type Answerer } from "./scripted-endpoint.ts";

const STOP = chunk({}, "stop");

/** A chunk of another choice than the one that was asked for. */
function other(content: string): object {
  return { ...chunk({}), choices: [{ index: 1, delta: { content }, finish_reason: null }] };
}

/** An answer of these bytes. */
function bytes(text: string): Answerer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(text);
  };
}

describe("chunks that few vendors send", () => {
  test("of another choice are nobody's answer, however many of them come in a row", async () => {
    const { ask } = await providerOf(stream([other("X"), other("Y"), other("Z"), chunk({ content: "ok" }), STOP]));
    expect(await ask()).toMatchObject({ text: "ok", finish: { reason: "stop" } });
  });

  test("say which model answers where the first one does not", async () => {
    const filtered = { id: "", created: 0, model: "", choices: [], prompt_filter_results: [] };
    const { ask } = await providerOf(stream([filtered, chunk({ content: "ok" }), STOP]));
    const { parts, finish } = await ask();
    expect(parts[0]).toMatchObject({ type: "start", response: { id: "chatcmpl-1", modelId: "model-a" } });
    expect(finish).toMatchObject({ response: { id: "chatcmpl-1", modelId: "model-a" } });
  });

  test("name another model than was asked for: refused before any output, whichever chunk does", async () => {
    const named = { ...chunk({ content: "no" }), model: "model-b" };
    const unnamed = [{ choices: [] }, { choices: [], model: "" }, { choices: [{ index: 0, delta: {} }] }];
    const { ask } = await providerOf(stream([...unnamed, named, STOP]), { strictModel: true });
    expect(await ask()).toMatchObject({ text: "", error: { code: "unsupported" } });
  });

  test("name it behind output only: with `strictModel` none of that is told before it is known whose it is", async () => {
    const unnamed = { ...chunk({ content: "He" }), model: undefined };
    const first = [{ choices: [{ delta: { reasoning_content: "Hm." } }] }, unnamed, unnamed];
    const rest = (model: string): readonly object[] => [{ ...chunk({ content: "llo" }), model }, STOP];

    const wrong = await providerOf(stream([...first, ...rest("model-b")]), { strictModel: true });
    expect(await wrong.ask()).toMatchObject({ parts: [], error: { code: "unsupported" } });

    const right = await providerOf(stream([...first, ...rest("model-a")]), { strictModel: true });
    const { parts, text, error } = await right.ask();
    expect({ text, error }).toEqual({ text: "HeHello", error: undefined });
    expect(parts.map(({ type }) => type)).toEqual([
      "start",
      "reasoning-delta",
      "reasoning-end",
      "text-delta",
      "text-delta",
      "text-delta",
      "finish",
    ]);
  });

  test("name none at all: with `strictModel` the answer is told at its end, and nothing of one that was cut", async () => {
    const unnamed = { ...chunk({ content: "Hello" }), model: undefined };
    const whole = await providerOf(stream([unnamed, { ...STOP, model: undefined }]), { strictModel: true });
    expect(await whole.ask()).toMatchObject({ text: "Hello", finish: { reason: "stop" }, error: undefined });

    const cut = await providerOf(bytes(event(unnamed)), { strictModel: true });
    expect(await cut.ask()).toMatchObject({ parts: [], error: { code: "stream_interrupted" } });
  });

  test("end for a reason of a megabyte, of which a kilobyte is told", async () => {
    const { ask } = await providerOf(stream([chunk({ content: "ok" }), chunk({}, "x".repeat(1024 * 1024))]));
    const { finish } = await ask();
    expect(finish).toMatchObject({ reason: "other", rawReason: expect.stringMatching(/^x+…$/) });
    expect(finish?.rawReason?.length).toBeLessThanOrEqual(1024);
  });

  test("that hold nothing keep a connection alive, and no more", async () => {
    const { ask } = await providerOf(
      bytes(
        `data: \n\ndata:\n\nevent: ping\ndata: {}\n\n${event(chunk({ content: "ok" }))}data: \n\n${event(STOP)}${DONE}`,
      ),
    );
    expect(await ask()).toMatchObject({
      text: "ok",
      finish: { reason: "stop", response: { modelId: "model-a" } },
      error: undefined,
    });
  });

  test("have a `message` of nothing beside their delta", async () => {
    const beside = (delta: object, finish: string | null = null): object => ({
      ...chunk({}),
      choices: [{ index: 0, delta, message: null, finish_reason: finish }],
    });
    const piece = (fields: object): object => beside({ tool_calls: [{ index: 0, ...fields }] });
    const { ask } = await providerOf(
      stream([
        piece({ id: "a", function: { name: "look_up", arguments: '{"n"' } }),
        piece({ function: { arguments: ":1}" } }),
        beside({}, "tool_calls"),
      ]),
      { capabilities: { tools: true } },
    );
    const { parts, error } = await ask({ settings: { tools: [{ name: "look_up", inputSchema: {} }] } });
    expect(error).toBeUndefined();
    expect(parts.filter(({ type }) => type === "tool-call")).toMatchObject([{ toolCallId: "a", input: '{"n":1}' }]);
  });

  test("have an `error` of no words", async () => {
    const { ask } = await providerOf(stream([{ ...chunk({ content: "ok" }), error: "" }, STOP]));
    expect(await ask()).toMatchObject({ text: "ok", error: undefined });
  });

  test("[DONE] with white space behind it ends an answer, and makes none whole", async () => {
    const { ask } = await providerOf(bytes(`${event(chunk({ content: "Hel" }))}data: [DONE] \n\n`));
    expect(await ask()).toMatchObject({ text: "Hel", error: { code: "stream_interrupted" } });
  });
});

describe("an answer that is nested deeper than anybody reads", () => {
  const DEEP = 50_000;
  const nest = (open: string, inside: string, close: string): string => open.repeat(DEEP) + inside + close.repeat(DEEP);

  test("as content has no words", async () => {
    const content = nest('[{"type":"text","text":', '"x"', "}]");
    const { ask } = await providerOf(
      bytes(`data: {"choices":[{"index":0,"delta":{"content":${content}}}]}\n\n${event(STOP)}`),
    );
    expect((await ask()).error).toMatchObject({ code: "empty_response" });
  });

  test("as arguments is `protocol`", async () => {
    const said = `{"name":"look_up","arguments":${nest('{"a":', "1", "}")}}`;
    const { ask } = await providerOf(
      bytes(`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":${said}}]}}]}\n\n`),
      { capabilities: { tools: true } },
    );
    expect((await ask({ settings: { tools: [{ name: "look_up", inputSchema: {} }] } })).error).toMatchObject({
      code: "protocol",
    });
  });

  test.each([
    ["an error in an error", nest('{"error":', '"x"', "}")],
    ["a place of lists", `{"detail":[{"loc":${nest("[", "", "]")},"msg":"x"}]}`],
    ["lists", `{"detail":${nest("[", "", "]")}}`],
  ])("as %s is a failure like any other", async (_, body) => {
    const { ask } = await providerOf((response) => response.end(body));
    expect((await ask()).error).toMatchObject({ code: "space_unavailable" });
  });

  test("and an error in a list is read", async () => {
    const { ask } = await providerOf(
      json([{ error: { code: 429, status: "RESOURCE_EXHAUSTED", message: "Enough." } }]),
    );
    expect((await ask()).error).toMatchObject({ code: "rate_limited" });
  });
});
