import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { ProviderPart, ProviderRequest } from "@qwen/core";
import { openaiCompatible, type OpenAICompatibleOptions } from "../src/index.ts";

/** A request as it arrived. */
export interface Arrived {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // What a test looks at is what it has sent itself.
  readonly body: Record<string, unknown> & { readonly messages: readonly Record<string, unknown>[] };
}

export type Answerer = (response: ServerResponse, request: Arrived) => unknown;

/** An endpoint that does what a test says, byte for byte, until the test ends. */
export async function startEndpoint(answer: Answerer) {
  const requests: Arrived[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const arrived = { method, path: url, headers, body: text === "" ? undefined : JSON.parse(text) };
      requests.push(arrived);
      answer(response, arrived);
    });
  });
  let connections = 0;
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${port}/v1`,
    host: `127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    open: () => sockets.size,
  };
}

type Options = Partial<OpenAICompatibleOptions<"endpoint">>;

/** A provider of an endpoint that does what a test says. */
export async function providerOf(answer: Answerer, options: Options = {}) {
  const endpoint = await startEndpoint(answer);
  const provider = openaiCompatible({ id: "endpoint", baseURL: endpoint.url, models: ["model-a"], ...options });
  onTestFinished(() => provider.close());
  return {
    ...endpoint,
    provider,
    ask: (request: Partial<ProviderRequest> = {}) => heard(provider.stream({ messages: QUESTION, ...request })),
  };
}

export const QUESTION = [{ role: "user", content: "Hi" }] as const;

/** What an answer consists of, and the error that it ended with. */
export async function heard(parts: AsyncIterable<ProviderPart>) {
  const all: ProviderPart[] = [];
  let error: unknown;
  try {
    for await (const part of parts) all.push(part);
  } catch (thrown) {
    error = thrown;
  }
  const text = all.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
  const reasoning = all.map((part) => (part.type === "reasoning-delta" ? part.text : "")).join("");
  const finish = all.find((part) => part.type === "finish");
  return { parts: all, text, reasoning, finish, error };
}

export const DONE = "data: [DONE]\n\n";

/** An event of a stream. */
export function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** A chunk with a delta, and why the answer ends. */
export function chunk(delta: object, finish: string | null = null): object {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "model-a",
    choices: [{ index: 0, delta, finish_reason: finish }],
  };
}

/** A stream of chunks, and what ends it. */
export function stream(chunks: readonly object[], end = DONE): Answerer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(chunks.map(event).join("") + end);
  };
}

/** An answer of these words. */
export function words(...texts: readonly string[]): Answerer {
  return stream([...texts.map((content) => chunk({ content })), chunk({}, "stop")]);
}

interface Head {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A response that is JSON, whatever its status. */
export function json(body: unknown, { status = 200, headers = {} }: Head = {}): Answerer {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
}
