import type { Policy, PolicyCaps } from "./policy.ts";

/** Who sends a request, and what it may. */
export interface Caller {
  /** By which logs name its key; `undefined` where there are no keys. */
  readonly keyId: string | undefined;
  /** Whether it may ask for a model or a route of that name. */
  mayUse(model: string): boolean;
  /** What holds for its requests where they say nothing. */
  readonly policy?: Policy | undefined;
  /** What its requests may not go beyond, besides what holds for all. */
  readonly caps?: PolicyCaps | undefined;
  /** On each of its responses, such as `x-ratelimit-*`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Its request is over, the body of the response included. Called once. */
  release(): void;
}

/** Lets a request in, or answers it. What it throws becomes an answer as every other error. */
export type Admit = (
  request: Request,
  about: { readonly requestId: string; readonly isCounted: boolean },
) => Caller | Response | Promise<Caller | Response>;

/** Whoever sends a request where there are no keys: it may do all. */
export const anybody: Caller = { keyId: undefined, mayUse: () => true, release: () => {} };
