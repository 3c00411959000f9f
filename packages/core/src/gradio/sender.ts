import { keepsCookies } from "#platform";
import { debug } from "../debug.ts";
import { QwenError } from "../errors.ts";
import { withoutSecrets } from "../error-secrets.ts";
import { publicReach } from "../http/reach.ts";
import { followHops } from "../http/follow.ts";
import type { Transport, TransportResponse } from "../http/transport.ts";
import type { Timeouts } from "../provider.ts";
import { concealed, secretsIn } from "../secrets.ts";
import { resolveTimeouts, type ResolvedTimeouts } from "../timers.ts";
import { tokenHeader } from "./address.ts";
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
  readonly #origin: string;
  readonly #transport: Transport;
  readonly #timeouts: ResolvedTimeouts;
  readonly #secrets: () => readonly string[];
  /** For the Space alone; a cookie among them is one of several. */
  readonly #own: Headers;
  readonly #ownCookie: string | undefined;
  #keepsConnections = false;

  constructor({ url, transport, token, headers, timeouts, secrets }: SenderOptions) {
    const { cookie, ...own } = lowerCase(headers);
    this.url = url;
    this.#origin = url.origin;
    this.#transport = transport;
    this.#secrets = secrets;
    this.#timeouts = resolveTimeouts(timeouts);
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
    const { path, json, body, accept, jar, signal, timeouts, onStart, onStatus, sendAgain, lane } = request;
    const { withCookies = jar !== undefined, outlivesPage } = request;
    const { connectMs = this.#timeouts.connectMs, headersMs = this.#timeouts.headersMs } = timeouts ?? {};
    const contentType = json === undefined ? body?.contentType : "application/json";
    const method = contentType === undefined ? "GET" : "POST";
    const common =
      contentType === undefined ? (accept === undefined ? PLAIN : STREAM) : { ...PLAIN, "content-type": contentType };
    const startedAt = performance.now();
    // Joined as text: resolving the path as a reference could lead to another host.
    const url = new URL(this.url.href + path.replace(/^\//, ""));
    // An origin is written anew each time it is asked for, and most requests are not led elsewhere.
    const isOwn = (hop: URL): boolean => hop === url || hop.origin === this.#origin;
    const secrets = (): readonly string[] => [...this.#secrets(), ...secretsIn(request.headers)];
    const response = followHops(this.#transport, {
      method,
      url,
      body: json === undefined ? body?.bytes : writeJson(json),
      signal,
      connectMs,
      headersMs,
      onStart,
      sendAgain,
      lane,
      withCookies: withCookies || login !== undefined,
      outlivesPage,
      headersFor: (hop) => (isOwn(hop) ? this.#headers(common, request, login) : common),
      publicOnly: (hop) => !isOwn(hop) && this.#isPublicOnly(hop),
      onResponse: ({ status, headers: received }, hop) => {
        debug(() => {
          const where = concealed(`${hop.origin}${hop.pathname}`, secrets());
          return `${method} ${where} ${status} ${Math.round(performance.now() - startedAt)} ms`;
        });
        onStatus?.(status);
        if (!isOwn(hop)) return;
        this.#keepsConnections = received["connection"] !== "close";
        const cookies = received["set-cookie"];
        if (cookies !== undefined) jar?.store(typeof cookies === "string" ? [cookies] : cookies);
      },
    });
    return response.catch((error: unknown) => {
      throw signal?.aborted === true ? error : withoutSecrets(error, secrets());
    });
  }

  #headers(common: Headers, { headers, jar }: ClientRequest, login: CookieJar | undefined): Headers {
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

  #isPublicOnly(hop: URL): boolean {
    // A Space of the internet leads nobody into the network that this process is in.
    if (publicReach(this.url) === "none") return false;
    if (publicReach(hop) === "public") return true;
    throw new QwenError("protocol", `${this.url.host} redirects to ${hop.origin}, which is no public address.`);
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
