import { isSpoken } from "./beginning.ts";
import { QwenError } from "./errors.ts";
import { textOf, type ContentPart, type Message } from "./message.ts";

/** What stands in the system prompt for an answer in JSON. Throws `invalid_request` for a schema that JSON cannot tell. */
export function jsonPrompt(schema: unknown): string {
  const rule = "# Output\n\nAnswer with JSON only: no other words, no fence.";
  if (schema === undefined) return rule;
  const json = jsonText(schema, "settings.responseFormat.schema");
  return `${rule} It must fit this JSON Schema:\n<schema>\n${json}\n</schema>`;
}

/**
 * The messages with more at the end of the system prompt, or with one of their own; as they are where it stands there already. In a conversation, of which a server may get
 * the last message only, it stands at the end of that.
 */
export function withSystem(
  messages: readonly Message[],
  more: string,
  { conversation }: { readonly conversation?: string | undefined } = {},
): readonly Message[] {
  const question = messages.findLastIndex(isSpoken);
  const asked = messages[question];
  if (conversation !== undefined && asked?.role === "user") return withMore(messages, question, more);
  const behind = messages.findIndex(isSpoken);
  const index = (behind < 0 ? messages.length : behind) - 1;
  return index < 0 ? [{ role: "system", content: more }, ...messages] : withMore(messages, index, more);
}

function withMore(messages: readonly Message[], index: number, more: string): readonly Message[] {
  const message = messages[index];
  if (message === undefined || textOf(message).includes(more)) return messages;
  return messages.with(index, { ...message, content: joinedContent([message.content, `\n\n${more}`]) });
}

/** A value as JSON text. Throws `invalid_request` that names its path, and nothing of the value, where there is none. */
export function jsonText(value: unknown, path: string): string {
  try {
    const json = JSON.stringify(value);
    if (typeof json === "string") return json;
  } catch {
    // Told below, with nothing of the value.
  }
  throw new QwenError("invalid_request", `The request cannot be sent: \`${path}\` cannot be written as JSON.`);
}

/** One content of several: neighbouring texts are one, and where there is nothing else, a string. */
export function joinedContent(contents: readonly Message["content"][]): Message["content"] {
  const parts: ContentPart[] = [];
  for (const content of contents) {
    for (const part of typeof content === "string" ? [text(content)] : content) {
      const last = parts.at(-1);
      if (part.type === "text" && last?.type === "text") parts[parts.length - 1] = text(last.text + part.text);
      else parts.push(part);
    }
  }
  const [first] = parts;
  return parts.length === 1 && first?.type === "text" ? first.text : parts;
}

const text = (words: string): ContentPart => ({ type: "text", text: words });
