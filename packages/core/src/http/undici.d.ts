// The few pieces of undici we use, by the files they are in: importing its root would replace the
// dispatcher behind the global `fetch` of the user's process, and costs twice the time.
declare module "undici/lib/dispatcher/agent.js" {
  import type { Connect } from "undici/lib/core/connect.js";
  interface DispatchController {
    abort(reason: unknown): void;
    pause(): void;
    resume(): void;
  }
  interface DispatchHandler {
    onRequestStart(controller: DispatchController): void;
    onResponseStart(
      controller: DispatchController,
      status: number,
      headers: Record<string, string | string[] | undefined>,
    ): void;
    onResponseData(controller: DispatchController, chunk: Uint8Array): void;
    onResponseEnd(controller: DispatchController): void;
    onResponseError(controller: DispatchController, error: unknown): void;
  }
  interface DispatchOptions {
    origin: string;
    path: string;
    method: string;
    headers: Readonly<Record<string, string>>;
    body?: string | Uint8Array;
    headersTimeout: number;
    bodyTimeout: number;
    /** Whether nothing may be pipelined behind it. Its default is true. */
    blocking?: boolean;
  }
  interface AgentOptions {
    allowH2: boolean;
    headersTimeout: number;
    bodyTimeout: number;
    connect: { timeout: number } | Connect;
    /** The same for a proxy agent. */
    connectTimeout: number;
  }
  /** Of proxy agents. */
  interface TunnelOptions {
    clientFactory(proxy: URL, options: object): Agent;
    requestTls: { allowH2: boolean };
  }
  class Agent {
    constructor(options: AgentOptions);
    dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
    close(): Promise<void>;
    destroy(): Promise<void>;
  }
  export type { AgentOptions, DispatchController, DispatchHandler, TunnelOptions };
  export default Agent;
}

declare module "undici/lib/core/connect.js" {
  import type { LookupFunction, Socket } from "node:net";
  interface ConnectTarget {
    /** With its port, where that is not the protocol's own. */
    host: string;
    protocol: string;
    /** A connection to begin TLS on. */
    httpSocket?: Socket;
  }
  type Connect = (target: ConnectTarget, callback: (error: Error | null, socket?: Socket) => void) => void;
  /** Makes what opens connections. `timeout` is in ms. */
  export default function buildConnector(options: {
    allowH2: boolean;
    timeout: number;
    lookup?: LookupFunction;
  }): Connect;
  export type { Connect, ConnectTarget };
}

declare module "undici/lib/dispatcher/client.js" {
  import Agent, { type AgentOptions } from "undici/lib/dispatcher/agent.js";
  /** One connection at a time. */
  class Client extends Agent {
    constructor(origin: string, options: AgentOptions & { pipelining: number });
  }
  export default Client;
}

declare module "undici/lib/dispatcher/proxy-agent.js" {
  import Agent, { type AgentOptions, type TunnelOptions } from "undici/lib/dispatcher/agent.js";
  class ProxyAgent extends Agent {
    constructor(options: AgentOptions & TunnelOptions & { uri: string });
  }
  export default ProxyAgent;
}

declare module "undici/lib/dispatcher/env-http-proxy-agent.js" {
  import Agent, { type AgentOptions, type TunnelOptions } from "undici/lib/dispatcher/agent.js";
  class EnvHttpProxyAgent extends Agent {
    constructor(options: AgentOptions & TunnelOptions);
  }
  export default EnvHttpProxyAgent;
}

declare module "undici/lib/dispatcher/pool.js" {
  import Agent from "undici/lib/dispatcher/agent.js";
  class Pool extends Agent {
    constructor(origin: URL, options: object);
  }
  export default Pool;
}

declare module "undici/lib/api/api-connect.js" {
  /** A method of every dispatcher. */
  export default function connect(this: unknown, options: object): Promise<unknown>;
}
