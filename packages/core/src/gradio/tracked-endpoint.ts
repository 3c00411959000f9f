import { debug } from "../debug.ts";
import { QwenError, SpaceChangedError } from "../errors.ts";
import { within } from "../timers.ts";
import type { SpaceClient } from "./client.ts";
import { endpointNames, endpointsInWords, findEndpoint, type Endpoint, type SpaceConfig } from "./config.ts";
import { Stop, type AbortSource } from "../stop.ts";

/** Longest time an answer waits to learn whether it came from the right endpoint, in ms. */
const VERIFY_MS = 5000;

/** How long a confirmed `fn_index` is trusted, in ms: a Space may be deployed anew while a process runs on. */
const TRUST_MS = 600_000;

/** How to look whether an endpoint is the one that was meant. */
export interface VerifyOptions {
  /** How many inputs the Space refused. */
  readonly refusedInputs?: number | undefined;
  /** Of the call that it is looked for. */
  readonly signal: AbortSource;
}

/** An endpoint as it is called, and how sure that is. */
export interface EndpointNow {
  /** The index to call, if any is known. */
  readonly fnIndex: number | undefined;
  /** Whether `/config` has confirmed it within the last 600,000 ms. */
  readonly verified: boolean;
  /** Whether it runs on the queue, as long as `/config` does not say otherwise. */
  readonly queue: boolean;
  /** Whether `/config` says that its answer comes whole. */
  readonly comesWhole: boolean;
}

/** An endpoint that is called by its name, from a guessed index until `/config` is known, or by its index. */
export class TrackedEndpoint {
  readonly #client: SpaceClient;
  readonly #which: string | number;
  #guess: number | undefined;
  #verifiedAt: number | undefined;
  /** What was found in a config, which may be long. */
  #lastFound: { readonly config: SpaceConfig; readonly endpoint: Endpoint | undefined } | undefined;

  /** `fnIndex` is a hint for a name. */
  constructor(
    client: SpaceClient,
    { endpoint, fnIndex }: { readonly endpoint: string | number; readonly fnIndex?: number | undefined },
  ) {
    this.#client = client;
    this.#which = endpoint;
    this.#guess = typeof endpoint === "number" ? endpoint : fnIndex;
  }

  /** How it is called. */
  get which(): string | number {
    return this.#which;
  }

  /** How many inputs it takes, those of its server included, where that is known. */
  get count(): number | undefined {
    return this.#found()?.inputCount;
  }

  /** Its name; the empty string where it is called by its index. */
  get name(): string {
    return typeof this.#which === "string" ? this.#which : "";
  }

  /** What is known of it now. */
  get now(): EndpointNow {
    const found = this.#found();
    return {
      fnIndex: found?.fnIndex ?? this.#guess,
      verified: this.verified,
      queue: found?.queue !== false,
      comesWhole: this.comesWhole,
    };
  }

  /** See {@link EndpointNow}; each by itself, for who asks often. */
  get fnIndex(): number | undefined {
    return this.#found()?.fnIndex ?? this.#guess;
  }

  get verified(): boolean {
    return this.#found() !== undefined && this.#isTrusted();
  }

  get comesWhole(): boolean {
    const found = this.#found();
    return found !== undefined && this.#client.config.known?.wholeAnswers?.has(found.fnIndex) === true;
  }

  /** Throws `invalid_request` where `/config` is known and has no such endpoint. */
  require(): void {
    const config = this.#client.config.known;
    if (config === undefined || this.#found() !== undefined) return;
    throw new QwenError(
      "invalid_request",
      `${this.#client.url.host} has no endpoint ${JSON.stringify(this.#which).slice(0, 80)}. It has ${endpointsInWords(config)}.`,
    );
  }

  /**
   * Inputs for its index: with null in the place of those that only its server knows (`gr.State`), where they were left
   * out. `/call/…` of Gradio 6 does the same.
   */
  filled(inputs: readonly unknown[]): readonly unknown[] {
    const found = this.#found();
    const own = found === undefined ? undefined : this.#client.config.known?.serverInputs?.get(found.fnIndex);
    if (own === undefined || inputs.length !== own.filter((isOwn) => !isOwn).length) return inputs;
    const given = inputs.values();
    return own.map((isOwn): unknown => (isOwn ? null : given.next().value));
  }

  /** The index with which a job may be cancelled: the one it was called by, if that is known to be right. */
  confirmed(fnIndex: number | undefined): number | undefined {
    if (typeof this.#which === "number") return this.#which;
    const known = this.#found()?.fnIndex;
    return fnIndex === undefined || fnIndex === known ? known : undefined;
  }

  /**
   * Asks `/config` whether an index still is the endpoint's. Rejects with `space_changed` if not, and
   * drops the hint. A config that cannot be read within 5,000 ms proves nothing, so it resolves; so it does once `signal`
   * aborts.
   */
  async verify(fnIndex: number | undefined, { refusedInputs, signal: ends }: VerifyOptions): Promise<void> {
    const { config, cleanUps, url } = this.#client;
    const left = new Stop();
    const onEnd = (): void => left.abort(ends.reason);
    ends.addEventListener("abort", onEnd, { once: true });
    try {
      const mayBeOld = this.#verifiedAt !== undefined && !this.#isTrusted();
      const read = await within(VERIFY_MS, mayBeOld ? config.readAgain(left) : config.read(left));
      // One that takes longer serves the next call.
      if (read === undefined) {
        cleanUps.add(config.readBehind());
        left.abort(new DOMException("Nobody waits for it.", "AbortError"));
      }
    } catch (error) {
      debug(() => `cannot check ${this.name} at ${url.host}: ${error instanceof Error ? error.message : "failed"}`);
    } finally {
      ends.removeEventListener("abort", onEnd);
    }
    if (config.known === undefined) return;
    const found = this.#found();
    if (found !== undefined && (fnIndex === undefined || found.fnIndex === fnIndex)) {
      this.#verifiedAt = performance.now();
      if (refusedInputs === undefined || this.takes(refusedInputs)) return;
      throw new SpaceChangedError(
        `${url.host} was changed: its "${this.name}" takes ${found.inputCount} inputs now, and got ${refusedInputs}.`,
        { endpoints: endpointNames(config.known) },
      );
    }
    this.#guess = found?.fnIndex;
    const now =
      found === undefined
        ? `no endpoint "${this.name}" any more; it has ${endpointsInWords(config.known)}`
        : `"${this.name}" in another place than before; the next call will use it`;
    const endpoints = endpointNames(config.known);
    // One that is gone may come back, as after a bad deployment: the next call looks again.
    if (found === undefined) config.forget();
    throw new SpaceChangedError(`${url.host} was changed: it has ${now}.`, { endpoints });
  }

  /**
   * The same, not trusting what was read before. With the number of inputs that the Space refused, it rejects as well where the
   * endpoint takes fewer of them now, or more.
   */
  verifyAgain(fnIndex: number | undefined, options: VerifyOptions): Promise<void> {
    this.#client.config.forget();
    return this.verify(fnIndex, options);
  }

  /** Whether it takes so many inputs as far as is known, with or without those that only its server knows. */
  takes(count: number): boolean {
    const found = this.#found();
    if (found?.inputCount === undefined) return true;
    const { inputCount, fnIndex } = found;
    const own = this.#client.config.known?.serverInputs?.get(fnIndex)?.filter(Boolean).length ?? 0;
    return count === inputCount || count === inputCount - own;
  }

  #found(): Endpoint | undefined {
    const config = this.#client.config.known;
    if (config === undefined) return undefined;
    if (this.#lastFound?.config !== config) this.#lastFound = { config, endpoint: findEndpoint(config, this.#which) };
    return this.#lastFound.endpoint;
  }

  #isTrusted(): boolean {
    return this.#verifiedAt !== undefined && performance.now() - this.#verifiedAt < TRUST_MS;
  }
}
