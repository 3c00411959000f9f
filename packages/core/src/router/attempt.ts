import type { QwenError, Attempt as AttemptRecord } from "../errors.ts";
import type { Flow, FlowReader } from "../flow.ts";
import { FlowIterator } from "../flow-iterator.ts";
import type { Usage } from "../part.ts";
import { excuse } from "../error-excuse.ts";
import { isGroup } from "../options.ts";
import { PhaseClock } from "../phase-clock.ts";
import { Stop } from "../stop.ts";
import { asOwnError, emptyAnswer, endedWithoutFinish, queueTooLong, tooMuchHeld } from "./attempt-failure.ts";
import type { AttemptOwner, AttemptReceiver } from "./attempt-owner.ts";
import type { Candidate } from "./candidate.ts";
import type { Seam } from "./continuation.ts";
import type { Visit } from "./health.ts";
import { HeldParts } from "./held-parts.ts";
import type { Place } from "./limiter.ts";
import type { PartCollector, PartKind } from "./part-reader.ts";
import { pullFlow } from "../pulled-flow.ts";

/**
 * One try of one candidate: read up to its commit point, from there passed on.
 *
 * The flow behind an iteration of ours is read as it is, and keeps its own time; any other iteration is pulled, with a
 * clock beside it.
 */
export class Attempt<Part, Result> implements FlowReader<Part> {
  readonly candidate: Candidate<Part>;
  readonly number: number;
  /** Whether it was begun beside a slow one. */
  readonly isHedge: boolean;
  readonly collector: PartCollector<Part, Result>;
  readonly #owner: AttemptOwner<Part, Result>;
  readonly #startedAt = performance.now();
  readonly #visit: Visit | undefined;
  readonly #stop = new Stop();
  readonly #seam: Seam<Part> | undefined;
  #held: HeldParts<Part> | Seam<Part> | undefined;
  #place: Place | undefined;
  #clock: PhaseClock | undefined;
  #flow: Flow<Part> | undefined;
  #receiver: AttemptReceiver<Part, Result> | undefined;
  #isOver = false;
  #latencyMs: number | undefined;
  #last: Part | undefined;
  #waitedMs: number | undefined;
  #position: number | undefined;

  /** Counts as a visit from now on: it has to be ended or cancelled. */
  constructor(
    candidate: Candidate<Part>,
    { number, isHedge }: Pick<Attempt<Part, Result>, "number" | "isHedge">,
    owner: AttemptOwner<Part, Result>,
  ) {
    this.candidate = candidate;
    this.number = number;
    this.isHedge = isHedge;
    this.#owner = owner;
    this.collector = owner.reader.collect();
    this.#seam = owner.seamAt(candidate);
    if (this.#seam?.continuedBy === "prefill" && owner.reader.textPart !== undefined)
      this.collector.add(owner.reader.textPart(this.#seam.beginning));
    this.#held = this.#seam ?? new HeldParts(owner.reader, { keeps: owner.holds });
    this.#visit = candidate.health?.begin(candidate);
  }

  /** The `finish` or `whole` part, where that was read before it was handed over. */
  get last(): Part | undefined {
    return this.#last;
  }

  /** Where it goes on with what another attempt has begun, if it does. */
  get seam(): Seam<Part> | undefined {
    return this.#seam;
  }

  /** How long it waited for a place, in ms; `undefined` while it has none. */
  get waitedMs(): number | undefined {
    return this.#waitedMs;
  }

  /** Whether it keeps back by itself what nobody reads: a flow does. An iteration of somebody's own has to be asked. */
  get isFlow(): boolean {
    return this.#clock === undefined && this.#flow?.mark !== 0;
  }

  /** When its first output came, by the clock of `performance`; now, where it has none. */
  get outputAt(): number {
    return this.#latencyMs === undefined ? performance.now() : this.#startedAt + this.#latencyMs;
  }

  /** Asks, as soon as there is a place. */
  begin(): void {
    try {
      this.#place = this.candidate.health?.limiter?.take(() => this.#ask(performance.now() - this.#startedAt));
      if (this.#place?.isGiven !== false) this.#ask();
      else if (!this.#isOver) this.#owner.log.waiting(this);
    } catch (error) {
      this.fail(error);
    }
  }

  pause(): void {
    this.#flow?.pause();
  }

  resume(): void {
    this.#flow?.resume();
  }

  /** From now on its parts are passed on. Returns those that were held. */
  handOver(receiver: AttemptReceiver<Part, Result>): readonly Part[] {
    this.#receiver = receiver;
    const parts = this.#held?.take() ?? [];
    this.#held = undefined;
    return parts;
  }

  /** It is over: well, or with an error of its own. That is told before what its breaker makes of it. Returns its record. */
  settle(error?: unknown, usage?: Usage): AttemptRecord {
    const record = this.#close(error);
    this.#owner.log.ended(this, record, { usage });
    this.#visit?.end(error);
    if (error !== undefined) this.stop(error);
    // An iteration of somebody's own may have cleaning up to do; one of ours ends by itself.
    else if (!this.isFlow) this.#flow?.leave(undefined);
    return record;
  }

  /** It is over for a reason that says nothing of the provider, which is still to be stopped. */
  cancel(reason: unknown, { timedOut }: { readonly timedOut: boolean }): void {
    // Somebody may have left without a reason.
    this.#owner.log.ended(this, { ...this.#close(reason), error: reason }, { cancelled: !timedOut });
    this.#visit?.leave();
  }

  /** It never began. */
  forget(): void {
    this.#isOver = true;
    this.#visit?.leave();
  }

  /** Stops the provider. */
  stop(reason: unknown): void {
    this.#stop.abort(reason);
    this.#flow?.leave(reason);
  }

  /** An error as the caller gets it: one of the family, that names the provider. */
  asOwnError(error: unknown): QwenError {
    const { provider, model } = this.candidate;
    const hasOutput = this.#hasOutput;
    const known = this.#owner.reader.failureOf?.(error, { provider, model, hasOutput }) ?? error;
    const text = hasOutput ? this.collector.text() : undefined;
    const own = asOwnError(known, { provider, text, requestId: this.#owner.log.requestId });
    return this.#flow?.isExcused === true ? excuse(own) : own;
  }

  wants(): boolean {
    return true;
  }

  take(part: Part): void {
    if (this.#isOver) return;
    const kind = this.#owner.reader.kind(part);
    if (kind === "answered") {
      // Whatever comes of the check, its provider has answered.
      this.#place?.leave();
      this.#visit?.end();
      this.#owner.answered();
    } else if (this.#held !== undefined) {
      this.#takeBeforeCommit(part, kind, this.#held);
      if (kind !== "finish" && kind !== "whole") this.#owner.telling?.said(this, part, kind);
    } else {
      if (kind === "output" || kind === "opening") this.#clock?.output();
      this.#seam?.check(part);
      this.#receiver?.pass(this, part, kind);
    }
  }

  end(): void {
    // An error takes a stack trace: nearly always it has ended with its last part.
    if (!this.#isOver) this.fail(endedWithoutFinish(this.candidate.provider, this.collector.text()));
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    if (this.#receiver === undefined) this.#owner.failed(this, error);
    else this.#receiver.brokeOff(this, error);
  }

  /** Once, whatever a limiter calls. */
  #ask(waitedMs?: number): void {
    if (this.#isOver || this.#waitedMs !== undefined) return;
    this.#waitedMs = waitedMs ?? 0;
    if (waitedMs !== undefined) this.#owner.log.admitted(this, waitedMs);
    if (this.#isOver) return;
    try {
      const parts = this.candidate.start(
        this.candidate.isLeavable === true ? undefined : this.#stop.signal,
        this.#seam?.continuedBy === "prefill" ? this.#seam.beginning : undefined,
      );
      const flow = (this.#flow = (isGroup(parts) ? FlowIterator.claim(parts) : undefined) ?? this.#pull(parts));
      // What it calls may have ended the request.
      if (this.#stop.aborted) flow.leave(this.#stop.reason);
      else {
        if (this.#owner.isPaused) flow.pause();
        flow.read(this);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  #pull(parts: AsyncIterable<Part>): Flow<Part> {
    this.#clock = new PhaseClock(this.candidate.timeouts, (error) => this.fail(error));
    this.#clock.comesWhole = this.candidate.comesWhole === true;
    return pullFlow(parts, this.#clock, this.#owner.reader.own);
  }

  #takeBeforeCommit(part: Part, kind: Exclude<PartKind, "answered">, held: HeldParts<Part> | Seam<Part>): void {
    switch (kind) {
      case "live":
        if (!this.#hasOutput) this.#noticeQueue(part);
        this.#owner.live(this, part);
        break;
      case "start":
        held.count(part);
        this.#collect(part, held);
        break;
      case "opening":
      case "output":
        held.add(part, kind);
        this.#collect(part, held);
        if (kind === "output" || this.#hasOutput) this.#noticeOutput();
        if (this.#hasOutput && held.isReady && !this.#owner.buffered) this.#owner.committed(this);
        break;
      case "whole":
        this.#noticeOutput();
        this.#conclude(part);
        break;
      case "finish":
        if (!this.#hasOutput && this.#seam?.isWholeBy(part) !== true)
          throw this.#owner.reader.emptyError?.(part, this.candidate) ?? emptyAnswer(this.candidate.provider);
        this.#conclude(part);
        break;
      case "error":
        throw this.#owner.reader.errorOf(part);
    }
  }

  #collect(part: Part, held: HeldParts<Part> | Seam<Part>): void {
    this.collector.add(part);
    if (held.isTooMuch) throw tooMuchHeld(this.candidate.provider);
  }

  #conclude(last: Part): void {
    if (this.#seam?.continuedBy === "replay" && !this.#seam.isReady) this.#seam.refuse();
    this.#last = last;
    this.#owner.committed(this);
  }

  #noticeQueue(part: Part): void {
    const place = this.#owner.reader.queueOf?.(part);
    if (place === undefined) this.#clock?.working();
    else {
      this.#clock?.queued(place.position);
      if (place.position !== this.#position) this.#owner.log.queued(this, place);
      this.#position = place.position;
    }
    const { maxQueueMs } = this.#owner;
    const etaMs = place?.etaMs ?? 0;
    if (etaMs > maxQueueMs) throw queueTooLong(this.candidate.provider, { etaMs, maxQueueMs });
  }

  #noticeOutput(): void {
    this.#clock?.output();
    if (this.#hasOutput) return;
    this.#latencyMs = performance.now() - this.#startedAt;
    this.#owner.log.output(this, this.#latencyMs);
    if (this.#isOver) return;
    if (this.#flow?.isExcused === true) this.#visit?.excuse?.();
    else this.#visit?.output(this.#latencyMs);
  }

  get #hasOutput(): boolean {
    return this.#latencyMs !== undefined;
  }

  #close(error: unknown): AttemptRecord {
    this.#isOver = true;
    this.#clock?.stop();
    this.#place?.leave();
    const { provider, model } = this.candidate;
    const durationMs = performance.now() - this.#startedAt;
    const record = { provider, model, number: this.number, durationMs, ...(error !== undefined && { error }) };
    // It has gone on with the answer once it is shown.
    if (this.#seam === undefined || this.#receiver === undefined) return record;
    const { continuedAt, continuedBy } = this.#seam;
    return { ...record, continuedAt, continuedBy };
  }
}
