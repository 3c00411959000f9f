import { QwenError } from "../errors.ts";
import { conversationLeftBy } from "../error-conversation.ts";
import { field } from "../field.ts";
import type { Outcome, Verdict } from "./retry.ts";

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
  const value: unknown = field(() => JSON.parse(json));
  return Array.isArray(value) ? value : [];
}

/**
 * The turn of a conversation at who holds it: it is asked in what the turn before has left, and once again in what an answer has
 * left that was not what was asked for.
 */
export class Turn {
  readonly #mayBeginAnew: boolean;
  #conversation: string;
  #isAskedAgain = false;

  constructor(conversation: string, { mayBeginAnew }: { readonly mayBeginAnew: boolean }) {
    this.#conversation = conversation;
    this.#mayBeginAnew = mayBeginAnew;
  }

  /** What it is asked in. */
  get conversation(): string {
    return this.#conversation;
  }

  /** What follows an attempt at it. Nobody else knows what was said: only a conversation that is lost may have a next. */
  decide({ error }: Outcome, { isOpen }: { readonly isOpen: boolean }): Verdict {
    const code = QwenError.isInstance(error) ? error.code : undefined;
    if (code === "conversation_expired" && this.#mayBeginAnew) return "next";
    const left = code === "invalid_output" ? conversationLeftBy(error) : undefined;
    if (left === undefined || this.#isAskedAgain || isOpen) return "stop";
    this.#conversation = left;
    this.#isAskedAgain = true;
    return "retry";
  }
}
