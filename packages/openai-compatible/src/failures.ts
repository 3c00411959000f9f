import { QwenError } from "@qwen/core";
import { meaningOf, type SaidFailure } from "@qwen/core/http";

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
  error: SaidFailure,
  { host, provider, status: outer, retryAfterMs }: FailureContext,
): QwenError {
  const { code, fact, status, waitMs } = meaningOf(error, outer);
  const reason = shortened(shortened(error.message, MOST_READ).replaceAll(/\s+/g, " ").trim());
  const said = [status && `status ${status}`, reason].filter(Boolean).join(": ");
  return new QwenError(code, `${host} ${fact}${said === "" ? "" : ` (${said})`}.`, {
    provider,
    status,
    retryAfterMs: retryAfterMs ?? waitMs,
  });
}

/** Characters of a message that are looked at. */
const MOST_READ = 2000;
