import { QwenError, TimeoutError } from "../errors.ts";
import { followHops } from "../http/follow.ts";
import { readText, type TransportResponse } from "../http/transport.ts";
import { printable } from "../printable.ts";
import { Stop, type AbortSource } from "../stop.ts";
import { sleep, startTimer } from "../timers.ts";
import type { SpaceClient } from "./client.ts";
import { CookieJar } from "./cookies.ts";
import type { HubPage } from "./hub.ts";
import { isRecord, parseJson } from "./json.ts";
import { SharedWork } from "./shared-work.ts";
import { withinTotal } from "./total.ts";

/** The shortest time from one look at a Space to the next, in ms. */
const POLL_MS = 1000;

/** How long its hub and its own host may each take to say what it is, in ms: they are asked again. */
const LOOK_MS = 5000;

/** How long a Space that was woken may take to answer though its hub says that it runs, in ms. */
const SETTLE_MS = 30_000;

/** As much of what the hub says of a Space is read, in bytes. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Stages that end by themselves, in words. */
const PASSING: ReadonlyMap<string, string> = new Map([
  ["SLEEPING", "is asleep"],
  ["STOPPED", "is asleep"],
  ["BUILDING", "is being built"],
  ["APP_STARTING", "is starting"],
]);

/** Stages that do not, in words. */
const LASTING: ReadonlyMap<string, string> = new Map([
  ["PAUSED", "was paused by its owner"],
  ["NO_APP_FILE", "has no app"],
  ["CONFIG_ERROR", "has an error in its configuration"],
  ["BUILD_ERROR", "could not be built"],
  ["RUNTIME_ERROR", "failed when it was started"],
  ["DELETING", "is being deleted"],
]);

/** Who waits for a Space to wake. */
export interface WakeOptions {
  readonly stop: AbortSource;
  /** How long it waits yet, in ms. */
  readonly leftMs: number;
  /** How long it waits in all, in ms, and what that time is. */
  readonly limitMs: number;
  readonly limit: "wake" | "first-output";
  /** Told the stage in words, each time it is another. */
  tell(message: string): void;
}

/** What one look has shown. */
type Look = "awake" | "asleep" | "unknown" | QwenError;

/** How a sleeping Space is woken and waited for: by one who looks, however many wait. */
export class Waking {
  readonly #client: SpaceClient;
  readonly #page: HubPage;
  readonly #waiters = new Set<WakeOptions>();
  readonly #watching = new SharedWork<boolean>((signal) => this.#watch(signal));
  #lookedAt = -Infinity;
  /** When its hub said last that it runs, of one that had slept. */
  #wokeAt = -Infinity;
  #words: string | undefined;
  /** What the last look came to, where nobody was asleep: it holds until the next one may be. */
  #shown: (() => boolean) | undefined;

  constructor(client: SpaceClient, page: HubPage) {
    this.#client = client;
    this.#page = page;
  }

  /** Whether somebody waits. */
  get isUnderWay(): boolean {
    return this.#watching.isUnderWay;
  }

  /**
   * Waits until it is awake. Resolves with false where there was nothing to wait for: the hub says that it runs, or nothing.
   *
   * Rejects with `space_unavailable` or `authentication` in a stage that does not end by itself and once the limit has passed, and with
   * the reason of `stop`. A limit of the first output is a `timeout` of it.
   */
  async wait(options: WakeOptions): Promise<boolean> {
    const { stop, leftMs } = options;
    const ended = new Stop();
    const onStop = (): void => ended.abort(stop.reason);
    stop.addEventListener("abort", onStop, { once: true });
    const timer = startTimer(leftMs, () => ended.abort(this.#tooLate(options)));
    this.#waiters.add(options);
    if (this.#words !== undefined && this.isUnderWay) options.tell(this.#words);
    try {
      return await this.#watching.wait(ended);
    } finally {
      this.#waiters.delete(options);
      timer.stop();
      stop.removeEventListener("abort", onStop);
    }
  }

  #tooLate({ limit, limitMs }: WakeOptions): QwenError {
    if (limit === "first-output") return new TimeoutError("first-output", limitMs);
    const words = this.#words ?? `${this.#page.name} does not answer`;
    return new QwenError("space_unavailable", `${words}, and did not wake within ${limitMs} ms, which is \`wakeMs\`.`);
  }

  async #watch(signal: AbortSource): Promise<boolean> {
    this.#words = undefined;
    for (let hasSlept = false; ; hasSlept = true) {
      const waitMs = this.#lookedAt + POLL_MS - performance.now();
      if (waitMs > 0) {
        if (this.#shown !== undefined) return this.#shown();
        await sleep(waitMs, signal);
      }
      signal.throwIfAborted();
      this.#lookedAt = performance.now();
      this.#shown = undefined;
      const look = await this.#look(signal);
      // Who comes back so soon was answered by a page once more.
      const isAwake = look === "awake" && performance.now() - this.#wokeAt >= SETTLE_MS;
      if (typeof look === "object")
        this.#shown = () => {
          throw look;
        };
      else if (!hasSlept && (isAwake || look === "unknown")) this.#shown = () => false;
      if (this.#shown !== undefined) return this.#shown();
      if (isAwake) {
        this.#wokeAt = performance.now();
        return true;
      }
      // Asking its own host is what wakes it, whatever becomes of its hub.
      if (await this.#answers(signal)) return true;
    }
  }

  /** Asks the hub. An error is why waiting is of no use. */
  async #look(signal: AbortSource): Promise<Look> {
    try {
      return await withinTotal(LOOK_MS, (ends) => this.#ask(ends), signal);
    } catch (error) {
      signal.throwIfAborted();
      // A hub that is out of reach says nothing of the Space.
      if (QwenError.isInstance(error)) return "unknown";
      throw error;
    }
  }

  async #ask(signal: AbortSource): Promise<Look> {
    const { url, name } = this.#page;
    const { token } = this.#client;
    const { status, body } = await followHops(this.#client.transport(), {
      method: "GET",
      url,
      signal,
      headersFor: (hop) => ({
        accept: "application/json",
        "user-agent": "qwen-sdk",
        ...(token !== undefined && hop.origin === url.origin && { authorization: `Bearer ${token}` }),
      }),
    });
    if (status === 200) return this.#read(parseJson(await readText(body, { maxBytes: MOST_BYTES, signal })));
    body.cancel();
    if (status === 404) return new QwenError("space_unavailable", `There is no Space ${name}.`, { status });
    return status === 401 || status === 403
      ? new QwenError("authentication", `${name} is private, or not there: its hub wants another token.`, { status })
      : "unknown";
  }

  #read(json: unknown): Look {
    const runtime = isRecord(json) ? json["runtime"] : undefined;
    const stage = isRecord(runtime) ? runtime["stage"] : undefined;
    if (typeof stage !== "string" || stage === "") return "unknown";
    // In `RUNNING_BUILDING` and `RUNNING_APP_STARTING` it is an earlier app that does.
    if (stage.startsWith("RUNNING")) return "awake";
    const { name } = this.#page;
    const passing = PASSING.get(stage);
    if (passing === undefined)
      return new QwenError(
        "space_unavailable",
        `${name} ${LASTING.get(stage) ?? "cannot answer"} (${printable(stage, 40)}).`,
      );
    this.#tell(`${name} ${passing} (${stage})`);
    return "asleep";
  }

  /** Whether its own host answers as an app does. */
  async #answers(signal: AbortSource): Promise<boolean> {
    try {
      const ask = (ends: AbortSource): Promise<TransportResponse> =>
        this.#client.request({ path: "config", jar: new CookieJar(), signal: ends });
      const { status, headers, body } = await withinTotal(LOOK_MS, ask, signal);
      body.cancel();
      return status === 200 && String(headers["content-type"]).includes("json");
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  #tell(words: string): void {
    if (words === this.#words) return;
    this.#words = words;
    for (const { tell } of this.#waiters) tell(words);
  }
}

const known = new WeakMap<SpaceClient, Waking>();

/** The one of a client; `undefined` where no hub knows its Space. */
export function wakingOf(client: SpaceClient): Waking | undefined {
  const { hub } = client;
  if (hub === undefined) return undefined;
  const waking = known.get(client) ?? new Waking(client, hub);
  known.set(client, waking);
  return waking;
}
