// Compiled against the packed packages with TypeScript 7 and 5.9, and from source by `pnpm typecheck`.
// A line that must not compile stands below a `@ts-expect-error` that says why.
import { QwenError, type ProviderRequest } from "@qwen/core";
import {
  createTransport,
  follow,
  headerOf,
  readEvents,
  readText,
  resolveTimeouts,
  retryAfterMs,
  type Transport,
} from "@qwen/core/http";

export function codeOf(error: unknown): string | undefined {
  return QwenError.isInstance(error) ? error.code : undefined;
}

// @ts-expect-error: the codes are a closed list
export const error = new QwenError("no_such_code", "Some message.");

// What a provider over HTTP is made of.
export async function firstEvent(url: URL, request: ProviderRequest): Promise<string | undefined> {
  const transport: Transport = createTransport({ proxy: false });
  const { connectMs, headersMs } = resolveTimeouts(request.timeouts);
  const response = await follow(transport, {
    method: "GET",
    url,
    connectMs,
    headersMs,
    headersFor: (hop) => (hop.origin === url.origin ? { accept: "text/event-stream" } : {}),
  });
  const waitMs: number | undefined = retryAfterMs((name) => headerOf(response, name));
  if (response.status !== 200) return `${waitMs}: ${await readText(response.body, { maxBytes: 1000, cut: true })}`;
  for await (const { data, name } of readEvents(response.body)) return name === undefined ? data : `${name}: ${data}`;
  // @ts-expect-error: a request has a method that the transport knows
  void transport.request({ method: "DELETE", url, headers: {}, connectMs, headersMs });
  return undefined;
}
