import { QwenError, type ProviderRequest, type ResponseInfo } from "@qwen/core";
import {
  type AbortSource,
  failureInText,
  follow,
  headerOf,
  type OwnTransport,
  publicReach,
  readText,
  type SaidFailure,
  secretsIn,
  type TransportResponse,
  waitMs,
  withoutSecrets,
} from "@qwen/core/http";
import { failureOf } from "./failures.ts";
import { HEADER_TEXT } from "./options.ts";

type Headers = Readonly<Record<string, string>>;

/** Where requests go, and with what. */
export interface EndpointOptions {
  /** Id of its provider. */
  readonly id: string;
  readonly baseURL: URL;
  readonly transport: OwnTransport;
  readonly apiKey: string | undefined;
  /** Where the key is looked for that no option gives: without one, nothing is sent. */
  readonly keyVariable: string | undefined;
  /** The caller's own, over what the SDK would send. */
  readonly headers: Headers | undefined;
}

/** One request to an endpoint. */
export interface EndpointRequest {
  /** Behind the base URL, without a slash. */
  readonly path: string;
  /** JSON; a GET without it. */
  readonly body?: string | undefined;
  /** Of this request, over all others. */
  readonly headers?: ProviderRequest["headers"];
  readonly limits: { readonly connectMs: number; readonly headersMs: number };
  readonly signal: AbortSource | undefined;
}

/** How long the body of a response that is no success may take, in ms, and how much of it is read. */
const LONGEST_FAILURE_MS = 5000;
const LONGEST_FAILURE = 64 * 1024;

/** How many keys are known to have been sent. */
const MOST_KEYS = 8;

/** How much an endpoint may refuse of one model that is remembered. */
const MOST_REFUSED = 100;

/**
 * How late the loss of a kept connection may come for its request to be sent again, in ms: longer than any way there and back, and
 * no longer, since from then on the server may be at work.
 */
const LONGEST_LOSS_MS = 500;

/** An endpoint: sends requests to it, with the key for its own origin only, and says what its refusals mean. */
export class Endpoint {
  readonly url: URL;
  readonly #options: EndpointOptions;
  readonly #own: Headers;
  /** Parameters that it has refused, or values of them, by model: they are not sent again. */
  readonly #refused = new Map<string, Set<string>>();
  /** The keys that were looked up, the latest ones: what was sent is a secret still when there is another one. */
  readonly #keys = new Set<string>();

  constructor(options: EndpointOptions) {
    this.url = options.baseURL;
    this.#options = options;
    this.#own = lowerCase(options.headers);
  }

  get host(): string {
    return this.url.host;
  }

  /** What it has refused for a model. */
  refusedFor(model: string): Set<string> {
    const refused = this.#refused.get(model) ?? new Set<string>();
    this.#refused.set(model, refused);
    return refused;
  }

  refuse(model: string, parameter: string): void {
    const refused = this.refusedFor(model);
    // So many that they are callers' own: they are not kept for ever.
    if (refused.size === MOST_REFUSED) refused.clear();
    refused.add(parameter);
  }

  /**
   * Sends a request; whatever its status, the response comes back. Throws `authentication` where there is no key.
   *
   * Where a connection that was kept from an answer before is lost right after the request was sent, and before a byte of its answer,
   * the server most likely had closed it before: the request is sent once more over a new one, as some servers (llama.cpp) close each
   * though they promise to keep it. One that took the request and died of it at once looks the same, and would begin twice.
   */
  send({ path, body, headers: given, limits, signal }: EndpointRequest): Promise<TransportResponse> {
    const bare = body === undefined ? GET : POST;
    const headers = this.#headers(bare, lowerCase(given));
    let sentAt = 0;
    return follow(this.#options.transport, {
      method: body === undefined ? "GET" : "POST",
      // Joined as text: resolving it as a reference would take the last step of the base away.
      url: new URL(`${this.url.href.replace(/\/+$/, "")}/${path}`),
      body,
      signal,
      ...limits,
      onStart: () => {
        sentAt = performance.now();
      },
      sendAgain: () => Promise.resolve(performance.now() - sentAt < LONGEST_LOSS_MS),
      headersFor: (hop) => (hop.origin === this.url.origin ? headers : bare),
      // A POST goes nowhere else.
      ...(body === undefined && { publicOnly: (hop: URL) => this.#isPublicOnly(hop) }),
    });
  }

  /** What a response says that is no success. Its connection is done with after. */
  async refusal(response: TransportResponse, signal: AbortSource | undefined): Promise<SaidFailure> {
    let text = "";
    try {
      const limits = { maxBytes: LONGEST_FAILURE, limitMs: LONGEST_FAILURE_MS };
      text = await readText(response.body, { ...limits, cut: true, signal });
    } catch {
      // The status says more than a body that broke off.
      signal?.throwIfAborted();
    }
    return failureInText(text);
  }

  /** What an error means that the endpoint has told: in place of an answer, where there is a response, or within one. */
  failure(error: SaidFailure, response?: TransportResponse): QwenError {
    const status = response?.status;
    const isLimited = status === 429;
    return failureOf(error, {
      host: this.host,
      provider: this.#options.id,
      status,
      retryAfterMs: response && waitMs((name) => headerOf(response, name), { isLimited }),
    });
  }

  /** An error as it leaves this provider: without the key and the headers, whoever repeats them and wherever. */
  leaving(error: unknown, given: ProviderRequest["headers"]): unknown {
    return withoutSecrets(error, [
      this.#key() ?? "",
      ...this.#keys,
      ...secretsIn(this.#options.headers),
      ...secretsIn(given),
    ]);
  }

  /** What of a response's headers is told with its answer: by which it is found in the vendor's logs, and its limits. */
  told({ headers }: TransportResponse): ResponseInfo["headers"] {
    const names = Object.keys(headers).filter((name) => typeof headers[name] === "string" && TOLD.test(name));
    return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, headers[name] as string]));
  }

  /** Whether a hop must lead to a public address. Throws for one that must not be asked: an endpoint of the internet takes nobody inside. */
  #isPublicOnly(hop: URL): boolean {
    if (hop.origin === this.url.origin || publicReach(this.url) === "none") return false;
    if (publicReach(hop) === "public") return true;
    throw new QwenError("protocol", `${this.host} redirects to ${hop.origin}, which is no public address.`);
  }

  #headers(common: Headers, given: Headers): Headers {
    const own = { ...common, ...this.#own, ...given };
    if (own["authorization"] !== undefined) return own;
    const key = this.#key();
    if (key !== undefined) return { ...own, authorization: `Bearer ${key}` };
    const { keyVariable } = this.#options;
    // Some take theirs under another name.
    if (keyVariable === undefined || own["api-key"] !== undefined || own["x-api-key"] !== undefined) return own;
    throw new QwenError(
      "authentication",
      `There is no key for ${this.host} that a header can carry. Set the environment variable ${keyVariable}, or give \`apiKey\`.`,
      { sent: false, provider: this.#options.id },
    );
  }

  #key(): string | undefined {
    const { apiKey, keyVariable } = this.#options;
    const key = apiKey ?? inEnvironment(keyVariable);
    if (key === undefined || this.#keys.has(key)) return key;
    const [oldest] = this.#keys;
    if (oldest !== undefined && this.#keys.size === MOST_KEYS) this.#keys.delete(oldest);
    this.#keys.add(key);
    return key;
  }
}

const GET: Headers = { accept: "application/json", "user-agent": "qwen-sdk" };
const POST: Headers = { ...GET, accept: "text/event-stream, application/json", "content-type": "application/json" };
const TOLD = /request-?id|^x-ratelimit-|^cf-ray$/;

function lowerCase(headers: ProviderRequest["headers"]): Headers {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
}

/** A variable of the environment, where the platform has one. An empty one is not set, nor one that no header can carry. */
function inEnvironment(name = ""): string | undefined {
  const { process } = globalThis as {
    readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  };
  const value = process?.env?.[name]?.trim();
  return value && HEADER_TEXT.test(value) ? value : undefined;
}
