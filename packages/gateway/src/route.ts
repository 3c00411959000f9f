import type { Ending } from "./accounts.ts";
import type { Answer } from "./answer.ts";
import type { Caller } from "./caller.ts";

/** A request that was let in. */
export interface Call {
  /** By which responses, logs and the router tell it. */
  readonly requestId: string;
  readonly caller: Caller;
  /** Aborts once the caller has left. */
  readonly signal: AbortSignal;
  /** Aborts once there is no time left for what goes on when the caller has left. */
  readonly closing: AbortSignal;
  /** When the request came, by `performance.now()`. */
  readonly startedAt: number;
  /** What stands in the path, by the names in the path of the route, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Breaks the connection, as of a caller who takes nothing any more. Whether that can be. */
  leave(): boolean;
  /** The call is not over with its response, as while the body of that goes on, until the returned function is told how that ended. */
  hold(): (ending?: Ending) => void;
}

/** By which it is told whose something is. Without keys all are one caller. */
export function ownerOf({ caller }: Call): string {
  return caller.keyId ?? "";
}

/** Answers a request. What it throws becomes an answer: see `wire/errors.ts`. */
export type Handler = (request: Request, call: Call) => Handled | Promise<Handled>;

/** What a handler gives. */
export type Handled = Response | Answer;

/** The methods that a route may have. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What is at a path. */
export interface Route {
  /** A path of Hono's, such as `/v1/models/:id`. */
  readonly path: string;
  readonly methods: Readonly<Partial<Record<Method, Handler>>>;
  /** Who may ask: anybody, or who is let in. @defaultValue "key" */
  readonly access?: "open" | "key" | undefined;
  /** Whether what is posted counts within the limits of its caller. @defaultValue true */
  readonly isCounted?: boolean | undefined;
}
