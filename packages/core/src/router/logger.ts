import { field } from "../field.ts";
import { ERROR_RULES } from "../error-rules.ts";
import { QwenError, TIMEOUT_NAMES, type TimeoutPhase } from "../errors.ts";
import { isGroup, mustBe, readable } from "../options.ts";
import { printable } from "../printable.ts";
import {
  createObservers,
  type AttemptLabel,
  type EventOutcome,
  type Observers,
  type RequestLabel,
  type RouterEvent,
} from "./observers.ts";

/** Where a router logs to: a logger of pino, `console`, or whatever has these four. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/**
 * What a line says: ids, names, times, counts, and of an error its code, status and pause. Never what anybody wrote: no
 * question, no answer, no secret, no words of an error.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

type Level = keyof Logger;

const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];

/** Those who watch a router whose owner has given this logger, if any. Throws a `TypeError` for what is no logger. */
export function observersWith(logger: Logger | undefined): Observers {
  const observers = createObservers();
  if (logger === undefined) return observers;
  // Some are functions with methods.
  const isLogger = readable("logger", () => {
    const holdsMethods = isGroup(logger) || typeof logger === "function";
    return holdsMethods && LEVELS.every((level) => typeof logger[level] === "function");
  });
  if (isLogger) {
    observers.add(logTo(logger));
    return observers;
  }
  throw mustBe("logger", "an object with debug(), info(), warn() and error(), such as pino or console", logger);
}

/** An observer that writes a line for each event: a request that has failed is an `error`, an attempt a `warn`. */
function logTo(logger: Logger): (event: RouterEvent) => unknown {
  return (event) => {
    const [level, message, fields] = lineOf(event);
    // Looked up each time: a logger may change its level.
    return logger[level](fields, message);
  };
}

type Line = readonly [Level, string, LogFields];

function lineOf(event: RouterEvent): Line {
  switch (event.type) {
    case "request-started":
      return ["debug", "request started", request(event)];
    case "request-ended": {
      const { outcome, provider, model, durationMs, firstOutputMs, attempts, error } = event;
      const known = { provider, model, outcome, durationMs, firstOutputMs, attempts: attempts.length };
      const fields = { ...request(event), ...known, ...tokensIn(event.usage), ...reason(error) };
      return [REQUEST_LEVELS[outcome], `request ${outcome}`, fields];
    }
    case "attempt-started":
      return ["debug", "attempt started", attempt(event)];
    case "waiting":
      return ["debug", "attempt waits for a place", attempt(event)];
    case "admitted":
      return ["debug", "attempt has a place", { ...attempt(event), waitedMs: event.waitedMs }];
    case "queued": {
      const { position, size, etaMs } = event;
      const place = { position: countOf(position), size: countOf(size), etaMs: countOf(etaMs) };
      return ["debug", "attempt is queued", { ...attempt(event), ...place }];
    }
    case "output":
      return ["debug", "attempt has output", { ...attempt(event), latencyMs: event.latencyMs }];
    case "attempt-ended": {
      const { outcome, durationMs, waitedMs, error } = event;
      const fields = { ...attempt(event), outcome, durationMs, waitedMs, ...reason(error) };
      return [outcome === "failed" ? "warn" : "debug", `attempt ${outcome}`, fields];
    }
    case "continued": {
      const { continuedAt, continuedBy } = event;
      return ["info", "answer goes on", { ...attempt(event), continuedAt, continuedBy }];
    }
    case "breaker-changed": {
      const { provider, model, state } = event;
      return [state === "open" ? "warn" : "info", `breaker is ${state}`, { provider, model, state }];
    }
  }
}

const REQUEST_LEVELS: Readonly<Record<EventOutcome, Level>> = { answered: "info", cancelled: "info", failed: "error" };

/** Of a name that was asked for, as it may be anybody's. */
const LONGEST_NAME = 64;

function request({ requestId, name }: RequestLabel): LogFields {
  return { requestId, name: printable(name, LONGEST_NAME) };
}

function attempt({ provider, model, number, hedge, ...label }: AttemptLabel): LogFields {
  return { ...request(label), provider, model, number, hedge };
}

function tokensIn(usage: { readonly inputTokens?: unknown; readonly outputTokens?: unknown } | undefined): LogFields {
  return { inputTokens: countOf(usage?.inputTokens), outputTokens: countOf(usage?.outputTokens) };
}

/** Why something ended, by what cannot hold anybody's words. What was thrown may itself throw when it is looked at. */
function reason(error: unknown): LogFields {
  return field(() => reasonOf(error)) ?? { error: "other" };
}

function reasonOf(error: unknown): LogFields {
  if (error === undefined) return {};
  if (!QwenError.isInstance(error)) return { error: nameOf(error) };
  const code = Object.hasOwn(ERROR_RULES, error.code) ? error.code : "unknown";
  const { phase } = error as { readonly phase?: unknown };
  return {
    error: code,
    status: countOf(error.status),
    retryAfterMs: countOf(error.retryAfterMs),
    phase: PHASES.has(phase) ? (phase as TimeoutPhase) : undefined,
  };
}

// A name may be anybody's words as well.
const NAMES: ReadonlySet<unknown> = new Set(["AbortError", "TimeoutError", "TypeError", "RangeError", "SyntaxError"]);

const PHASES: ReadonlySet<unknown> = new Set(Object.keys(TIMEOUT_NAMES));

function nameOf(error: unknown): string {
  const name = error instanceof Error ? error.name : undefined;
  return name !== undefined && NAMES.has(name) ? name : "other";
}

/** A provider may give anything. */
function countOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
