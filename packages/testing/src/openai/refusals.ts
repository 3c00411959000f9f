import { htmlReply, jsonReply, pauseHeaders, redirectReply, type Reply } from "../server/reply.ts";
import type { Dialect, Refusal } from "./dialect.ts";
import type { OpenAIFault } from "./faults.ts";

/** What a fault answers in place of a model, where it does. */
export function replyOfFault(
  fault: OpenAIFault,
  { dialect, host, path }: { readonly dialect: Dialect; readonly host: string; readonly path: string },
): Reply | undefined {
  const { name, ms = 1000, to } = fault;
  const refused = (refusal: Refusal, headers: Reply["headers"] = {}): Reply =>
    refusalReply(dialect, fault.message === undefined ? refusal : { ...refusal, message: fault.message }, headers);
  const limited = (headers: Readonly<Record<string, string>>): Reply => refused(RATE_LIMITED, headers);

  switch (name) {
    case "redirect":
      return redirectReply({ to, host, path });
    case "html":
      return htmlReply(200, fault.message ?? "Welcome");
    case "proxy-error":
      return htmlReply(502, fault.message ?? "502 Bad Gateway");
    case "empty-body":
      return { status: 200, headers: { "content-type": dialect.json }, body: "" };
    case "error-200":
      return { ...refused(SERVER_ERROR), status: 200 };
    case "status":
      return refused({ ...SERVER_ERROR, status: fault.status ?? 500 });
    case "refused-parameter":
      return refused(dialect.refusedParameter(fault.parameter ?? "stream_options"));
    case "context-too-long":
      return refused(dialect.contextTooLong);
    case "content-refused":
      return refused(dialect.contentRefused);
    case "unauthorized":
      return refused(dialect.unauthorized);
    case "quota":
      return refused(dialect.quota);
    case "rate-limited":
      return limited({});
    case "rate-limited-seconds":
      return limited(pauseHeaders.seconds(ms));
    case "rate-limited-date":
      return limited(pauseHeaders.date(ms));
    case "rate-limited-ms":
      return limited(pauseHeaders.ms(ms));
    case "rate-limited-reset":
      return limited({
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": durationOf(ms),
        "x-ratelimit-reset-tokens": "0s",
      });
    case "rate-limited-epoch":
      return limited({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Date.now() + ms) });
    default: {
      const refusal = STATUSES[name];
      return refusal && refused(refusal);
    }
  }
}

/** An error by the status of the response. */
export function refusalReply(dialect: Dialect, refusal: Refusal, headers: Reply["headers"] = {}): Reply {
  return jsonReply(refusal.status, dialect.error(refusal), {
    "content-type": dialect.json,
    ...dialect.errorHeaders,
    ...headers,
  });
}

const SERVER_ERROR: Refusal = { status: 500, message: "The server had an error while processing your request." };

const RATE_LIMITED: Refusal = {
  status: 429,
  message: "Rate limit reached. Please try again later.",
  type: "requests",
  code: "rate_limit_exceeded",
};

const STATUSES: Readonly<Partial<Record<OpenAIFault["name"], Refusal>>> = {
  "payment-required": { status: 402, message: "Your balance is not sufficient." },
  forbidden: { status: 403, message: "You are not allowed to use this model." },
  "not-found": { status: 404, message: "Not Found" },
  conflict: { status: 409, message: "The request conflicts with another one." },
  "too-large": { status: 413, message: "The request is too large." },
  unprocessable: { status: 422, message: "The request cannot be processed." },
  "server-error": SERVER_ERROR,
  "bad-gateway": { status: 502, message: "The model's server gave no answer." },
  unavailable: { status: 503, message: "The engine is currently overloaded, please try again later." },
  "gateway-timeout": { status: 504, message: "The model's server took too long." },
};

/** A duration as OpenAI's headers have it: "20ms", "1s", "6m0s", "1h2m3s". */
function durationOf(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const seconds = ms / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${Number((seconds % 60).toFixed(3))}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
