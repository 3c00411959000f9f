import type { Router } from "@qwen/core";

import type { Accounts } from "./accounts.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { Refusal } from "./refusal.ts";
import type { Route } from "./route.ts";

/** What tells how a gateway is. */
export interface HealthRoutesOptions {
  readonly router: Router;
  readonly lifecycle: Lifecycle;
  readonly accounts: Accounts;
  /** `true` counts from the start, `false` never; else it is counted from the first time that anybody asks. */
  readonly metrics?: boolean | undefined;
}

/** The routes, and what is told of each answer. */
export interface HealthRoutes {
  readonly routes: readonly Route[];
  /** A request was answered at a path of ours. */
  answered(path: string, status: number): void;
  close(): void;
}

/**
 * `/healthz` and `/readyz`, which say one word to anybody; `/metrics` and `/v1/health`, which take a key where there are keys.
 */
export function healthRoutes({ router, lifecycle, accounts, metrics: wanted }: HealthRoutesOptions): HealthRoutes {
  let metrics: Metrics | undefined = wanted === true ? createMetrics({ router, accounts }) : undefined;

  async function shown(): Promise<Response> {
    if (wanted === false) throw notCounted();
    metrics ??= createMetrics({ router, accounts });
    const { text, type } = await metrics.text();
    return new Response(text, { headers: { "content-type": type, "cache-control": "no-store" } });
  }

  return {
    routes: [
      { path: "/healthz", methods: { GET: () => word("ok") }, access: "open" },
      {
        path: "/readyz",
        methods: { GET: () => (lifecycle.isReady ? word("ready") : word("draining", 503)) },
        access: "open",
      },
      { path: "/metrics", methods: { GET: shown } },
      {
        path: "/v1/health",
        methods: { GET: () => Response.json({ object: "list", data: router.health() }, { headers: NO_STORE }) },
      },
    ],
    answered: (path, status) => metrics?.answered(path, status),
    close: () => metrics?.close(),
  };
}

const NO_STORE = { "cache-control": "no-store" };

function word(text: string, status = 200): Response {
  return new Response(`${text}\n`, { status, headers: { ...NO_STORE, "content-type": "text/plain; charset=utf-8" } });
}

function notCounted(): Refusal {
  return new Refusal({ status: 404, code: "not_found", message: "This gateway was made with `metrics: false`." });
}
