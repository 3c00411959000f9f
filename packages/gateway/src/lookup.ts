/** How long what somebody else made may take to look something up, in ms. */
const LOOKUP_MS = 5000;

/**
 * What a store of somebody else's finds. One that throws, rejects or says nothing for 5 s is an error, and its words are nobody's
 * business: it rejects with what `failure` makes.
 */
export async function lookedUp<Value>(work: () => Value | Promise<Value>, failure: () => Error): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(failure()), LOOKUP_MS);
  try {
    return await Promise.race([work(), late.promise]);
  } catch {
    throw failure();
  } finally {
    clearTimeout(timer);
  }
}
