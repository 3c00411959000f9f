/** How to read a file of a Space. */
export interface ReadFileOptions {
  /** A larger one is a `protocol` error that says so. @defaultValue 64 MiB */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A file that an endpoint gave. Nothing of it is fetched until it is read, from the Space itself and with what its caller gave for it.
 * As an input of an endpoint it stands for itself; another Space gets it by way of this process.
 */
export interface SpaceFile {
  /** Where it is: on the Space's own origin, whatever that says. It is asked for with the token. */
  readonly url: URL;
  /** What it is called, without folders. */
  readonly name: string;
  readonly mediaType: string | undefined;
  /** In bytes, as the Space says. */
  readonly size: number | undefined;

  /** All of it. */
  bytes(options?: ReadFileOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** All of it, with its name and kind. */
  blob(options?: ReadFileOptions): Promise<Blob>;
  /**
   * Its bytes as they come: asked for with the first read, held up where nobody reads, ended by `idleMs` where none come.
   * Cancelling it closes the connection.
   */
  stream(options?: Pick<ReadFileOptions, "signal">): ReadableStream<Uint8Array<ArrayBuffer>>;
}
