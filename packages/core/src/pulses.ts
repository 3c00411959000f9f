import { startTimer, type Deadline } from "./timers.ts";

/** How often a call shows that it lives, in ms. */
const BEAT_MS = 1000;

/** How often others may look without having seen it. Whoever blocks the event loop holds up all of them alike. */
const MOST_MISSED = 3;

/** What belongs to one request of a server. */
interface Living {
  /** Ends it, for this reason. */
  leave(reason: unknown): void;
}

interface Pulse {
  readonly timer: Deadline;
  missed: number;
}

/**
 * Finds calls that ended without a word, as those of an edge runtime do with the request that they belong to, or once its client has
 * gone: each beats by a timer of its own. One that does no more while others do is left for good, so that it holds no place of a
 * limit, no probe and no turn.
 */
export class Pulses {
  readonly #pulses = new Map<Living, Pulse>();
  #lookedAt = -Infinity;

  /** It has begun. */
  add(request: Living): void {
    const pulse: Pulse = { timer: startTimer(BEAT_MS, () => this.#beat(pulse)), missed: 0 };
    this.#pulses.set(request, pulse);
    this.#look();
  }

  /** It is over. */
  delete(request: Living): void {
    this.#pulses.get(request)?.timer.stop();
    this.#pulses.delete(request);
  }

  #beat(pulse: Pulse): void {
    pulse.missed = 0;
    pulse.timer.touch();
    this.#look();
  }

  /** By whoever comes and by all who beat, but no more often than each of them does. */
  #look(): void {
    const now = performance.now();
    if (now - this.#lookedAt < BEAT_MS) return;
    this.#lookedAt = now;
    for (const [request, pulse] of this.#pulses) {
      pulse.missed += 1;
      if (pulse.missed <= MOST_MISSED) continue;
      this.#pulses.delete(request);
      request.leave(new DOMException("The request of the server that the call belonged to has ended.", "AbortError"));
    }
  }
}
