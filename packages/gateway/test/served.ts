import { type Capabilities, createRouter, type Provider } from "@qwen/core";
import { openaiCompatible } from "@qwen/openai-compatible";
import { createOpenAIEmulator, type OpenAIAnswers, type OpenAIEmulator } from "@qwen/testing";
import { onTestFinished } from "vitest";

import { createGateway, type Gateway, type GatewayOptions, type Router } from "../src/index.ts";

export const question = [{ role: "user", content: "Hi" }] as const;

/** A gateway, asked without a socket. */
export interface Served {
  readonly gateway: Gateway;
  readonly router: Router;
  ask(body: object, options?: AskOptions): Promise<Response>;
  get(path: string): Promise<Response>;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of a gateway, and routes of its router. */
export type ServedOptions = Partial<GatewayOptions> & { readonly routes?: Record<string, string[]> };

const ALL: Capabilities = { tools: true, json: true, images: true, files: true };

/** A gateway over providers, which ends with the test. */
export function servedBy(providers: readonly Provider[], { routes = {}, ...options }: ServedOptions = {}): Served {
  const router = createRouter({ plugins: providers, routes, retry: { baseDelayMs: 1 } }) as Router;
  const gateway = createGateway({ router, ...options });
  onTestFinished(async () => {
    await gateway.close();
    await router.close();
  });
  const origin = "http://localhost";
  return {
    gateway,
    router,
    ask: (body, { headers, signal } = {}) =>
      gateway.fetch(
        new Request(`${origin}/v1/chat/completions`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify(body),
          ...(signal !== undefined && { signal }),
        }),
      ),
    get: (path) => gateway.fetch(new Request(`${origin}${path}`)),
  };
}

/** A gateway over the emulator of an OpenAI-compatible server, with all that a model can do. */
export async function servedByOpenAI(
  models: Readonly<Record<string, OpenAIAnswers>>,
  { capabilities = ALL, ...options }: ServedOptions & { readonly capabilities?: Capabilities } = {},
): Promise<Served & { readonly server: OpenAIEmulator }> {
  const server = await createOpenAIEmulator({ models });
  onTestFinished(() => server.close());
  const [first = "", ...others] = Object.keys(models);
  const provider = openaiCompatible({ id: "up", baseURL: server.url, models: [first, ...others], capabilities });
  return { server, ...servedBy([provider], options) };
}

/** The events of a stream: the data of each, parsed, and comments as they are. */
export async function eventsOf(response: Response): Promise<readonly (Chunk | string)[]> {
  const text = await response.text();
  return text
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => (event.startsWith("data: {") ? (JSON.parse(event.slice(6)) as Chunk) : event));
}

/** A chunk of a stream. */
export interface Chunk {
  readonly id?: string;
  readonly model?: string;
  readonly choices?: readonly {
    readonly delta: { readonly content?: string; readonly tool_calls?: readonly unknown[]; readonly role?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: object | null;
  readonly error?: { readonly message: string; readonly code: string | null };
}

/** The text of a stream. */
export function textIn(events: readonly (Chunk | string)[]): string {
  return events.map((event) => (typeof event === "string" ? "" : (event.choices?.[0]?.delta.content ?? ""))).join("");
}
