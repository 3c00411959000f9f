import { Hono } from "hono";
import { type Admit, type Caller, anybody } from "./caller.ts";
import { connectionOf } from "./connection.ts";
import type { Lifecycle, Visit } from "./lifecycle.ts";
import { Refusal } from "./refusal.ts";
import type { Handler, Method, Route } from "./route.ts";
import { refusalOf } from "./wire/errors.ts";

/** What an app is made of. */
export interface AppOptions {
  readonly routes: readonly Route[];
  /** Lets requests in. */
  readonly admit: Admit;
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
export function createApp({ routes, ...others }: AppOptions): (request: Request) => Promise<Response> {
  const options = { ...others, underWay: new Set<string>() };
  const app = new Hono({ getPath: pathOf });
  for (const { path, methods, access, isCounted = true } of routes) {
    for (const [method, handler] of Object.entries(methods) as [Method, Handler][])
      app.on(method, path, ({ req }) =>
        new Exchange(req.raw, path, options).answer(handler, {
          params: req.param(),
          isOpen: access === "open",
          isCounted: isCounted && method === "POST",
        }),
      );
    app.all(path, ({ req }) => new Exchange(req.raw, path, options).refuse(wrongMethod(methods)));
  }
  app.notFound(({ req }) => new Exchange(req.raw, "other", options).refuse(notFound()));
  return async (request) => app.fetch(request);
}

/** Clients whose base URL ends with a slash ask for `//models`. */
function pathOf({ url }: Request): string {
  const from = url.indexOf("/", url.indexOf("://") + 3);
  const path = from < 0 ? "/" : (/^[^?#]*/.exec(url.slice(from))?.[0] ?? "/");
  return path.replaceAll(/\/{2,}/g, "/");
}

/** What all exchanges share. */
interface ExchangeOptions extends Omit<AppOptions, "routes"> {
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
  #caller: Caller = anybody;
  #visit: Visit | undefined;
  /** How much of the call is under way: its handler, and the body of its response. */
  #held = 1;

  constructor(request: Request, path: string, options: ExchangeOptions) {
    this.#request = request;
    this.#path = path;
    this.#options = options;
    const asked = request.headers.get("x-request-id") ?? "";
    // Two of one id at once could not be told apart.
    const isGood = /^[\w-]{1,64}$/.test(asked) && !options.underWay.has(asked);
    this.#requestId = isGood ? asked : `req_${crypto.randomUUID().replaceAll("-", "")}`;
    options.underWay.add(this.#requestId);
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
      const { signal = this.#request.signal, closing = signal } = this.#visit ?? {};
      const hold = (): (() => void) => this.#hold();
      const leave = (): boolean => left(this.#request);
      return handler(this.#request, {
        requestId,
        caller,
        signal,
        closing,
        startedAt: this.#startedAt,
        params,
        leave,
        hold,
      });
    });
  }

  async refuse(refusal: Refusal): Promise<Response> {
    return this.#guarded(() => refusal.toResponse());
  }

  async #guarded(work: () => Response | Promise<Response>): Promise<Response> {
    try {
      return this.#told(this.#options.guard(this.#request) ?? (await work()));
    } catch (error) {
      return this.#told((this.#request.signal.aborted ? clientLeft() : refusalOf(error)).toResponse());
    } finally {
      this.#release();
    }
  }

  #told(response: Response): Response {
    const headers = {
      ...this.#options.headersFor(this.#request),
      ...this.#caller.headers,
      "x-request-id": this.#requestId,
      "x-content-type-options": "nosniff",
    };
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    this.#options.answered(this.#path, response.status);
    return this.#request.method === "HEAD" ? headOf(response) : response;
  }

  #hold(): () => void {
    this.#held++;
    let isHeld = true;
    return () => {
      if (isHeld) this.#release();
      isHeld = false;
    };
  }

  #release(): void {
    if (--this.#held > 0) return;
    this.#options.underWay.delete(this.#requestId);
    this.#caller.release();
    this.#visit?.end();
  }
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
    message: "There is nothing at this path: OpenAI's routes begin with /v1.",
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
