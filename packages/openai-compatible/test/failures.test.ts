import { describe, expect, test } from "vitest";
import { failureOf } from "../src/failures.ts";
import { failureInText } from "@qwen/core/http";

const about = { host: "api.example.com", secrets: [] };

describe("what a vendor says of a failure, as it says it", () => {
  test.each<[string, number, unknown, string]>([
    [
      "OpenAI",
      400,
      {
        error: {
          message:
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
          type: "invalid_request_error",
          param: "messages",
          code: "context_length_exceeded",
        },
      },
      "context_length_exceeded",
    ],
    [
      "llama.cpp",
      400,
      {
        error: {
          code: 400,
          message: "the request exceeds the available context size, try increasing it",
          type: "exceed_context_size_error",
          n_prompt_tokens: 9000,
          n_ctx: 4096,
        },
      },
      "context_length_exceeded",
    ],
    [
      "vLLM",
      400,
      {
        object: "error",
        message: "This model's maximum context length is 2048 tokens. However, you requested 3000 tokens",
        type: "BadRequestError",
        param: null,
        code: 400,
      },
      "context_length_exceeded",
    ],
    [
      "DashScope",
      400,
      {
        error: {
          message: "Range of input length should be [1, 30720]",
          type: "invalid_request_error",
          param: null,
          code: "invalid_parameter_error",
        },
        request_id: "1",
      },
      "context_length_exceeded",
    ],
    [
      "Hugging Face's TGI",
      422,
      {
        error:
          "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens",
        error_type: "validation",
      },
      "context_length_exceeded",
    ],
    [
      "LM Studio",
      400,
      { error: "The number of tokens to keep from the initial prompt is greater than the context length." },
      "context_length_exceeded",
    ],
    [
      "OpenRouter",
      400,
      {
        error: {
          message: "Provider returned error",
          code: 400,
          metadata: { raw: '{"error":"prompt is too long: 200001 tokens"}' },
        },
      },
      "context_length_exceeded",
    ],
    [
      "Groq",
      413,
      {
        error: {
          message: "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 7000",
          type: "tokens",
          code: "rate_limit_exceeded",
        },
      },
      "context_length_exceeded",
    ],
    [
      "a proxy",
      413,
      "<html><head><title>413 Request Entity Too Large</title></head></html>",
      "context_length_exceeded",
    ],
    [
      "Azure",
      400,
      {
        error: {
          message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
          code: "content_filter",
          status: 400,
        },
      },
      "content_policy",
    ],
    [
      "DashScope",
      400,
      {
        error: {
          code: "data_inspection_failed",
          message: "Input data may contain inappropriate content.",
          type: "data_inspection_failed",
        },
      },
      "content_policy",
    ],
    ["DeepSeek", 400, { error: { message: "Content Exists Risk", type: "invalid_request_error" } }, "content_policy"],
    [
      "OpenRouter",
      403,
      { error: { code: 403, message: "Your input was flagged by moderation", metadata: { reasons: ["x"] } } },
      "content_policy",
    ],
    [
      "OpenAI",
      429,
      {
        error: {
          message: "You exceeded your current quota, please check your plan and billing details.",
          type: "insufficient_quota",
          code: "insufficient_quota",
        },
      },
      "quota_exceeded",
    ],
    [
      "DashScope",
      400,
      { error: { code: "Arrearage", message: "Access denied, please make sure your account is in good standing." } },
      "quota_exceeded",
    ],
    [
      "DashScope",
      403,
      { error: { code: "AllocationQuota.FreeTierOnly", message: "The free tier of the model has been exhausted." } },
      "quota_exceeded",
    ],
    ["LiteLLM", 400, { error: { message: "Budget has been exceeded!", type: "budget_exceeded" } }, "quota_exceeded"],
    ["Groq", 498, { error: { message: "Flex tier capacity exceeded" } }, "space_unavailable"],
    ["DeepSeek", 402, { error: { message: "Insufficient Balance" } }, "quota_exceeded"],
    [
      "Anthropic",
      400,
      { error: { type: "invalid_request_error", message: "Your credit balance is too low to access the API." } },
      "quota_exceeded",
    ],
    ["OpenAI", 401, { error: { message: "Incorrect API key provided.", code: "invalid_api_key" } }, "authentication"],
    [
      "Gemini",
      400,
      [
        {
          error: { code: 400, message: "API key not valid. Please pass a valid API key.", status: "INVALID_ARGUMENT" },
        },
      ],
      "authentication",
    ],
    [
      "OpenAI",
      429,
      {
        error: {
          message: "Rate limit reached for x in organization y on requests per min. Please try again in 1.5s.",
          type: "requests",
          code: "rate_limit_exceeded",
        },
      },
      "rate_limited",
    ],
    [
      "DashScope",
      429,
      { error: { code: "Throttling.RateQuota", message: "Requests rate limit exceeded" } },
      "rate_limited",
    ],
    [
      "Ollama",
      404,
      { error: { message: "model 'x' not found", type: "api_error", param: null, code: null } },
      "unsupported",
    ],
    [
      "OpenAI",
      404,
      { error: { message: "The model `x` does not exist or you do not have access to it.", code: "model_not_found" } },
      "unsupported",
    ],
    ["Bedrock", 429, { message: "Too many tokens, please wait before trying again." }, "rate_limited"],
    [
      "Cerebras",
      429,
      { message: "Tokens per minute limit exceeded - too many tokens processed.", code: "token_quota_exceeded" },
      "rate_limited",
    ],
    [
      "a limit of tokens",
      429,
      { error: { message: "You are over your token limit for this minute." } },
      "rate_limited",
    ],
    [
      "OpenAI, of a request that no minute has tokens for",
      429,
      { error: { message: "Request too large for gpt-4o on tokens per min (TPM): Limit 10000.", type: "tokens" } },
      "context_length_exceeded",
    ],
    [
      "SiliconFlow",
      400,
      { code: 20015, message: "length of prompt_tokens (98304) must be less than max_seq_len (32768)." },
      "context_length_exceeded",
    ],
    [
      "DashScope",
      400,
      { error: { message: "Total message token length exceed model limit", code: "invalid_parameter_error" } },
      "context_length_exceeded",
    ],
    ["FastAPI", 422, { detail: [{ loc: ["body", "messages"], msg: "field required" }] }, "unsupported"],
    ["a method that is not allowed", 405, "Method Not Allowed", "unsupported"],
    ["a conflict", 409, { error: { message: "Conflict" } }, "space_unavailable"],
    ["a timeout of theirs", 408, "", "space_unavailable"],
    [
      "an overload",
      529,
      { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
      "space_unavailable",
    ],
    [
      "llama.cpp, as it loads",
      503,
      { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
      "space_unavailable",
    ],
    [
      "a page that speaks of limits",
      502,
      "<html><title>Bad gateway: rate limit, context length, API key missing</title></html>",
      "space_unavailable",
    ],
    ["a status that is no error", 304, "", "protocol"],
  ])("%s (%i)", (_, status, body, code) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    expect(failureOf(failureInText(text), { ...about, status })).toMatchObject({ code, status });
  });

  test.each<[unknown, string]>([
    [{ message: "Overloaded" }, "space_unavailable"],
    [{ error: { message: "x", code: 429 } }, "rate_limited"],
    [{ error: { message: "x", code: "rate_limit_exceeded" } }, "rate_limited"],
    [{ error: { message: "x", type: "invalid_request_error" } }, "unsupported"],
    [{ error: { message: "x", type: "server_error" } }, "space_unavailable"],
    [{ error: { message: "maximum context length is 5" } }, "context_length_exceeded"],
    [{ error: { message: "x", code: "content_filter" } }, "content_policy"],
    [{ error: { message: "x", type: "authentication_error" } }, "authentication"],
  ])("within an answer: %j", (body, code) => {
    expect(failureOf(failureInText(JSON.stringify(body)), about)).toMatchObject({ code });
  });

  test("however it is nested, long or hostile, is one line", () => {
    for (const text of [
      "",
      "null",
      "[]",
      "[[[[",
      '{"error":[]}',
      '{"error":{"error":{"message":"deep"}}}',
      "x".repeat(100_000),
      '"just text"',
      "\u001b[31mred\u0007",
    ]) {
      const { message } = failureOf(failureInText(text), { ...about, status: 500 });
      expect(message.length).toBeLessThan(400);
      expect(message).not.toMatch(/[\n\u001b]/);
    }
  });
});
