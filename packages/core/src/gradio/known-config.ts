import type { AbortSource } from "../stop.ts";
import { bounded } from "./clean-ups.ts";
import type { SpaceConfig } from "./config.ts";
import { readConfig, type ConfigSource, type WholeConfig } from "./config-reader.ts";
import { SharedWork } from "./shared-work.ts";

/** The `/config` of a Space, read when it is needed, for all who need it. */
export class KnownConfig {
  readonly #reading: SharedWork<WholeConfig>;
  readonly #prefixHint: string;
  #config: SpaceConfig | undefined;

  /** `prefixHint` is the prefix of the API until the config is known. */
  constructor(source: ConfigSource, prefixHint: string) {
    this.#reading = new SharedWork(async (signal) => {
      const whole = await readConfig(source, signal);
      this.#config = whole.config;
      return whole;
    });
    this.#prefixHint = prefixHint;
  }

  /** What it said, if it was read. */
  get known(): SpaceConfig | undefined {
    return this.#config;
  }

  /** The path prefix of the API: known, or the hint. */
  get prefix(): string {
    return this.#config?.apiPrefix ?? this.#prefixHint;
  }

  /**
   * Reads it, once for all callers; a failure is not kept. Rejects with the reason of `signal` when that aborts: reading
   * ends with the last who waits.
   */
  read(signal?: AbortSource): Promise<SpaceConfig> {
    return this.#config === undefined ? this.readAgain(signal) : Promise.resolve(this.#config);
  }

  /** Reads it again, whatever is known. */
  async readAgain(signal?: AbortSource): Promise<SpaceConfig> {
    return (await this.#reading.wait(signal)).config;
  }

  /** Reads it again, and gives all of it as well, which is not kept. */
  readWhole(signal?: AbortSource): Promise<WholeConfig> {
    return this.#reading.wait(signal);
  }

  /** Reads it, or goes on reading it, for the calls to come: also while nobody waits for it, but for ten seconds at most. */
  readBehind(): Promise<void> {
    return bounded(async (signal) => {
      await (this.#reading.isUnderWay ? this.#reading.wait(signal) : this.read(signal));
    });
  }

  /** After a failure: the Space may have changed, so the next call reads it again. */
  forget(): void {
    this.#config = undefined;
  }
}
