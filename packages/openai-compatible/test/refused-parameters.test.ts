import type { Settings } from "@qwen/core";
import { describe, expect, test } from "vitest";
import { type Arrived, json, providerOf } from "./scripted-endpoint.ts";

const ABLE = { tools: true, json: true } as const;
const TOOLS = [{ name: "look_up", description: "Looks it up.", inputSchema: { type: "object" } }];

describe("a parameter that an endpoint refuses by its name", () => {
  test.each([
    [
      "stream_options",
      { error: { message: "Unrecognized request argument supplied: stream_options", param: null } },
      {},
    ],
    [
      "stream_options",
      { detail: [{ type: "extra_forbidden", loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }] },
      {},
    ],
    [
      "parallel_tool_calls",
      { error: { message: "parallel_tool_calls is not supported with this model", code: null } },
      { tools: TOOLS, parallelToolCalls: true },
    ],
    [
      "temperature",
      {
        error: {
          message: "Unsupported value: 'temperature' does not support 0.2 with this model.",
          param: "temperature",
        },
      },
      { temperature: 0.2 },
    ],
  ])(
    "(%s) is left out in the same attempt, with a warning, and from then on",
    async (name, refusal, settings: Settings) => {
      const { ask, requests } = await providerOf(
        (response, request) =>
          json(name in request.body ? refusal : WHOLE, { status: name in request.body ? 400 : 200 })(response, request),
        { capabilities: ABLE },
      );
      for (let call = 0; call < 2; call++) {
        const { text, finish } = await ask({ settings });
        expect(text).toBe("Hello");
        expect(finish).toMatchObject({ warnings: [{ message: expect.stringContaining(`"${name}"`) }] });
      }
      expect(requests.map(({ body }) => name in body)).toEqual([true, false, false]);
    },
  );

  test.each(["constructor", "toString", "__proto__"])("(%s) is a name like another", async (name) => {
    const extraBody = JSON.parse(`{"${name}":{"a":1}}`) as Readonly<Record<string, unknown>>;
    const { ask, requests } = await providerOf(
      (response, { body }) => {
        const isRefused = Object.hasOwn(body, name);
        const error = { message: `Unknown parameter: '${name}'.`, param: name };
        json(isRefused ? { error } : WHOLE, { status: isRefused ? 400 : 200 })(response, { body } as Arrived);
      },
      { extraBody },
    );
    const { text, finish } = await ask();
    expect(text).toBe("Hello");
    expect(finish).toMatchObject({ warnings: [{ feature: name }] });
    expect(requests.map(({ body }) => Object.hasOwn(body, name))).toEqual([true, false]);
  });

  test("is asked for under its other name, where it has one", async () => {
    const { ask, requests } = await providerOf((response, request) => {
      const refused = "max_tokens" in request.body;
      const message =
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
      json(refused ? { error: { message, param: "max_tokens" } } : WHOLE, { status: refused ? 400 : 200 })(
        response,
        request,
      );
    });
    for (let call = 0; call < 2; call++) {
      expect(await ask({ settings: { maxOutputTokens: 7 } })).toMatchObject({
        text: "Hello",
        finish: {
          warnings: [
            {
              feature: "maxOutputTokens",
              message: expect.stringMatching(/"max_tokens", so it was sent as "max_completion_tokens"/),
            },
          ],
        },
      });
    }
    expect(requests[1]?.body).toMatchObject({ max_completion_tokens: 7 });
    expect(requests).toHaveLength(3);
    expect((await ask()).finish).toMatchObject({ warnings: [] });
  });

  test("with its value, where it speaks of that: another's value is sent", async () => {
    const message =
      "Unsupported value: 'reasoning_effort' does not support 'xhigh' with this model. Supported values are: 'low' and 'high'.";
    const { ask, requests } = await providerOf((response, request) => {
      const { body } = request;
      const refused = body["reasoning_effort"] === "xhigh";
      json(refused ? { error: { message, param: "reasoning_effort", code: "unsupported_value" } } : WHOLE, {
        status: refused ? 400 : 200,
      })(response, request);
    });
    for (const reasoning of ["xhigh", "low", "xhigh"] as const) await ask({ settings: { reasoning } });
    expect(requests.map(({ body }) => body["reasoning_effort"])).toEqual(["xhigh", undefined, "low", undefined]);
  });

  test("beside another one is left out of that request alone: others' go on with it", async () => {
    const message = "Json mode response is not supported when enable_thinking is true";
    const { ask, requests } = await providerOf(
      (response, request) => {
        const { body } = request;
        const refused = "response_format" in body && body["enable_thinking"] === true;
        json(refused ? { error: { message, code: "invalid_parameter_error" } } : WHOLE, {
          status: refused ? 400 : 200,
        })(response, request);
      },
      { capabilities: ABLE, extraBody: { enable_thinking: true } },
    );
    for (const type of ["json", "text"] as const) {
      const { finish } = await ask({ settings: { responseFormat: { type } } });
      expect(finish?.warnings).toHaveLength(type === "json" ? 1 : 0);
    }
    expect(requests.map(({ body }) => body["enable_thinking"])).toEqual([true, undefined, true]);
  });

  test("is not refused by who says that its value is out of range, and nobody else goes without it", async () => {
    const message = "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 99 instead.";
    const { ask, requests } = await providerOf((response, request) => {
      const { body } = request;
      const refused = body["temperature"] === 99;
      json(refused ? { error: { message, param: "temperature", code: "decimal_above_max_value" } } : WHOLE, {
        status: refused ? 400 : 200,
      })(response, request);
    });
    expect((await ask({ settings: { temperature: 99 } })).error).toMatchObject({ code: "unsupported" });
    expect((await ask({ settings: { temperature: 1 } })).finish).toMatchObject({ warnings: [] });
    expect(requests.map(({ body }) => body["temperature"])).toEqual([99, 1]);
  });

  test.each([
    "Invalid request: max_tokens must be between 1 and 8.",
    "invalid request: max_tokens must be at least 16",
    "Invalid parameter: max_tokens is too large.",
    "Invalid parameter: `max_tokens` exceeds the limit of this model",
  ])("nor by who says: %s", async (message) => {
    const { ask, requests } = await providerOf((response, request) => {
      const refused = request.body["max_tokens"] === 99;
      json(refused ? { error: { message } } : WHOLE, { status: refused ? 400 : 200 })(response, request);
    });
    expect((await ask({ settings: { maxOutputTokens: 99 } })).error).toMatchObject({ code: "unsupported" });
    expect((await ask({ settings: { maxOutputTokens: 8 } })).finish).toMatchObject({ warnings: [] });
    expect(requests.map(({ body }) => body["max_tokens"])).toEqual([99, 8]);
  });

  test("is one of eight at most in one attempt", async () => {
    const { ask, requests } = await providerOf(
      (response, request) => {
        const param = Object.keys(request.body).find((name) => name.startsWith("own_"));
        json({ error: { message: `unknown parameter: ${param}`, param } }, { status: 400 })(response, request);
      },
      { extraBody: Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`own_${index}`, index])) },
    );
    expect((await ask()).error).toMatchObject({ code: "unsupported" });
    expect(requests).toHaveLength(9);
  });

  test("is not left out where the answer would be another thing without it", async () => {
    const { ask, requests } = await providerOf(
      json({ error: { message: "response_format is not supported" } }, { status: 400 }),
      {
        capabilities: ABLE,
      },
    );
    expect((await ask({ settings: { responseFormat: { type: "json" } } })).error).toMatchObject({
      code: "unsupported",
      status: 400,
    });
    expect(requests).toHaveLength(1);
  });

  test("each once, however many it refuses", async () => {
    const { ask, requests } = await providerOf((response, request) => {
      const name = Object.keys(request.body).find((each) => !["model", "messages", "stream"].includes(each));
      json({ error: { message: `${name} is not supported`, param: name } }, { status: 400 })(response, request);
    });
    expect((await ask({ settings: { seed: 1, topK: 1 } })).error).toMatchObject({ code: "unsupported" });
    expect(requests).toHaveLength(4);
  });
});

const WHOLE = { choices: [{ message: { content: "Hello" }, finish_reason: "stop" }] };
