const aString = { type: "string" } as const;
const aBoolean = { type: "boolean" } as const;
const nullable = (type: string): object => ({ type: [type, "null"] });
const aNumber = (minimum: number, maximum: number): object => ({ type: ["number", "null"], minimum, maximum });
const aCount = { type: ["integer", "null"], minimum: 1 } as const;
const words = (...values: readonly string[]): object => ({ enum: values });

const anImageUrl = {
  type: "object",
  required: ["url"],
  properties: { url: { type: "string", pattern: "^(data:|https?://)" }, detail: words("auto", "low", "high") },
} as const;

const aPart = {
  oneOf: [
    {
      type: "object",
      required: ["type", "text"],
      properties: { type: { const: "text" }, text: { type: "string", minLength: 1 } },
    },
    {
      type: "object",
      required: ["type", "image_url"],
      properties: { type: { const: "image_url" }, image_url: anImageUrl },
    },
  ],
} as const;

const aTool = {
  type: "object",
  required: ["type", "function"],
  properties: {
    type: { const: "function" },
    function: {
      type: "object",
      required: ["name"],
      properties: {
        name: { type: "string", pattern: "^[a-zA-Z0-9_-]{1,64}$" },
        description: aString,
        parameters: { type: "object" },
      },
    },
  },
} as const;

/** What chat completions take and give, as far as it is looked at. Fields that are not here are ignored. */
export const chatSchemas = {
  ChatMessage: {
    type: "object",
    required: ["role", "content"],
    properties: {
      role: words("system", "developer", "user", "assistant"),
      content: {
        anyOf: [
          { type: "string", minLength: 1 },
          { type: "array", minItems: 1, items: aPart },
        ],
      },
    },
  },
  ChatRequest: {
    type: "object",
    required: ["model", "messages"],
    properties: {
      model: { type: "string", minLength: 1 },
      messages: { type: "array", minItems: 1, items: { $ref: "#/components/schemas/ChatMessage" } },
      stream: { type: ["boolean", "null"] },
      stream_options: { type: ["object", "null"], properties: { include_usage: aBoolean } },
      max_tokens: aCount,
      max_completion_tokens: aCount,
      temperature: aNumber(0, 2),
      top_p: aNumber(0, 1),
      stop: { anyOf: [aString, { type: "array", items: aString, maxItems: 4 }, { type: "null" }] },
      seed: nullable("integer"),
      n: { type: ["integer", "null"], minimum: 1, maximum: 1 },
      tools: { type: "array", items: aTool },
      tool_choice: words("none", "auto", "required"),
      response_format: { type: "object", required: ["type"], properties: { type: words("text", "json_object") } },
      user: aString,
    },
  },
  ChatCompletion: {
    type: "object",
    required: ["id", "object", "created", "model", "choices"],
    properties: {
      id: aString,
      object: { const: "chat.completion" },
      created: { type: "integer" },
      model: aString,
      choices: {
        type: "array",
        items: {
          type: "object",
          required: ["index", "message", "finish_reason"],
          properties: {
            index: { type: "integer" },
            finish_reason: words("stop", "length", "tool_calls", "content_filter"),
            message: {
              type: "object",
              required: ["role", "content"],
              properties: { role: { const: "assistant" }, content: nullable("string") },
            },
          },
        },
      },
    },
  },
} as const;

/** What Responses take and give, as far as it is looked at. */
export const responsesSchemas = {
  ResponseRequest: {
    type: "object",
    required: ["model", "input"],
    properties: {
      model: { type: "string", minLength: 1 },
      input: {
        anyOf: [
          { type: "string", minLength: 1 },
          { type: "array", minItems: 1, items: { $ref: "#/components/schemas/InputMessage" } },
        ],
      },
      instructions: nullable("string"),
      stream: { type: ["boolean", "null"] },
      store: { type: ["boolean", "null"] },
      previous_response_id: nullable("string"),
      max_output_tokens: aCount,
      temperature: aNumber(0, 2),
      top_p: aNumber(0, 1),
      metadata: {
        type: ["object", "null"],
        maxProperties: 16,
        additionalProperties: { type: "string", maxLength: 512 },
      },
    },
  },
  InputMessage: {
    type: "object",
    required: ["role", "content"],
    properties: {
      type: { const: "message" },
      role: words("system", "developer", "user", "assistant"),
      content: { type: "string", minLength: 1 },
    },
  },
  Response: {
    type: "object",
    required: ["id", "object", "created_at", "status", "model", "output", "error", "incomplete_details"],
    properties: {
      id: aString,
      object: { const: "response" },
      created_at: { type: "integer" },
      status: words("queued", "in_progress", "completed", "incomplete", "failed", "cancelled"),
      model: aString,
      output: { type: "array", items: { type: "object", required: ["type", "id"] } },
      error: { type: ["object", "null"] },
      incomplete_details: { type: ["object", "null"] },
    },
  },
  DeletedResponse: {
    type: "object",
    required: ["id", "object", "deleted"],
    properties: { id: aString, object: { const: "response" }, deleted: { const: true } },
  },
  ItemList: {
    type: "object",
    required: ["object", "data", "first_id", "last_id", "has_more"],
    properties: {
      object: { const: "list" },
      data: { type: "array", items: { type: "object" } },
      first_id: nullable("string"),
      last_id: nullable("string"),
      has_more: aBoolean,
    },
  },
} as const;
