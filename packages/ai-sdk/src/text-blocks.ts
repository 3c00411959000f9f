import type { LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { isGroup } from "@qwen/core/http";
import type { PartKind } from "@qwen/core/router";

import { kindOfPart, type ModelPart } from "./parts.ts";
import { ModelReading } from "./reading.ts";

type TextPart = Extract<ModelPart, { readonly type: "text-start" | "text-delta" | "text-end" }>;
type Read = IteratorResult<ModelPart, undefined>;

/** The name of the first block of text in an answer. */
export const FIRST_BLOCK = "text-0";

/**
 * The parts of a model's stream, its blocks of text named by their order: what one model has begun another one goes on with in the
 * same block, whatever each calls it. All other parts pass as they are.
 *
 * The end of a block is told once it is known that the answer is whole or goes on: many say it where they were cut as well.
 */
export class BlockReading extends ModelReading<LanguageModelV4CallOptions> {
  readonly #names = new Map<string, string>();
  #blocks = 0;
  /** The end of a block that is not told yet. */
  #end: TextPart | undefined;
  /** What was read behind the end that was told last. */
  #behind: Read | undefined;

  override next(): Promise<Read> {
    const behind = this.#behind;
    if (behind === undefined) return super.next().then(this.#take);
    this.#behind = undefined;
    return Promise.resolve(behind);
  }

  readonly #take = (read: Read): Read | Promise<Read> => {
    const given = read.value;
    // What is no part at all is told by who reads it.
    if (!isGroup(given)) return read;
    if (this.#end !== undefined) return this.#behindEnd(this.#end, given, read);
    if (!isTextPart(given)) return read;
    const part = this.#named(given);
    if (part.type !== "text-end") return { done: false, value: part };
    this.#end = part;
    return super.next().then(this.#take);
  };

  #behindEnd(end: TextPart, given: ModelPart, read: Read): Read {
    const kind = kindOf(given as LanguageModelV4StreamPart);
    // It may be said at any time.
    if (kind === "live" || given.type === "raw" || given.type === "response-metadata") return read;
    this.#end = undefined;
    if (kind === "error") return read;
    const part = isTextPart(given) ? this.#named(given) : given;
    if (part.type === "text-end") this.#end = part;
    else this.#behind = { done: false, value: part };
    return { done: false, value: end };
  }

  #named(part: TextPart): TextPart {
    const { type, id } = part;
    const known = type === "text-start" ? undefined : this.#names.get(id);
    const name = known ?? `text-${this.#blocks++}`;
    if (type === "text-end") this.#names.delete(id);
    else if (known === undefined) this.#names.set(id, name);
    return id === name ? part : { ...part, id: name };
  }
}

function isTextPart(part: ModelPart): part is TextPart {
  const { type } = part;
  return type === "text-delta" || type === "text-start" || type === "text-end";
}

/** What is no part breaks the answer off. */
function kindOf(part: LanguageModelV4StreamPart): PartKind {
  try {
    return kindOfPart(part);
  } catch {
    return "error";
  }
}
