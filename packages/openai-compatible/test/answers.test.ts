import { setTimeout as sleep } from "node:timers/promises";
import type { ProviderPart } from "@qwen/core";
import { describe, expect, test } from "vitest";
import { chunk, DONE, event, json, providerOf, QUESTION, stream, words } from "./scripted-endpoint.ts";

const STOP = chunk({}, "stop");

describe("an answer", () => {
  test("is a start with what the endpoint says of it, its text as it comes, and one finish", async () => {
    const usage = {
      prompt_tokens: 9,
      completion_tokens: 3,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 1 },
    };
    const { ask, requests } = await providerOf(
      stream([
        chunk({ role: "assistant", content: "" }),
        chunk({ content: "Hello" }),
        chunk({ content: ", you" }),
        STOP,
        { ...chunk({}), choices: [], usage },
      ]),
    );
    const { parts, error } = await ask();
    expect(error).toBeUndefined();
    const response = { id: "chatcmpl-1", modelId: "model-a", timestamp: new Date(1_700_000_000_000) };
    expect(parts).toEqual([
      { type: "start", warnings: [], response },
      { type: "text-delta", text: "Hello" },
      { type: "text-delta", text: ", you" },
      {
        type: "finish",
        reason: "stop",
        rawReason: "stop",
        usage: { inputTokens: 9, outputTokens: 3, cachedInputTokens: 4, reasoningTokens: 1, raw: usage },
        warnings: [],
        response,
      },
    ]);
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /v1/chat/completions"]);
    expect(requests[0]?.body).toEqual({
      model: "model-a",
      messages: [{ role: "user", content: "Hi" }],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test.each([
    ["of itself", { usage: { prompt_tokens: 9 } }],
    [
      "of its only choice, as Moonshot's does",
      { choices: [{ delta: {}, finish_reason: "stop", usage: { prompt_tokens: 9 } }] },
    ],
    ["of what the vendor adds, as Groq's does", { x_groq: { usage: { prompt_tokens: 9 } } }],
  ])("tells its tokens where its last chunk has them %s", async (_, fields) => {
    const { ask } = await providerOf(stream([chunk({ content: "Hello" }), { ...STOP, ...fields }]));
    expect((await ask()).finish).toMatchObject({ usage: { inputTokens: 9 } });
  });

  test("is one request on a kept connection, each time", async () => {
    const { ask, connections } = await providerOf(words("Hello"));
    for (let call = 0; call < 3; call++) expect((await ask()).text).toBe("Hello");
    expect(connections()).toBe(1);
  });

  test("is asked for again over a new connection, where the server closed a kept one behind the last answer", async () => {
    // As llama.cpp does, which says before that it keeps it.
    const { ask, requests, connections } = await providerOf((response, request) => {
      const { socket } = response;
      if (requests.length === 2) socket?.resetAndDestroy();
      else words("Hello")(response, request);
    });
    for (let call = 0; call < 3; call++) expect(await ask()).toMatchObject({ text: "Hello", error: undefined });
    expect({ requests: requests.length, connections: connections() }).toEqual({ requests: 4, connections: 2 });
  });

  test("is not asked for again where a kept connection is lost later on: the server may have begun", async () => {
    const { ask, requests } = await providerOf((response, request) => {
      if (requests.length === 2) setTimeout(() => response.socket?.resetAndDestroy(), 600);
      else words("Hello")(response, request);
    });
    expect((await ask()).text).toBe("Hello");
    expect((await ask()).error).toMatchObject({ code: "connection" });
    expect(requests).toHaveLength(2);
  });

  test("has its usage however long its reader stays away before the end", async () => {
    const usage = { prompt_tokens: 3, completion_tokens: 4 };
    const { provider } = await providerOf((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(event(chunk({ content: "Hello" })) + event(chunk({ content: "y".repeat(400_000) }, "stop")));
      setTimeout(() => response.end(event({ ...chunk({}), choices: [], usage }) + DONE), 20);
    });
    let last: ProviderPart | undefined;
    for await (const part of provider.stream({ messages: QUESTION })) {
      if (part.type === "text-delta" && part.text === "Hello") await sleep(1200);
      last = part;
    }
    expect(last).toMatchObject({ type: "finish", usage: { inputTokens: 3, outputTokens: 4 } });
  });

  test("is not asked for again over a connection that was lost though it was new", async () => {
    const { ask, requests } = await providerOf((response) => response.socket?.resetAndDestroy());
    expect((await ask()).error).toMatchObject({ code: "connection", provider: "endpoint" });
    expect(requests).toHaveLength(1);
  });

  test("that comes whole in JSON is read as a whole answer", async () => {
    const message = { role: "assistant", content: "Hello", reasoning_content: "Hm." };
    const { ask } = await providerOf(
      json({
        id: "1",
        model: "model-a",
        choices: [{ index: 0, message, finish_reason: "length" }],
        usage: { prompt_tokens: 2 },
      }),
    );
    const { text, reasoning, finish } = await ask();
    expect({ text, reasoning }).toEqual({ text: "Hello", reasoning: "Hm." });
    expect(finish).toMatchObject({ reason: "length", usage: { inputTokens: 2 } });
  });

  test("has its reasoning apart, in whichever field or tag it stands", async () => {
    for (const deltas of [
      [{ reasoning_content: "Let me " }, { reasoning_content: "think." }, { content: "Four" }],
      [{ reasoning: "Let me " }, { reasoning: "think." }, { content: "Four" }],
      [{ content: "<th" }, { content: "ink>Let me think.</thi" }, { content: "nk>\n\nFour" }],
      [
        { content: [{ type: "thinking", thinking: [{ type: "text", text: "Let me think." }] }] },
        { content: [{ type: "text", text: "Four" }] },
      ],
    ]) {
      const { ask } = await providerOf(stream([...deltas.map((delta) => chunk(delta)), STOP]));
      const { parts, text, reasoning } = await ask();
      expect({ text, reasoning }, JSON.stringify(deltas)).toEqual({ text: "Four", reasoning: "Let me think." });
      expect(parts.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])).toEqual([
        "start",
        "reasoning-delta",
        "reasoning-end",
        "text-delta",
        "finish",
      ]);
    }
  });

  test("takes a tag further on for a word", async () => {
    const { ask } = await providerOf(words("Write ", "<think> there"));
    expect(await ask()).toMatchObject({ text: "Write <think> there", reasoning: "" });
  });

  test("is the first choice alone, with comments, keep-alives and log probabilities left out", async () => {
    const noise = ": keep-alive\n\n";
    const { ask } = await providerOf((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(
        noise +
          event({
            ...chunk({ content: "A" }),
            choices: [
              { index: 1, delta: { content: "no" } },
              { index: 0, delta: { content: "A" }, logprobs: { content: [] } },
            ],
          }) +
          noise +
          event(STOP) +
          noise +
          DONE,
      );
    });
    expect(await ask()).toMatchObject({ text: "A", finish: { reason: "stop" } });
  });

  test("is whole without [DONE], and what fails behind its end takes nothing away from it", async () => {
    for (const end of ["", "data: {broken\n\n", event({ error: { message: "late" } })]) {
      const { ask } = await providerOf(stream([chunk({ content: "Hello" }), STOP], end));
      expect(await ask(), end).toMatchObject({ text: "Hello", finish: { reason: "stop" }, error: undefined });
    }
  });

  test("ends where its stream stays open behind [DONE] or the end of the answer", async () => {
    for (const end of [DONE, ""]) {
      const { ask } = await providerOf((response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(event(chunk({ content: "Hello" })) + event(STOP) + end);
      });
      expect(await ask()).toMatchObject({ text: "Hello", finish: { reason: "stop" } });
    }
  });

  test.each([
    ["stop", "stop"],
    ["eos_token", "stop"],
    ["end_turn", "stop"],
    ["length", "length"],
    ["MAX_TOKENS", "length"],
    ["content_filter", "content-filter"],
    ["SAFETY", "content-filter"],
    ["normal", "stop"],
    ["max_tokens_reached", "length"],
    ["content_filter: RECITATION", "content-filter"],
    ["完成", "other"],
    ["something_new", "other"],
  ])("that ends with the word %s ends with %s", async (raw, reason) => {
    const { ask } = await providerOf(stream([chunk({ content: "Hello" }, raw)]));
    expect((await ask()).finish).toMatchObject({ reason, rawReason: raw });
  });
});
