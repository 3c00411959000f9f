import { publicReach, type Reach } from "../http/reach.ts";
import { guardedTransport } from "../http/guard.ts";
import type { Transport, TransportResponse } from "../http/transport.ts";
import { CleanUps } from "./clean-ups.ts";
import type { ClientRequest } from "./client-request.ts";
import type { SpaceConnection } from "./connection.ts";
import { WAKE_MS, type HubPage } from "./hub.ts";
import { KnownConfig } from "./known-config.ts";
import type { LaterClient } from "./later-client.ts";
import { createLogin, type Login } from "./login.ts";
import { concealed, hasCookie, secretsIn } from "../secrets.ts";
import { Sender } from "./sender.ts";

/** The connection to one Space that all of its sessions share. */
export interface SpaceClient {
  readonly url: URL;
  /** Where its hub tells of it, if there is one. */
  readonly hub: HubPage | undefined;
  /** How long it is waited for while it sleeps, in ms. */
  readonly wakeMs: number;
  readonly token: string | undefined;
  /** Whether jobs of new sessions ask for their messages before the job is confirmed. */
  readonly earlyStream: boolean;
  /** What its `/config` says. */
  readonly config: KnownConfig;
  /** What goes on behind its calls. */
  readonly cleanUps: CleanUps;
  /** Whether its caller, or the login, sends a cookie of that name: whoever has it is taken for them. */
  isOwnCookie(name: string): boolean;
  /** What its caller gave in confidence: not to be shown, whoever repeats it. */
  secrets(): readonly string[];
  /** Sends a request; whatever its status, the response comes back. */
  request(request: ClientRequest): Promise<TransportResponse>;
  /** Whether its connections are known to stay open behind an answer. */
  keepsConnections(): boolean;
  /** What its requests go through. */
  transport(): Transport;
  /** Where a URL out of a message may lead to. The Space's own origin is not elsewhere. */
  reach(url: URL): Reach;
  /** Waits for the clean-ups that are under way, 31 s at most, and closes idle connections. The client stays usable. */
  close(): Promise<void>;
}

/** Makes the client of a Space. Nothing is sent yet. */
export function createClient(connection: SpaceConnection): SpaceClient {
  const { url, hub, token, auth, headers, timeouts, ownsTransport } = connection;
  const { apiPrefix = "/gradio_api", earlyStream = false, urls = "public", wakeMs = WAKE_MS } = connection;
  const transport = guardedTransport(connection.transport);
  const sender = new Sender({ url, transport, token, headers, timeouts, secrets: () => secrets() });
  const login: Login | undefined =
    auth === undefined
      ? undefined
      : createLogin(auth, { url, send: (request) => sender.send(request, login?.cookies) });
  const request = (sent: ClientRequest): Promise<TransportResponse> =>
    login === undefined ? sender.send(sent) : login.request(sent);
  const cleanUps = new CleanUps(url.host);
  const config = new KnownConfig({ url, request, conceal: (text) => concealed(text, secrets()) }, apiPrefix);
  const secrets = (): readonly string[] => [
    ...(token === undefined ? [] : [token]),
    ...(auth === undefined ? [] : [auth.password]),
    ...secretsIn(headers),
    ...Object.values(login?.cookies.toJSON() ?? {}),
  ];

  return {
    url,
    hub,
    wakeMs,
    token,
    earlyStream,
    config,
    cleanUps,
    isOwnCookie: (name) => login?.cookies.has(name) === true || hasCookie(headers, name),
    secrets,
    request,
    keepsConnections: () => sender.keepsConnections,
    transport: () => transport,
    reach: (to) => (urls === "any" || to.origin === url.origin ? "any" : publicReach(to)),
    async close() {
      await cleanUps.settled();
      if (ownsTransport) await transport.close();
    },
  };
}

/** The client of who has waited for one to be loaded. */
export function clientOf(later: LaterClient): SpaceClient {
  return later.made(createClient);
}
