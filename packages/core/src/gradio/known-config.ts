import { QwenError } from "../errors.ts";
import { readText, type TransportResponse } from "../http/transport.ts";
import { isHuggingFaceSpace } from "./address.ts";
import { bounded } from "./clean-ups.ts";
import type { ClientRequest } from "./client-request.ts";
import { parseConfig, type SpaceConfig } from "./config.ts";
import { CookieJar } from "./cookies.ts";
import { failureOf, type Conceal } from "./failure.ts";
import { parseJson } from "./json.ts";
import { SharedWork } from "./shared-work.ts";
import type { AbortSource } from "../stop.ts";

/** How the config of a Space is read. */
export interface ConfigSource {
  readonly url: URL;
  readonly conceal: Conceal;
  request(request: ClientRequest): Promise<TransportResponse>;
}

/** As much of a `/config` is read, in bytes. */
const MOST_BYTES = 32 * 1024 * 1024;

/** A config, and the JSON that it was read from. */
interface WholeConfig {
  readonly config: SpaceConfig;
  readonly json: unknown;
}

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

async function readConfig({ url, conceal, request }: ConfigSource, signal: AbortSource): Promise<WholeConfig> {
  // Its cookies are nobody's: kept by the client they would tie all sessions to one replica.
  const ask = (): Promise<TransportResponse> => request({ path: "config", jar: new CookieJar(), signal });
  const response = await ask().catch((error: unknown) => {
    // Gradio's server closes the connection behind a 500 unannounced, and what follows over it is lost.
    if (QwenError.isInstance(error) && error.code === "connection") return ask();
    throw error;
  });
  if (response.status !== 200) throw await failureOf(response, { url, conceal, signal });
  const body = await readText(response.body, { maxBytes: MOST_BYTES, signal });
  if (body.trimStart().startsWith("<")) {
    throw new QwenError(
      "space_unavailable",
      `${url.host} shows a page instead of a Gradio app${isHuggingFaceSpace(url) ? ": it may be asleep, building or stopped" : ""}.`,
    );
  }
  // Loaded beside the first answer, not before it: schemas are a third of this package's code.
  const { checkConfig } = await import("#schema");
  const json = parseJson(body);
  return { config: parseConfig(json, { host: url.host, check: checkConfig }), json };
}
