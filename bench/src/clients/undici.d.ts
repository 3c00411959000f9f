// What the floor is written on, by the file it is in: see packages/core/src/http/undici.d.ts.
declare module "undici/lib/dispatcher/agent.js" {
  interface AgentOptions {
    allowH2: boolean;
    headersTimeout: number;
    bodyTimeout: number;
    connect: { timeout: number };
    connectTimeout: number;
  }
  interface DispatchOptions {
    origin: string;
    path: string;
    method: string;
    headers: Readonly<Record<string, string>>;
    body?: string;
    headersTimeout: number;
    bodyTimeout: number;
  }
  interface DispatchHandler {
    onRequestStart(): void;
    onResponseStart(): void;
    onResponseData(controller: unknown, chunk: Uint8Array): void;
    onResponseEnd(): void;
    onResponseError(controller: unknown, error: unknown): void;
  }
  class Agent {
    constructor(options: AgentOptions);
    dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
    close(): Promise<void>;
  }
  export default Agent;
}
