import type { Attempt, QwenError } from "../errors.ts";
import type { Usage } from "../part.ts";

/**
 * What a part means to the attempt loop.
 *
 * - `live` passes at once, even where output is held: queue positions, progress, logs.
 * - `start` says what is known before the first output. It is collected and goes no further: one of the reader's own, which
 *   says all of it, comes before the first output in place of all of them.
 * - `opening` comes before output and is dropped with a failed attempt: white space, what belongs to an answer and is none.
 * - `output` is what the caller asked for; the first one is the commit point.
 * - `answered` says that the provider is done: what is left to do, such as a check, needs no place of it, and no hedge beside it.
 * - `finish` ends a whole answer. `whole` is output and finish in one. `error` ends an attempt.
 */
export type PartKind = "live" | "start" | "opening" | "output" | "answered" | "finish" | "whole" | "error";

/** An attempt that begins. */
export interface AttemptStart {
  readonly provider: string;
  readonly model: string;
  /** 1 for the first of the request. */
  readonly number: number;
  /** Why the attempt before it failed. */
  readonly lastError: unknown;
}

/** Who answered, what was tried, and how long it took. */
export interface Answered<Part = unknown> {
  readonly requestId: string;
  readonly provider: string;
  readonly model: string;
  readonly attempts: readonly Attempt[];
  /** What the collector made of what was known at the start. */
  readonly start: Part | undefined;
  /** The same of those who gave the beginning of an answer that broke off and was gone on with, in their order. */
  readonly before: readonly (Part | undefined)[];
  /** From the beginning of the request to the first output of whoever answered, in ms. */
  readonly firstOutputMs: number;
  /** From the beginning of the request to its end, in ms. */
  readonly durationMs: number;
}

/** Where a job waits. */
export interface QueuePlace {
  readonly position: number;
  readonly size?: number | undefined;
  readonly etaMs?: number | undefined;
}

/** How the attempt loop reads the parts of one kind of stream, and makes the few of its own. */
export interface PartReader<Part, Result> {
  kind(part: Part): PartKind;
  /** A copy of a part that somebody's own iteration gave, who may give it to others as well. Without it parts go on as they are. */
  readonly own?: ((part: Part) => Part) | undefined;
  /** The error in an `error` part. */
  errorOf(part: Part): unknown;
  /** Whether it says all text anew that came before it, so that this need not be kept. */
  restates?(part: Part): boolean;
  /** Whether it is part of that text. */
  isText?(part: Part): boolean;
  /** The text of such a part. Without it, and without `textPart`, an answer that broke off is not gone on with. */
  textIn?(part: Part): string;
  /** A part that says more text. */
  textPart?(text: string): Part;
  /**
   * Whether a replay may say an `opening` part that is none of that text before it covers what was shown, and that part be left
   * out. Without it, any.
   */
  isBeside?(part: Part): boolean;
  /** Whether a last part says that the model had no more to say, so that nothing may come before it behind a beginning. */
  isStop?(part: Part): boolean;
  /** The place in a queue that a live part tells, if it tells one. */
  queueOf?(part: Part): QueuePlace | undefined;
  /**
   * What an answer without any output fails with, by the `finish` that ends it: `content_policy` where a filter stopped it, say,
   * which nobody else is asked after. Without it, or where it says nothing, that is `empty_response`, which is tried again.
   */
  emptyError?(finish: Part, from: { readonly provider: string }): QwenError | undefined;
  /** The usage that a last part tells, for observers. */
  usageOf?(part: Part): Usage | undefined;
  /**
   * What an attempt fails with whose iteration threw this, or said it in an `error` part: an error of the family, where it is
   * known which; else what it was given, of which the loop makes `protocol`, or `stream_interrupted` after output.
   */
  failureOf?(
    error: unknown,
    from: { readonly provider: string; readonly model: string; readonly hasOutput: boolean },
  ): unknown;
  /** The part that announces an attempt. Without it, or where it gives none, attempts are not announced. */
  attempt?(start: AttemptStart): Part | undefined;
  /** The `finish` or `whole` part as the caller gets it. */
  sealed(part: Part, answered: Answered<Part>): Part;
  /** Whether what it collects is no answer, so that there is no result to ask for. */
  readonly forgets?: boolean | undefined;
  /** Starts to collect the parts of one attempt. */
  collect(): PartCollector<Part, Result>;
}

/** What one attempt has said so far. */
export interface PartCollector<Part, Result> {
  /** Called with every `start`, `opening` and `output` part. */
  add(part: Part): void;
  /** The text so far, for the error of a stream that breaks off. */
  text(): string;
  /** Whether text is all the output there was. Without it, an answer that broke off is not gone on with. */
  isTextOnly?(): boolean;
  /**
   * Called at a seam: `before`, a collector of the same reader, has what was shown of the answer; of what this one was told
   * so far, only `shown` is to be shown, and its text is that of both. Returns what is shown in its place. Without it that is
   * `shown`, and the whole has what this one was told.
   */
  goOn?(before: PartCollector<Part, Result>, shown: readonly Part[]): readonly Part[];
  /** The part that begins the answer, of what is known by now. Without it, nothing does. */
  start?(): Part;
  /** The whole answer, once its last part is there. */
  result(sealed: Part, answered: Answered<Part>): Result;
}
