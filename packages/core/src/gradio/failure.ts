import { QwenError, SpaceError } from "../errors.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import { headerOf, readText, type TransportResponse } from "../http/transport.ts";
import { printable } from "../printable.ts";
import { isHuggingFaceSpace } from "./address.ts";
import { isRecord, parseJson } from "./json.ts";
import type { JobCompletion } from "./messages.ts";
import type { AbortSource } from "../stop.ts";

const LONGEST_REASON = 300;
const LONGEST_READ_MS = 5000;
/** Characters of a page or an error's text that are looked at. */
const MOST_READ = 10_000;

/** What was sent to the server, where it was something to refuse: the inputs of an endpoint, or a file. */
export type Sent = "inputs" | "file" | undefined;

/** Takes secrets out of what a Space says. */
export type Conceal = (text: string) => string;

const asItIs: Conceal = (text) => text;

/** Reads the body of a response that is no success, and says what it means. The connection is done with after. */
export async function failureOf(
  response: TransportResponse,
  {
    url,
    conceal,
    signal,
    sent,
  }: {
    readonly url: URL;
    readonly conceal: Conceal;
    readonly signal?: AbortSource | undefined;
    readonly sent?: Sent;
  },
): Promise<QwenError> {
  let body = "";
  try {
    body = await readText(response.body, { maxBytes: 64 * 1024, cut: true, limitMs: LONGEST_READ_MS, signal });
  } catch {
    // The status says more than a body that broke off.
    signal?.throwIfAborted();
  }
  return statusFailure(response, { url, body, sent, conceal });
}

/**
 * What a status that is no success means, with the body it came with.
 *
 * A refusal of what was sent is one host's opinion of what this SDK made: another may take it.
 */
export function statusFailure(
  response: Pick<TransportResponse, "status" | "headers">,
  {
    url,
    body,
    sent,
    conceal = asItIs,
  }: {
    readonly url: URL;
    readonly body: string;
    readonly sent?: Sent;
    readonly conceal?: Conceal | undefined;
  },
): QwenError {
  const { status } = response;
  const reason = reasonIn(body, conceal);
  const options = { status, retryAfterMs: retryAfterMs((name) => headerOf(response, name)) };
  const said = reason === "" ? `status ${status}` : `status ${status}: ${reason}`;

  if (status === 401 || status === 403)
    return new QwenError("authentication", `${url.host} wants a login or another token (${said}).`, options);
  if (status === 404 && isHuggingFaceSpace(url)) {
    return new QwenError(
      "space_unavailable",
      `There is no running Space at ${url.host}, or it is private and needs a \`token\` (${said}).`,
      options,
    );
  }
  if (status === 429) return new QwenError("rate_limited", `${url.host} is asked too often (${said}).`, options);
  if (status === 503 && /queue is full/i.test(reason))
    return new QwenError("queue_full", `${url.host}: ${reason}`, options);
  if (status >= 500) return new QwenError("space_unavailable", `${url.host} cannot answer now (${said}).`, options);
  if (status === 413 && sent === "inputs")
    return new QwenError("context_length_exceeded", `${url.host} takes no text as long as this (${said}).`, options);
  if (status === 431 || (sent !== undefined && REFUSALS.has(status)))
    return new QwenError("unsupported", `${url.host} refuses what it was sent (${said}).`, options);
  return new QwenError("protocol", `${url.host} answers unlike a Gradio server (${said}).`, options);
}

/** Statuses that judge the request, not the server. */
const REFUSALS: ReadonlySet<number> = new Set([400, 406, 409, 411, 412, 413, 414, 415, 416, 417, 422, 451]);

/** What a job that ended without success means. */
export function completionFailure(
  { error, title: given, durationMs }: JobCompletion,
  conceal: Conceal = asItIs,
): QwenError {
  const title = given === undefined ? undefined : conceal(given);
  const heading = printable(title ?? "");
  const message = error === undefined ? "" : printable(conceal(plainText(unquoted(error))));
  const said = message === "" ? heading : message;
  const words = `${heading} ${message}`;
  // What no call can get here, however often it asks.
  if (/requires a logged[- ]in user/i.test(words)) return new QwenError("authentication", said);
  if (/duration\b.{0,100}\blarger than the maximum allowed/i.test(words)) return new QwenError("unsupported", said);
  if (QUOTAS.some((quota) => quota.test(words)))
    return new QwenError("quota_exceeded", said, { retryAfterMs: quotaWaitMs(message) });
  if (error === undefined)
    return new SpaceError("The Space failed and does not say why.", { hidden: true, title, durationMs });
  return new SpaceError(message === "" ? "The Space failed without a message." : message, { title, durationMs });
}

/** What ZeroGPU says of its limits, by the package `spaces` and in the titles of its errors. */
const QUOTAS: readonly RegExp[] = [
  /exceeded your .{0,100}?(?:quota|ZeroGPU runs limit)/i,
  /ZeroGPU (?:runs limit|quota)/i,
  /reached its GPU limit/i,
  /too many ZeroGPU credits/i,
];

/** The wait in a ZeroGPU quota text, such as "retry in 0:09:48" or "Try again in 1 day, 2:03:04", in ms. */
function quotaWaitMs(text: string): number | undefined {
  const wait = /\bin (?:(\d{1,15}) days?, )?(\d{1,15}):(\d{2}):(\d{2})/i.exec(text);
  if (wait === null) return undefined;
  const [days, hours, minutes, seconds] = wait.slice(1).map((digits) => Number(digits ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

/** Gradio 4.x shows the `repr` of the message: in quotes, those within it escaped. As much of it as is looked at. */
function unquoted(text: string): string {
  const [quote] = text;
  if (text.length < 2 || (quote !== "'" && quote !== '"') || !text.endsWith(quote)) return text.slice(0, MOST_READ);
  const inside = text.slice(1, Math.min(text.length - 1, MOST_READ));
  const plain = inside.replaceAll(/\\(.)/gs, (_, escaped: string) => (/[\\'"nrt]/.test(escaped) ? "" : escaped));
  // A quote within that is not escaped: these belong to the text.
  if (plain.includes(quote)) return text.slice(0, MOST_READ);
  return inside.replaceAll(/\\([\\'"nrt])/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function reasonIn(body: string, conceal: Conceal): string {
  const text = detailIn(body) ?? pageTitle(body);
  // A traceback is the server's business, and names its files.
  const end = text.indexOf("Traceback (most recent call last)");
  return printable(conceal(end < 0 ? text : text.slice(0, end)), LONGEST_REASON);
}

function detailIn(body: string): string | undefined {
  const json = parseJson(body);
  if (typeof json === "string") return plainText(json);
  if (!isRecord(json)) return undefined;
  const detail = json["detail"] ?? json["error"];
  if (typeof detail === "string") return plainText(detail);
  if (isRecord(detail) && typeof detail["error"] === "string") return plainText(detail["error"]);
  if (detail === undefined || detail === null) return undefined;
  try {
    return JSON.stringify(detail);
  } catch {
    // Nested deeper than can be written, which nobody can read either.
    return "";
  }
}

function pageTitle(body: string): string {
  return plainText(/<title[^<>]*>([^<]*)<\/title>/i.exec(body.slice(0, MOST_READ))?.[1] ?? body);
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#39": "'",
  "#x27": "'",
  nbsp: " ",
};

/** Text without its HTML tags, its common entities decoded, white space folded. */
function plainText(html: string): string {
  return withoutCode(html.slice(0, MOST_READ))
    .replaceAll(/<\/?[a-z!][^<>]*>/gi, " ")
    .replaceAll(/&(amp|lt|gt|quot|#39|#x27|nbsp);/g, (_, entity: string) => ENTITIES[entity] ?? "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** Without the contents of `style` and `script`: each end is looked for once, from where it could be. */
function withoutCode(html: string): string {
  const pieces = html.split(/<(?=(?:style|script)\b)/i);
  const [before = "", ...elements] = pieces;
  return elements.reduce((text, element) => {
    const end = /<\/(?:style|script)>/i.exec(element);
    return end === null ? `${text}<${element}` : `${text} ${element.slice(end.index + end[0].length)}`;
  }, before);
}
