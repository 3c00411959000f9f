import { loadFailure, requestsAreApart } from "#platform";

/** A part of a package that is loaded when it is first needed: made of `import()` of a file, which a build makes one of its own. */
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

  /**
   * Loads it, once for all who want it; a failure is not kept, and each is told by an error of its own, that counts for no provider:
   * a `TypeError` in Node, and elsewhere, where a file comes over the network, a `connection`.
   */
  load(): Promise<Module> {
    // Where a request cannot wait for another one's, the platform keeps what it has loaded all the same.
    const loading = requestsAreApart() ? this.#begin() : (this.#loading ??= this.#begin());
    return loading.catch((cause: unknown) => {
      throw loadFailure(cause);
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
