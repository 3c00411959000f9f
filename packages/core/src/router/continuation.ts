import { QwenError, StreamInterruptedError } from "../errors.ts";
import type { Message } from "../message.ts";
import { endsWithAnswer, isSpoken } from "../beginning.ts";
import { isBlank } from "../blank-text.ts";
import type { Settings } from "../provider.ts";
import type { CommitPoint } from "./attempt-settings.ts";
import type { Candidate } from "./candidate.ts";
import { weightOfPart } from "../part-weight.ts";
import { HeldParts, MOST_HELD } from "./held-parts.ts";
import type { PartCollector, PartKind, PartReader } from "./part-reader.ts";

/**
 * How an answer that broke off is gone on with. `replay`: asked again from the start, and equal to the character up to where it
 * was. `prefill`: by a model that gets what was shown as the beginning of its answer, and writes the rest behind it.
 */
export type ContinuedBy = "replay" | "prefill";

/** What of a request decides how its answer can be gone on with. */
export interface Continuable {
  readonly settings?: Settings | undefined;
  readonly conversation?: string | undefined;
}

/** The ways to go on with the answer of a request, in the order they are tried; none where it cannot be. */
export function waysOf(
  { settings, conversation }: Continuable,
  commit: CommitPoint | undefined,
): readonly ContinuedBy[] {
  // The server's side of a conversation has moved on.
  if (conversation !== undefined) return [];
  // They are checked where the work begins.
  const { temperature, seed, maxOutputTokens, stopSequences, responseFormat } = settings ?? {};
  // A prefill counts tokens anew, may stop where the whole would not, and none of its halves is JSON.
  const isWhole = maxOutputTokens !== undefined || (stopSequences?.length ?? 0) > 0 || responseFormat?.type === "json";
  if (isWhole || typeof commit === "object") return ["replay"];
  return temperature === 0 || seed !== undefined ? ["replay", "prefill"] : ["prefill", "replay"];
}

/** A chat whose last message is the beginning of its answer. Two of the assistant's one after the other are one. */
export function begun(messages: readonly Message[], beginning: string): readonly Message[] {
  const last = endsWithAnswer(messages) ? messages.findLast(isSpoken) : undefined;
  if (last === undefined) return [...messages, { role: "assistant", content: beginning }];
  const { content } = last;
  const joined =
    typeof content === "string" ? content + beginning : [...content, { type: "text", text: beginning } as const];
  return messages.map((message) => (message === last ? { ...last, content: joined } : message));
}

/** Where an attempt goes on with what another one has begun. */
export type Seam<Part> = Replay<Part> | Prefill<Part>;

/** What a {@link Continuation} goes by. */
export interface ContinuationOptions<Part> {
  readonly reader: PartReader<Part, unknown>;
  /** The ways that the request allows. */
  readonly ways: readonly ContinuedBy[];
  readonly candidates: readonly Candidate<Part>[];
  /** Of the beginning that the attempt itself went on with, if it did. */
  readonly before: Continuation<Part> | undefined;
}

/** The attempt that broke off. */
export interface BrokenOff<Part> {
  readonly collector: PartCollector<Part, unknown>;
  readonly seam: Seam<Part> | undefined;
}

/** An answer that broke off after some of its text was shown, and is to be gone on with. */
export class Continuation<Part> {
  /** What the request ends with where nobody goes on: it has all that was shown. */
  readonly error: StreamInterruptedError;
  /** What those said of their start who gave what was shown. */
  readonly starts: readonly (Part | undefined)[];
  readonly #reader: PartReader<Part, unknown>;
  readonly #shown: string;
  readonly #ways: ContinuedBy[];
  readonly #candidates: readonly Candidate<Part>[];

  constructor({ collector, seam }: BrokenOff<Part>, reason: QwenError, options: ContinuationOptions<Part>) {
    const { reader, ways, candidates, before } = options;
    const shown = collector.text();
    this.error = interrupted(shown, reason);
    this.starts = [...(before?.starts ?? []), collector.start?.()];
    this.#reader = reader;
    this.#shown = shown;
    this.#candidates = candidates;
    const isContinuable = collector.isTextOnly?.() === true && seam?.isRewritten !== true;
    // No model goes on behind nothing to read, nor behind half a character, which UTF-8 has no bytes for: it would get another text.
    const isPrefillable = !isBlank(shown) && shown.isWellFormed() && candidates.some(canPrefill);
    this.#ways = ways.filter((way) => isContinuable && (way !== "prefill" || isPrefillable));
  }

  /** How it is gone on with at present; `undefined` where all ways were tried. */
  get way(): ContinuedBy | undefined {
    return this.#ways[0];
  }

  /** Nobody went on by this way. */
  nextWay(): void {
    this.#ways.shift();
  }

  /** Those who can go on by this way. */
  among(): readonly Candidate<Part>[] {
    return this.way === "prefill" ? this.#candidates.filter(canPrefill) : this.#candidates;
  }

  /** For one attempt. */
  seam({ provider }: Candidate<Part>, options: { readonly keeps: boolean }): Seam<Part> {
    return this.way === "prefill"
      ? new Prefill(this.#shown, this.#reader, options)
      : new Replay(this.#shown, provider, this.#reader);
  }
}

/** An answer said anew from its start: it is shown from where it goes beyond what was shown, and left where it differs. */
export class Replay<Part> {
  readonly continuedBy = "replay";
  readonly #shown: string;
  readonly #provider: string;
  readonly #reader: PartReader<Part, unknown>;
  /** How much of what was shown was said again. */
  #same = 0;
  #beyond = "";
  #otherSize = 0;
  #isRefused = false;
  #isRewritten = false;

  constructor(shown: string, provider: string, reader: PartReader<Part, unknown>) {
    this.#shown = shown;
    this.#provider = provider;
    this.#reader = reader;
  }

  /** The characters that were shown before. */
  get continuedAt(): number {
    return this.#shown.length;
  }

  /** Whether all that was shown was said again, to the character. */
  get isReady(): boolean {
    return this.#same === this.#shown.length;
  }

  /** Whether it has said more than may be held that is not its text. */
  get isTooMuch(): boolean {
    return this.#otherSize > MOST_HELD;
  }

  /** Whether it took back what another attempt had shown. */
  get isRewritten(): boolean {
    return this.#isRewritten;
  }

  /** Whether its provider may be asked by another way, where it is `unsupported`: only its answer was another one. */
  get hasOtherWay(): boolean {
    return this.#isRefused || this.#isRewritten;
  }

  /** Throws at the first difference. */
  add(part: Part, kind: PartKind): void {
    if (this.#reader.isText?.(part) !== true) {
      // What belongs to an answer and is none of it was shown before, or is of the whole only.
      if (kind === "output" || this.#reader.isBeside?.(part) === false) this.refuse();
      this.count(part);
      return;
    }
    if (this.#reader.restates?.(part) === true) {
      this.#same = 0;
      this.#beyond = "";
    }
    const text = this.#reader.textIn?.(part) ?? "";
    // Whoever says nothing but such parts is not to fill the memory either.
    if (text === "") this.count(part);
    const known = Math.min(text.length, this.#shown.length - this.#same);
    if (!this.#shown.startsWith(text.slice(0, known), this.#same)) this.refuse();
    this.#same += known;
    this.#beyond += text.slice(known);
  }

  /** One that is not to be shown. */
  count(part: Part): void {
    this.#otherSize += weightOfPart(part as object);
  }

  /** It is not the answer that was shown. It is left, which says nothing against its provider. */
  refuse(): never {
    this.#isRefused = true;
    const fact = `The answer of "${this.#provider}" is not the one of which ${this.#shown.length} characters were shown, so it cannot be gone on with.`;
    throw new QwenError("unsupported", fact, { provider: this.#provider });
  }

  /** It has to say again what was shown. */
  isWholeBy(): boolean {
    return false;
  }

  /** What is to be shown of it by now. */
  take(): readonly Part[] {
    const beyond = this.#beyond;
    this.#beyond = "";
    return beyond === "" || this.#reader.textPart === undefined ? [] : [this.#reader.textPart(beyond)];
  }

  /** A part of it that is to be shown. Throws for one that takes back what another attempt has shown. */
  check(part: Part): void {
    if (!takesBack(part, this.#shown, this.#reader)) return;
    this.#isRewritten = true;
    throw rewrote();
  }
}

/** The rest of an answer, written behind what was shown of it. */
export class Prefill<Part> extends HeldParts<Part> {
  readonly continuedBy = "prefill";
  /** What was shown: the beginning of its answer. */
  readonly beginning: string;
  readonly #reader: PartReader<Part, unknown>;
  #hasOutput = false;
  #isRewritten = false;

  constructor(shown: string, reader: PartReader<Part, unknown>, options: { readonly keeps: boolean }) {
    super(reader, options);
    this.beginning = shown;
    this.#reader = reader;
  }

  /** The characters that were shown before. */
  get continuedAt(): number {
    return this.beginning.length;
  }

  /** Whether it took back what another attempt had shown. */
  get isRewritten(): boolean {
    return this.#isRewritten;
  }

  /** Whether its provider may be asked by another way, where it is `unsupported`: it may be that it takes no beginning. */
  get hasOtherWay(): boolean {
    return !this.#hasOutput || this.#isRewritten;
  }

  /** Whether what was shown was the whole, where nothing comes before this: only its finish had been lost. */
  isWholeBy(last: Part): boolean {
    return this.#reader.isStop?.(last) === true;
  }

  /** Throws for a part that takes back what another attempt has shown. */
  override add(part: Part, kind?: PartKind): void {
    this.check(part);
    this.#hasOutput ||= kind === "output";
    super.add(part);
  }

  /** A part of it that is to be shown. Throws for one that takes back what another attempt has shown. */
  check(part: Part): void {
    if (!takesBack(part, this.beginning, this.#reader)) return;
    this.#isRewritten = true;
    throw rewrote();
  }
}

function canPrefill({ prefill }: { readonly prefill?: boolean | undefined }): boolean {
  return prefill === true;
}

function takesBack<Part>(part: Part, shown: string, reader: PartReader<Part, unknown>): boolean {
  return reader.restates?.(part) === true && reader.textIn?.(part).startsWith(shown) === false;
}

/** It says nothing against its provider, which may rewrite its own answer. */
function rewrote(): QwenError {
  return new QwenError("unsupported", "The provider rewrote what another attempt had shown.");
}

function interrupted(text: string, reason: QwenError): StreamInterruptedError {
  if (QwenError.isInstance(reason) && reason.code === "stream_interrupted" && reason.text === text) return reason;
  const { provider } = reason;
  const fact = `The stream of "${provider ?? "the provider"}" ended before the answer did, and nobody went on with it.`;
  return new StreamInterruptedError(fact, { text, provider, cause: reason });
}
