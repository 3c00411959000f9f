import type { Read, Receiver } from "./attempt.ts";

/** Lets one consumer read a generator, and past it: a part that only passes through need not wake the generator. */
export interface Relay<Part> {
  /** The next part. Calls made ahead are answered in their order. */
  next(): Promise<Read<Part>>;
  /** Whether a `next()` is pending. */
  readonly waiting: boolean;
  /**
   * From the next `next()` on, the consumer reads `source` itself: until a result does not pass, which
   * is sent into the generator, or it fails, which is thrown into it.
   */
  handOver(source: Source<Part>, passes: (result: Read<Part>) => boolean): void;
  /** The consumer reads the generator again. */
  takeBack(): void;
  /** Ends the generator. */
  close(): void;
}

/** What a consumer can be handed over to. */
export interface Source<Part> {
  readonly busy: boolean;
  read(): Promise<Read<Part>>;
  handOver(receiver: Receiver<Part>): void;
}

/** Makes the relay of one generator, which nobody else may read. */
export function createRelay<Part>(main: AsyncGenerator<Part, undefined, Read<Part> | undefined>): Relay<Part> {
  let source: Source<Part> | undefined;
  let stepping = false;
  let latest: Promise<unknown> = Promise.resolve();

  function step(): Promise<Read<Part>> {
    if (source !== undefined) return source.read();
    stepping = true;
    return main.next().finally(() => {
      stepping = false;
    });
  }

  const waiting = (): boolean => stepping || source?.busy === true;

  return {
    next() {
      const next = waiting() ? latest.then(step, step) : step();
      latest = next;
      return next;
    },
    get waiting() {
      return waiting();
    },
    handOver(to, passes) {
      to.handOver({
        arrived(result) {
          if (passes(result)) return result;
          source = undefined;
          return main.next(result);
        },
        failed(error) {
          source = undefined;
          return main.throw(error);
        },
      });
      source = to;
    },
    takeBack() {
      source = undefined;
    },
    close() {
      void main.return(undefined);
    },
  };
}
