const own = new WeakSet<object>();

/**
 * Marks a function of a provider or a transport of ours as one that keeps its word: of `stream`, every result is a
 * `FlowIterator`, and leaving that ends the work behind it at once; `close` ends in bounded time; `request` of a transport keeps
 * the contract of transports.
 *
 * Told by identity, which no wrapper, copy or proxy of a function has: what those do is not passed over.
 */
export function markOwn<Given extends readonly unknown[], Result>(
  work: (...given: Given) => Result,
): (...given: Given) => Result {
  own.add(work);
  return work;
}

/** Whether a function was marked by {@link markOwn}. */
export function isOwn(work: object): boolean {
  return own.has(work);
}
