import { framesOf, hiddenCause } from "./error-cause.ts";
import { field } from "./field.ts";
import { printable, wordsOf } from "./printable.ts";

/** One try of one provider, as told by a result or by the router's final error. */
export interface Attempt {
  readonly provider: string;
  readonly model: string;
  /** 1 for the first try of the request, counted over all providers. */
  readonly number: number;
  /** Milliseconds from the start of the attempt to its end. */
  readonly durationMs: number;
  /** Why the attempt failed; absent on the one that answered. */
  readonly error?: unknown;
  /** It went on with an answer that had broken off: so many characters had been shown before. */
  readonly continuedAt?: number | undefined;
  /** How it did: asked from the start and equal to the character up to there, or behind what was shown as its beginning. */
  readonly continuedBy?: "replay" | "prefill" | undefined;
}

/** What is known about a failure besides its code and message. */
export interface QwenErrorOptions {
  /** How long to wait before asking the same provider again, in ms. A day at most is believed. */
  readonly retryAfterMs?: number | undefined;
  /** Id of the provider that failed. */
  readonly provider?: string | undefined;
  /** HTTP status of the answer that failed. */
  readonly status?: number | undefined;
  /** Of which request of a router it is. */
  readonly requestId?: string | undefined;
  /** `false` where nothing was sent to the provider, so that nothing is said of it: circuit breakers ignore it. */
  readonly sent?: false | undefined;
  /** The error underneath, where there is one. */
  readonly cause?: unknown;
}

/** An error of the family as plain data: its name, code and message, the fields of its class, its attempts. */
export interface QwenErrorJSON {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly attempts?: readonly AttemptJSON[];
  readonly [field: string]: unknown;
}

/** An {@link Attempt} as plain data; of an error outside the family it has name and message. */
export interface AttemptJSON extends Omit<Attempt, "error"> {
  readonly error?: QwenErrorJSON | { readonly name: string; readonly message: string };
}

// A symbol of the global registry is the same in every installed copy of this file.
export const brand = Symbol.for("qwen.error");

/** Longest pause believed, in ms, wherever it was read: beyond a day a header or a text is a mistake. */
export const LONGEST_PAUSE_MS = 24 * 60 * 60 * 1000;

/** Longest id of a request, in characters. */
const LONGEST_ID = 128;

/** Longest reason of one attempt that a final error tells, in characters. */
export const LONGEST_REASON = 300;

/** Attempts that are told in words; all of them are in `attempts`. */
export const MOST_TOLD = 12;

/** The fields that `toJSON()` keeps, beside name, message and attempts. */
export const FIELDS: readonly string[] = [
  "code",
  "provider",
  "status",
  "sent",
  "retryAfterMs",
  "phase",
  "limitMs",
  "hidden",
  "title",
  "durationMs",
  "endpoints",
  "issues",
  "model",
  "suggestion",
  "requestId",
];

/** Attempts within attempts, as of a router that is another one's provider, are told this deep. */
export const DEEPEST = 3;

/** Whether it is an error of the family, of this copy of the SDK or another. Never throws. */
export function isOfFamily(value: unknown): value is Error & { readonly code: string } {
  return (
    field(() => value instanceof Error && brand in value && typeof (value as { code?: unknown }).code === "string") ===
    true
  );
}

/** Gives an error its fields; what is not set is not there, so that nobody prints it. */
export function setFields(error: object, fields: Readonly<Record<string, unknown>>, enumerable = true): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined)
      Object.defineProperty(error, name, { value, enumerable, writable: true, configurable: true });
  }
}

/** Of what may come from anybody, what can be right. */
export function knownOptions({ retryAfterMs, provider, status, sent, requestId }: Readonly<Record<string, unknown>>): {
  readonly requestId: string | undefined;
  readonly provider: string | undefined;
  readonly status: number | undefined;
  readonly sent: false | undefined;
  readonly retryAfterMs: number | undefined;
} {
  return {
    requestId: typeof requestId === "string" ? printable(requestId, LONGEST_ID) : undefined,
    provider: typeof provider === "string" ? provider : undefined,
    status: typeof status === "number" ? status : undefined,
    sent: sent === false ? sent : undefined,
    retryAfterMs:
      typeof retryAfterMs === "number" && !Number.isNaN(retryAfterMs)
        ? Math.min(Math.max(retryAfterMs, 0), LONGEST_PAUSE_MS)
        : undefined,
  };
}

/** Gives an error its attempts. They are told a line each where the error is printed, and never printed whole. */
export function setAttempts(error: Error, attempts: readonly Attempt[]): void {
  const lines = attempts.length > 1 ? attempts.slice(-MOST_TOLD).map(attemptLine) : [];
  const untold = attempts.length - lines.length;
  if (lines.length > 0 && untold > 0) lines[0] = `    (${untold + 1} attempts before)`;
  setFields(error, { attempts: Object.freeze([...attempts]), stack: stackOf(error, error.stack, lines) }, false);
}

function attemptLine({ number, provider, model, durationMs, error }: Attempt): string {
  const why = error === undefined ? "answered" : `${labelOf(error)}: ${printable(wordsOf(error), LONGEST_REASON)}`;
  return `    ${number}. ${provider}/${model}, ${Math.round(durationMs)} ms, ${why}`;
}

function labelOf(error: unknown): string {
  return isOfFamily(error) ? error.code : (field(() => (error instanceof Error ? error.name : undefined)) ?? "thrown");
}

/**
 * The stack of an error as one that nobody caught prints it: message, attempts, and the frames of its maker. More than those
 * lead into this SDK; where there is a cause, its frames say more.
 */
export function stackOf(error: Error, stack: unknown, lines: readonly string[] = []): string {
  const all = typeof stack === "string" ? stack : "";
  const frames = framesOf(all);
  const most = lines.length > 0 || error.cause !== undefined ? 2 : 5;
  const shown = (frames.length > 0 ? frames : all.split("\n", most)).slice(0, most);
  return [`${error.name}: ${error.message}`, ...lines, ...shown, ...hiddenCause(error)].join("\n");
}

/** An error of the family as plain data. */
export function jsonOf(error: Error & { readonly code: string }, depth = 1): QwenErrorJSON {
  const known = FIELDS.map((name) => [
    name,
    field(() => (error as unknown as Readonly<Record<string, unknown>>)[name]),
  ]);
  const attempts = field(() => (error as { readonly attempts?: readonly Attempt[] }).attempts);
  return {
    name: field(() => error.name) ?? "QwenError",
    message: printable(wordsOf(error)),
    ...(Object.fromEntries(known.filter(([, value]) => value !== undefined)) as { readonly code: string }),
    ...(Array.isArray(attempts) &&
      depth <= DEEPEST && { attempts: attempts.map((attempt: Attempt) => attemptJSON(attempt, depth + 1)) }),
  };
}

function attemptJSON({ error, ...attempt }: Attempt, depth: number): AttemptJSON {
  const { provider, model, number, durationMs, continuedAt, continuedBy } = attempt;
  const told = {
    provider,
    model,
    number,
    durationMs,
    ...(continuedAt !== undefined && { continuedAt }),
    ...(continuedBy !== undefined && { continuedBy }),
  };
  if (error === undefined) return told;
  if (isOfFamily(error)) return { ...told, error: jsonOf(error, depth) };
  return { ...told, error: { name: labelOf(error), message: printable(wordsOf(error)) } };
}
