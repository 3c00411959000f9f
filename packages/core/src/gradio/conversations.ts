import { QwenError } from "../errors.ts";
import { isRecord, parseJson } from "./json.ts";
import type { SavedSession, Session } from "./session.ts";

/** One turn of a conversation that lives in a session of the Space. */
export interface Turn {
  /** 1 for the first. */
  readonly number: number;
  /** The session to go on with; a first turn opens its own. */
  readonly saved: SavedSession | undefined;
  /** Which start of the app holds the conversation, by `app_id` of its `/config`; known from the second turn on. */
  readonly appId: string | undefined;
  /** Ends the turn well: the token with which the next one goes on. */
  succeed(session: Session, appId: string | undefined): string;
  /** Ends the turn badly: nobody knows how far the server's memory got, so the conversation is over. The first end counts. */
  fail(): void;
}

/** The conversations of one provider in this process. */
export interface Conversations {
  /**
   * Begins a turn: the first without a token, or the one after the turn that the token is from.
   *
   * Throws `conversation_busy` while another turn runs, `conversation_expired` after a failed one or
   * for a token that is not the newest, `invalid_request` for a string that is none.
   */
  begin(token: string | undefined): Turn;
}

/** How many conversations are remembered: beyond it the oldest are only as safe as their tokens. */
const MOST_REMEMBERED = 10_000;

/** Makes the memory of a provider's conversations. */
export function createConversations(): Conversations {
  // By session hash: the number of the newest whole turn, or why there is no next one.
  const known = new Map<string, number | "busy" | "over">();

  function remember(hash: string, status: number | "busy" | "over"): void {
    known.delete(hash);
    known.set(hash, status);
    const oldest = known.keys().next();
    if (known.size > MOST_REMEMBERED && oldest.done !== true) known.delete(oldest.value);
  }

  return {
    begin(token) {
      const state = token === undefined ? undefined : readState(token);
      const hash = state?.session.hash;
      if (state !== undefined && hash !== undefined) {
        const status = known.get(hash);
        if (status === "busy")
          throw new QwenError(
            "conversation_busy",
            "The conversation is in the middle of another turn. One at a time: await it first.",
          );
        if (status === "over" || (status !== undefined && status !== state.turn))
          throw conversationExpired("a turn of it failed or was aborted, or it went on from here already");
        remember(hash, "busy");
      }
      const number = (state?.turn ?? 0) + 1;
      let ended = false;
      return {
        number,
        saved: state?.session,
        appId: state?.appId,
        succeed(session, appId) {
          ended = true;
          remember(session.hash, number);
          return JSON.stringify({ hash: session.hash, cookies: session.jar.toJSON(), turn: number, appId });
        },
        fail() {
          if (!ended && hash !== undefined) remember(hash, "over");
          ended = true;
        },
      };
    },
  };
}

/** The error of a conversation that cannot go on. */
export function conversationExpired(why: string): QwenError {
  return new QwenError(
    "conversation_expired",
    `The conversation cannot go on: ${why}. Start a new one with the whole history.`,
  );
}

interface ConversationState {
  readonly session: SavedSession;
  readonly turn: number;
  readonly appId: string | undefined;
}

function readState(token: string): ConversationState {
  const state = parseJson(token);
  if (isRecord(state)) {
    const { hash, cookies, turn, appId } = state;
    const known = appId === undefined || typeof appId === "string";
    if (typeof hash === "string" && typeof turn === "number" && isRecord(cookies) && known) {
      const texts = Object.entries(cookies).map(([name, value]) => [name, String(value)] as const);
      return { session: { hash, cookies: Object.fromEntries(texts) }, turn, appId };
    }
  }
  throw new QwenError("invalid_request", "The `conversation` of the request is not one that a `finish` part carried.");
}
