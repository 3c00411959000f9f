import { QwenError } from "@qwen/core";
import { durationMs, meaningOf } from "@qwen/core/http";
import type { SaidError } from "./said-error.ts";

/** Characters of what a vendor says that a message repeats. */
const LONGEST_REASON = 300;

/** The beginning of what a vendor says. Where it is cut an ellipsis says so, by which the beginning of a secret is known. */
export function shortened(text: string, most: number = LONGEST_REASON): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** What a vendor's words and a status are read with. */
export interface FailureContext {
  readonly host: string;
  /** Id of the provider that it is of. */
  readonly provider?: string | undefined;
  /** Of the response, where it was no success. */
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** What an error means by the errors table that came as a status, as a body or in a stream. */
export function failureOf(
  error: SaidError,
  { host, provider, status: outer, retryAfterMs }: FailureContext,
): QwenError {
  const { code, fact, status } = meaningOf(error, outer);
  const reason = shortened(shortened(error.message, MOST_READ).replaceAll(/\s+/g, " ").trim());
  const said = [status && `status ${status}`, reason].filter(Boolean).join(": ");
  return new QwenError(code, `${host} ${fact}${said === "" ? "" : ` (${said})`}.`, {
    provider,
    status,
    retryAfterMs: retryAfterMs ?? (NAMES_WAITS.has(code) ? waitIn(error.message) : undefined),
  });
}

/** Failures of which a vendor says in words when they end. */
const NAMES_WAITS: ReadonlySet<string> = new Set(["rate_limited", "quota_exceeded"]);

/** Characters of a message that are looked at. */
const MOST_READ = 2000;

/** The wait that a message names, such as "Please try again in 6m0.5s", in ms. */
function waitIn(message: string): number | undefined {
  const [, count = "", unit = ""] =
    /(?:try again|retry) (?:in|after) ([\d.]{1,12}) ?([hms][\da-z.]{0,24})/i.exec(message.slice(0, MOST_READ)) ?? [];
  // Of what is written out, the first letter is enough, but for these.
  if (/^mon/i.test(unit)) return undefined;
  return durationMs(count + unit.toLowerCase().replace(/^milli/, "ms"));
}
