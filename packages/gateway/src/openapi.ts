import { chatSchemas, responsesSchemas } from "./openapi-schemas.ts";

/** What the document is about. */
export interface OpenApiOptions {
  /** A name that can be asked for, for the examples; without models they name one that is none. */
  readonly model: string | undefined;
  /** Whether callers need a key. */
  readonly hasKeys: boolean;
}

/** The routes of a gateway as OpenAPI 3.1 describes them: what `/openapi.json` answers with. */
export function openApiDocument({ model = "model", hasKeys }: OpenApiOptions): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "@qwen/gateway",
      version: "1.0.0",
      description: "Models behind a router, in the words of OpenAI's API. What a field means is in OpenAI's reference.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    ...(hasKeys && { security: [{ key: [] }] }),
    paths: {
      "/v1/chat/completions": { post: chatCompletions(model) },
      "/v1/models": {
        get: operation("listModels", "The models that may be asked for.", { 200: json("ModelList") }, COMMON),
      },
      "/v1/models/{id}": {
        parameters: [idParameter("A name of a model; a slash in it may be encoded or not.", model)],
        get: operation("retrieveModel", "One model.", { 200: json("Model") }, [...COMMON, 404]),
      },
      ...responsesPaths(model),
      "/v1/health": {
        get: operation("health", "How each model is doing.", { 200: json("HealthList") }, COMMON),
      },
      "/metrics": {
        get: operation("metrics", "Counters, as Prometheus reads them.", { 200: text("Counters.") }, [
          ...COMMON,
          404,
          501,
        ]),
      },
      "/healthz": { get: { ...operation("alive", "Whether it runs.", { 200: text("`ok`.") }, OPEN), security: [] } },
      "/readyz": {
        get: {
          ...operation(
            "ready",
            "Whether it takes requests, and goes on to.",
            { 200: text("`ready`."), 503: text("`draining`: it is being ended.") },
            OPEN,
          ),
          security: [],
        },
      },
      "/openapi.json": {
        get: operation(
          "openApi",
          "This document.",
          { 200: { description: "It.", content: { "application/json": { schema: { type: "object" } } } } },
          COMMON,
        ),
      },
    },
    components: {
      ...(hasKeys && { securitySchemes: { key: { type: "http", scheme: "bearer" } } }),
      schemas: { ...baseSchemas, ...chatSchemas, ...responsesSchemas },
    },
  };
}

function chatCompletions(model: string): object {
  const messages = [{ role: "user", content: "Say hello." }];
  return {
    ...operation(
      "createChatCompletion",
      "One answer to a chat, whole, or as events with `stream`.",
      {
        200: {
          description: "The answer.",
          content: { ...content("ChatCompletion"), "text/event-stream": {} },
        },
      },
      WORKING,
    ),
    parameters: WISHES,
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: ref("ChatRequest"),
          examples: {
            whole: { value: { model, messages } },
            streamed: { value: { model, messages, stream: true, stream_options: { include_usage: true } } },
          },
        },
      },
    },
  };
}

function responsesPaths(model: string): object {
  const id = idParameter("The id of a response.", "resp_0123456789abcdef0123456789abcdef");
  return {
    "/v1/responses": {
      post: {
        ...operation(
          "createResponse",
          "One answer, whole, or as events with `stream`; kept unless `store` is false.",
          {
            200: {
              description: "The response.",
              content: { ...content("Response"), "text/event-stream": {} },
            },
          },
          WORKING,
        ),
        parameters: WISHES,
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: ref("ResponseRequest"),
              examples: {
                whole: { value: { model, input: "Say hello." } },
                streamed: { value: { model, input: "Say hello.", stream: true } },
              },
            },
          },
        },
      },
    },
    "/v1/responses/{id}": {
      parameters: [id],
      get: {
        ...operation(
          "retrieveResponse",
          "A response that was kept, or with `stream` the events of one in the background.",
          { 200: { description: "It.", content: { ...content("Response"), "text/event-stream": {} } } },
          STORED,
        ),
        parameters: [
          query("stream", "`true` for its events.", { enum: ["true", "false"] }),
          query("starting_after", "The `sequence_number` behind which the events begin.", {
            type: "integer",
            minimum: 0,
          }),
        ],
      },
      delete: operation("deleteResponse", "Forgets a response.", { 200: json("DeletedResponse") }, STORED),
    },
    "/v1/responses/{id}/cancel": {
      parameters: [id],
      post: operation(
        "cancelResponse",
        "Ends a response that is being made in the background.",
        { 200: json("Response") },
        STORED,
      ),
    },
    "/v1/responses/{id}/input_items": {
      parameters: [id],
      get: {
        ...operation("listInputItems", "What a response was asked.", { 200: json("ItemList") }, STORED),
        parameters: [
          query("limit", "How many at most.", { type: "integer", minimum: 1, maximum: 100, default: 20 }),
          query("order", "The oldest or the newest first.", { enum: ["asc", "desc"], default: "desc" }),
          query("after", "The id of the item behind which they begin.", { type: "string" }),
        ],
      },
    },
  };
}

/** What may come in place of an answer everywhere. */
const COMMON: readonly number[] = [401, 403, 405, 429, 500, 503];
/** Where no key is needed. */
const OPEN: readonly number[] = [403, 405, 500];
/** Where a model is asked. */
const WORKING: readonly number[] = [400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 429, 500, 502, 503, 504];
/** Where something kept is asked for. */
const STORED: readonly number[] = [...COMMON, 400, 404, 409];

function operation(
  operationId: string,
  summary: string,
  good: Readonly<Record<number, object>>,
  bad: readonly number[],
): object {
  const failures = Object.fromEntries(
    bad.map((status) => [status, { description: WORDS[status] ?? "A failure.", content: content("Error") }]),
  );
  return { operationId, summary, responses: { ...failures, ...good } };
}

const WORDS: Readonly<Record<number, string>> = {
  400: "The request is wrong.",
  401: "The key is missing or not valid.",
  403: "This caller may not.",
  404: "There is no such thing.",
  405: "The path takes other methods.",
  429: "Too many requests: try again later.",
  503: "Not now: try again later.",
};

function ref(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

function content(name: string): object {
  return { "application/json": { schema: ref(name) } };
}

function json(name: string): object {
  return { description: "It.", content: content(name) };
}

function text(description: string): object {
  return { description, content: { "text/plain": { schema: { type: "string" } } } };
}

function idParameter(description: string, example: string): object {
  return { name: "id", in: "path", required: true, description, schema: { type: "string", minLength: 1 }, example };
}

function query(name: string, description: string, schema: object): object {
  return { name, in: "query", required: false, description, schema };
}

/** How a request is to be tried. */
const WISHES: readonly object[] = [
  wish("x-qwen-commit", "When output is shown.", { enum: ["first-output", "buffered", "continue"] }),
  wish("x-qwen-timeout-ms", "The time for all of it.", { type: "integer", minimum: 1 }),
  wish("x-qwen-first-output-ms", "The time until the first output of a candidate.", { type: "integer", minimum: 1 }),
  wish("x-qwen-max-queue-ms", "Leave a queue that takes longer.", { type: "integer", minimum: 0 }),
  wish("x-qwen-hedge-ms", "Ask another candidate as well after so long; `off` never does.", {
    anyOf: [{ type: "integer", minimum: 0 }, { enum: ["off"] }],
  }),
];

function wish(name: string, description: string, schema: object): object {
  return { name, in: "header", required: false, description, schema };
}

const aString = { type: "string" } as const;

const baseSchemas = {
  Error: {
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["message", "type", "param", "code"],
        properties: {
          message: aString,
          type: aString,
          param: { type: ["string", "null"] },
          code: { type: ["string", "null"] },
        },
      },
    },
  },
  Model: {
    type: "object",
    required: ["id", "object", "created", "owned_by"],
    properties: { id: aString, object: { const: "model" }, created: { type: "integer" }, owned_by: aString },
  },
  ModelList: listOf("Model"),
  Health: {
    type: "object",
    required: ["provider", "model", "breaker", "recoversInMs", "busy", "waiting"],
    properties: {
      provider: aString,
      model: aString,
      breaker: { enum: ["closed", "half-open", "open"] },
      recoversInMs: { type: "number" },
      busy: { type: "integer" },
      waiting: { type: "integer" },
      latencyMs: { type: "number" },
    },
  },
  HealthList: listOf("Health"),
};

function listOf(name: string): object {
  return {
    type: "object",
    required: ["object", "data"],
    properties: { object: { const: "list" }, data: { type: "array", items: ref(name) } },
  };
}
