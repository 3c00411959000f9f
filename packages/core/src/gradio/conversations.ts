import { QwenError } from "../errors.ts";
import { isCookie } from "./cookies.ts";
import { isRecord, parseJson } from "./json.ts";
import type { SavedSession, Session } from "./session.ts";

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

/** The number of the newest whole turn, or why there is no next one. */
type Status = number | "busy" | "over";

/** Makes the memory of a provider's conversations. */
export function createConversations(): Conversations {
  const known = new Map<string, Status>();

  function remember(hash: string, status: Status): void {
    known.delete(hash);
    known.set(hash, status);
    const oldest = known.keys().next();
    if (known.size > MOST_REMEMBERED && oldest.done !== true) known.delete(oldest.value);
  }

  return {
    begin(token) {
      if (token === undefined) return new Turn(undefined, remember);
      const state = readState(token);
      const { hash } = state.saved;
      const status = known.get(hash);
      if (status === "busy")
        throw new QwenError(
          "conversation_busy",
          "The conversation is in the middle of another turn. One at a time: await it first.",
        );
      if (status === "over" || (status !== undefined && status !== state.turn))
        throw conversationExpired("a turn of it failed or was aborted, or it went on from here already");
      remember(hash, "busy");
      return new Turn(state, remember);
    },
  };
}

/** One turn of a conversation that lives in a session of the Space. */
export class Turn {
  /** 1 for the first. */
  readonly number: number;
  /** The session to go on with; a first turn opens its own. */
  readonly saved: SavedSession | undefined;
  /** Which start of the app holds the conversation, by `app_id` of its `/config`; known from the second turn on. */
  readonly appId: string | undefined;
  readonly #remember: (hash: string, status: Status) => void;
  #ended = false;

  constructor(state: ConversationState | undefined, remember: (hash: string, status: Status) => void) {
    this.number = (state?.turn ?? 0) + 1;
    this.saved = state?.saved;
    this.appId = state?.appId;
    this.#remember = remember;
  }

  /** Ends the turn well: the token with which the next one goes on. */
  succeed(session: Session, appId: string | undefined): string {
    this.#ended = true;
    this.#remember(session.hash, this.number);
    const known = appId !== undefined && appId.length <= LONGEST_APP_ID ? appId : undefined;
    return JSON.stringify({ hash: session.hash, cookies: affinityOf(session), turn: this.number, appId: known });
  }

  /** Ends the turn badly: nobody knows how far the server's memory got, so the conversation is over. The first end counts. */
  fail(): void {
    if (!this.#ended && this.saved !== undefined) this.#remember(this.saved.hash, "over");
    this.#ended = true;
  }
}

/** The error of a conversation that cannot go on. */
export function conversationExpired(why: string): QwenError {
  return new QwenError(
    "conversation_expired",
    `The conversation cannot go on: ${why}. Start a new one with the whole history.`,
  );
}

interface ConversationState {
  readonly saved: SavedSession;
  readonly turn: number;
  readonly appId: string | undefined;
}

/** In characters. What is written stays below, and a server takes so much of cookies. */
const LONGEST_TOKEN = 16_384;
const LONGEST_COOKIES = 4096;
const LONGEST_APP_ID = 200;

/** As the platform makes it. */
const HASH = /^[0-9a-f]{20}$/;

/** Cookies by which Gradio knows who logged in, and Hugging Face who may see a private Space. */
const LOGIN_COOKIES = /^(?:access-token(?:-.*)?|spaces-jwt)$/i;

/**
 * The cookies that lead back to the server of a session. What came with a login or is the caller's own is not among
 * them, even where a later answer renewed it: who holds the string would be logged in.
 */
function affinityOf(session: Session): Readonly<Record<string, string>> {
  let size = 0;
  return Object.fromEntries(
    Object.entries(session.jar.toJSON()).filter(([name, value]) => {
      if (!isCookie(name, value) || LOGIN_COOKIES.test(name) || session.isSecret(name, value)) return false;
      size += name.length + value.length;
      return size <= LONGEST_COOKIES;
    }),
  );
}

/** Reads what {@link Turn.succeed} wrote. It was in the hands of a caller, who may have written another. */
function readState(token: string): ConversationState {
  const state = typeof token === "string" && token.length <= LONGEST_TOKEN ? parseJson(token) : undefined;
  if (isRecord(state)) {
    const { hash, cookies, turn, appId } = state;
    if (isHash(hash) && isTurn(turn) && isAffinity(cookies) && (appId === undefined || isAppId(appId)))
      return { saved: { hash, cookies }, turn, appId };
  }
  throw new QwenError("invalid_request", "The `conversation` of the request is not one that a `finish` part carried.");
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && HASH.test(value);
}

function isTurn(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function isAppId(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST_APP_ID;
}

function isAffinity(value: unknown): value is Readonly<Record<string, string>> {
  if (!isRecord(value)) return false;
  let size = 0;
  return Object.entries(value).every(([name, text]) => {
    if (typeof text !== "string" || !isCookie(name, text) || LOGIN_COOKIES.test(name)) return false;
    size += name.length + text.length;
    return size <= LONGEST_COOKIES;
  });
}
