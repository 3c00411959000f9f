import { aPauseMs, readOptions } from "@qwen/core/http";
import { createApp } from "./app.ts";
import { Attachments } from "./attachments.ts";
import { createBodyReader } from "./body.ts";
import { anybody } from "./caller.ts";
import { chatRoute } from "./chat-route.ts";
import { type GatewayOptions, readGatewayOptions } from "./gateway-options.ts";
import { modelsRoute } from "./models-route.ts";
import { Policies } from "./policy.ts";
import { Refusal } from "./refusal.ts";
import type { Handler, Route } from "./route.ts";
import { Winners } from "./winners.ts";

/** An OpenAI-compatible service over a router. */
export interface Gateway {
  /** Answers a request; it never rejects. What serves it must abort the request's signal where the caller leaves. */
  fetch(request: Request): Promise<Response>;
  /**
   * Ends it: what is under way gets `drainMs` to end by itself, and is ended then. The router stays open, but for its calls where
   * `drainMs` is given, after which it takes none.
   */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>;
}

/**
 * Serves the models of a router to any client of OpenAI's chat completions. Throws a `TypeError` for an option that is none.
 *
 * @example
 * ```ts
 * const gateway = createGateway({ router: createRouter({ plugins: [qwenMax()] }) });
 * const response = await gateway.fetch(new Request("http://localhost/v1/models"));
 * ```
 */
export function createGateway(given: GatewayOptions): Gateway {
  const { router, policy, urls = "public", keepAliveMs = 15_000, idleClientMs = 60_000 } = readGatewayOptions(given);
  const attachments = new Attachments(urls);
  const winners = new Winners(router);
  const policies = new Policies(policy);
  const bodies = createBodyReader();
  const models = modelsRoute(router);
  const routes: readonly Route[] = [
    {
      path: "/v1/chat/completions",
      methods: { POST: chatRoute({ router, bodies, attachments, policies, winners, keepAliveMs, idleClientMs }) },
    },
    { path: "/v1/models", methods: { GET: models.list } },
    // An id may hold a slash, which clients encode or not.
    { path: "/v1/models/:id{.+}", methods: { GET: models.one } },
    { path: "/v1/completions", methods: { POST: noCompletions } },
  ];
  const fetch = createApp({ routes, admit: () => anybody, isTaken: (id) => winners.has(id) });
  return {
    fetch,
    async close(how) {
      const { drainMs } = readOptions("options", how, { drainMs: aPauseMs }) ?? {};
      if (drainMs !== undefined) await router.close({ drainMs });
      winners.close();
      await attachments.close();
    },
  };
}

/** A chat model behind this route would answer with chatter. */
const noCompletions: Handler = () => {
  throw new Refusal({
    status: 404,
    code: "not_found",
    message:
      "There are no legacy completions here: use /v1/chat/completions (in Continue, `useLegacyCompletionsEndpoint: false`).",
  });
};
