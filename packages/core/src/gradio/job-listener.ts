import type { ProviderPart } from "../part.ts";
import type { QueueMessage } from "./messages.ts";

/** A message of a job while it runs. */
export type JobMessage = Extract<QueueMessage, { type: "queue" | "started" | "generating" | "progress" | "log" }>;

/** What a message is among the parts of an answer, which tell less of it. */
export function livePart(message: Exclude<JobMessage, { type: "generating" | "started" }>): ProviderPart {
  const { type } = message;
  if (type === "progress") return { type, message: message.message, fraction: message.fraction };
  if (type === "log") return { type, level: message.level, message: message.message };
  return message;
}

/** Who hears of a job: any number of messages, then exactly one `completed` or `failed`. */
export interface JobListener {
  /**
   * Whether it is output: from the first on the job must not idle, and only what is output begins that limit anew. What it
   * throws ends the job. `size` is the length of the message as it came, in characters.
   */
  message(message: JobMessage, size: number): boolean;
  /** It ended well, with one value an output. */
  completed(data: readonly unknown[], size: number): void;
  failed(error: unknown): void;
  /** What is there of the answer, for the error of a cut stream. */
  partialText(): string;
}
