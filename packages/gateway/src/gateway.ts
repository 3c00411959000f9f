import type { Router } from "@qwen/core";
import { Accounts } from "./accounts.ts";
import { createAdmission } from "./admission.ts";
import { createApp } from "./app.ts";
import { Attachments } from "./attachments.ts";
import { createBodyReader } from "./body.ts";
import { CallMemory } from "./call-memory.ts";
import type { Caller } from "./caller.ts";
import { chatRoute } from "./chat-route.ts";
import { frontRoutes, shown } from "./front-page.ts";
import { type GatewayOptions, readGatewayOptions } from "./gateway-options.ts";
import { healthRoutes } from "./health-routes.ts";
import { keepInside } from "./inside.ts";
import { readKeys } from "./keys.ts";
import { type CloseOptions, Lifecycle } from "./lifecycle.ts";
import { createLimiting, readCallerLimits } from "./limits.ts";
import { BackgroundRuns } from "./background-runs.ts";
import { KeptResponses } from "./kept-responses.ts";
import { keptRoutes } from "./kept-routes.ts";
import { modelsRoute } from "./models-route.ts";
import { mountRoutes } from "./mounts.ts";
import { openApiDocument } from "./openapi.ts";
import { createOriginGate } from "./origin.ts";
import { Policies } from "./policy.ts";
import { Refusal } from "./refusal.ts";
import type { Handler, Route } from "./route.ts";
import { responsesRoute } from "./responses-route.ts";
import { memoryStore } from "./store.ts";
import { Winners } from "./winners.ts";

/** An OpenAI-compatible service over a router. */
export interface Gateway {
  /** Answers a request; it never rejects. What serves it must abort the request's signal where the caller leaves. */
  fetch(request: Request): Promise<Response>;
  /**
   * Ends it: `/readyz` says no at once, requests are taken for `delayMs` still, and what is under way has `drainMs` then to end by
   * itself. What is left ends with an error of the code `draining`, in band where it has begun. A second call while that goes on ends
   * all at once. The router stays as it is.
   *
   * Rejects with a `TypeError` for an option that is none, and does nothing then.
   */
  close(options?: CloseOptions): Promise<void>;
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
  const options = readGatewayOptions(given);
  const { router, policy, urls = "public", keepAliveMs, idleClientMs } = options;
  const hasKeys = options.keys !== undefined;
  const keys = options.keys === undefined ? undefined : readKeys(options.keys);
  const limiting = createLimiting(readCallerLimits(options.limits), options.state);
  const gate = createOriginGate({ hosts: options.hosts, cors: options.cors, hasKeys });
  const lifecycle = new Lifecycle();
  const accounts = new Accounts(router);
  const { observe } = options;
  if (observe !== undefined) accounts.listen((event) => observe(event));
  const attachments = new Attachments(urls);
  const winners = new Winners(router);
  const policies = new Policies(policy);
  const bodies = createBodyReader();
  const models = modelsRoute(router);
  const kept = new KeptResponses(options.store ?? memoryStore());
  const runs = new BackgroundRuns();
  const calls = new CallMemory();
  const asking = { router, bodies, attachments, policies, winners, calls, keepAliveMs, idleClientMs };
  const health = healthRoutes({ router, lifecycle, accounts, metrics: options.metrics });
  const page = options.ui && shown(options.ui, idleClientMs);
  const own: readonly Route[] = [
    {
      path: "/v1/chat/completions",
      methods: { POST: chatRoute(asking) },
    },
    { path: "/v1/responses", methods: { POST: responsesRoute({ ...asking, kept, runs }) } },
    ...keptRoutes({ kept, runs, calls, keepAliveMs, idleClientMs }),
    { path: "/v1/models", methods: { GET: models.list } },
    // An id may hold a slash, which clients encode or not.
    { path: "/v1/models/:id{.+}", methods: { GET: models.one } },
    { path: "/v1/completions", methods: { POST: noCompletions } },
    ...health.routes,
    {
      path: "/openapi.json",
      methods: {
        GET: (_, { caller }) => Response.json(openApiDocument({ model: nameFor(caller, router), hasKeys })),
      },
    },
    ...frontRoutes(page),
  ];
  const routes = [...own, ...mountRoutes(options.mounts, { router, bodies, idleClientMs, taken: own })];
  const fetch = createApp({
    routes,
    page,
    admit: createAdmission({ keys, limiting }),
    accounts,
    lifecycle,
    guard(request) {
      const preflight = gate.preflight(request);
      if (preflight === undefined) gate.check(request);
      return preflight;
    },
    headersFor: gate.headersFor,
    answered: health.answered,
  });
  async function close(how: CloseOptions | undefined, isOut?: () => Promise<void>): Promise<void> {
    await lifecycle.close(how, isOut);
    health.close();
    accounts.close();
    winners.close();
    await attachments.close();
    await kept.close();
  }
  const gateway: Gateway = { fetch, close: (how) => close(how) };
  keepInside(gateway, { hasKeys, idleClientMs, drain: close });
  return gateway;
}

/** A name for examples, of those that the caller sees. */
function nameFor(caller: Caller, router: Router): string | undefined {
  return router.find({}).find(({ name }) => caller.mayUse(name))?.name;
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
