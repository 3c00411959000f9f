import { QwenError } from "../errors.ts";
import type { RetryOptions } from "./retry.ts";

/** A provider's own conversation, and who goes on with it. */
export interface Conversation {
  readonly provider: string;
  readonly model: string;
  /** What the provider itself put into its `finish`. */
  readonly conversation: string;
}

/** Writes a conversation as the opaque string that callers of a router keep; nothing where it is none, or too long to come back. */
export function sealConversation({ provider, model, conversation }: Conversation): string | undefined {
  if (typeof conversation !== "string") return undefined;
  const sealed = JSON.stringify([provider, model, conversation]);
  return sealed.length > MOST_CHARACTERS ? undefined : sealed;
}

/** Reads what {@link sealConversation} wrote. Throws `invalid_request` for anything else. */
export function openConversation(sealed: string): Conversation {
  const [provider, model, conversation] = parseArray(sealed);
  if (typeof provider === "string" && typeof model === "string" && typeof conversation === "string") {
    return { provider, model, conversation };
  }
  throw new QwenError("invalid_request", "`conversation` is not one that the `finish` of a router carried.");
}

// One of ours is some hundred characters long; a provider of somebody's own may write its history into it.
const MOST_CHARACTERS = 1024 * 1024;

function parseArray(json: string): readonly unknown[] {
  if (typeof json !== "string" || json.length > MOST_CHARACTERS) return [];
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** The first attempt goes on with the conversation or not at all; what follows a lost one is like any other. */
export function pinnedRetry(retry: RetryOptions): RetryOptions {
  return {
    ...retry,
    shouldRetry(outcome, attempt) {
      if (attempt.number > 1) return retry.shouldRetry?.(outcome, attempt);
      return QwenError.isInstance(outcome.error) && outcome.error.code === "conversation_expired" ? "next" : "stop";
    },
  };
}
