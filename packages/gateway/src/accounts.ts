import type { RequestEnded, Router, RouterEvent, Usage } from "@qwen/core";

import { refusalOf } from "./wire/errors.ts";

/**
 * What a gateway tells of its work: of each request one `request-started` and one `request-ended`, whatever becomes of it. Nothing of
 * what was asked or answered is in them. Ignore types that you do not know: new ones come in minor releases.
 */
export type GatewayEvent = GatewayRequestStarted | GatewayRequestEnded;

/** Which request an event is about. */
export interface GatewayRequestLabel {
  /** As in `x-request-id`, and in the events of the router. */
  readonly requestId: string;
  /** The path of the gateway's or of a mount's that it came to, such as "/v1/models/:id", or "other". */
  readonly path: string;
  /** "other" for one that HTTP does not know. */
  readonly method: string;
}

/** A request came. Whose it is, is looked up only then. */
export interface GatewayRequestStarted extends GatewayRequestLabel {
  readonly type: "request-started";
}

/** A request is over, the body of its response included. What is not known is absent. */
export interface GatewayRequestEnded extends GatewayRequestLabel {
  readonly type: "request-ended";
  /** Of its response: 200 also for a stream that broke off, 499 where its caller left before there was any. */
  readonly status: number;
  /**
   * `refused`: its caller asked what is wrong or too much. `failed`: there was no output. `cut`: there was, and an error behind it.
   * `cancelled`: its caller left, or took nothing any more.
   */
  readonly outcome: "answered" | "refused" | "failed" | "cut" | "cancelled";
  /** Since it came, in ms. */
  readonly durationMs: number;
  /** Until there was output, since the router was asked, in ms. */
  readonly firstOutputMs?: number | undefined;
  /** The code of the error that its caller got. */
  readonly code?: string | undefined;
  /** Id of the caller's key. */
  readonly keyId?: string | undefined;
  /** The name that was asked for, as `x-qwen-route` tells it; "other" for one that nobody has registered. */
  readonly route?: string | undefined;
  /** Who answered, or broke off. */
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  /** How many attempts were begun; 0 where nobody was asked. */
  readonly attempts: number;
  readonly usage?: Usage | undefined;
}

/** How the body of a response ended: whole, without its reader, or with an error that its reader is told. */
export type Ending = "whole" | "cancelled" | { readonly error: unknown };

/** Hears of the requests of a gateway, and what the router said last of the same request. */
export type Listener = (event: GatewayEvent, router: RequestEnded | undefined) => unknown;

/** The accounts of the requests under way. Nothing is written while nobody listens. */
export class Accounts {
  readonly #router: Router;
  readonly #listeners = new Set<Listener>();
  readonly #open = new Map<string, Account>();
  #stop: (() => void) | undefined;

  constructor(router: Router) {
    this.#router = router;
  }

  /** Tells of all requests from the next one on. What a listener throws, or a promise that rejects, disturbs nobody. */
  listen(listener: Listener): void {
    this.#listeners.add(listener);
    this.#stop ??= this.#router.observe((event) => this.#hear(event));
  }

  /** A request came. Nothing where nobody listens. */
  begin(label: GatewayRequestLabel): Account | undefined {
    if (this.#listeners.size === 0) return undefined;
    const { method } = label;
    const known = { ...label, method: METHODS.has(method) ? method : "other" };
    const account: Account = new Account(known, {
      has: (name) => this.#router.has(name),
      onClosed: (event, router) => {
        this.#open.delete(label.requestId);
        this.#tell(event, router);
      },
    });
    this.#open.set(label.requestId, account);
    this.#tell({ type: "request-started", ...known }, undefined);
    return account;
  }

  /** Of what the router has not ended yet, what is known is told. */
  close(): void {
    this.#stop?.();
    for (const account of this.#open.values()) account.give();
  }

  #hear(event: RouterEvent): void {
    if (event.type !== "request-started" && event.type !== "request-ended") return;
    const account = this.#open.get(event.requestId);
    if (event.type === "request-started") account?.asked(event.name);
    else account?.answered(event);
  }

  #tell(event: GatewayEvent, router: RequestEnded | undefined): void {
    Object.freeze(event);
    for (const listener of this.#listeners) void heard(listener, event, router);
  }
}

async function heard(listener: Listener, event: GatewayEvent, router: RequestEnded | undefined): Promise<void> {
  try {
    await listener(event, router);
  } catch {
    // Who listens takes no part.
  }
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]);

interface AccountOptions {
  /** Whether a name is registered. */
  has(name: string): boolean;
  onClosed(event: GatewayRequestEnded, router: RequestEnded | undefined): void;
}

/** What is known of one request. It is closed once both the gateway and the router are done with it. */
export class Account {
  readonly #label: GatewayRequestLabel;
  readonly #options: AccountOptions;
  readonly #startedAt = performance.now();
  /** What its response says. */
  #told: Pick<GatewayRequestEnded, "status" | "code" | "keyId"> = { status: 500 };
  #route: string | undefined;
  #router: RequestEnded | undefined;
  #attempts = 0;
  /** Requests of the router's that are under way: a mount may have several. */
  #asking = 0;
  #ending: { readonly how: Ending; readonly durationMs: number } | undefined;

  constructor(label: GatewayRequestLabel, options: AccountOptions) {
    this.#label = label;
    this.#options = options;
  }

  asked(name: string): void {
    this.#asking++;
    this.#route = this.#options.has(name) ? name : "other";
  }

  answered(event: RequestEnded): void {
    this.#asking--;
    this.#router = event;
    this.#attempts += event.attempts.length;
    if (this.#ending !== undefined && this.#asking === 0) this.give();
  }

  /** Its response has a head. */
  told(told: Pick<GatewayRequestEnded, "status" | "code" | "keyId">): void {
    this.#told = told;
  }

  /** The gateway is done with it. What the router does still is on its way to its end. */
  end(how: Ending): void {
    this.#ending = { how, durationMs: performance.now() - this.#startedAt };
    if (this.#asking === 0) this.give();
  }

  /** Closes it with what is known, unless the gateway has work with it still. */
  give(): void {
    if (this.#ending === undefined) return;
    const { how, durationMs } = this.#ending;
    const { firstOutputMs, provider, model, usage } = this.#router ?? {};
    const inBand = typeof how === "object" ? refusalOf(how.error).code : null;
    const code = this.#told.code ?? inBand ?? undefined;
    const known = { firstOutputMs, code, keyId: this.#told.keyId, route: this.#route, provider, model, usage };
    this.#options.onClosed(
      {
        type: "request-ended",
        ...this.#label,
        status: this.#told.status,
        outcome: this.#outcome(how),
        durationMs,
        attempts: this.#attempts,
        ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
      },
      this.#router,
    );
  }

  #outcome(how: Ending): GatewayRequestEnded["outcome"] {
    const { status } = this.#told;
    if (how === "cancelled" || status === CLIENT_LEFT) return "cancelled";
    if (status >= 500) return "failed";
    if (status >= 400) return "refused";
    if (how === "whole") return "answered";
    return this.#router?.firstOutputMs === undefined ? "failed" : "cut";
  }
}

/** The status of what nobody waits for any more. */
const CLIENT_LEFT = 499;
