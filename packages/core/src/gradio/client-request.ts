import type { Timeouts } from "../provider.ts";
import type { CookieJar } from "./cookies.ts";
import type { AbortSource } from "../stop.ts";

/** A request to a Space, its path relative to the base URL. */
export interface ClientRequest {
  readonly path: string;
  /** Sent as JSON. A GET without it. */
  readonly json?: unknown;
  readonly body?: { readonly bytes: Uint8Array; readonly contentType: string } | undefined;
  readonly accept?: "text/event-stream" | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Cookies of the session this request belongs to. */
  readonly jar?: CookieJar | undefined;
  /** Whether cookies that the platform keeps are of use to it. @defaultValue whether it has a jar, or there is a login */
  readonly withCookies?: boolean | undefined;
  /** As of a transport. */
  readonly outlivesPage?: boolean | undefined;
  readonly signal?: AbortSource | undefined;
  readonly timeouts?: Timeouts | undefined;
  readonly onStart?: (() => void) | undefined;
  /** Told the status of every response on the way, redirects included. */
  readonly onStatus?: ((status: number) => void) | undefined;
  /** As a transport asks it. */
  readonly sendAgain?: (() => Promise<boolean>) | undefined;
  readonly lane?: symbol | undefined;
}
