import type { ToolCallPart } from "@qwen/core";
import { GrowingText } from "@qwen/core/http";
import { isObject, lengthOf, textIn, type JsonObject } from "./json.ts";

/** Fields of a message in which what was thought goes back. */
export const THOUGHTS: readonly string[] = ["reasoning_content", "reasoning", "reasoning_details"];

/**
 * What was thought before an answer calls its tools, as it was told: some vendors (DeepSeek, Moonshot; OpenRouter for others) refuse
 * calls that come back without it.
 */
export class ToldThought {
  readonly #text = new GrowingText();
  #field: string | undefined;
  readonly #details: Record<string, unknown>[] = [];

  /** Takes what a delta tells of it. Gives how much is kept of that besides its text, in characters. */
  take(said: JsonObject, text: string): number {
    // DeepSeek wants its field back with each call, also where it told that nothing was thought.
    const field = THOUGHTS.find((name) => said[name] === text);
    if (this.#text.length === 0) this.#field = field ?? this.#field;
    this.#text.append(text);
    const { reasoning_details: details } = said;
    if (!Array.isArray(details)) return 0;
    return details.filter(isObject).reduce((size: number, detail) => size + this.#takeDetail(detail), 0);
  }

  /** The fields that go back. */
  fields(): JsonObject | undefined {
    if (this.#details.length > 0) return { reasoning_details: this.#details };
    return this.#field === undefined ? undefined : { [this.#field]: this.#text.whole() };
  }

  /** Words come one by one, each in a detail of its own. */
  #takeDetail(detail: JsonObject): number {
    const last = this.#details.at(-1);
    if (last?.["type"] !== "reasoning.text" || detail["type"] !== last["type"] || detail["index"] !== last["index"]) {
      this.#details.push(detail);
      return lengthOf(detail);
    }
    const text = (textIn(last, "text") ?? "") + (textIn(detail, "text") ?? "");
    const news = Object.entries(detail).filter(([name, value]) => value !== null && value !== last[name]);
    Object.assign(last, Object.fromEntries(news), { text });
    return lengthOf(news);
  }
}

/** What a vendor wants back: fields of a call, and of the message that holds it. */
export interface GivenBack {
  readonly call?: JsonObject | undefined;
  readonly message?: JsonObject | undefined;
}

/** What goes back to a provider with a call, as it has told it. */
export function givenBack({ providerMetadata: all = {} }: ToolCallPart, provider: string): GivenBack {
  const own = Object.hasOwn(all, provider) ? all[provider] : undefined;
  if (!isObject(own)) return {};
  return { call: fieldsOf(own["call"], ["extra_content"]), message: fieldsOf(own["message"], THOUGHTS) };
}

/** Whoever writes the messages may have put anything beside what was told. */
function fieldsOf(given: unknown, names: readonly string[]): JsonObject | undefined {
  if (!isObject(given)) return undefined;
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
}
