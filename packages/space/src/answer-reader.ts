import { QwenError } from "@qwen/core";
import type { ProviderPart } from "@qwen/core/gradio";
import type { SessionLook, SessionReader } from "@qwen/core/gradio";

import { segmentsOf, type Reading, type Segment } from "./answer-value.ts";
import { Thought, thoughtsApart, type Told } from "./thought.ts";
import { ChatBefore } from "./turn.ts";

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

/** What stands there as thought and as text. */
interface Standing {
  readonly titled: string;
  readonly raw: string;
  readonly isApart: boolean;
}

/** Reads the answer in one output of a job, and tells it as parts: what is appended to it costs no more than itself. */
export class SpaceReader implements SessionReader {
  readonly output: number;
  readonly #options: SpaceReaderOptions;
  readonly #reading: Reading = { cost: 0 };
  readonly #before: ChatBefore;
  readonly #files = new Set<string>();
  /** What messages of their own say was thought, and the text that the others say. */
  #titled = "";
  #raw = "";
  #thought = new Thought();
  /** What several texts begin with that is thought is told apart in each. */
  #isApart = false;
  #growing: "text" | "reasoning" = "text";
  /** What stands there as thought, as it was told; and what does in other words, which is told once it is done. */
  #reasoning = "";
  #revised: string | undefined;
  #text = "";
  /** What stands there, where it is not told as it grows: at the end more of it may be an answer. */
  #unwatched: { readonly value: unknown } | undefined;

  constructor(options: SpaceReaderOptions) {
    this.#options = options;
    this.output = options.output;
    this.#before = new ChatBefore(options.before, options.asked, this.#reading);
    // Words that stood in a box were typed there.
    if (options.isChat === true) this.#unwatched = { value: options.standing };
  }

  text(): string {
    return this.#text;
  }

  end(): readonly ProviderPart[] {
    if (this.#unwatched !== undefined) return this.look(this.#unwatched.value, { final: true }).parts;
    const more = this.#changeTo(this.#revised ?? this.#reasoning, true);
    return [...this.#tell({ thought: more, said: "" }), ...this.#add(this.#thought.add("", { final: true }))];
  }

  grow(piece: string): readonly ProviderPart[] {
    if (this.#growing === "reasoning") {
      this.#titled += piece;
      return this.#add({ thought: piece, said: "" });
    }
    this.#raw += piece;
    return this.#add(this.#thought.add(piece));
  }

  look(value: unknown, { final }: { readonly final: boolean }): SessionLook {
    if (this.#options.isChat === true && !Array.isArray(value) && (value ?? null) !== null)
      throw new QwenError("protocol", "The Space's chat is no list of turns any more.");
    const { cost } = this.#reading;
    const said = Array.isArray(value) ? this.#before.saidIn(value, { final }) : segmentsOf(value, [], this.#reading);
    const segments = thoughtsApart(said, { final });
    const titled = joined(segments, "reasoning");
    const raw = joined(segments, "text");
    const [end, last] = [said, segments].map((some) => some.findLast((one) => one.type !== "file"));
    if (last !== undefined) this.#growing = last.type;
    const parts = [...this.#become({ titled, raw, isApart: segments !== said }, final), ...this.#filesIn(segments)];
    this.#titled = titled;
    this.#raw = raw;
    // Not told piece by piece is a thought in other words, or within a later text, and what says nothing yet.
    const isRevised = this.#revised !== undefined && (last?.type === "reasoning" || this.#text === "");
    const watch = isRevised || last?.type !== end?.type || last?.text === "" ? undefined : end;
    this.#unwatched = watch === undefined ? { value } : undefined;
    return { parts, watch, cost: this.#reading.cost - cost + titled.length + raw.length };
  }

  #become({ titled, raw, isApart }: Standing, final: boolean): readonly ProviderPart[] {
    const isSame = this.#revised === undefined && this.#isApart === isApart;
    this.#isApart = isApart;
    if (isSame && titled.startsWith(this.#titled) && raw.startsWith(this.#raw)) {
      const { thought, said } = this.#thought.add(raw.slice(this.#raw.length), { final });
      return this.#add({ thought: titled.slice(this.#titled.length) + thought, said });
    }
    this.#thought = new Thought(isApart);
    const { thought, said } = this.#thought.add(raw, { final });
    const more = this.#changeTo(titled + thought, final || (this.#text === "" && said !== ""));
    if (said.startsWith(this.#text)) return this.#tell({ thought: more, said: said.slice(this.#text.length) });
    this.#text = said;
    return [...this.#tell({ thought: more, said: "" }), { type: "text-replace", text: said } as const];
  }

  /**
   * What is to be told of a thought that is this now. There is no taking back what was told: where it says something else it is told
   * anew from there on, once it is done, as words stand behind it, or nothing more comes, or another thought stands behind the last one,
   * which alone was changed.
   */
  #changeTo(now: string, isDone: boolean): string {
    const [told, before] = [this.#reasoning, this.#revised ?? ""];
    const isMore = now.startsWith(told);
    const isLeft = !isMore && told.startsWith(now);
    const from = isMore ? told.length : isLeft ? 0 : startOfChange(told, now);
    const isFollowed = before !== "" && now.startsWith(`${before}\n\n`) && !told.includes("\n\n", from);
    if (isLeft || !(isMore || isDone || isFollowed)) {
      this.#revised = now;
      return "";
    }
    this.#revised = undefined;
    this.#reasoning = now;
    return isMore ? now.slice(from) : `\n\n${now.slice(from)}`;
  }

  #add(more: Told): readonly ProviderPart[] {
    this.#reasoning += more.thought;
    return this.#tell(more);
  }

  #tell({ thought, said }: Told): readonly ProviderPart[] {
    const parts: ProviderPart[] = [];
    if (thought !== "") parts.push({ type: "reasoning-delta", text: thought });
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

/** Where the first of its passages begins that is another one than before. */
function startOfChange(before: string, now: string): number {
  let same = 0;
  while (before[same] === now[same]) same++;
  const end = now.lastIndexOf("\n\n", same - 2);
  return end === -1 ? 0 : end + 2;
}

function joined(segments: readonly Segment[], type: "text" | "reasoning"): string {
  return segments.flatMap((one) => (one.type === type && one.text !== "" ? [one.text] : [])).join("\n\n");
}
