import { debug } from "../debug.ts";
import { watch } from "../disregard.ts";
import { QwenError } from "../errors.ts";
import {
  aFlag,
  aFunction,
  aLimitMs,
  anAbortSignal,
  anObject,
  aTransport,
  aUrl,
  isGroup,
  isPlain,
  oneOf,
  type OptionNames,
  readOption,
  refuseUnknown,
  requireNow,
  requireOption,
  type Rule,
} from "../options.ts";
import { shortened } from "../nearest.ts";
import { wordsOf } from "../printable.ts";
import { behindOwn } from "../own-functions.ts";
import type { Timeouts } from "../provider.ts";
import { DEFAULT_TIMEOUTS } from "../timers.ts";
import { guardedTransport } from "./guard.ts";
import { isInnerAddress } from "./public-address.ts";
import { headerOf, type OwnRequest, type OwnTransport, type Transport, type TransportResponse } from "./transport.ts";

const MOST_REDIRECTS = 5;

/** A request whose headers depend on where it goes. */
export interface FollowedRequest extends Omit<OwnRequest, "headers" | "publicOnly" | "connectMs" | "headersMs"> {
  /** Of each hop: see {@link TransportRequest.connectMs}. @defaultValue 10_000 */
  readonly connectMs?: number | undefined;
  /** Of each hop: see {@link TransportRequest.headersMs}. @defaultValue 30_000 */
  readonly headersMs?: number | undefined;
  /** Asked anew for every hop, so that what is meant for one host never reaches another. One that is `undefined` is not set. */
  headersFor(url: URL): Readonly<Record<string, string | undefined>>;
  /** Whether a hop must lead to a public address. Asked for each; throws for one that must not be asked at all. */
  publicOnly?(url: URL): boolean;
  /** Told every response on the way, for its cookies. */
  readonly onResponse?: ((response: TransportResponse, url: URL) => void) | undefined;
}

/** A request of this SDK, which may be an object of a class. */
export interface OwnFollowedRequest extends FollowedRequest {
  /** The error as its caller gets it. */
  errorOf?(error: unknown): unknown;
}

/**
 * Sends a request and follows redirects, at most five, over any transport: one of your own is held to its contract.
 *
 * A POST is followed on 307 and 308 only, since the others would turn it into a GET without its body
 * (RFC 9110, section 15.4), and only within its origin: a prompt or a password is for the host it was given for.
 * Errors of code `protocol` name where the redirect leads. An option that is none is a `TypeError`, and so is what
 * `headersFor` and `publicOnly` return if it is not what they must, a promise or a header of `null` included; what they throw is thrown. The limits
 * of `resolveTimeouts()` may be spread in whole.
 */
export async function follow(transport: Transport, request: FollowedRequest): Promise<TransportResponse> {
  requireOption("transport", transport, aTransport);
  const asked = readFollowed(request);
  const { request: send } = guardedTransport(transport);
  // All that a transport of ours reads was read here, but for where requests can go at all.
  return followHops({ request: aWebUrl(asked.url) === undefined ? behindOwn(send) : send }, asked);
}

function readFollowed(request: FollowedRequest): FollowedRequest {
  requireOption("request", request, anObject);
  refuseUnknown("A request to follow", request, NAMES);
  const { headersFor, publicOnly, onResponse, onStart } = request;
  requireOption("method", request.method, aMethod);
  requireOption("url", request.url, aUrl);
  requireOption("headersFor", headersFor, aFunction);
  readOption("publicOnly", publicOnly, aFunction);
  readOption("onResponse", onResponse, aFunction);
  readOption("body", request.body, aSentBody);
  readOption("signal", request.signal, anAbortSignal);
  readOption("onStart", onStart, aFunction);
  readOption("sendAgain", request.sendAgain, aFunction);
  readOption("withCookies", request.withCookies, aFlag);
  readOption("outlivesPage", request.outlivesPage, aFlag);
  return {
    ...request,
    headersFor: (url) =>
      requireHeaders("headersFor()", requireNow("headersFor()", headersFor.call(request, url), headersNow)),
    ...(publicOnly !== undefined && {
      publicOnly: (url: URL) => requireNow("publicOnly()", publicOnly.call(request, url), aFlag),
    }),
    // Whoever watches disturbs nothing, or the connection would be left open.
    ...(onResponse !== undefined && {
      onResponse: (response: TransportResponse, url: URL) => {
        callBack("onResponse", () => onResponse.call(request, response, url));
      },
    }),
    ...(onStart !== undefined && { onStart: () => callBack("onStart", () => onStart.call(request)) }),
  };
}

/** Calls a function of somebody else's that is told something: what it throws, or a promise that rejects, disturbs nothing. */
export function callBack(name: string, look: () => unknown): void {
  watch(look, undefined, (error) => debug(() => `\`${name}\` threw ${wordsOf(error)}`));
}

/** How a request can be sent. */
export const aMethod = oneOf("GET", "POST");

/** Where it can go. */
export const aWebUrl: Rule = (value) =>
  aUrl(value) ?? (/^https?:$/.test((value as URL).protocol) ? undefined : "an http: or https: URL");

/** `Headers` and a `Map` keep theirs where nobody would read them. */
const headersNow: Rule = (value) => {
  if (!isGroup(value) || "then" in value) return "headers, at once";
  return isPlain(value) ? undefined : "a plain object of headers, as `Object.fromEntries(headers)` makes one";
};

/** Throws a `TypeError` for a value that is none, which would go out as a word for it. Not shown: it may be a secret. */
export function requireHeaders<Headers extends object>(group: string, headers: Headers): Headers {
  const values = headers as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(headers))
    if (values[name] !== undefined && typeof values[name] !== "string")
      throw new TypeError(`\`${group}[${JSON.stringify(shortened(name))}]\` must be a string, or undefined for none.`);
  return headers;
}

/** What a request can carry. */
export const aSentBody: Rule = (value) =>
  typeof value === "string" || value instanceof Uint8Array ? undefined : "a string or a Uint8Array";

const NAMES: OptionNames<FollowedRequest & Timeouts> = {
  method: true,
  url: true,
  headersFor: true,
  body: true,
  signal: true,
  publicOnly: true,
  onResponse: true,
  onStart: true,
  sendAgain: true,
  lane: true,
  withCookies: true,
  outlivesPage: true,
  connectMs: true,
  headersMs: true,
  queueMs: true,
  firstOutputMs: true,
  answerMs: true,
  idleMs: true,
  totalMs: true,
};

/** As {@link follow}, for requests and transports of this SDK. */
export async function followHops(
  transport: Pick<OwnTransport, "request">,
  request: OwnFollowedRequest,
): Promise<TransportResponse> {
  try {
    let { url } = request;
    for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
      const sent = hopTo(url, request);
      let response: TransportResponse;
      // Here and not in a function of its own, which would be one more promise that waits for each answer.
      try {
        response = await transport.request(sent);
      } catch (error) {
        throw transportError(error, sent);
      }
      request.onResponse?.(response, url);
      const next = redirectOf(response, request.method, url);
      if (next === undefined) return response;
      url = next;
    }
    throw new QwenError("protocol", `${request.url.host} redirects in a circle.`);
  } catch (error) {
    throw request.errorOf === undefined ? error : request.errorOf(error);
  }
}

/** Where a response leads, if it does. Throws where that cannot be followed. */
function redirectOf(response: TransportResponse, method: FollowedRequest["method"], url: URL): URL | undefined {
  const location = response.status >= 300 && response.status < 400 ? headerOf(response, "location") : undefined;
  if (location === undefined) return undefined;
  response.body.cancel();
  const next = URL.parse(location, url.href);
  const keepsBody = (response.status === 307 || response.status === 308) && next?.origin === url.origin;
  const followed = method === "GET" || keepsBody;
  const web = next !== null && /^https?:$/.test(next.protocol);
  if (web && followed) return next;
  const where = web ? next.origin : (next?.protocol ?? "an unreadable address");
  throw new QwenError(
    "protocol",
    `${url.host} redirects to ${where} in a way that cannot be followed. Give the final address.`,
    { status: response.status },
  );
}

/** Headers without those that are `undefined`. */
export function headersSet(headers: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const names = Object.keys(headers);
  if (names.every((name) => headers[name] !== undefined)) return headers as Readonly<Record<string, string>>;
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
}

/** A transport may be somebody else's, and throw anything: that ends as one of the family, but for aborts and mistakes. */
function transportError(error: unknown, { signal, url }: OwnRequest): unknown {
  if (QwenError.isInstance(error) || error instanceof TypeError || signal?.aborted === true) return error;
  return new QwenError("connection", `The connection to ${url.host} failed: ${wordsOf(error)}.`, { cause: error });
}

/** Written out: taking an object apart and spreading the rest costs more than all else here. */
function hopTo(url: URL, request: FollowedRequest): OwnRequest {
  const { method, body, signal, onStart, sendAgain, lane, withCookies, outlivesPage } = request;
  const connectMs = readOption("connectMs", request.connectMs, aLimitMs) ?? DEFAULT_TIMEOUTS.connectMs;
  const headersMs = readOption("headersMs", request.headersMs, aLimitMs) ?? DEFAULT_TIMEOUTS.headersMs;
  const hop = {
    method,
    url,
    headers: headersSet(request.headersFor(url)),
    body,
    signal,
    connectMs,
    headersMs,
    onStart,
    sendAgain,
    lane,
    withCookies,
    outlivesPage,
  };
  if (request.publicOnly?.(url) !== true) return hop;
  // Whoever resolves names: this is none.
  if (isInnerAddress(url)) throw new QwenError("connection", `${url.host} is no public address.`);
  return { ...hop, publicOnly: true };
}
