import type { Completion, FilePart, SourcePart, StreamPart } from "@qwen/core";
import type { ToldAnswer } from "./wire/chat-answer.ts";
import { cutAtStop, StopCut } from "./wire/stop-cut.ts";

/**
 * Looks for stop sequences in an answer that is wanted whole, and stops the work once there is one: what follows would be cut off.
 */
export class StopWatcher {
  readonly #stops: readonly string[];
  readonly #enough = new AbortController();
  #cut: StopCut | undefined;
  #text = "";
  #reasoning = "";
  #files: FilePart[] = [];
  #sources: SourcePart[] = [];
  #told: Pick<ToldAnswer, "provider" | "model" | "warnings"> = NOBODY;

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** Aborts once there is enough. */
  get signal(): AbortSignal {
    return this.#enough.signal;
  }

  /** What an attempt says. */
  see(part: StreamPart): void {
    if (part.type === "attempt") {
      const { provider, model } = part;
      this.#told = { provider, model, warnings: [] };
      this.#cut = new StopCut(this.#stops);
      this.#text = "";
      this.#reasoning = "";
      this.#files = [];
      this.#sources = [];
    } else if (part.type === "start") this.#told = { ...this.#told, warnings: part.warnings };
    else if (part.type === "reasoning-delta") this.#reasoning += part.text;
    else if (part.type === "file") this.#files.push(part);
    else if (part.type === "source") this.#sources.push(part);
    // What is rewritten is cut when it is whole: to look at all of it each time would cost its square. So is what calls: half a call is none.
    else if (MUST_END.has(part.type)) this.#cut = undefined;
    else if (part.type === "text-delta" && this.#cut !== undefined) {
      this.#text += this.#cut.push(part.text);
      if (this.#cut.isOver) this.#enough.abort();
    }
  }

  /** The answer up to the stop sequence, where the work was stopped at one. */
  cutAnswer(): ToldAnswer | undefined {
    if (!this.signal.aborted) return undefined;
    const [text, reasoning, files, sources] = [this.#text, this.#reasoning, this.#files, this.#sources];
    return { ...EMPTY, ...this.#told, text, reasoning, files, sources };
  }

  /** An answer that is whole, cut. */
  cut(answer: Completion): ToldAnswer {
    const { text, isCut } = cutAtStop(answer.text, this.#stops);
    return isCut ? { ...answer, text, finishReason: "stop" } : answer;
  }
}

const NOBODY = { provider: "", model: "", warnings: [] };

const EMPTY = { finishReason: "stop", toolCalls: [], usage: undefined } as const;

const MUST_END: ReadonlySet<string> = new Set<StreamPart["type"]>(["text-replace", "tool-input-delta", "tool-call"]);
