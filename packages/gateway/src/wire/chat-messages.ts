import type { ContentPart, Message, Role, ToolCallPart } from "@qwen/core";
import { Fields, isObject, unsupported, wrong } from "./fields.ts";
import { givenBackIn } from "./given-back.ts";

/**
 * Reads the messages of a request. Addresses of images and files stay as they are.
 *
 * `developer` is `system`. The id of a call that an earlier one has as well, as servers that count anew in each turn give them, is made
 * another, and a result belongs to the last call of its id.
 */
export function readMessages(given: readonly unknown[] | undefined, param: string): readonly Message[] {
  if (given === undefined || given.length === 0) throw wrong(param, "a list of at least one message");
  const calls = new Calls();
  return given.map((message, index) => readMessage(new Fields(message, `${param}[${index}]`), calls));
}

function readMessage(message: Fields, calls: Calls): Message {
  const role = message.string("role");
  switch (role) {
    case "system":
    case "developer":
      return { role: "system", content: textOnly(message) };
    case "user":
      return { role, content: readContent(message) };
    case "assistant":
      return { role, content: answerOf(message, calls) };
    case "tool":
      return { role, content: [readResult(message, calls)] };
    case "function":
      throw unsupported(message.pathOf("role"), "Messages of the role `function` are no longer taken: use `tool`.");
    default:
      throw wrong(message.pathOf("role"), "one of system, developer, user, assistant and tool");
  }
}

/** The calls so far, by the ids that their client knows. */
class Calls {
  readonly #names = new Map<string, { readonly id: string; readonly toolName: string }>();
  #renamed = 0;

  /** The id by which a call is told here. */
  add(id: string, toolName: string): string {
    const own = this.#names.has(id) ? `${id}.${++this.#renamed}` : id;
    this.#names.set(id, { id: own, toolName });
    return own;
  }

  get(id: string): { readonly id: string; readonly toolName: string } | undefined {
    return this.#names.get(id);
  }
}

function textOnly(message: Fields): string {
  const content = readContent(message);
  if (typeof content === "string") return content;
  return content
    .map((part, index) => {
      if (part.type === "text") return part.text;
      throw wrong(`${message.pathOf("content")}[${index}]`, "a part of the type text");
    })
    .join("\n");
}

function answerOf(message: Fields, calls: Calls): Message["content"] {
  const content = message.value("content") === undefined ? "" : readContent(message);
  const refusal = message.string("refusal");
  const reasoning = message.string("reasoning_content") ?? message.string("reasoning");
  const toolCalls = (message.list("tool_calls") ?? []).map((call, index) =>
    readCall(new Fields(call, `${message.pathOf("tool_calls")}[${index}]`), calls),
  );
  const said = content === "" && refusal !== undefined ? refusal : content;
  if (typeof said === "string" && toolCalls.length === 0 && reasoning === undefined) return said;
  const parts: readonly ContentPart[] = typeof said !== "string" ? said : said === "" ? [] : [text(said)];
  return [...(reasoning ? [{ type: "reasoning", text: reasoning } as const] : []), ...parts, ...toolCalls];
}

function readCall(call: Fields, calls: Calls): ToolCallPart {
  const type = call.string("type") ?? "function";
  if (type !== "function") throw unsupported(call.pathOf("type"), "A call can be of a `function` only.");
  const called = call.object("function");
  if (called === undefined) throw wrong(call.pathOf("function"), "an object");
  const toolName = called.name("name");
  // A call without arguments is written either way.
  const input = called.string("arguments") || "{}";
  const toolCallId = calls.add(call.name("id"), toolName);
  return { type: "tool-call", toolCallId, toolName, input, ...givenBackIn(call.body) };
}

function readResult(message: Fields, calls: Calls): ContentPart {
  const call = calls.get(message.name("tool_call_id"));
  if (call === undefined) throw wrong(message.pathOf("tool_call_id"), "the id of a call in an earlier message");
  const { id: toolCallId, toolName } = call;
  const value = textOnly(message);
  return { type: "tool-result", toolCallId, toolName, output: { type: "text", value } };
}

function readContent(message: Fields): string | readonly ContentPart[] {
  const content = message.value("content");
  if (typeof content === "string") return content.toWellFormed();
  if (!Array.isArray(content)) throw wrong(message.pathOf("content"), "a string, or a list of parts");
  const role = message.string("role") as Role;
  return content.map((part: unknown, index) =>
    readPart(new Fields(part, `${message.pathOf("content")}[${index}]`), role),
  );
}

function readPart(part: Fields, role: Role): ContentPart {
  const type = part.string("type");
  if (type === "text") return text(required(part, "text"));
  if (type === "refusal" && role === "assistant") return text(required(part, "refusal"));
  if (role === "user" && type === "image_url") return readImage(part);
  if (role === "user" && type === "file") return readFile(part);
  if (type === "input_audio") throw unsupported(part.pathOf("type"), "Audio is taken by none of the models here.");
  throw wrong(part.pathOf("type"), role === "user" ? "text, image_url or file" : "text");
}

function readImage(part: Fields): ContentPart {
  const given = part.value("image_url");
  // Written either way by clients.
  const image = isObject(given) ? part.object("image_url")?.name("url") : part.name("image_url");
  if (image === undefined || !/^(?:data|https?):/i.test(image.trimStart()))
    throw wrong(part.pathOf("image_url.url"), "a data:, http: or https: URL");
  return { type: "image", image: image.trim() };
}

function readFile(part: Fields): ContentPart {
  const file = part.object("file");
  if (file === undefined) throw wrong(part.pathOf("file"), "an object");
  if (file.value("file_id") !== undefined)
    throw unsupported(file.pathOf("file_id"), "No files are kept here: send the file itself as `file_data`.");
  return fileIn(file.name("file_data"), file.string("filename"));
}

/** A file by what a request has of it: an address, a data: URL, or its bytes in base64. */
export function fileIn(data: string, filename: string | undefined): ContentPart {
  if (/^https?:/i.test(data)) return { type: "file", file: data, mediaType: mediaTypeOf(filename), filename };
  const [, mediaType] = /^data:([\w.+-]+\/[\w.+-]+)?[^,]*,/i.exec(data) ?? [];
  const url = /^data:/i.test(data) ? data : `data:;base64,${data}`;
  return { type: "file", file: url, mediaType: mediaType ?? mediaTypeOf(filename), filename };
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  csv: "text/csv",
  json: "application/json",
  md: "text/markdown",
  pdf: "application/pdf",
  txt: "text/plain",
};

function mediaTypeOf(filename: string | undefined): string {
  const ending = filename?.slice(filename.lastIndexOf(".") + 1).toLowerCase() ?? "";
  return (Object.hasOwn(MEDIA_TYPES, ending) ? MEDIA_TYPES[ending] : undefined) ?? "application/octet-stream";
}

function required(part: Fields, name: string): string {
  const value = part.string(name);
  if (value === undefined) throw wrong(part.pathOf(name), "a string");
  return value;
}

function text(words: string): ContentPart {
  return { type: "text", text: words };
}
