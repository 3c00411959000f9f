import type { Read } from "./attempt.ts";

/** The end of a run where its consumer reads: what is pushed in comes out in its order. */
export interface Outlet<Part> {
  /** The next part. Calls made ahead are answered in their order. */
  next(): Promise<Read<Part>>;
  /** Whether a `next()` is pending. */
  waiting(): boolean;
  push(part: Part): void;
  /** After what was pushed, the consumer reads `source` itself. */
  connect(source: Source<Part>): void;
  /** Ends after what was pushed: by throwing, where there is a failure. */
  end(failure?: { readonly error: unknown }): void;
  /** Forgets what nobody has read: parts and a failure. */
  clear(): void;
}

/** What a consumer can be connected to. */
export interface Source<Part> {
  busy(): boolean;
  read(): Promise<Read<Part>>;
}

/** Makes an outlet that nothing has come to yet. */
export function createOutlet<Part>(): Outlet<Part> {
  let ready: Part[] = [];
  let source: Source<Part> | undefined;
  let failure: { readonly error: unknown } | undefined;
  let ended = false;
  let latest: Promise<unknown> | undefined;
  let resolveNext: ((result: Read<Part> | Promise<Read<Part>>) => void) | undefined;
  let rejectNext: ((error: unknown) => void) | undefined;

  function wait(resolve: NonNullable<typeof resolveNext>, reject: (error: unknown) => void): void {
    resolveNext = resolve;
    rejectNext = reject;
  }

  function settle(): NonNullable<typeof resolveNext> | undefined {
    const resolve = resolveNext;
    resolveNext = undefined;
    return resolve;
  }

  function read(): Promise<Read<Part>> {
    if (ready.length > 0) return Promise.resolve({ done: false, value: ready.shift() as Part });
    if (source !== undefined) return source.read();
    if (failure !== undefined) {
      // An iteration throws once; after that it is over.
      const { error } = failure;
      failure = undefined;
      return Promise.reject(error);
    }
    if (ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise(wait);
  }

  const waiting = (): boolean => resolveNext !== undefined || source?.busy() === true;

  return {
    next() {
      const next = latest !== undefined && waiting() ? latest.then(read, read) : read();
      latest = next;
      return next;
    },
    waiting,
    push(value) {
      const resolve = settle();
      if (resolve === undefined) ready.push(value);
      else resolve({ done: false, value });
    },
    connect(to) {
      source = to;
      settle()?.(to.read());
    },
    end(how) {
      // Who reads the source hears from it.
      const told = source?.busy() === true;
      source = undefined;
      ended = true;
      const resolve = settle();
      if (resolve === undefined) failure = told ? undefined : how;
      else if (how === undefined) resolve({ done: true, value: undefined });
      else rejectNext?.(how.error);
    },
    clear() {
      ready = [];
      failure = undefined;
    },
  };
}
