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

const aFile = {
  type: "object",
  required: ["type", "file"],
  properties: {
    type: { const: "file" },
    file: {
      type: "object",
      required: ["file_data"],
      properties: { file_data: { type: "string", minLength: 1 }, filename: nullable("string") },
    },
  },
} as const;

const aText = {
  anyOf: [
    { type: "string", minLength: 1 },
    { type: "array", minItems: 1, items: aPart.oneOf[0] },
  ],
} as const;

const aCall = {
  type: "object",
  required: ["id", "function"],
  properties: {
    id: { type: "string", minLength: 1 },
    type: { const: "function" },
    function: {
      type: "object",
      required: ["name"],
      properties: { name: { type: "string", minLength: 1 }, arguments: aString },
    },
  },
} as const;

/** How a chat and a response tell of one thing in words of their own. */
const chosen = (named: object): object => ({ anyOf: [words("none", "auto", "required"), named, { type: "null" }] });
const aSchema = { type: "object", description: "A JSON schema." } as const;

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
    anyOf: [
      {
        type: "object",
        required: ["role", "content"],
        properties: { role: words("system", "developer"), content: aText },
      },
      {
        type: "object",
        required: ["role", "content"],
        properties: {
          role: { const: "user" },
          content: {
            anyOf: [
              { type: "string", minLength: 1 },
              { type: "array", minItems: 1, items: { oneOf: [...aPart.oneOf, aFile] } },
            ],
          },
        },
      },
      {
        type: "object",
        required: ["role"],
        properties: {
          role: { const: "assistant" },
          content: { anyOf: [...aText.anyOf, { type: "null" }] },
          reasoning_content: nullable("string"),
          tool_calls: { type: ["array", "null"], items: aCall },
        },
      },
      {
        type: "object",
        required: ["role", "tool_call_id", "content"],
        properties: { role: { const: "tool" }, tool_call_id: { type: "string", minLength: 1 }, content: aText },
      },
    ],
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
      tool_choice: chosen({
        type: "object",
        required: ["type", "function"],
        properties: {
          type: { const: "function" },
          function: { type: "object", required: ["name"], properties: { name: { type: "string", minLength: 1 } } },
        },
      }),
      parallel_tool_calls: { type: ["boolean", "null"] },
      reasoning_effort: nullable("string"),
      response_format: {
        anyOf: [
          { type: "object", required: ["type"], properties: { type: words("text", "json_object") } },
          {
            type: "object",
            required: ["type", "json_schema"],
            properties: {
              type: { const: "json_schema" },
              json_schema: { type: "object", required: ["schema"], properties: { schema: aSchema } },
            },
          },
          { type: "null" },
        ],
      },
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
              properties: {
                role: { const: "assistant" },
                content: nullable("string"),
                reasoning_content: aString,
                tool_calls: { type: "array", items: aCall },
              },
            },
          },
        },
      },
      usage: {
        type: "object",
        description: "Only where it is known.",
        required: ["prompt_tokens", "completion_tokens", "total_tokens"],
      },
    },
  },
} as const;

/** Besides messages. */
const ITEMS = ["reasoning", "function_call", "function_call_output", "item_reference"] as const;

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
          { type: "array", minItems: 1, items: { $ref: "#/components/schemas/InputItem" } },
        ],
      },
      instructions: nullable("string"),
      stream: { type: ["boolean", "null"] },
      store: { type: ["boolean", "null"] },
      background: { type: ["boolean", "null"] },
      tools: {
        type: ["array", "null"],
        items: {
          type: "object",
          required: ["type", "name"],
          properties: { type: { const: "function" }, name: { type: "string", minLength: 1 }, parameters: aSchema },
        },
      },
      tool_choice: chosen({
        type: "object",
        required: ["type", "name"],
        properties: { type: { const: "function" }, name: { type: "string", minLength: 1 } },
      }),
      parallel_tool_calls: { type: ["boolean", "null"] },
      reasoning: { type: ["object", "null"], properties: { effort: nullable("string") } },
      text: {
        type: ["object", "null"],
        properties: {
          format: {
            anyOf: [
              { type: "object", required: ["type"], properties: { type: words("text", "json_object") } },
              {
                type: "object",
                required: ["type", "schema"],
                properties: { type: { const: "json_schema" }, name: aString, schema: aSchema },
              },
            ],
          },
        },
      },
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
  InputItem: {
    anyOf: [
      {
        type: "object",
        required: ["role", "content"],
        properties: {
          type: { const: "message" },
          role: words("system", "developer", "user", "assistant"),
          content: {
            anyOf: [
              { type: "string", minLength: 1 },
              { type: "array", minItems: 1, items: { type: "object", required: ["type"] } },
            ],
          },
        },
      },
      { type: "object", required: ["type"], properties: { type: words(...ITEMS) } },
    ],
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
