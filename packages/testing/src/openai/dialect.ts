import type { ScriptedError } from "./scripted-error.ts";

/** The servers that an emulator can be like. */
export type OpenAIDialectName =
  | "openai"
  | "llama.cpp"
  | "vllm"
  | "ollama"
  | "lmstudio"
  | "openrouter"
  | "dashscope"
  | "huggingface";

/** What servers of one interface do differently. */
export interface Dialect {
  /** Where thought goes: a field of its own, or the text, in `<think>`. */
  readonly reasoning: "reasoning_content" | "reasoning" | "think";
  /** Whether an answer goes on behind a last message of the assistant, given the request and that message. */
  prefills(body: Fields, last: Fields): boolean;
  /** Whether an answer that is sent whole says again what it goes on behind. */
  readonly repeatsPrefill: boolean;
  /** Whether it answers whatever the model is called, with the name of its own. */
  readonly anyModel: boolean;
  /** What the first chunk of a stream has for text. */
  readonly firstContent: "" | null;
  /** Whether choices have `logprobs: null`. */
  readonly logprobs: boolean;
  readonly fingerprint: string | undefined;
  /** Whose models they are. */
  readonly owner: string;
  /** Whether the last chunk says how long it took. */
  readonly timings: boolean;
  /** Whether the end that a model comes to by itself is a token of its answer. */
  readonly countsEnd: boolean;
  /** Whether one model can be asked for by its name. */
  readonly describesModels: boolean;
  /** Whether its responses have only what their text is read from. */
  readonly bareResponses: boolean;
  readonly eventStream: string;
  readonly json: string;
  /** Sent with every response, and with errors. */
  readonly headers: Readonly<Record<string, string>>;
  readonly errorHeaders: Readonly<Record<string, string>>;
  /** An error, as it says one. */
  error(error: ScriptedError): unknown;
  /** What it says of a request that it cannot read as the route's, where that is something of its own. */
  refuses(body: Fields): Refusal | undefined;
  readonly unknownModel: (model: string) => Refusal;
  readonly unknownRoute: Refusal;
  readonly unauthorized: Refusal;
  readonly contextTooLong: Refusal;
  /** What a filter of contents says of a request. */
  readonly contentRefused: Refusal;
  readonly refusedParameter: (parameter: string) => Refusal;
  readonly quota: Refusal;
}

/** An error before anything was said. */
export type Refusal = ScriptedError & { readonly status: number };

/** The fields of a JSON object from outside. */
export type Fields = Readonly<Record<string, unknown>>;

const noPrefill = (): boolean => false;

/** As OpenAI has it: the others say what they do differently. */
const OPENAI: Dialect = {
  reasoning: "reasoning_content",
  prefills: noPrefill,
  repeatsPrefill: false,
  anyModel: false,
  firstContent: "",
  logprobs: true,
  fingerprint: "fp_emulated",
  owner: "openai",
  timings: false,
  countsEnd: false,
  describesModels: true,
  bareResponses: false,
  eventStream: "text/event-stream; charset=utf-8",
  json: "application/json",
  headers: {},
  errorHeaders: {},
  error: ({ message, type, param = null, code = null, more, status = 500 }) => ({
    error: { message, type: type ?? (status >= 500 ? "server_error" : "invalid_request_error"), param, code, ...more },
  }),
  refuses: () => undefined,
  unknownRoute: { status: 404, message: "Invalid URL", type: "invalid_request_error" },
  unknownModel: (model) => ({
    status: 404,
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    code: "model_not_found",
  }),
  unauthorized: { status: 401, message: "Incorrect API key provided.", code: "invalid_api_key" },
  contextTooLong: {
    status: 400,
    message:
      "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens. Please reduce the length of the messages.",
    param: "messages",
    code: "context_length_exceeded",
  },
  contentRefused: {
    status: 400,
    message: "Your request was rejected as a result of our safety system.",
    code: "content_policy_violation",
  },
  refusedParameter: (parameter) => ({
    status: 400,
    message: `Unsupported parameter: '${parameter}' is not supported with this model.`,
    param: parameter,
    code: "unsupported_parameter",
  }),
  quota: {
    status: 429,
    message: "You exceeded your current quota, please check your plan and billing details.",
    type: "insufficient_quota",
    code: "insufficient_quota",
  },
};

/** Errors whose `code` is the status. */
const numbered =
  (typeOf: (status: number) => string | undefined) =>
  ({ message, type, code, param, more, status = 500 }: ScriptedError) => ({
    error: {
      code: code ?? status,
      message,
      type: type ?? typeOf(status),
      ...(param !== undefined && { param }),
      ...more,
    },
  });

/** Errors that are a text and nothing else. */
const plain = ({ message }: ScriptedError) => ({ error: message });

const LLAMA: Dialect = {
  ...OPENAI,
  prefills: () => true,
  repeatsPrefill: true,
  anyModel: true,
  firstContent: null,
  logprobs: false,
  fingerprint: "b0-unknown",
  owner: "llamacpp",
  timings: true,
  countsEnd: true,
  describesModels: false,
  bareResponses: true,
  eventStream: "text/event-stream",
  json: "application/json; charset=utf-8",
  headers: { server: "llama.cpp" },
  // It ends the connection behind each of them.
  errorHeaders: { connection: "close" },
  refuses: refusedByLlama,
  unknownRoute: { status: 404, message: "File Not Found", type: "not_found_error" },
  error: numbered((status) => (status >= 500 ? "server_error" : "invalid_request_error")),
  unauthorized: { status: 401, message: "Invalid API Key", type: "authentication_error" },
  contextTooLong: {
    status: 400,
    message: "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
    type: "exceed_context_size_error",
    more: { n_prompt_tokens: 5000, n_ctx: 4096 },
  },
};

const VLLM: Dialect = {
  ...OPENAI,
  owner: "vllm",
  reasoning: "reasoning",
  prefills: (body) => body["continue_final_message"] === true && body["add_generation_prompt"] === false,
  fingerprint: undefined,
  error: ({ message, type, param = null, code, status = 500 }) => ({
    error: {
      message,
      type: type ?? (status >= 500 ? "InternalServerError" : "BadRequestError"),
      param,
      code: code ?? status,
    },
  }),
  unknownModel: (model) => ({
    status: 404,
    message: `The model \`${model}\` does not exist.`,
    type: "NotFoundError",
    param: "model",
  }),
  unauthorized: { status: 401, message: "Unauthorized", type: "Unauthorized" },
  contextTooLong: {
    status: 400,
    message:
      "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, 100 in the completion). Please reduce the length of the messages or completion.",
  },
  refusedParameter: (parameter) => ({
    status: 400,
    message: `[{'type': 'extra_forbidden', 'loc': ('body', '${parameter}'), 'msg': 'Extra inputs are not permitted', 'input': True}]`,
  }),
};

const OLLAMA: Dialect = {
  ...OPENAI,
  reasoning: "reasoning",
  logprobs: false,
  fingerprint: "fp_ollama",
  owner: "library",
  eventStream: "text/event-stream",
  error: ({ message, type, param = null, code = null, status = 500 }) => ({
    error: { message, type: type ?? (status >= 500 ? "api_error" : "invalid_request_error"), param, code },
  }),
  unknownModel: (model) => ({
    status: 404,
    message: `model "${model}" not found, try pulling it first`,
    type: "not_found_error",
  }),
};

const LMSTUDIO: Dialect = {
  ...OPENAI,
  anyModel: true,
  fingerprint: undefined,
  error: plain,
  contextTooLong: {
    status: 400,
    message:
      "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 5000>= n_ctx: 4096). Try to load the model with a larger context length, or provide a shorter input.",
  },
};

const OPENROUTER: Dialect = {
  ...OPENAI,
  reasoning: "reasoning",
  prefills: () => true,
  fingerprint: undefined,
  error: ({ message, code, status = 500 }) => ({ error: { message, code: code ?? status } }),
  unknownModel: (model) => ({ status: 400, message: `${model} is not a valid model ID` }),
  unauthorized: { status: 401, message: "No auth credentials found" },
  contextTooLong: {
    status: 400,
    message:
      "This endpoint's maximum context length is 4096 tokens. However, you requested about 5000 tokens (4900 of text input, 100 in the output). Please reduce the length of either one.",
  },
  contentRefused: { status: 403, message: "Your chosen model requires moderation and your input was flagged" },
  quota: { status: 402, message: "Insufficient credits. Add more using https://openrouter.ai/settings/credits" },
};

const DASHSCOPE: Dialect = {
  ...OPENAI,
  prefills: (_body, last) => last["partial"] === true,
  fingerprint: undefined,
  error: (error) => ({ ...(OPENAI.error(error) as Fields), request_id: "00000000-0000-0000-0000-000000000000" }),
  contextTooLong: {
    status: 400,
    message: "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
    code: "invalid_parameter_error",
  },
  contentRefused: {
    status: 400,
    message: "<400> InternalError.Algo.DataInspectionFailed: Input data may contain inappropriate content.",
    type: "data_inspection_failed",
    code: "data_inspection_failed",
  },
};

const HUGGING_FACE: Dialect = {
  ...OPENAI,
  fingerprint: undefined,
  error: ({ message, type, code, param }) =>
    code === undefined
      ? { error: message }
      : { error: { message, type: type ?? "invalid_request_error", param: param ?? null, code } },
  unknownModel: (model) => ({
    status: 400,
    message: `The requested model '${model}' is not supported by any provider you have enabled.`,
    param: "model",
    code: "model_not_supported",
  }),
  unauthorized: { status: 401, message: "Invalid username or password." },
  contextTooLong: {
    status: 422,
    message:
      "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4900 `inputs` tokens and 100 `max_new_tokens`",
  },
  quota: {
    status: 402,
    message:
      "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x more monthly included credits.",
  },
};

const DIALECTS: Readonly<Record<OpenAIDialectName, Dialect>> = {
  openai: OPENAI,
  "llama.cpp": LLAMA,
  vllm: VLLM,
  ollama: OLLAMA,
  lmstudio: LMSTUDIO,
  openrouter: OPENROUTER,
  dashscope: DASHSCOPE,
  huggingface: HUGGING_FACE,
};

/** The names of all dialects. */
export const dialectNames: readonly OpenAIDialectName[] = Object.keys(DIALECTS) as OpenAIDialectName[];

/** A dialect by its name. */
export function dialectOf(name: OpenAIDialectName): Dialect {
  return DIALECTS[name];
}

function refusedByLlama({ messages, response_format: format }: Fields): Refusal | undefined {
  const refusal = (message: string): Refusal => ({ status: 400, message });
  if (messages === undefined) return refusal("'messages' is required");
  if (!Array.isArray(messages)) return refusal("Expected 'messages' to be an array");
  const roles = (messages as readonly Fields[]).map(({ role }) => role);
  if ((messages as readonly Fields[]).some(({ role, content }) => role !== "assistant" && content === undefined))
    return refusal("All non-assistant messages must contain 'content'");
  if (roles.length > 1 && roles.slice(-2).every((role) => role === "assistant"))
    return refusal("Cannot have 2 or more assistant messages at the end of the list.");
  const type = (format as Fields | undefined)?.["type"];
  if (typeof type === "string" && !["text", "json_object", "json_schema"].includes(type))
    return refusal(`response_format type must be one of "text" or "json_object", but got: ${type}`);
  return undefined;
}
