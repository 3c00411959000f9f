import type { TransportResponse } from "../http/transport.ts";
import type { ClientRequest, SpaceClient } from "./client.ts";
import { CookieJar } from "./cookies.ts";

/** One session of a Space: what its server tells apart as one visitor. */
export interface Session {
  readonly client: SpaceClient;
  /** From a CSPRNG, so nobody else can listen to it. */
  readonly hash: string;
  /** Affinity cookies: behind two replicas, only they lead back to the one that knows the session. */
  readonly jar: CookieJar;
  /** Sends a request of this session to a path under the API prefix. */
  request(request: ClientRequest): Promise<TransportResponse>;
}

/** What makes a session go on where it was left. */
export interface SavedSession {
  readonly hash: string;
  readonly cookies: Readonly<Record<string, string>>;
}

/** Opens a new session, or goes on with a saved one. Nothing is sent. */
export function createSession(
  client: SpaceClient,
  {
    saved,
    headers,
  }: {
    readonly saved?: SavedSession | undefined;
    readonly headers?: Readonly<Record<string, string>> | undefined;
  } = {},
): Session {
  const jar = new CookieJar(saved?.cookies);

  function send(request: ClientRequest): Promise<TransportResponse> {
    return client.request({
      ...request,
      path: `${client.prefix()}/${request.path}`,
      jar,
      headers: headers === undefined ? request.headers : { ...headers, ...request.headers },
    });
  }

  return {
    client,
    hash: saved?.hash ?? randomHash(),
    jar,
    async request(request) {
      const prefix = client.prefix();
      const response = await send(request);
      if ((response.status !== 404 && response.status !== 405) || client.knownConfig() !== undefined) return response;
      // The prefix was a guess. Ask once what it is.
      try {
        const { apiPrefix } = await client.config();
        if (apiPrefix === prefix) return response;
      } catch (error) {
        response.body.cancel();
        throw error;
      }
      response.body.cancel();
      return send(request);
    },
  };
}

function randomHash(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
