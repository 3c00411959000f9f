const own = new WeakMap<object, object>();

/**
 * Marks a function of a provider or a transport of ours as one that keeps its word: of `stream`, every result is a
 * `FlowIterator`, and leaving that ends the work behind it at once; `close` ends in bounded time; `request` of a transport keeps
 * the contract of transports.
 *
 * `behind` does the same for whom it is given by {@link behindOwn}: who has read what it hands on, so that it is not read again.
 *
 * Told by identity, which no wrapper, copy or proxy of a function has: what those do is not passed over.
 */
export function markOwn<Work extends (...given: never) => unknown>(work: Work, behind: Work = work): Work {
  own.set(work, behind);
  return work;
}

/** What does the work of a function of ours without reading what it is given; of any other function, that one. */
export function behindOwn<Work extends (...given: never) => unknown>(work: Work): Work {
  return (own.get(work) ?? work) as Work;
}

/** Whether a function was marked by {@link markOwn}. */
export function isOwn(work: object): boolean {
  return own.has(work);
}
