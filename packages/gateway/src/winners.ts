import type { Router, RouterEvent } from "@qwen/core";

/** An attempt whose output is what the caller gets. */
export interface Winner {
  readonly provider: string;
  readonly model: string;
  /** Attempts that were begun so far. */
  readonly attempts: number;
}

/**
 * Tells who answers a request while its answer is still on its way: where attempts run side by side, their parts do not say it.
 */
export class Winners {
  readonly #requests = new Map<string, Race>();
  readonly #stop: () => void;

  constructor(router: Router) {
    this.#stop = router.observe((event) => this.#tell(event));
  }

  /** Follows a request, until {@link forget}. */
  follow(requestId: string): void {
    this.#requests.set(requestId, new Race());
  }

  /** Who answers, as far as known. */
  of(requestId: string): Winner | undefined {
    return this.#requests.get(requestId)?.winner;
  }

  forget(requestId: string): void {
    this.#requests.delete(requestId);
  }

  close(): void {
    this.#stop();
    this.#requests.clear();
  }

  #tell(event: RouterEvent): void {
    if ("requestId" in event) this.#requests.get(event.requestId)?.tell(event);
  }
}

/** The attempts of one request. */
class Race {
  #attempts = 0;
  #leading: { readonly provider: string; readonly model: string } | undefined;

  get winner(): Winner | undefined {
    return this.#leading === undefined ? undefined : { ...this.#leading, attempts: this.#attempts };
  }

  tell(event: RouterEvent): void {
    switch (event.type) {
      case "attempt-started":
        this.#attempts = Math.max(this.#attempts, event.number);
        break;
      case "output":
        this.#leading = event;
        break;
      case "attempt-ended":
        // Of answers that are held until they are whole, several may have begun.
        if (event.outcome === "answered") this.#leading = event;
        break;
      default:
        break;
    }
  }
}
