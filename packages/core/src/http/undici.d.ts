// The few pieces of undici we use, by the files they are in: importing its root would replace the
// dispatcher behind the global `fetch` of the user's process, and costs twice the time.
declare module "undici/lib/dispatcher/client.js" {
  import type { Connect, ConnectTarget } from "undici/lib/core/connect.js";
  interface DispatchController {
    /** Pieces of the buffer that the head of an answer came in. */
    rawHeaders: readonly Uint8Array[] | null;
    abort(reason: unknown): void;
    pause(): void;
    resume(): void;
  }
  interface DispatchHandler {
    /** The request begins to be written. */
    onRequestStart(controller: DispatchController): void;
    /** All of it was handed to the socket. */
    onRequestSent(): void;
    /** The first byte of an answer is there. */
    onResponseStarted(): void;
    onResponseStart(
      controller: DispatchController,
      status: number,
      headers: Record<string, string | string[] | undefined>,
    ): void;
    onResponseData(controller: DispatchController, chunk: Uint8Array): void;
    onResponseEnd(controller: DispatchController): void;
    onResponseError(controller: DispatchController | null, error: unknown): void;
  }
  interface DispatchOptions {
    path: string;
    method: string;
    /** Names and values by turns. */
    headers: readonly string[];
    /** What is iterated goes out piece by piece, each after the one before has left. */
    body?: string | Uint8Array | Iterable<Uint8Array>;
    /** Whose certificate is wanted. Its default is the header `host`, then the origin. */
    servername?: string;
    /** Whether nothing may be pipelined behind it. Its default is true. */
    blocking?: boolean;
  }
  interface ClientOptions {
    allowH2: boolean;
    headersTimeout: number;
    bodyTimeout: number;
    pipelining: number;
    connect(target: ConnectTarget, callback: Parameters<Connect>[1]): void;
  }
  /** One connection at a time, made by the first request and again by one that finds it closed. */
  class Client {
    constructor(origin: string | URL, options: ClientOptions);
    dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
    close(): Promise<void>;
    destroy(): Promise<void>;
    /** Tells the event "disconnect" when its connection is closed, among others. */
    emit(event: string, ...told: unknown[]): boolean;
  }
  export type { ClientOptions, DispatchController, DispatchHandler, DispatchOptions };
  export default Client;
}

declare module "undici/lib/core/connect.js" {
  import type { Socket } from "node:net";
  interface ConnectTarget {
    /** With its port, where that is not the protocol's own. */
    host: string;
    /** Without brackets. */
    hostname: string;
    port: string;
    protocol: string;
    /** Whose certificate is wanted, where that is not the host's. */
    servername?: string | undefined;
    /** A connection to begin TLS on. */
    httpSocket?: Socket;
  }
  type Connect = (target: ConnectTarget, callback: (error: Error | null, socket?: Socket) => void) => Socket;
  /** Makes what opens connections. `timeout` is in ms, 0 for none. */
  export default function buildConnector(options: { allowH2: boolean; timeout: number }): Connect;
  export type { Connect, ConnectTarget };
}
