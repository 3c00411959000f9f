import { requestsAreApart } from "#platform";
import { final } from "./decision.ts";

/**
 * A part of this package that is loaded when it is first needed. Made of `import()` of a file, which the build makes one of
 * its own; see `tsup.config.ts`.
 */
export class Later<Module> {
  readonly #import: () => Promise<Module>;
  #loading: Promise<Module> | undefined;
  #loaded: Module | undefined;

  constructor(load: () => Promise<Module>) {
    this.#import = load;
  }

  /** It, if it was loaded: who has it need not wait a turn. */
  get now(): Module | undefined {
    return this.#loaded;
  }

  /** Loads it, once for all who want it; a failure is not kept, and each is told by an error of its own. */
  load(): Promise<Module> {
    // Where a request cannot wait for another one's, the platform keeps what it has loaded all the same.
    const loading = requestsAreApart() ? this.#begin() : (this.#loading ??= this.#begin());
    return loading.catch((cause: unknown) => {
      throw cannotLoad(cause);
    });
  }

  #begin(): Promise<Module> {
    return this.#import().then(
      (loaded) => (this.#loaded = loaded),
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    );
  }
}

/** What ends a call for which a part of this package cannot be loaded: a mistake of whoever installed it, which is no provider's. */
export function cannotLoad(cause: unknown): unknown {
  const what =
    "A part of this SDK cannot be loaded. Keep the files of its packages together as long as a process runs.";
  return final("import", new TypeError(what, { cause }));
}
