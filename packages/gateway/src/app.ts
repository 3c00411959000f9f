import { Hono } from "hono";
import type { Account, Accounts, Ending } from "./accounts.ts";
import { Answer } from "./answer.ts";
import { type Admit, type Caller, anybody } from "./caller.ts";
import { connectionOf } from "./connection.ts";
import type { Lifecycle, Visit } from "./lifecycle.ts";
import { Refusal } from "./refusal.ts";
import type { Handled, Handler, Method, Route } from "./route.ts";
import { refusalOf } from "./wire/errors.ts";

/** What an app is made of. */
export interface AppOptions {
  readonly routes: readonly Route[];
  /** Answers who looks for something by GET where nothing is, beside what clients ask for. */
  readonly page?: Handler | undefined;
  /** Lets requests in. */
  readonly admit: Admit;
  /** Who hears of the requests. */
  readonly accounts: Accounts;
  /** Whether requests are taken, and who hears that they are no longer. */
  readonly lifecycle: Lifecycle;
  /** Called before anything else: it may answer a request, or throw. */
  guard(request: Request): Response | undefined;
  /** More headers for each response. */
  headersFor(request: Request): Readonly<Record<string, string>>;
  /** A request was answered at one of the paths, or at "other". */
  answered(path: string, status: number): void;
}

/** Answers requests by their paths. Never rejects: every failure is an answer in JSON. */
export function createApp({ routes, page, ...others }: AppOptions): (request: Request) => Promise<Response> {
  const options = { ...others, underWay: new Set<string>() };
  const app = new Hono({ getPath: pathOf });
  for (const { path, methods, access, isCounted = true } of routes) {
    // One handler a path: several would have to be composed for each request.
    app.all(path, ({ req }) => {
      const exchange = new Exchange(req.raw, path, options);
      // Who only looks at the head is answered as who reads all.
      const method = req.method === "HEAD" ? "GET" : req.method;
      const handler = Object.hasOwn(methods, method) ? methods[method as Method] : undefined;
      if (handler === undefined) return exchange.refuse(wrongMethod(methods));
      return exchange.answer(handler, {
        params: req.param(),
        isOpen: access === "open",
        isCounted: isCounted && method === "POST",
      });
    });
  }
  app.notFound(({ req }) => {
    const exchange = new Exchange(req.raw, "other", options);
    if (page === undefined || !isOfPage(req)) return exchange.refuse(notFound());
    return exchange.answer(page, { params: {}, isOpen: true, isCounted: false });
  });
  // Hono would print it, and answer with a text.
  app.onError((error) => {
    throw error;
  });
  return async (request) => {
    try {
      return await app.fetch(request);
    } catch (error) {
      // It was no request, or a mount's refusal that no response can be made of.
      return refusalOf(error).toResponse();
    }
  };
}

/** Of the paths under `/v1` a client of the API wants to hear the truth. */
function isOfPage({ path, method }: { readonly path: string; readonly method: string }): boolean {
  return (method === "GET" || method === "HEAD") && !`${path}/`.startsWith("/v1/");
}

/** Clients whose base URL ends with a slash ask for `//models`. */
function pathOf({ url }: Request): string {
  const from = url.indexOf("/", url.indexOf("://") + 3);
  const path = from < 0 ? "/" : (/^[^?#]*/.exec(url.slice(from))?.[0] ?? "/");
  return path.replaceAll(/\/{2,}/g, "/");
}

/** What all exchanges share. */
interface ExchangeOptions extends Omit<AppOptions, "routes" | "page"> {
  /** The ids of the requests that are under way. */
  readonly underWay: Set<string>;
}

/** What is known of a request by its route. */
interface RouteFacts {
  readonly params: Readonly<Record<string, string>>;
  readonly isOpen: boolean;
  readonly isCounted: boolean;
}

/** One request and its answer. */
class Exchange {
  readonly #request: Request;
  readonly #path: string;
  readonly #options: ExchangeOptions;
  readonly #requestId: string;
  readonly #startedAt = performance.now();
  readonly #account: Account | undefined;
  #caller: Caller = anybody;
  #visit: Visit | undefined;
  /** How much of the call is under way: its handler, and the body of its response. */
  #held = 1;
  #ending: Ending = "whole";

  constructor(request: Request, path: string, options: ExchangeOptions) {
    this.#request = request;
    this.#path = path;
    this.#options = options;
    const asked = request.headers.get("x-request-id") ?? "";
    // Two of one id at once could not be told apart.
    const isGood = /^[\w-]{1,64}$/.test(asked) && !options.underWay.has(asked);
    this.#requestId = isGood ? asked : `req_${crypto.randomUUID().replaceAll("-", "")}`;
    options.underWay.add(this.#requestId);
    this.#account = options.accounts.begin({ requestId: this.#requestId, path, method: request.method });
  }

  async answer(handler: Handler, { params, isOpen, isCounted }: RouteFacts): Promise<Response> {
    return this.#guarded(async () => {
      const requestId = this.#requestId;
      const { admit, lifecycle } = this.#options;
      // Who only asks whether it is there is no work.
      if (!isOpen) this.#visit = lifecycle.begin(this.#request.signal);
      const caller = isOpen ? anybody : await admit(this.#request, { requestId, isCounted });
      if (caller instanceof Response) return caller;
      this.#caller = caller;
      const visit = this.#visit;
      const { signal } = visit ?? this.#request;
      const hold = (): ((ending?: Ending) => void) => this.#hold();
      const leave = (): boolean => left(this.#request);
      return handler(this.#request, {
        requestId,
        caller,
        signal,
        get closing() {
          return visit?.closing ?? signal;
        },
        startedAt: this.#startedAt,
        params,
        leave,
        hold,
      });
    });
  }

  async refuse(refusal: Refusal): Promise<Response> {
    return this.#guarded(() => {
      throw refusal;
    });
  }

  async #guarded(work: () => Handled | Promise<Handled>): Promise<Response> {
    try {
      return this.#told(this.#options.guard(this.#request) ?? (await work()));
    } catch (error) {
      const refusal = this.#request.signal.aborted ? clientLeft() : refusalOf(error);
      return this.#told(refusal.toResponse(), refusal.code ?? undefined);
    } finally {
      this.#release();
    }
  }

  #told(handled: Handled, code?: string): Response {
    const more = {
      ...this.#options.headersFor(this.#request),
      ...this.#caller.headers,
      "x-request-id": this.#requestId,
      "x-content-type-options": "nosniff",
    };
    const status = handled instanceof Answer ? 200 : handled.status;
    this.#options.answered(this.#path, status);
    this.#account?.told({ status, code, keyId: this.#caller.keyId });
    const response = handled instanceof Answer ? this.#given(handled.with(more)) : withHeaders(handled, more);
    return this.#request.method === "HEAD" ? headOf(response) : response;
  }

  /** An answer goes to its server as it is, where that writes it. */
  #given(answer: Answer): Response {
    return connectionOf(this.#request)?.respond?.(answer) ?? answer.toResponse();
  }

  #hold(): (ending?: Ending) => void {
    this.#held++;
    let isHeld = true;
    return (ending) => {
      if (!isHeld) return;
      isHeld = false;
      this.#ending = ending ?? this.#ending;
      this.#release();
    };
  }

  #release(): void {
    if (--this.#held > 0) return;
    this.#options.underWay.delete(this.#requestId);
    this.#caller.release();
    this.#visit?.end();
    this.#account?.end(this.#ending);
  }
}

function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

/** Nobody reads a body behind this, so whoever makes it has to hear of that. */
function headOf(response: Response): Response {
  response.body?.cancel().catch(() => {});
  return new Response(null, response);
}

function wrongMethod(methods: Route["methods"]): Refusal {
  const allowed = Object.keys(methods);
  return new Refusal({
    status: 405,
    code: "method_not_allowed",
    message: `This path takes ${allowed.join(", ")} only.`,
    headers: { allow: allowed.join(", ") },
  });
}

function notFound(): Refusal {
  return new Refusal({
    status: 404,
    code: "not_found",
    message: "There is nothing at this path: OpenAI's routes begin with /v1, and /openapi.json tells of all.",
  });
}

/** Whether its connection could be broken. */
function left(request: Request): boolean {
  const { leave } = connectionOf(request) ?? {};
  leave?.();
  return leave !== undefined;
}

/** Nobody reads it. */
function clientLeft(): Refusal {
  return new Refusal({ status: 499, code: "client_left", message: "The caller left." });
}
