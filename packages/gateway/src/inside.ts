import type { CloseOptions } from "./lifecycle.ts";

/** What a server has to know of a gateway, beyond what is public of it. */
export interface Inside {
  /** Whether callers need a key. */
  readonly hasKeys: boolean;
  /** How long a client may take nothing of its answer, in ms. */
  readonly idleClientMs: number;
  /**
   * As `close()`, and what still comes is taken until what is under way has ended: for who lets no new connection in. What is answered
   * is under way until `isOut` says that all of it has gone out.
   */
  drain(options: CloseOptions, isOut: () => Promise<void>): Promise<void>;
}

const insides = new WeakMap<object, Inside>();

/** Says what a gateway is like, when it is made. */
export function keepInside(gateway: object, inside: Inside): void {
  insides.set(gateway, inside);
}

/** What a gateway is like. Throws a `TypeError` for what `createGateway()` did not make. */
export function insideOf(gateway: object): Inside {
  const inside = typeof gateway === "object" && gateway !== null ? insides.get(gateway) : undefined;
  if (inside === undefined) throw new TypeError("`gateway` must be one that `createGateway()` made.");
  return inside;
}
