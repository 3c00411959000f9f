import type { Dialect, Fields } from "./dialect.ts";
import type { OpenAIFault } from "./faults.ts";
import { type AnswerFormat, eventOf } from "./format.ts";

/** The shapes that servers have for an error where an answer is expected. */
export const errorShapes = [
  "error-chunk",
  "error-done",
  "error-event",
  "error-choice",
  "error-object",
  "error-text",
  "error-field",
  "error-bare",
  "error-fields",
  "error-finish",
] as const;

export type ErrorShape = (typeof errorShapes)[number];

/** An error in one of the shapes, as a JSON value. */
export function errorBody(
  name: ErrorShape,
  { message = "The model has failed." }: OpenAIFault,
  dialect: Dialect,
): unknown {
  switch (name) {
    case "error-choice":
      return { ...EMPTY_CHUNK, choices: [FAILED_CHOICE], error: { code: 502, message } };
    case "error-finish":
      return { ...EMPTY_CHUNK, choices: [FAILED_CHOICE] };
    case "error-object":
      return { object: "error", message, type: "InternalServerError", param: null, code: 500 };
    case "error-text":
      return { error: message, error_type: "generation" };
    case "error-field":
      return { code: 500, message, type: "server_error" };
    case "error-bare":
      return { code: "InternalError", message, request_id: "00000000-0000-0000-0000-000000000000" };
    case "error-fields":
      return { ...EMPTY_CHUNK, choices: null, error_type: "InternalServerError", error_message: message };
    default:
      return dialect.error({ message, status: 500 });
  }
}

/** An error in one of the shapes, as the last of a stream. */
export function errorEvent(
  name: ErrorShape,
  { fault, format, dialect }: { readonly fault: OpenAIFault; readonly format: AnswerFormat; readonly dialect: Dialect },
): string {
  const body = errorBody(name, fault, dialect);
  switch (name) {
    case "error-event":
      return eventOf(body, "error");
    case "error-field":
      return `error: ${JSON.stringify(body)}\n\n`;
    case "error-done":
      return `${format.error({ message: fault.message ?? "The model has failed." })}${format.done}`;
    case "error-chunk":
      return format.error({ message: fault.message ?? "The model has failed." });
    default:
      return eventOf(body);
  }
}

const EMPTY_CHUNK: Fields = { id: "chatcmpl-failed", object: "chat.completion.chunk", created: 0, model: "" };
const FAILED_CHOICE: Fields = { index: 0, delta: { content: "" }, finish_reason: "error" };
