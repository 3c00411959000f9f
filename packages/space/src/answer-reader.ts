import { QwenError } from "@qwen/core";
import type { ProviderPart } from "@qwen/core/gradio";
import type { SessionLook, SessionReader } from "@qwen/core/gradio";

import { saidIn, type Segment } from "./answer-value.ts";
import { Thought } from "./thought.ts";

/** Where an answer is read, and by what. */
export interface SpaceReaderOptions {
  readonly output: number;
  /** Whether that is a chatbot, which holds a list whatever its app gives it. */
  readonly isChat?: boolean | undefined;
  /** What stood in the same place before the question. */
  readonly before: unknown;
  /** What was asked, as its input holds it. */
  readonly asked?: unknown;
  /** What stands there when the last function begins, which may leave it as it is. */
  readonly standing?: unknown;
  fileUrl(path: string): URL;
}

/** Reads the answer in one output of a job, and tells it as parts: what is appended to it costs no more than itself. */
export class SpaceReader implements SessionReader {
  readonly output: number;
  readonly #options: SpaceReaderOptions;
  readonly #files = new Set<string>();
  /** What messages of their own say was thought, and the text that the others say. */
  #titled = "";
  #raw = "";
  #thought = new Thought();
  #growing: "text" | "reasoning" = "text";
  #reasoning = "";
  #text = "";
  /** What stands there was told as a thought in other words. */
  #isRevised = false;
  /** That thought, and whether its last words were told. */
  #revised = { text: "", isTold: false };
  #isNew = false;
  /** What stands there, as long as it says nothing: at the end it may be an answer after all. */
  #silent: { readonly value: unknown } | undefined;

  constructor(options: SpaceReaderOptions) {
    this.#options = options;
    this.output = options.output;
    // Words that stood in a box were typed there.
    if (options.isChat === true) this.#silent = { value: options.standing };
  }

  text(): string {
    return this.#text;
  }

  end(): readonly ProviderPart[] {
    if (this.#silent !== undefined) return this.look(this.#silent.value, { final: true }).parts;
    return this.#tell(this.#thought.add("", { final: true }));
  }

  grow(piece: string): readonly ProviderPart[] {
    if (this.#growing === "reasoning") {
      this.#titled += piece;
      return this.#tell({ thought: piece, said: "" });
    }
    this.#raw += piece;
    return this.#tell(this.#thought.add(piece));
  }

  look(value: unknown, { final }: { readonly final: boolean }): SessionLook {
    if (this.#options.isChat === true && !Array.isArray(value) && (value ?? null) !== null)
      throw new QwenError("protocol", "The Space's chat is no list of turns any more.");
    const { before, asked } = this.#options;
    // Once something new was there, an answer is not hidden on its way for looking like the one before.
    const { segments, compared } = saidIn(value, { before, asked, final: final || this.#isNew });
    this.#isNew ||= segments.length > 0;
    this.#silent = segments.length === 0 ? { value } : undefined;
    const titled = joined(segments, "reasoning");
    const raw = joined(segments, "text");
    const last = segments.findLast((one) => one.type !== "file");
    if (last !== undefined) this.#growing = last.type;
    const parts = [...this.#become({ titled, raw, final }), ...this.#filesIn(segments)];
    this.#titled = titled;
    this.#raw = raw;
    // A thought that is written once more is not told piece by piece again.
    const isThought = last?.type === "reasoning" || this.#text === "";
    const watch = this.#isRevised && isThought ? undefined : last;
    return { parts, watch, cost: compared + titled.length + raw.length + PIECE * segments.length };
  }

  #become({ titled, raw, final }: { readonly titled: string; readonly raw: string; readonly final: boolean }) {
    if (!this.#isRevised && titled.startsWith(this.#titled) && raw.startsWith(this.#raw)) {
      const { thought, said } = this.#thought.add(raw.slice(this.#raw.length), { final });
      return this.#tell({ thought: titled.slice(this.#titled.length) + thought, said });
    }
    this.#thought = new Thought();
    const { thought, said } = this.#thought.add(raw, { final });
    const reasoning = titled + thought;
    // There is no taking back what was thought: of a thought that was changed the words are left as they were told.
    const more = this.#moreOf(reasoning);
    if (said.startsWith(this.#text)) return this.#tell({ thought: more, said: said.slice(this.#text.length) });
    this.#text = said;
    return [...this.#tell({ thought: more, said: "" }), { type: "text-replace", text: said } as const];
  }

  /** What of a thought is new: of one that stands there in other words than it was told only what follows behind. */
  #moreOf(reasoning: string): string {
    const [told, { text, isTold }] = [this.#reasoning, this.#revised];
    this.#isRevised = !reasoning.startsWith(told);
    if (!this.#isRevised) return reasoning.slice(told.length);
    // It is written once more.
    if (told.startsWith(reasoning)) return "";
    const isBehind = text !== "" && reasoning.startsWith(isTold ? text : `${text}\n\n`);
    this.#revised = { text: reasoning, isTold: isBehind };
    return isBehind ? reasoning.slice(text.length) : "";
  }

  #tell({ thought, said }: { readonly thought: string; readonly said: string }): readonly ProviderPart[] {
    const parts: ProviderPart[] = [];
    if (thought !== "") {
      this.#reasoning += thought;
      parts.push({ type: "reasoning-delta", text: thought });
    }
    if (said === "") return parts;
    if (this.#text === "" && this.#reasoning !== "") parts.push({ type: "reasoning-end" });
    this.#text += said;
    parts.push({ type: "text-delta", text: said });
    return parts;
  }

  #filesIn(segments: readonly Segment[]): readonly ProviderPart[] {
    return segments.flatMap((one): readonly ProviderPart[] => {
      if (one.type !== "file" || this.#files.has(one.path)) return [];
      this.#files.add(one.path);
      const url = /^https?:/i.test(one.path) ? URL.parse(one.path) : this.#options.fileUrl(one.path);
      return url === null ? [] : [{ type: "file", url, mediaType: one.mediaType }];
    });
  }
}

/** What it takes to read one piece of an answer, in characters. */
const PIECE = 100;

function joined(segments: readonly Segment[], type: "text" | "reasoning"): string {
  return segments.flatMap((one) => (one.type === type && one.text !== "" ? [one.text] : [])).join("\n\n");
}
