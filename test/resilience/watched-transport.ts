import type { Transport } from "@qwen/core/gradio";

import { createTransport } from "../../packages/core/src/http/undici-transport.ts";

/** What happens to a request on its way, by the last part of its path: `join`, `data`, `config`, `cancel`. */
export interface Watched {
  readonly transport: Transport;
  /** `join sent`, `join answered`, in order. */
  readonly log: readonly string[];
  /** How many requests of a kind were sent. */
  sent(kind: string): number;
}

/** A transport that tells what it does, and lets a test hold requests back. */
export function watchTransport({
  lanes = true,
  before,
}: {
  /** Whether requests may be pipelined. */
  readonly lanes?: boolean | undefined;
  /** Awaited before a request is sent. */
  readonly before?: ((kind: string, count: number) => Promise<unknown> | undefined) | undefined;
} = {}): Watched {
  const inner = createTransport({ proxy: false });
  const log: string[] = [];
  const sent = (kind: string): number => log.filter((line) => line === `${kind} sent`).length;

  return {
    log,
    sent,
    transport: {
      async request({ lane, ...request }) {
        const kind = request.url.pathname.split("/").at(-1) ?? "";
        log.push(`${kind} sent`);
        await before?.(kind, sent(kind));
        const response = await inner.request({ ...request, lane: lanes ? lane : undefined });
        log.push(`${kind} answered`);
        return response;
      },
      close: inner.close,
    },
  };
}
