import { randomHash } from "#platform";
import type { TransportResponse } from "../http/transport.ts";
import type { ClientRequest } from "./client-request.ts";
import type { SpaceClient } from "./client.ts";
import { CookieJar } from "./cookies.ts";
import { concealed, hasCookie, secretsIn } from "../secrets.ts";

/** What makes a session go on where it was left. */
export interface SavedSession {
  readonly hash: string;
  readonly cookies: Readonly<Record<string, string>>;
}

/** How to open a session. */
export interface SessionOptions {
  /** Goes on with this one. */
  readonly saved?: SavedSession | undefined;
  /** Is this one, with headers of its own. */
  readonly same?: Session | undefined;
  /** For all of its requests. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** One session of a Space: what its server tells apart as one visitor. A new one sends nothing yet. */
export class Session {
  readonly client: SpaceClient;
  /** From a CSPRNG, so nobody else can listen to it. */
  readonly hash: string;
  /** Affinity cookies: behind two replicas, only they lead back to the one that knows the session. */
  readonly jar: CookieJar;
  readonly #headers: Readonly<Record<string, string>> | undefined;

  constructor(client: SpaceClient, { saved, same, headers }: SessionOptions = {}) {
    this.client = client;
    this.hash = same?.hash ?? saved?.hash ?? randomHash();
    this.jar = same?.jar ?? new CookieJar(saved?.cookies);
    this.#headers = headers;
  }

  /** Takes out of what its Space says what was given in confidence. */
  get conceal(): (text: string) => string {
    // Made when it is asked for, as few calls do for long.
    return (text) => concealed(text, [...this.client.secrets(), ...secretsIn(this.#headers)]);
  }

  /** Whether a cookie is its caller's own, or holds what was given in confidence. */
  isSecret(name: string, value: string): boolean {
    return this.client.isOwnCookie(name) || hasCookie(this.#headers, name) || this.conceal(value) !== value;
  }

  /** Sends a request of this session to a path under the API prefix. */
  request(request: ClientRequest): Promise<TransportResponse> {
    const { known, prefix } = this.client.config;
    return known === undefined ? this.#requestByGuess(request) : this.#send(request, prefix);
  }

  async #requestByGuess(request: ClientRequest): Promise<TransportResponse> {
    const { config } = this.client;
    const { prefix } = config;
    const response = await this.#send(request, prefix);
    if ((response.status !== 404 && response.status !== 405) || config.known !== undefined) return response;
    // The prefix was a guess. Ask once what it is.
    try {
      const { apiPrefix } = await config.read(request.signal);
      if (apiPrefix === prefix) return response;
    } catch (error) {
      response.body.cancel();
      throw error;
    }
    response.body.cancel();
    return this.#send(request, config.prefix);
  }

  #send(request: ClientRequest, prefix: string): Promise<TransportResponse> {
    return this.client.request({
      ...request,
      path: `${prefix}/${request.path}`,
      jar: this.jar,
      headers: this.#headers ?? request.headers,
    });
  }
}
