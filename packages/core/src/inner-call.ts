import type { Flow, FlowReader } from "./flow.ts";
import { FlowIterator } from "./flow-iterator.ts";
import { hearPart } from "./heard-part.ts";
import { isGroup } from "./options.ts";
import { ownPart } from "./part-copy.ts";
import { PhaseClock } from "./phase-clock.ts";
import type { Provider, ProviderRequest } from "./provider.ts";
import type { ProviderPart } from "./part.ts";
import { pullFlow } from "./pulled-flow.ts";
import { resolveTimeouts } from "./timers.ts";

/** Who hears of an {@link InnerCall}: parts, then one end or failure. */
export interface InnerCallOwner {
  took(part: ProviderPart): void;
  /** It ended without a `finish`. */
  ended(): void;
  failed(error: unknown): void;
}

/**
 * One request to a provider whose answer is read before it goes on. A flow of ours is read as it is, and keeps its own time; any other
 * iteration is pulled, with a clock beside it: what of it is held back is a sign of life all the same.
 */
export class InnerCall implements FlowReader<ProviderPart> {
  readonly #owner: InnerCallOwner;
  readonly #controller = new AbortController();
  readonly #clock: PhaseClock | undefined;
  readonly #flow: Flow<ProviderPart>;
  #isOver = false;

  /** Asks, but nothing comes before `begin()`. */
  constructor(provider: Provider, request: ProviderRequest, owner: InnerCallOwner) {
    this.#owner = owner;
    const parts = provider.stream({ ...request, signal: this.#controller.signal });
    // A careless provider may give anything.
    const flow = isGroup(parts) ? FlowIterator.claim(parts) : undefined;
    this.#clock =
      flow === undefined
        ? new PhaseClock(resolveTimeouts(request.timeouts, provider.timeouts), (error) => this.fail(error))
        : undefined;
    this.#flow = flow ?? pullFlow(parts, this.#clock as PhaseClock, ownPart);
  }

  /** Whether nothing of it counts for the provider. */
  get isExcused(): boolean {
    return this.#flow.isExcused;
  }

  begin(): void {
    this.#flow.read(this);
  }

  pause(): void {
    this.#flow.pause();
  }

  resume(): void {
    this.#flow.resume();
  }

  /** Stops the work at its source, unless it has ended; nothing is heard of it any more. */
  stop(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clock?.stop();
    this.#controller.abort(reason);
    this.#flow.leave(reason);
  }

  wants(): boolean {
    return true;
  }

  take(part: ProviderPart): void {
    if (this.#isOver) return;
    if (this.#clock !== undefined) hearPart(this.#clock, part);
    if (part.type === "finish") this.#conclude(part);
    else this.#owner.took(part);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clock?.stop();
    this.#owner.ended();
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    // What fails may be what stands around the provider: that its time is over, or a hook. The provider may still be at work.
    this.stop(error);
    this.#owner.failed(error);
  }

  #conclude(finish: ProviderPart): void {
    this.#isOver = true;
    // An iteration of somebody's own may have cleaning up to do; one of ours ends by itself.
    if (this.#clock !== undefined) this.#flow.leave(undefined);
    try {
      this.#owner.took(finish);
    } catch (error) {
      // The flow behind has nobody left to tell.
      this.#owner.failed(error);
    }
  }
}
