import { decide, decisive } from "../decision.ts";
import { GrowingText } from "../growing-text.ts";
import type { ProviderPart } from "../part.ts";
import { footerStart, type Footer } from "./footer.ts";

/** What the text of an app means, where it is not the answer as it stands. */
export interface TextMeaning {
  /** Texts that stand in the answer's place while there is none: each is a `progress` part. */
  readonly placeholders?: readonly string[] | undefined;
  /** What the app puts below the answer; it is cut off. */
  readonly footer?: Footer | undefined;
  /**
   * What the text means, where the others cannot say it: the answer, or a sign of life that is none. It sees the whole
   * text each time, so leave it out where you can.
   */
  readonly read?: ((text: string) => string | { readonly progress: string }) | undefined;
}

/**
 * Turns an app's text, as it grows and changes, into parts. What costs the length of the answer is only what the app sent
 * whole, or what `read` looks at.
 */
export class AnswerText {
  readonly #meaning: TextMeaning;
  readonly #said = new GrowingText();
  /** The end of the app's text, which may be the beginning of a footer. */
  #held = "";
  #placeholder = false;

  constructor(meaning: TextMeaning) {
    this.#meaning = meaning;
  }

  /** Whether the app's text is the answer, as it stands. */
  get plain(): boolean {
    const { read, placeholders, footer } = this.#meaning;
    return read === undefined && placeholders === undefined && footer === undefined;
  }

  /** The answer as it was handed out. */
  text(): string {
    return this.#said.whole();
  }

  /** The app's text grew by a piece. All of `raw` is looked at only where it is not plain. */
  append(piece: string, raw: { whole(): string } | undefined): ProviderPart | undefined {
    if (raw === undefined) return this.#add(piece);
    const { read, placeholders, footer } = this.#meaning;
    const mayMean = placeholders !== undefined && (this.#placeholder || this.#said.length === 0);
    if (read !== undefined || mayMean) return this.become(raw.whole());
    if (footer === undefined) return this.#add(piece);
    const text = this.#held + piece;
    const end = footerStart(text, footer, { growing: true, start: this.#said.length === 0 });
    this.#held = text.slice(end);
    return this.#add(text.slice(0, end));
  }

  /** The app's text is another one now. `final`: no more comes. */
  become(raw: string, { final = false }: { readonly final?: boolean | undefined } = {}): ProviderPart | undefined {
    const { read, placeholders, footer } = this.#meaning;
    this.#placeholder = placeholders?.includes(raw) === true;
    if (this.#placeholder) return { type: "progress", message: raw };
    const end = footer === undefined ? raw.length : footerStart(raw, footer, { growing: !final, start: true });
    this.#held = raw.slice(end);
    const text = raw.slice(0, end);
    const meant: unknown = read === undefined ? text : decide("read", () => read(text));
    if (typeof meant === "string") return this.#say(meant);
    if (isProgress(meant)) return { type: "progress", message: meant.progress };
    throw decisive("read", new TypeError("`read` of a Space's answer must give a text or { progress }, and at once."));
  }

  /** The app's text stays as it is, and no more comes. */
  finish(): ProviderPart | undefined {
    const { footer } = this.#meaning;
    const held = this.#held;
    this.#held = "";
    if (footer === undefined) return undefined;
    return this.#add(held.slice(0, footerStart(held, footer, { growing: false, start: this.#said.length === 0 })));
  }

  #say(text: string): ProviderPart | undefined {
    const before = this.#said.whole();
    if (text.startsWith(before)) return this.#add(text.slice(before.length));
    this.#said.replace(text);
    return { type: "text-replace", text };
  }

  #add(delta: string): ProviderPart | undefined {
    if (delta === "") return undefined;
    this.#said.append(delta);
    return { type: "text-delta", text: delta };
  }
}

function isProgress(value: unknown): value is { readonly progress: string } {
  return typeof value === "object" && value !== null && "progress" in value && typeof value.progress === "string";
}
