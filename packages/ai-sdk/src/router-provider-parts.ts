import * as specification from "@ai-sdk/provider";
import type { LanguageModelV4StreamPart, SharedV4Warning } from "@ai-sdk/provider";
import type { Attempt, RouterFinishPart, StreamPart } from "@qwen/core";
import { AppendOnlyText } from "@qwen/core/router";
import { failedEnd } from "./failed-end.ts";
import { endOf, fileOf, rawOf, sourceOf, vendorsOwn, warningsOf } from "./router-provider-words.ts";

type Push = (part: LanguageModelV4StreamPart) => void;
type Part<Type extends StreamPart["type"]> = Extract<StreamPart, { type: Type }>;

/** How a call wants its parts. */
export interface PartsOptions {
  /** Of what of the call nobody heard. */
  readonly warnings: readonly SharedV4Warning[];
  /** Whether signs of life are to be told as they are. */
  readonly raw: boolean;
}

/**
 * Writes the parts of a router's stream as a stream of the AI SDK, which can only append.
 *
 * Text that a Space rewrites goes on where the new text fits what was sent, white space aside; where it does not at the end, the
 * stream ends with an `error` that has the exact text.
 */
export class PartWriter {
  readonly #options: PartsOptions;
  readonly #text = new AppendOnlyText();
  /** The block that is open. */
  #block: { readonly kind: "text" | "reasoning"; readonly id: string } | undefined;
  #blocks = 0;
  /** Calls whose input has begun. */
  #inputs: Set<string> | undefined;
  #asked: Pick<Part<"attempt">, "provider" | "model"> | undefined;
  #start: Part<"start"> | undefined;
  #toldModel: string | undefined;
  /** Of life before the first output, which nobody reads yet. */
  #signs = 0;
  #hasWarned = false;

  constructor(options: PartsOptions) {
    this.#options = options;
  }

  write(part: StreamPart, push: Push): void {
    switch (part.type) {
      case "text-delta":
        this.#say("text", this.#text.append(part.text), push);
        break;
      case "text-replace":
        this.#say("text", this.#text.replace(part.text), push);
        break;
      case "reasoning-delta":
        this.#say("reasoning", part.text, push);
        break;
      case "reasoning-end":
        this.#endThought(part, push);
        break;
      case "tool-input-delta":
        this.#input(part, push);
        break;
      case "tool-call":
        this.#call(part, push);
        break;
      case "file":
      case "source":
        this.#endBlock(push);
        push(part.type === "file" ? fileOf(part) : sourceOf(part, `source-${this.#blocks++}`));
        break;
      case "start":
        this.#begin(part, push);
        break;
      case "finish":
        this.#finish(part, push);
        break;
      default:
        this.#live(part, push);
    }
  }

  /** The stream failed: what was held back comes out, the error, and a `finish` that says so. */
  fail(error: unknown, push: Push, tried?: readonly Attempt[]): void {
    this.#endAll(push);
    for (const part of failedEnd(error, { tried, asked: this.#asked, own: this.#start?.providerMetadata })) push(part);
  }

  #begin(part: Part<"start">, push: Push): void {
    this.#start = part;
    this.#warn(warningsOf(part.warnings), push);
    this.#tellModel(part.response, this.#asked?.model, push);
    // Behind the warnings: of a stream that begins otherwise the AI SDK never hears them.
    for (; KNOWS_PINGS && this.#signs > 0; this.#signs--) push({ type: "ping" });
  }

  /** Warns once, and again where there is more to say: of what comes behind its first part the AI SDK hears nothing. */
  #warn(more: readonly SharedV4Warning[], push: Push): void {
    if (this.#hasWarned && more.length === 0) return;
    this.#hasWarned = true;
    push({ type: "stream-start", warnings: [...this.#options.warnings, ...more] });
  }

  /** Who answers. Told again where it turns out to be another: of two side by side, or after a seam. */
  #tellModel(response: Part<"start">["response"], model: string | undefined, push: Push): void {
    const { id, timestamp, modelId = model } = response ?? {};
    this.#toldModel = modelId;
    push({
      type: "response-metadata",
      ...(id !== undefined && { id }),
      ...(timestamp !== undefined && { timestamp }),
      ...(modelId !== undefined && { modelId }),
    });
  }

  #live(part: StreamPart, push: Push): void {
    const { raw, warnings } = this.#options;
    if (raw && warnings.length > 0) this.#warn([], push);
    if (part.type === "attempt") this.#asked = part;
    else if (!raw && this.#start === undefined) this.#signs = Math.min(this.#signs + 1, MOST_SIGNS);
    else if (KNOWS_PINGS) push({ type: "ping" });
    if (raw) push({ type: "raw", rawValue: rawOf(part) });
  }

  #say(kind: "text" | "reasoning", delta: string, push: Push): void {
    if (delta === "") return;
    if (this.#block?.kind !== kind) {
      if (kind === "reasoning") this.#endBlock(push);
      else this.#closeBlock(push);
      this.#block = { kind, id: `${kind}-${this.#blocks++}` };
      push({ type: `${kind}-start`, id: this.#block.id });
    }
    push(
      kind === "text"
        ? { type: "text-delta", id: this.#block.id, delta }
        : { type: "reasoning-delta", id: this.#block.id, delta },
    );
  }

  /** Something else than text follows: what was held back of it comes before that. */
  #endBlock(push: Push): void {
    this.#say("text", this.#text.pass(), push);
    this.#closeBlock(push);
  }

  /** Also the inputs of calls that never came. */
  #endAll(push: Push): void {
    this.#endBlock(push);
    for (const id of this.#inputs ?? []) push({ type: "tool-input-end", id });
  }

  #closeBlock(push: Push): void {
    const block = this.#block;
    if (block === undefined) return;
    this.#block = undefined;
    push({ type: `${block.kind}-end`, id: block.id });
  }

  /** What a vendor wants back with what was thought comes with its end, also where it shows nothing of it. */
  #endThought({ providerMetadata }: Part<"reasoning-end">, push: Push): void {
    if (this.#block?.kind !== "reasoning") {
      if (providerMetadata === undefined) return;
      this.#endBlock(push);
      this.#block = { kind: "reasoning", id: `reasoning-${this.#blocks++}` };
      push({ type: "reasoning-start", id: this.#block.id });
    }
    const { id } = this.#block;
    this.#block = undefined;
    push({ type: "reasoning-end", id, ...vendorsOwn(providerMetadata) });
  }

  #input({ toolCallId: id, toolName, text, providerMetadata }: Part<"tool-input-delta">, push: Push): void {
    this.#inputs ??= new Set();
    if (!this.#inputs.has(id)) {
      this.#endBlock(push);
      this.#inputs.add(id);
      push({ type: "tool-input-start", id, toolName, ...vendorsOwn(providerMetadata) });
    }
    if (text !== "") push({ type: "tool-input-delta", id, delta: text });
  }

  #call({ toolCallId, toolName, input, providerMetadata }: Part<"tool-call">, push: Push): void {
    this.#endBlock(push);
    if (this.#inputs?.delete(toolCallId) === true) push({ type: "tool-input-end", id: toolCallId });
    push({ type: "tool-call", toolCallId, toolName, input, ...vendorsOwn(providerMetadata) });
  }

  #finish(part: RouterFinishPart, push: Push): void {
    const { response, model } = part;
    try {
      this.#say("text", this.#text.end(), push);
    } catch (error) {
      this.fail(error, push, part.attempts);
      return;
    }
    this.#endAll(push);
    if ((response?.modelId ?? model) !== this.#toldModel) this.#tellModel(response, model, push);
    push({ type: "finish", ...endOf(part, { start: this.#start, rewritten: this.#text.rewritten }) });
  }
}

/** What is kept of them. */
const MOST_SIGNS = 100;

// An `ai` from before there were pings ends an answer at one. What came after them tells: its package brings no version.
const KNOWS_PINGS = "Experimental_ExtractionRefusalError" in specification;
