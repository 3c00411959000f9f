import { createTransport } from "#transport";
import { debug } from "../debug.ts";
import { QwenError } from "../errors.ts";
import { publicReach, type Reach } from "../http/elsewhere.ts";
import { follow } from "../http/follow.ts";
import { readText, type Transport, type TransportRequest, type TransportResponse } from "../http/transport.ts";
import { resolveTimeouts } from "../timers.ts";
import type { Timeouts } from "../provider.ts";
import { isHuggingFaceSpace, spaceUrl, tokenHeader, type SpaceTarget } from "./address.ts";
import { readClientOptions, type ClientOptions } from "./client-options.ts";
import { parseConfig, type SpaceConfig } from "./config.ts";
import { CookieJar } from "./cookies.ts";
import { failureOf } from "./failure.ts";
import { writeJson } from "./json.ts";
import { createLogin } from "./login.ts";

/** A request to a Space, its path relative to the base URL. */
export interface ClientRequest {
  readonly path: string;
  /** Sent as JSON. A GET without it. */
  readonly json?: unknown;
  readonly body?: { readonly bytes: Uint8Array; readonly contentType: string } | undefined;
  readonly accept?: "text/event-stream" | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Cookies of the session this request belongs to. */
  readonly jar?: CookieJar | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeouts?: Timeouts | undefined;
  readonly onStart?: (() => void) | undefined;
  /** Told the status of every response on the way, redirects included. */
  readonly onStatus?: ((status: number) => void) | undefined;
  readonly lane?: symbol | undefined;
  /** See {@link TransportRequest.sendAgain}. */
  readonly sendAgain?: TransportRequest["sendAgain"];
}

/** The connection to one Space that all of its sessions share. */
export interface SpaceClient {
  readonly url: URL;
  /** Whether jobs of new sessions ask for their messages before the job is confirmed. */
  readonly earlyStream: boolean;
  /** Those of the login, where there is one. */
  readonly loginCookies: CookieJar | undefined;
  /** Sends a request; whatever its status, the response comes back. */
  request(request: ClientRequest): Promise<TransportResponse>;
  /** What its requests go through. */
  transport(): Transport;
  /** Where a URL out of a message may lead to. The Space's own origin is not elsewhere. */
  reach(url: URL): Reach;
  /** The path prefix of the API: known from `/config`, or the hint, or that of Gradio 5 and later. */
  prefix(): string;
  /** Reads `/config`, once for all callers; a failure is not kept. */
  config(): Promise<SpaceConfig>;
  /** Reads `/config` again, whatever is known. */
  refreshConfig(): Promise<SpaceConfig>;
  /** What `/config` said, if it was read. */
  knownConfig(): SpaceConfig | undefined;
  /** After a failure: the Space may have changed, so the next call reads `/config` again. */
  forgetConfig(): void;
  /** Lets `work` end after its call has: `close()` waits for it. Its failure is logged only. */
  background(work: Promise<void>): void;
  /** Waits for what is left in the background and closes idle connections. The client stays usable. */
  close(): Promise<void>;
}

/** Makes the client of a Space. Nothing is sent yet. Throws a `TypeError` for a bad target or option. */
export function createClient(
  target: SpaceTarget,
  given: ClientOptions & {
    readonly apiPrefix?: string | undefined;
    readonly urls?: "public" | "any" | undefined;
  } = {},
): SpaceClient {
  const options = readClientOptions(given);
  const { token, auth, proxy, headers: ownHeaders, apiPrefix: prefixHint = "/gradio_api" } = options;
  const { earlyStream = false, urls = "public" } = options;
  const url = spaceUrl(target);
  const login = auth === undefined ? undefined : createLogin(auth, { url, send });
  const left = new Set<Promise<void>>();
  let config: SpaceConfig | undefined;
  let reading: Promise<SpaceConfig> | undefined;
  const transport = options.transport ?? createTransport({ proxy });

  async function send({
    path,
    json,
    body,
    accept,
    headers,
    jar,
    signal,
    timeouts,
    onStart,
    onStatus,
    lane,
    sendAgain,
  }: ClientRequest): Promise<TransportResponse> {
    const { connectMs, headersMs } = resolveTimeouts(timeouts, options.timeouts);
    const contentType = json === undefined ? body?.contentType : "application/json";
    const startedAt = performance.now();
    const response = await follow(transport, {
      method: contentType === undefined ? "GET" : "POST",
      // Joined as text: resolving the path as a reference could lead to another host.
      url: new URL(url.href + path.replace(/^\//, "")),
      body: json === undefined ? body?.bytes : writeJson(json),
      signal,
      connectMs,
      headersMs,
      onStart,
      lane,
      sendAgain,
      headersFor(hop) {
        const inside = hop.origin === url.origin;
        const common = {
          accept: accept ?? "application/json",
          "user-agent": "qwen-sdk",
          ...(contentType === undefined ? {} : { "content-type": contentType }),
        };
        if (!inside) return common;
        const { cookie: ownCookie, ...own } = { ...lowerCase(ownHeaders), ...lowerCase(headers) };
        const pairs = jar?.pairs(login?.cookies) ?? login?.cookies.pairs() ?? [];
        const cookies = ownCookie === undefined ? pairs : [ownCookie, ...pairs];
        return {
          ...common,
          ...(cookies.length === 0 ? {} : { cookie: cookies.join("; ") }),
          ...(token === undefined ? {} : tokenHeader(hop, { space: url, token })),
          ...own,
        };
      },
      publicOnly(hop) {
        // A Space of the internet leads nobody into the network that this process is in.
        if (hop.origin === url.origin || publicReach(url) === "none") return false;
        if (publicReach(hop) === "public") return true;
        throw new QwenError("protocol", `${url.host} redirects to ${hop.origin}, which is no public address.`);
      },
      onResponse({ status, headers: received }, hop) {
        debug(
          () =>
            `${contentType === undefined ? "GET" : "POST"} ${hop.origin}${hop.pathname} ${status} ${Math.round(performance.now() - startedAt)} ms`,
        );
        onStatus?.(status);
        const cookies = received["set-cookie"];
        if (cookies === undefined || hop.origin !== url.origin) return;
        jar?.store(typeof cookies === "string" ? [cookies] : cookies);
      },
    });
    return response;
  }

  function request(clientRequest: ClientRequest): Promise<TransportResponse> {
    return login === undefined ? send(clientRequest) : login.request(clientRequest);
  }

  function requestConfig(): Promise<TransportResponse> {
    // Its cookies are nobody's: kept by the client they would tie all sessions to one replica.
    return request({ path: "config", jar: new CookieJar() });
  }

  async function readConfig(): Promise<SpaceConfig> {
    const response = await requestConfig().catch((error: unknown) => {
      // Gradio's server closes the connection behind a 500 unannounced, and what follows over it is lost.
      if (QwenError.isInstance(error) && error.code === "connection") return requestConfig();
      throw error;
    });
    if (response.status !== 200) throw await failureOf(response, { url });
    const body = await readText(response.body);
    if (body.trimStart().startsWith("<")) {
      throw new QwenError(
        "space_unavailable",
        `${url.host} shows a page instead of a Gradio app${isHuggingFaceSpace(url) ? ": it may be asleep, building or stopped" : ""}.`,
      );
    }
    // Loaded beside the first answer, not before it: schemas are a third of this package's code.
    const { checkConfig } = await import("#schema");
    return parseConfig(body, { host: url.host, check: checkConfig });
  }

  function refreshConfig(): Promise<SpaceConfig> {
    reading ??= readConfig()
      .then((read) => (config = read))
      .finally(() => (reading = undefined));
    return reading;
  }

  return {
    url,
    earlyStream,
    loginCookies: login?.cookies,
    request,
    transport: () => transport,
    reach: (to) => (urls === "any" || to.origin === url.origin ? "any" : publicReach(to)),
    prefix: () => config?.apiPrefix ?? prefixHint,
    config() {
      return config === undefined ? refreshConfig() : Promise.resolve(config);
    },
    refreshConfig,
    knownConfig: () => config,
    forgetConfig() {
      config = undefined;
    },
    background(work) {
      const kept = work
        .catch((error: unknown) =>
          debug(() => `clean-up at ${url.host}: ${error instanceof Error ? error.message : "failed"}`),
        )
        .finally(() => left.delete(kept));
      left.add(kept);
    },
    async close() {
      while (left.size > 0) await Promise.all(left);
      if (options.transport === undefined) await transport.close();
    },
  };
}

function lowerCase(headers: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  if (headers === undefined) return NO_HEADERS;
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

const NO_HEADERS: Readonly<Record<string, string>> = {};
