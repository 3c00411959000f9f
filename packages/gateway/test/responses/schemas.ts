import { z } from "zod";

// What the public specification of Open Responses asks of a server, as far as this one says it: an optional field may be left out, a
// nullable one may not.

const annotation = z.object({
  type: z.literal("url_citation"),
  url: z.string(),
  title: z.string(),
  start_index: z.int(),
  end_index: z.int(),
});
const outputText = z.object({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: z.array(annotation),
  logprobs: z.array(z.never()),
});
const itemStatus = z.enum(["in_progress", "completed", "incomplete"]);
const message = z.object({
  type: z.literal("message"),
  id: z.string(),
  status: itemStatus,
  role: z.literal("assistant"),
  content: z.array(outputText),
});
const functionCall = z.object({
  type: z.literal("function_call"),
  id: z.string(),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
  status: itemStatus,
});
const summaryText = z.object({ type: z.literal("summary_text"), text: z.string() });
const reasoning = z.object({ type: z.literal("reasoning"), id: z.string(), summary: z.array(summaryText) });
const item = z.discriminatedUnion("type", [message, functionCall, reasoning]);

const usage = z.object({
  input_tokens: z.int(),
  input_tokens_details: z.object({ cached_tokens: z.int() }),
  output_tokens: z.int(),
  output_tokens_details: z.object({ reasoning_tokens: z.int() }),
  total_tokens: z.int(),
});

export const response = z.object({
  id: z.string().regex(/^resp_[\da-f]{32}$/),
  object: z.literal("response"),
  created_at: z.int(),
  completed_at: z.int().nullable(),
  status: z.enum(["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]),
  incomplete_details: z.object({ reason: z.enum(["max_output_tokens", "content_filter"]) }).nullable(),
  model: z.string(),
  previous_response_id: z.string().nullable(),
  instructions: z.string().nullable(),
  output: z.array(item),
  error: z
    .object({ code: z.enum(["server_error", "rate_limit_exceeded", "invalid_prompt"]), message: z.string() })
    .nullable(),
  tools: z.array(
    z.object({
      type: z.literal("function"),
      name: z.string(),
      description: z.string().nullable(),
      parameters: z.record(z.string(), z.unknown()).nullable(),
      strict: z.boolean().nullable(),
    }),
  ),
  tool_choice: z.union([
    z.enum(["auto", "none", "required"]),
    z.object({ type: z.literal("function"), name: z.string() }),
  ]),
  truncation: z.enum(["auto", "disabled"]),
  parallel_tool_calls: z.boolean(),
  text: z.object({ format: z.looseObject({ type: z.enum(["text", "json_object", "json_schema"]) }) }),
  top_p: z.number(),
  presence_penalty: z.number(),
  frequency_penalty: z.number(),
  top_logprobs: z.int(),
  temperature: z.number(),
  reasoning: z.object({ effort: z.string().nullable(), summary: z.string().nullable() }).nullable(),
  usage: usage.nullable(),
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  store: z.boolean(),
  background: z.boolean(),
  service_tier: z.string(),
  metadata: z.record(z.string(), z.string()),
  safety_identifier: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
});

const place = { item_id: z.string(), output_index: z.int() };
const inText = { ...place, content_index: z.int() };
const inSummary = { ...place, summary_index: z.int() };

function event<const Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) {
  return z.object({ type: z.literal(type), sequence_number: z.int(), ...shape });
}

const failure = { code: z.string().nullable(), message: z.string(), param: z.string().nullable() };

/** Every event that a stream may hold. */
export const streamEvent = z.discriminatedUnion("type", [
  event("response.created", { response }),
  event("response.queued", { response }),
  event("response.in_progress", { response }),
  event("response.completed", { response }),
  event("response.incomplete", { response }),
  event("response.failed", { response }),
  event("response.output_item.added", { output_index: z.int(), item }),
  event("response.output_item.done", { output_index: z.int(), item }),
  event("response.content_part.added", { ...inText, part: outputText }),
  event("response.content_part.done", { ...inText, part: outputText }),
  event("response.output_text.delta", { ...inText, delta: z.string().min(1), logprobs: z.array(z.never()) }),
  event("response.output_text.done", { ...inText, text: z.string(), logprobs: z.array(z.never()) }),
  event("response.output_text.annotation.added", { ...inText, annotation_index: z.int(), annotation }),
  event("response.reasoning_summary_part.added", { ...inSummary, part: summaryText }),
  event("response.reasoning_summary_part.done", { ...inSummary, part: summaryText }),
  event("response.reasoning_summary_text.delta", { ...inSummary, delta: z.string().min(1) }),
  event("response.reasoning_summary_text.done", { ...inSummary, text: z.string() }),
  event("response.function_call_arguments.delta", { ...place, delta: z.string().min(1) }),
  event("response.function_call_arguments.done", { ...place, name: z.string(), arguments: z.string() }),
  event("error", { ...failure, error: z.object({ type: z.string(), ...failure }) }),
]);

export type ResponseEvent = z.infer<typeof streamEvent>;
export type ResponseResource = z.infer<typeof response>;
