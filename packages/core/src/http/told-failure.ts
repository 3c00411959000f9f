import type { ErrorCode } from "../error-rules.ts";
import { durationMs, waitMs } from "./rate-limit.ts";

/** A failure as a server of models tells it. */
export interface ToldFailure {
  readonly message: string;
  /** Its own word for it: `code`, or a number that is a status. */
  readonly code?: string | undefined;
  readonly type?: string | undefined;
  /** What a router of several vendors tells of headers, their names in small letters. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
}

/** What a failure means by the errors table. */
export interface FailureMeaning {
  readonly code: ErrorCode;
  /** Of who was asked, as a message has it: "… is asked too often". */
  readonly fact: string;
  /** The status that counts, where there is one. */
  readonly status: number | undefined;
  /** How long it asks to wait, in its headers or its words, of one that ends by itself; in ms. */
  readonly waitMs: number | undefined;
}

/**
 * What a failure means that came as a status, as a body or in a stream.
 *
 * A refusal is one host's opinion of what it was sent: the next candidate may take it. What no row knows goes by its status, and in
 * a stream, where there is none, is `space_unavailable`.
 */
export function meaningOf(told: ToldFailure, outer?: number): FailureMeaning {
  const status = outer ?? statusIn(told.code);
  const { code, fact } = rowOf(told, status);
  return { code, fact, status, waitMs: PASSING.has(code) ? waitIn(told) : undefined };
}

/** Failures of which a vendor says in words when they end. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["rate_limited", "quota_exceeded"]);

/** The wait that headers tell, or a message names, such as "Please try again in 6m0.5s", in ms. */
function waitIn({ headers, message }: ToldFailure): number | undefined {
  const told = headers && waitMs((name) => headers[name], { isLimited: true });
  if (told !== undefined) return told;
  const [, count = "", unit = ""] =
    /(?:try again|retry) (?:in|after) ([\d.]{1,12}) ?([hms][\da-z.]{0,24})/i.exec(beginningOf(message)) ?? [];
  // Of what is written out, the first letter is enough, but for these.
  if (/^mon/i.test(unit)) return undefined;
  return durationMs(count + unit.toLowerCase().replace(/^milli/, "ms"));
}

/** What a failure is told by: any of these, where the status does not speak against it. */
interface Row {
  readonly code: ErrorCode;
  readonly statuses?: readonly number[];
  /** The vendor's own word: its `code` or `type`. */
  readonly words?: RegExp;
  /** What its message says. */
  readonly says?: RegExp;
  /** The status at which such a message is about something else. */
  readonly speaksElseAt?: number;
  /** What ours says of it. */
  readonly fact: string;
}

const UNAVAILABLE: Pick<Row, "code" | "fact"> = { code: "space_unavailable", fact: "cannot answer now" };

const TOO_LONG: Pick<Row, "code" | "fact"> = { code: "context_length_exceeded", fact: "takes no text as long as this" };

/** The first row that fits counts. Words of a message count only where the vendor speaks of the request. */
const ROWS: readonly Row[] = [
  {
    code: "content_policy",
    words:
      /^(?:content_?filter(?:ed)?|content_policy_violation|data_?inspection_?failed|ResponsibleAIPolicyViolation|moderation\w*|prohibited_content|safety\w*)$/i,
    says: /content management policy|content_?filter|inappropriate content|content exists risk|considered high risk|requires moderation|flagged (?:as|by|for)|safety system/i,
    fact: "refuses what the request says",
  },
  {
    statuses: [413],
    words: /^(?:\w*context_(?:length|size|window)_?\w*|string_above_max_length)$/i,
    says: /maximum (?:context|model|prompt|input) length|context (?:size|length|window)\b|range of input length|token limit|too many (?:input )?tokens|(?:prompt|input) (?:is )?too long|inputs?`? tokens? .{0,60}(?:must|exceed)|input token count|reduce the length of|number of tokens to keep|max_seq_len|token length exceed/i,
    // Who is asked too often hears of tokens too: of those of a minute.
    speaksElseAt: 429,
    ...TOO_LONG,
  },
  { says: /too large for/i, ...TOO_LONG },
  {
    code: "quota_exceeded",
    statuses: [402],
    words:
      /^(?:insufficient_(?:user_)?(?:quota|balance)|billing\w*|Arrearage|(?:exceeded_current_)?quota\w*|budget_exceeded|payment_required|AllocationQuota\.\w+|credits?_\w+)$/i,
    says: /exceeded your (?:current|monthly|included)\b.{0,40}(?:quota|credits)|insufficient (?:balance|credits|funds|quota)|account is in good standing|credit balance is too low|more credits|free tier .{0,40}exhausted/i,
    fact: "has no quota left for this key",
  },
  {
    code: "authentication",
    statuses: [401, 403, 407],
    words:
      /^(?:invalid_?api-?_?key|api_?key_invalid|(?:invalid_)?authentication_error|permission_(?:error|denied)|AccessDenied.*|unauthorized|unauthenticated|forbidden)$/i,
    says: /\bapi[- ]?key\b.{0,20}\b(?:not valid|invalid|incorrect|missing)|(?:invalid|incorrect|missing|no) (?:api[- ]?key|bearer token)/i,
    fact: "wants another key",
  },
  {
    code: "rate_limited",
    statuses: [429],
    words:
      /^(?:rate_?limit\w*|too_many_requests|Throttling.*|requests|tokens|resource_exhausted|engine_overloaded\w*|limit_requests)$/i,
    says: /rate limit|too many requests|requests? per (?:minute|second|day)/i,
    fact: "is asked too often",
  },
  {
    code: "unsupported",
    statuses: [404],
    words: /^(?:model_?not_?(?:found|supported)|not_?found(?:_?error)?|unknown_model)$/i,
    fact: "does not have what is asked for",
  },
  { ...UNAVAILABLE, statuses: [408, 409, 423, 425, 498] },
];

function rowOf(error: ToldFailure, status: number | undefined): Pick<Row, "code" | "fact"> {
  const row = ROWS.find((each) => fits(each, error, status));
  if (row !== undefined) return row;
  if (status === undefined) {
    const isRefusal =
      /^(?:invalid_?request\w*|bad_?request\w*|invalid_?parameter\w*|unsupported\w*|invalid_argument)$/i;
    return isSaid(error, isRefusal) ? REFUSED : UNAVAILABLE;
  }
  if (status >= 500) return UNAVAILABLE;
  return status >= 400 ? REFUSED : { code: "protocol", fact: "answers unlike an OpenAI-compatible endpoint" };
}

const REFUSED: Pick<Row, "code" | "fact"> = { code: "unsupported", fact: "refuses what it was sent" };

/** Statuses that say what the matter is, whatever the words are. */
const PLAIN: ReadonlySet<number> = new Set([401, 402, 404]);

function fits(
  { statuses, words, says, speaksElseAt }: Row,
  error: Partial<ToldFailure>,
  status: number | undefined,
): boolean {
  if (status !== undefined && statuses?.includes(status) === true) return true;
  if (status !== undefined && PLAIN.has(status)) return false;
  if (words !== undefined && isSaid(error, words)) return true;
  if (status !== undefined && status === speaksElseAt) return false;
  // A page of a server that has failed may say anything.
  return says !== undefined && (status === undefined || status < 502) && says.test(beginningOf(error.message));
}

/** Whether a vendor's own word for it is one of these. */
function isSaid({ code, type }: Partial<ToldFailure>, words: RegExp): boolean {
  return words.test(beginningOf(code)) || words.test(beginningOf(type));
}

/** What a server wrote may be of any kind, and of any length. */
function beginningOf(text: unknown): string {
  return typeof text === "string" ? text.slice(0, MOST_READ) : "";
}

/** Characters that are looked at. */
const MOST_READ = 2000;

/** A code that is a status, as routers of several vendors send it in a stream. */
function statusIn(code: string | undefined): number | undefined {
  return code !== undefined && /^[45]\d\d$/.test(code) ? Number(code) : undefined;
}
