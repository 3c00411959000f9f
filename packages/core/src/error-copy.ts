import { conversationLeftBy, leaving } from "./error-conversation.ts";
import { excuse, isExcused } from "./error-excuse.ts";
import { ERROR_RULES } from "./error-rules.ts";
import { DEEPEST, FIELDS, knownOptions, setAttempts, setFields, stackOf, type Attempt } from "./error-fields.ts";
import { field } from "./field.ts";
import {
  AllFailedError,
  InvalidOutputError,
  NoSuchModelError,
  QwenError,
  SpaceChangedError,
  SpaceError,
  StreamInterruptedError,
  TextRewrittenError,
  TimeoutError,
  type AnyQwenError,
} from "./errors.ts";
import { setCause } from "./error-cause.ts";
import { printable, wordsOf } from "./printable.ts";

/** What a copy of an error says more. */
export interface CopyOptions {
  readonly provider?: string | undefined;
  readonly attempts?: readonly Attempt[] | undefined;
  readonly requestId?: string | undefined;
}

/**
 * A copy of an error, of the same class and with the same stack, that may say more. What was thrown is its thrower's: it
 * may be shared, frozen, or thrown again elsewhere.
 *
 * An error that names its provider keeps that; the id of a request is that of the last one it ended. With several attempts
 * the copy has no cause, since each attempt has its own. One of the base class has what its code stands for, as far as that is known.
 */
export function copyOf<Failure extends QwenError>(
  error: Failure,
  { provider, attempts, requestId }: CopyOptions = {},
): Failure {
  const own = ownFieldsOf(error);
  const message = printable(wordsOf(error));
  const said: Readonly<Record<string, unknown>> = { ...promisedBy(own["code"], message), ...own };
  const cause = attempts !== undefined && attempts.length > 1 ? undefined : said["cause"];
  const copy = new Error(message);
  setCause(copy, cause);
  Object.setPrototypeOf(copy, field((): object => Object.getPrototypeOf(error) as object) ?? QwenError.prototype);
  const fields = Object.entries(said).filter(([name]) => !ELSEWHERE.has(name));
  // What its maker keeps from logs stays hidden, and so does what would fill them.
  const isHidden = ([each]: readonly [string, unknown]): boolean =>
    hidden(error, each) || (!FIELDS.includes(each) && typeof said[each] === "object");
  const name = typeof said["name"] === "string" ? said["name"] : "QwenError";
  setFields(copy, { ...Object.fromEntries(fields.filter(isHidden)), name, text: said["text"] }, false);
  const shown = Object.fromEntries(fields.filter((entry) => !isHidden(entry)));
  const owner = { provider: said["provider"] ?? provider, requestId: requestId ?? said["requestId"] };
  setFields(copy, { ...shown, ...knownOptions({ ...said, ...owner }) });
  setFields(copy, { stack: stackOf(copy, said["stack"]) }, false);
  const told = attempts ?? attemptsIn(said["attempts"]);
  if (told !== undefined) setAttempts(copy, told);
  if (isExcused(error)) excuse(copy);
  return leaving(copy as Failure, conversationLeftBy(error));
}

/**
 * Throws an error of the family as a copy, which is the next caller's own; anything else as it is. For work that several
 * calls share.
 */
export function rethrowOwn(error: unknown): never {
  throw QwenError.isInstance(error) ? copyOf(error) : error;
}

/**
 * Makes an error of what its `toJSON()` gave, in this process or another. Throws a `TypeError` for anything else.
 *
 * The cause and the texts of answers are not in it: `text` is `""`.
 */
export function errorFromJSON(json: unknown): AnyQwenError {
  return revived(json, 1);
}

function revived(json: unknown, depth: number): AnyQwenError {
  const said = field((): Readonly<Record<string, unknown>> => ({ ...(json as object) })) ?? {};
  const { name, code, message, attempts } = said;
  if (typeof code !== "string" || typeof message !== "string" || !Object.hasOwn(ERROR_RULES, code))
    throw new TypeError(
      "This is not what the toJSON() of an error of this SDK gave: it needs a known `code` and a `message`.",
    );
  const { prototype } = CLASSES[code] ?? QwenError;
  const error = new QwenError(code as AnyQwenError["code"], message);
  Object.setPrototypeOf(error, prototype);
  const { text, ...promised } = promisedBy(code, error.message);
  const fields = FIELDS.filter((each) => !ELSEWHERE.has(each)).map((each) => [each, said[each] ?? promised[each]]);
  setFields(error, { ...(Object.fromEntries(fields) as object), ...knownOptions(said) });
  setFields(error, { name: typeof name === "string" ? printable(name, LONGEST_NAME) : "QwenError" }, false);
  setFields(error, { stack: stackOf(error, error.stack) }, false);
  setFields(error, { text }, false);
  // Deeper than `toJSON()` tells them nothing is to be read.
  const told = attemptsIn((depth <= DEEPEST ? attempts : undefined) ?? promised["attempts"]);
  if (told !== undefined)
    setAttempts(
      error,
      told.map((one) => revivedAttempt(one, depth + 1)),
    );
  return error as AnyQwenError;
}

function revivedAttempt({ error, ...attempt }: Attempt, depth: number): Attempt {
  if (error === undefined) return attempt;
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === "string" && Object.hasOwn(ERROR_RULES, code)) return { ...attempt, error: revived(error, depth) };
  const other = new Error(printable(wordsOf(error)));
  if (typeof name === "string") setFields(other, { name: printable(name, LONGEST_NAME) }, false);
  return { ...attempt, error: other };
}

/** Longest name of an error that is believed, in characters. */
const LONGEST_NAME = 100;

/** What a copy has in a way of its own, or not where anybody looks. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "name",
  "message",
  "stack",
  "cause",
  "attempts",
  "text",
  "retryAfterMs",
  "status",
  "provider",
]);

const CLASSES: Readonly<Record<string, { readonly prototype: object }>> = {
  all_failed: AllFailedError,
  invalid_output: InvalidOutputError,
  no_such_model: NoSuchModelError,
  space_changed: SpaceChangedError,
  space_error: SpaceError,
  stream_interrupted: StreamInterruptedError,
  text_rewritten: TextRewrittenError,
  timeout: TimeoutError,
};

/** What an error of a code has for all who know it by that, also where it was made of the base class, or stored by somebody else. */
function promisedBy(code: unknown, message: string): Readonly<Record<string, unknown>> {
  switch (code) {
    case "timeout":
      return { phase: "answer", limitMs: Infinity };
    case "invalid_output":
      return { issues: [message], text: "" };
    case "stream_interrupted":
    case "text_rewritten":
      return { text: "" };
    case "space_error":
      return { hidden: false };
    case "space_changed":
      return { endpoints: [] };
    case "no_such_model":
      return { model: "" };
    case "all_failed":
      return { attempts: [] };
    default:
      return NOTHING;
  }
}

const NOTHING: Readonly<Record<string, unknown>> = {};

/** What stands on an error itself. Its getters and traps may throw: that much is left out. */
function ownFieldsOf(error: Error): Readonly<Record<string, unknown>> {
  const names = field(() => Object.getOwnPropertyNames(error)) ?? [];
  const always = ["name", "code", "stack"];
  const fields = [...new Set([...names, ...always])].map((name) => [
    name,
    field(() => (error as unknown as Readonly<Record<string, unknown>>)[name]),
  ]);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined)) as Readonly<Record<string, unknown>>;
}

function hidden(error: Error, name: string): boolean {
  return field(() => Object.getOwnPropertyDescriptor(error, name)?.enumerable) === false;
}

/** The attempts of an error, copied, if that is what they are: its thrower may have given it anything, read twice or not. */
function attemptsIn(value: unknown): readonly Attempt[] | undefined {
  const copied = field(() => (Array.isArray(value) ? value.map((one: Attempt) => ({ ...one })) : undefined));
  return copied?.every(
    ({ provider, model, number, durationMs }) =>
      typeof provider === "string" &&
      typeof model === "string" &&
      typeof number === "number" &&
      typeof durationMs === "number",
  ) === true
    ? copied
    : undefined;
}
