import { attachmentProblem } from "./attachment-check.ts";
import { isSpoken } from "./beginning.ts";
import { field } from "./field.ts";
import { QwenError } from "./errors.ts";
import { isJsonText } from "./json-in-text.ts";
import {
  fileSource,
  filesOf,
  imageSource,
  imagesOf,
  textOf,
  type AttachedFilePart,
  type ContentPart,
  type ImagePart,
  type Message,
  type ToolCallPart,
  type ToolResultPart,
} from "./message.ts";
import { shortened } from "./nearest.ts";

/** So many things that are wrong are told; one more is found, to say that there are more. */
export const MOST_PROBLEMS = 20;

/**
 * Says what is wrong with messages, each by its path, such as `messages[3].content[0].toolCallId`; nothing where nothing is.
 *
 * Looks no further behind {@link MOST_PROBLEMS} and one.
 */
export function problemsOf(messages: readonly Message[]): readonly string[] {
  if (!Array.isArray(messages)) return ["`messages` must be an array"];
  if (messages.length === 0) return ["`messages` is empty"];
  const check = new MessageCheck();
  for (let index = 0; index < messages.length && !check.isFull; index++)
    check.message(messages[index], `messages[${index}]`);
  return check.problems.length > 0 ? check.problems : lastProblem(messages);
}

function lastProblem(messages: readonly Message[]): readonly string[] {
  const index = messages.findLastIndex(isSpoken);
  const last = messages[index];
  if (last === undefined) return ["`messages` holds nothing but a system prompt, and no question"];
  // The assistant's is the beginning of an answer, whatever it is.
  if (last.role === "assistant" || saysSomething(last)) return NONE;
  return [`the last message is empty (messages[${index}])`];
}

function saysSomething(message: Message): boolean {
  if (textOf(message).trim() !== "") return true;
  if (typeof message.content === "string") return false;
  return (
    message.content.some(({ type }) => type === "tool-result") ||
    imagesOf(message).length > 0 ||
    filesOf(message).length > 0
  );
}

const NONE: readonly string[] = [];
const ROLES: ReadonlySet<string> = new Set(["system", "developer", "user", "assistant", "tool"]);

/** What is wrong with the messages of one request. */
class MessageCheck {
  readonly problems: string[] = [];
  /** The calls so far, by their ids, and whether there was a result. */
  #calls: Map<string, boolean> | undefined;

  get isFull(): boolean {
    return this.problems.length > MOST_PROBLEMS;
  }

  message(message: Message | undefined, path: string): void {
    if (!isObject(message)) {
      this.#wrong(path, "must be an object");
      return;
    }
    const { role, content } = message;
    if (!ROLES.has(role)) this.#wrong(`${path}.role`, `must be one of ${[...ROLES].join(", ")}`);
    this.#metadata(message, path);
    if (typeof content === "string") return;
    if (!Array.isArray(content)) {
      this.#wrong(`${path}.content`, "must be a string or an array of parts");
      return;
    }
    for (let index = 0; index < content.length && !this.isFull; index++)
      this.#part(content[index] as ContentPart, role, `${path}.content[${index}]`);
  }

  #wrong(path: string, what: string): void {
    this.problems.push(`${path} ${what}`);
  }

  #part(part: ContentPart, role: Message["role"], path: string): void {
    switch (isObject(part) ? part.type : undefined) {
      case "text":
        this.#string(part, "text", path);
        break;
      case "image":
        this.#image(part as ImagePart, path);
        break;
      case "file":
        this.#file(part as AttachedFilePart, path);
        break;
      case "reasoning":
        this.#belongsTo("assistant", { part, role, path });
        this.#string(part, "text", path);
        break;
      case "tool-call":
        this.#belongsTo("assistant", { part, role, path });
        this.#call(part as ToolCallPart, path);
        break;
      case "tool-result":
        this.#belongsTo("tool", { part, role, path });
        this.#result(part as ToolResultPart, path);
        break;
      default:
        this.#wrong(path, "must be a part of the type text, image, file, reasoning, tool-call or tool-result");
        return;
    }
    this.#metadata(part, path);
  }

  #metadata({ providerMetadata }: Pick<Message, "providerMetadata">, path: string): void {
    if (providerMetadata !== undefined && !isObject(providerMetadata))
      this.#wrong(`${path}.providerMetadata`, "must be an object, by provider id");
  }

  #belongsTo(
    owner: Message["role"],
    { part, role, path }: { readonly part: ContentPart; readonly role: Message["role"]; readonly path: string },
  ): void {
    if (role !== owner) this.#wrong(path, `is a ${part.type}, which belongs in a message of the role ${owner}`);
  }

  #string(part: ContentPart, name: string, path: string, { filled = false } = {}): boolean {
    const value = (part as unknown as Readonly<Record<string, unknown>>)[name];
    if (typeof value === "string" && !(filled && value === "")) return true;
    this.#wrong(`${path}.${name}`, filled ? "must be a string that is not empty" : "must be a string");
    return false;
  }

  #image(part: ImagePart, path: string): void {
    this.#source(() => imageSource(part.image), part.image, `${path}.image`, { mayBeEmpty: false });
    if (part.mediaType !== undefined) this.#string(part, "mediaType", path);
    if (part.filename !== undefined) this.#string(part, "filename", path);
  }

  #file(part: AttachedFilePart, path: string): void {
    this.#source(() => fileSource(part.file), part.file, `${path}.file`, { mayBeEmpty: true });
    this.#string(part, "mediaType", path, { filled: true });
    if (part.filename !== undefined) this.#string(part, "filename", path);
  }

  #source(
    read: () => Uint8Array | Blob | URL,
    given: unknown,
    path: string,
    rules: { readonly mayBeEmpty: boolean },
  ): void {
    try {
      // One in a string may be megabytes, which are parsed and decoded where they are needed.
      const problem = attachmentProblem(typeof given === "string" && /^data:/i.test(given) ? given : read(), rules);
      if (problem !== undefined) this.#wrong(path, problem);
    } catch (error) {
      const why = QwenError.isInstance(error)
        ? error.message.slice(0, -1)
        : "its bytes were given away, or it throws when it is looked at";
      this.#wrong(path, `cannot be read: ${why}`);
    }
  }

  #call(part: ToolCallPart, path: string): void {
    this.#string(part, "toolName", path, { filled: true });
    if (this.#string(part, "input", path) && !isJsonText(part.input))
      this.#wrong(`${path}.input`, "must be JSON text, as the model gave it");
    if (!this.#string(part, "toolCallId", path, { filled: true })) return;
    this.#calls ??= new Map();
    if (this.#calls.has(part.toolCallId))
      this.#wrong(`${path}.toolCallId`, `is that of an earlier call: ${quoted(part.toolCallId)}`);
    else this.#calls.set(part.toolCallId, false);
  }

  #result(part: ToolResultPart, path: string): void {
    this.#string(part, "toolName", path, { filled: true });
    this.#output(part.output, `${path}.output`);
    if (part.isError !== undefined && typeof part.isError !== "boolean")
      this.#wrong(`${path}.isError`, "must be true or false");
    if (!this.#string(part, "toolCallId", path, { filled: true })) return;
    const answered = this.#calls?.get(part.toolCallId);
    if (answered === undefined)
      this.#wrong(`${path}.toolCallId`, `is that of no tool-call before it: ${quoted(part.toolCallId)}`);
    else if (answered)
      this.#wrong(`${path}.toolCallId`, `is that of a call which has a result already: ${quoted(part.toolCallId)}`);
    else this.#calls?.set(part.toolCallId, true);
  }

  #output(output: ToolResultPart["output"], path: string): void {
    const kind = isObject(output) ? output.type : undefined;
    if (kind === "text") {
      if (typeof output.value !== "string") this.#wrong(`${path}.value`, "must be a string");
    } else if (kind === "json") {
      if (!isJson(output.value)) this.#wrong(`${path}.value`, "must be a value that JSON can tell");
    } else if (kind !== "content")
      this.#wrong(path, 'must be { type: "text", value }, { type: "json", value } or { type: "content", value }');
    else if (Array.isArray(output.value)) this.#content(output.value as readonly ContentPart[], `${path}.value`);
    else this.#wrong(`${path}.value`, "must be an array of parts");
  }

  #content(parts: readonly ContentPart[], path: string): void {
    for (let index = 0; index < parts.length && !this.isFull; index++) {
      const part = parts[index] as ContentPart;
      const where = `${path}[${index}]`;
      const kind = isObject(part) ? part.type : undefined;
      if (kind === "text" || kind === "image" || kind === "file") this.#part(part, "tool", where);
      else this.#wrong(where, "must be a part of the type text, image or file");
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quoted(id: string): string {
  return JSON.stringify(shortened(id));
}

function isJson(value: unknown): boolean {
  return field(() => JSON.stringify(value)) !== undefined;
}
