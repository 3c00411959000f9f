import type { ModelInfo, Provider, ProviderPart, ProviderRequest } from "@qwen/core";

/** The same provider, which says nothing before the promise settles, and stops like any other. */
export function holdOutput<Id extends string, Model extends ModelInfo>(
  provider: Provider<Id, Model>,
  until: Promise<unknown>,
): Provider<Id, Model> {
  async function* stream(request: ProviderRequest): AsyncGenerator<ProviderPart, void, undefined> {
    for await (const part of provider.stream(request)) {
      if (part.type === "text-delta" || part.type === "text-replace") await untilAborted(until, request.signal);
      yield part;
    }
  }
  return { ...provider, stream };
}

async function untilAborted(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
