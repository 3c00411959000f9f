import { QwenError, SpaceError } from "../errors.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import { headerOf, readText, type TransportResponse } from "../http/transport.ts";
import { isHuggingFaceSpace } from "./address.ts";
import { maskSecrets } from "../printable.ts";
import { isRecord, parseJson } from "./json.ts";
import type { JobCompletion } from "./messages.ts";

const LONGEST_REASON = 300;
const LONGEST_READ_MS = 5000;
/** Characters of a page that are looked at: finding its tags takes quadratic time at worst. */
const MOST_READ = 10_000;

/** Reads the body of a response that is no success, and says what it means. The connection is done with after. */
export async function failureOf(
  response: TransportResponse,
  { url, signal }: { readonly url: URL; readonly signal?: AbortSignal | undefined },
): Promise<QwenError> {
  let body = "";
  try {
    body = await readText(response.body, { maxBytes: 64 * 1024, cut: true, limitMs: LONGEST_READ_MS, signal });
  } catch {
    // The status says more than a body that broke off.
    signal?.throwIfAborted();
  }
  return statusFailure(response, { url, body });
}

/** What a status that is no success means, with the body it came with. */
export function statusFailure(
  response: Pick<TransportResponse, "status" | "headers">,
  { url, body }: { readonly url: URL; readonly body: string },
): QwenError {
  const { status } = response;
  const reason = reasonIn(body);
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
  if (status === 400 || status === 413 || status === 422)
    return new QwenError("invalid_request", `${url.host} refuses the request (${said}).`, options);
  return new QwenError("protocol", `${url.host} answers unlike a Gradio server (${said}).`, options);
}

/** What a job that ended without success means. */
export function completionFailure({ error, title }: JobCompletion): QwenError {
  if (error === undefined) {
    return new SpaceError("The Space failed and does not say why.", { hidden: true, title });
  }
  const message = maskSecrets(plainText(unquoted(error)));
  if (/exceeded your .*quota/i.test(message)) {
    return new QwenError("quota_exceeded", message, { retryAfterMs: quotaWaitMs(message) });
  }
  return new SpaceError(message === "" ? "The Space failed without a message." : message, { title });
}

/** The wait in a ZeroGPU quota text, such as "retry in 0:09:48" or "Try again in 1 day, 2:03:04", in ms. */
function quotaWaitMs(text: string): number | undefined {
  const wait = /\bin (?:(\d+) days?, )?(\d+):(\d{2}):(\d{2})/i.exec(text);
  if (wait === null) return undefined;
  const [days, hours, minutes, seconds] = wait.slice(1).map((digits) => Number(digits ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

/** Gradio 4.x shows the `repr` of the message: in quotes, those within it escaped. */
function unquoted(text: string): string {
  return /^(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")$/s.test(text)
    ? text.slice(1, -1).replaceAll(/\\([\\'"nrt])/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped)
    : text;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function reasonIn(body: string): string {
  const text = detailIn(body) ?? pageTitle(body);
  // A traceback is the server's business, and names its files.
  const end = text.indexOf("Traceback (most recent call last)");
  return maskSecrets(text.slice(0, end < 0 ? LONGEST_REASON : Math.min(end, LONGEST_REASON)).trim());
}

function detailIn(body: string): string | undefined {
  const json = parseJson(body);
  if (typeof json === "string") return plainText(json);
  if (!isRecord(json)) return undefined;
  const detail = json["detail"] ?? json["error"];
  if (typeof detail === "string") return plainText(detail);
  if (isRecord(detail) && typeof detail["error"] === "string") return plainText(detail["error"]);
  return detail === undefined || detail === null ? undefined : JSON.stringify(detail);
}

function pageTitle(body: string): string {
  return plainText(/<title[^>]*>([^<]*)<\/title>/i.exec(body.slice(0, MOST_READ))?.[1] ?? body);
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
  return html
    .slice(0, MOST_READ)
    .replaceAll(/<(?:style|script)\b[\s\S]*?<\/(?:style|script)>/gi, " ")
    .replaceAll(/<\/?[a-z!][^>]*>/gi, " ")
    .replaceAll(/&(amp|lt|gt|quot|#39|#x27|nbsp);/g, (_, entity: string) => ENTITIES[entity] ?? "")
    .replaceAll(/\s+/g, " ")
    .trim();
}
