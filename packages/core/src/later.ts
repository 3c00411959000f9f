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

  /** Loads it, once for all who want it; a failure is not kept. */
  load(): Promise<Module> {
    this.#loading ??= this.#import().then(
      (loaded) => (this.#loaded = loaded),
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    );
    return this.#loading;
  }
}
