import type { ResolvedTimeouts } from "../timers.ts";
import type { ProviderPart, Warning } from "../provider.ts";
import type { Call } from "./call.ts";
import { download } from "./download.ts";
import { runUnqueued } from "./run.ts";
import type { Session } from "./session.ts";
import type { InputSession } from "./space-definition.ts";
import { readDownload } from "./submit-options.ts";
import { TrackedEndpoint } from "./tracked-endpoint.ts";
import { uploadFile, type FileData } from "./upload.ts";

/** What the inputs of a request are made in. */
export interface InputSessionOptions {
  readonly call: Call<ProviderPart>;
  readonly session: Session;
  readonly continued: boolean;
  readonly timeouts: ResolvedTimeouts;
}

/** The {@link InputSession} of one request. */
export class RequestSession implements InputSession {
  readonly continued: boolean;
  /** What of the request could not be honoured. */
  readonly warnings: Warning[] = [];
  readonly #options: InputSessionOptions;
  readonly #guesses: { readonly endpoint: TrackedEndpoint; readonly fnIndex: number }[] = [];

  constructor(options: InputSessionOptions) {
    this.continued = options.continued;
    this.#options = options;
    // Definitions take a session apart.
    this.predict = this.predict.bind(this);
    this.upload = this.upload.bind(this);
    this.download = this.download.bind(this);
    this.warn = this.warn.bind(this);
  }

  get signal(): AbortSignal {
    return this.#options.call.stop.signal;
  }

  async predict(
    target: { readonly endpoint: string; readonly fnIndex: number },
    inputs: readonly unknown[],
  ): Promise<readonly unknown[]> {
    const { session, timeouts } = this.#options;
    const endpoint = new TrackedEndpoint(session.client, target);
    const { fnIndex = target.fnIndex } = endpoint.now;
    this.#guesses.push({ endpoint, fnIndex });
    return runUnqueued({ session, fnIndex, inputs: endpoint.filled(inputs), signal: this.signal, timeouts });
  }

  upload(
    file: Blob | ArrayBuffer | ArrayBufferView,
    options?: { readonly filename?: string | undefined },
  ): Promise<FileData> {
    const { session, timeouts } = this.#options;
    return uploadFile(session, file, { ...options, signal: this.signal, timeouts });
  }

  async download(source: URL | string | Blob, options: { readonly maxBytes: number }): Promise<Uint8Array> {
    const { session, timeouts } = this.#options;
    const { maxBytes } = readDownload(options);
    return download(session.client, { source, maxBytes, signal: this.signal, timeouts });
  }

  warn(warning: Warning): void {
    this.warnings.push(warning);
  }

  /** Looks, after a failure, whether each guessed `fn_index` was the right one. Rejects with `space_changed` if not. */
  async verify(): Promise<void> {
    for (const { endpoint, fnIndex } of this.#guesses) await endpoint.verify(fnIndex, { signal: this.signal });
  }
}
