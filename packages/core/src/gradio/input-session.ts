import type { ResolvedTimeouts } from "../timers.ts";
import type { ProviderPart, Warning } from "../part.ts";
import type { Call } from "../call.ts";
import { fileTransfers } from "./loaded-later.ts";
import { runUnqueued } from "./run.ts";
import type { Session } from "./session.ts";
import type { InputSession } from "./space-definition.ts";
import { readDownload } from "./submit-options.ts";
import { TrackedEndpoint } from "./tracked-endpoint.ts";
import type { FileData } from "./upload.ts";

/** The request that inputs are made for. */
export interface InputSessionOptions {
  readonly call: Call<ProviderPart>;
  readonly timeouts: ResolvedTimeouts;
  /** Of the conversation it goes on with, if it does. */
  readonly turn?: { readonly saved?: unknown } | undefined;
}

/** The {@link InputSession} of one request. */
export class RequestSession implements InputSession {
  readonly continued: boolean;
  /** What of the request could not be honoured. */
  warnings: readonly Warning[] = NONE;
  readonly #options: InputSessionOptions;
  readonly #session: Session;
  /** Few inputs need any. */
  #guesses: { readonly endpoint: TrackedEndpoint; readonly fnIndex: number }[] | undefined;

  constructor(options: InputSessionOptions, session: Session) {
    this.continued = options.turn?.saved !== undefined;
    this.#options = options;
    this.#session = session;
  }

  get signal(): AbortSignal {
    return this.#options.call.stop.signal;
  }

  // Definitions take a session apart, and few of them use anything of it: each is bound when it is asked for.

  get predict(): InputSession["predict"] {
    return (target, inputs) => this.#predict(target, inputs);
  }

  get upload(): InputSession["upload"] {
    return (file, options) => this.#upload(file, options);
  }

  get download(): InputSession["download"] {
    return (source, options) => this.#download(source, options);
  }

  get warn(): InputSession["warn"] {
    return (warning) => void (this.warnings = [...this.warnings, warning]);
  }

  /** Looks, after a failure, whether each guessed `fn_index` was the right one. Rejects with `space_changed` if not. */
  async verify(): Promise<void> {
    for (const { endpoint, fnIndex } of this.#guesses ?? []) await endpoint.verify(fnIndex, { signal: this.signal });
  }

  async #predict(...[target, inputs]: Parameters<InputSession["predict"]>): Promise<readonly unknown[]> {
    const session = this.#session;
    const { timeouts } = this.#options;
    const endpoint = new TrackedEndpoint(session.client, target);
    const { fnIndex = target.fnIndex } = endpoint.now;
    (this.#guesses ??= []).push({ endpoint, fnIndex });
    return runUnqueued({ session, fnIndex, inputs: endpoint.filled(inputs), signal: this.signal, timeouts });
  }

  async #upload(...[file, options]: Parameters<InputSession["upload"]>): Promise<FileData> {
    const { timeouts } = this.#options;
    // Read now, whenever it is loaded.
    const given = { ...options, signal: this.signal, timeouts };
    const { uploadFile } = await fileTransfers.load();
    return uploadFile(this.#session, file, given);
  }

  async #download(...[source, options]: Parameters<InputSession["download"]>): Promise<Uint8Array> {
    const { timeouts } = this.#options;
    const { maxBytes } = readDownload(options);
    const { download } = await fileTransfers.load();
    return download(this.#session.client, { source, maxBytes, signal: this.signal, timeouts });
  }
}

// Nearly no request has any, and each would keep an empty list of its own.
const NONE: readonly Warning[] = [];
