import { ERROR_RULES } from "./error-rules.ts";
import { field, FIELDS, knownOptions, setAttempts, setFields, stackOf, type Attempt } from "./error-fields.ts";
import {
  AllFailedError,
  NoSuchModelError,
  QwenError,
  SpaceChangedError,
  SpaceError,
  StreamInterruptedError,
  TextRewrittenError,
  TimeoutError,
  type AnyQwenError,
} from "./errors.ts";
import { printable, wordsOf } from "./printable.ts";

/**
 * A copy of an error, of the same class and with the same stack, that may say more. What was thrown is its thrower's: it
 * may be shared, frozen, or thrown again elsewhere.
 *
 * An error that names its provider keeps that. With several attempts the copy has no cause, since each attempt has its own.
 */
export function copyOf<Failure extends QwenError>(
  error: Failure,
  { provider, attempts }: { readonly provider?: string | undefined; readonly attempts?: readonly Attempt[] } = {},
): Failure {
  const said = ownFieldsOf(error);
  const cause = attempts !== undefined && attempts.length > 1 ? undefined : said["cause"];
  const copy = new Error(printable(wordsOf(error)), cause === undefined ? undefined : { cause });
  Object.setPrototypeOf(copy, field((): object => Object.getPrototypeOf(error) as object) ?? QwenError.prototype);
  const fields = Object.fromEntries(Object.entries(said).filter(([name]) => !ELSEWHERE.has(name)));
  const name = typeof said["name"] === "string" ? said["name"] : "QwenError";
  setFields(copy, { name, text: said["text"] }, false);
  setFields(copy, { ...fields, ...knownOptions({ ...said, provider: said["provider"] ?? provider }) });
  setFields(copy, { stack: stackOf(copy, said["stack"]) }, false);
  const inner = said["attempts"];
  const told = attempts ?? (isAttempts(inner) ? inner : undefined);
  if (told !== undefined) setAttempts(copy, told);
  return copy as Failure;
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
  const said = (json ?? {}) as Readonly<Record<string, unknown>>;
  const { name, code, message, attempts } = said;
  if (typeof code !== "string" || typeof message !== "string" || !Object.hasOwn(ERROR_RULES, code))
    throw new TypeError(
      "This is not what the toJSON() of an error of this SDK gave: it needs a known `code` and a `message`.",
    );
  const { prototype } = CLASSES[code] ?? QwenError;
  const error = new QwenError(code as AnyQwenError["code"], message);
  Object.setPrototypeOf(error, prototype);
  setFields(error, Object.fromEntries(FIELDS.map((each) => [each, said[each]])));
  setFields(error, { ...knownOptions(said) });
  setFields(error, { name: typeof name === "string" ? name : "QwenError" }, false);
  setFields(error, { stack: stackOf(error, error.stack) }, false);
  if (prototype === StreamInterruptedError.prototype || prototype === TextRewrittenError.prototype)
    setFields(error, { text: "" }, false);
  if (isAttempts(attempts)) {
    const revived = attempts.map((attempt) => {
      if (attempt.error === undefined) return attempt;
      const inner = attempt.error as { readonly code?: unknown; readonly message?: unknown };
      const known = typeof inner?.code === "string" && Object.hasOwn(ERROR_RULES, inner.code);
      return { ...attempt, error: known ? errorFromJSON(inner) : new Error(wordsOf(inner)) };
    });
    setAttempts(error, revived);
  }
  return error as AnyQwenError;
}

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
  no_such_model: NoSuchModelError,
  space_changed: SpaceChangedError,
  space_error: SpaceError,
  stream_interrupted: StreamInterruptedError,
  text_rewritten: TextRewrittenError,
  timeout: TimeoutError,
};

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

function isAttempts(value: unknown): value is readonly Attempt[] {
  return (
    field(() =>
      (value as readonly Attempt[]).every(
        ({ provider, model, number, durationMs }) =>
          typeof provider === "string" &&
          typeof model === "string" &&
          typeof number === "number" &&
          typeof durationMs === "number",
      ),
    ) === true
  );
}
