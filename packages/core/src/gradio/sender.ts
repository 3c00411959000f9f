import { keepsCookies } from "#platform";
import { debug } from "../debug.ts";
import { QwenError } from "../errors.ts";
import { withoutSecrets } from "../error-secrets.ts";
import { publicReach } from "../http/reach.ts";
import { followHops, type OwnFollowedRequest } from "../http/follow.ts";
import type { Transport, TransportResponse } from "../http/transport.ts";
import type { Timeouts } from "../provider.ts";
import type { AbortSource } from "../stop.ts";
import { concealed, secretsIn } from "../secrets.ts";
import { resolveTimeouts, type ResolvedTimeouts } from "../timers.ts";
import { isHuggingFaceSpace, tokenHeader } from "./address.ts";
import type { ClientRequest } from "./client-request.ts";
import type { CookieJar } from "./cookies.ts";
import { writeJson } from "./json.ts";

/** What all requests to a Space have in common. */
export interface SenderOptions {
  readonly url: URL;
  readonly transport: Transport;
  readonly token: string | undefined;
  /** The caller's own, over what the SDK would send. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly timeouts: Timeouts | undefined;
  /** What is not to be shown, whoever repeats it. */
  secrets(): readonly string[];
}

type Headers = Readonly<Record<string, string>>;

/** Sends requests to a Space: follows redirects, with headers and cookies for its own origin only. */
export class Sender {
  readonly url: URL;
  /** Those of a request that sets none. */
  readonly timeouts: ResolvedTimeouts;
  /** Whether a page may ask with cookies. The proxy of Hugging Face lets none of another origin (July 2026: gradio-app/gradio#13581). */
  readonly takesCookies: boolean;
  readonly #origin: string;
  readonly #transport: Transport;
  readonly #secrets: () => readonly string[];
  /** For the Space alone; a cookie among them is one of several. */
  readonly #own: Headers;
  readonly #ownCookie: string | undefined;
  #keepsConnections = false;

  constructor({ url, transport, token, headers, timeouts, secrets }: SenderOptions) {
    const { cookie, ...own } = lowerCase(headers);
    this.url = url;
    this.#origin = url.origin;
    const { location } = globalThis as { readonly location?: { readonly origin: string } };
    this.takesCookies = !isHuggingFaceSpace(url) || location?.origin === url.origin;
    this.#transport = transport;
    this.#secrets = secrets;
    this.timeouts = resolveTimeouts(timeouts);
    this.#own = { ...(token === undefined ? {} : tokenHeader(url, { space: url, token })), ...own };
    this.#ownCookie = cookie;
  }

  /**
   * Whether the Space has answered and left the connection open. What closes each (a front made of `http-proxy`) may pass
   * on a request that was sent behind another, whose answer is lost then.
   */
  get keepsConnections(): boolean {
    return this.#keepsConnections;
  }

  /** Sends a request; whatever its status, the response comes back. `login` are the cookies below the session's. */
  send(request: ClientRequest, login?: CookieJar): Promise<TransportResponse> {
    return followHops(this.#transport, new SentRequest(this, request, login));
  }

  /** What all requests to the Space go out with, over those that one has by itself. */
  headers(common: Headers, { headers, jar }: ClientRequest, login: CookieJar | undefined): Headers {
    const { cookie = this.#ownCookie, ...given } = headers === undefined ? NO_HEADERS : lowerCase(headers);
    // Those of a browser go along by themselves, and no header can carry what a conversation brought from elsewhere.
    const pairs = keepsCookies() ? NONE : (jar?.pairs(login) ?? login?.pairs() ?? NONE);
    const cookies = cookie === undefined ? pairs : [cookie, ...pairs];
    return {
      ...common,
      ...(cookies.length === 0 ? undefined : { cookie: cookies.join("; ") }),
      ...this.#own,
      ...given,
    };
  }

  /** Takes notice of an answer of the Space itself. */
  answered({ headers }: TransportResponse, jar: CookieJar | undefined): void {
    this.#keepsConnections = headers["connection"] !== "close";
    const cookies = headers["set-cookie"];
    if (cookies !== undefined) jar?.store(typeof cookies === "string" ? [cookies] : cookies);
  }

  /** Whether a hop is to the Space itself. */
  isOwn(hop: URL): boolean {
    return hop.origin === this.#origin;
  }

  /** What is not to be shown of a request. */
  secretsOf({ headers }: ClientRequest): readonly string[] {
    return [...this.#secrets(), ...secretsIn(headers)];
  }

  /** Whether a hop to somebody else must lead to a public address. Throws for one that must not be asked at all. */
  isPublicOnly(hop: URL): boolean {
    // A Space of the internet leads nobody into the network that this process is in.
    if (publicReach(this.url) === "none") return false;
    if (publicReach(hop) === "public") return true;
    throw new QwenError("protocol", `${this.url.host} redirects to ${hop.origin}, which is no public address.`);
  }
}

/** A request on its way: an object that lives until its answer, where functions would be five. */
class SentRequest implements OwnFollowedRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly body: string | Uint8Array | undefined;
  readonly connectMs: number | undefined;
  readonly headersMs: number | undefined;
  readonly withCookies: boolean;
  readonly #sender: Sender;
  readonly #request: ClientRequest;
  readonly #login: CookieJar | undefined;
  readonly #startedAt = performance.now();

  constructor(sender: Sender, request: ClientRequest, login: CookieJar | undefined) {
    const { path, json, body, jar, timeouts } = request;
    this.#sender = sender;
    this.#request = request;
    this.#login = login;
    this.method = json === undefined && body === undefined ? "GET" : "POST";
    // Joined as text: resolving the path as a reference could lead to another host.
    this.url = new URL(sender.url.href + (path.startsWith("/") ? path.slice(1) : path));
    this.body = json === undefined ? body?.bytes : writeJson(json);
    this.connectMs = timeouts?.connectMs ?? sender.timeouts.connectMs;
    this.headersMs = timeouts?.headersMs ?? sender.timeouts.headersMs;
    this.withCookies = sender.takesCookies && ((request.withCookies ?? jar !== undefined) || login !== undefined);
  }

  get signal(): AbortSource | undefined {
    return this.#request.signal;
  }

  get onStart(): (() => void) | undefined {
    return this.#request.onStart;
  }

  get sendAgain(): (() => Promise<boolean>) | undefined {
    return this.#request.sendAgain;
  }

  get lane(): symbol | undefined {
    return this.#request.lane;
  }

  get outlivesPage(): boolean | undefined {
    return this.#request.outlivesPage;
  }

  headersFor(hop: URL): Headers {
    const { json, body, accept } = this.#request;
    const contentType = json === undefined ? body?.contentType : "application/json";
    const common =
      contentType === undefined ? (accept === undefined ? PLAIN : STREAM) : { ...PLAIN, "content-type": contentType };
    return this.#isOwn(hop) ? this.#sender.headers(common, this.#request, this.#login) : common;
  }

  publicOnly(hop: URL): boolean {
    return !this.#isOwn(hop) && this.#sender.isPublicOnly(hop);
  }

  onResponse(response: TransportResponse, hop: URL): void {
    const { status } = response;
    debug(() => {
      const where = concealed(`${hop.origin}${hop.pathname}`, this.#sender.secretsOf(this.#request));
      return `${this.method} ${where} ${status} ${Math.round(performance.now() - this.#startedAt)} ms`;
    });
    this.#request.onStatus?.(status);
    if (this.#isOwn(hop)) this.#sender.answered(response, this.#request.jar);
  }

  errorOf(error: unknown): unknown {
    return this.signal?.aborted === true ? error : withoutSecrets(error, this.#sender.secretsOf(this.#request));
  }

  #isOwn(hop: URL): boolean {
    // An origin is written anew each time it is asked for, and most requests are not led elsewhere.
    return hop === this.url || this.#sender.isOwn(hop);
  }
}

function lowerCase(headers: Headers | undefined): Headers {
  if (headers === undefined) return NO_HEADERS;
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

const NO_HEADERS: Headers = {};
const NONE: readonly string[] = [];
const PLAIN: Headers = { accept: "application/json", "user-agent": "qwen-sdk" };
const STREAM: Headers = { ...PLAIN, accept: "text/event-stream" };
