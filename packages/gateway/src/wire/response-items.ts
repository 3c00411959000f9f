import type { ContentPart, Message, ToolResultPart } from "@qwen/core";

import { type Body, Fields, isObject, unsupported, wrong } from "./fields.ts";
import { givenBack, givenBackIn } from "./given-back.ts";
import { fileIn } from "./chat-messages.ts";

/** A thing that was asked, said, thought or called, as Responses have it. It is JSON. */
export interface Item extends Body {
  readonly type: string;
  readonly id: string;
}

/** Names an item of an earlier response, in its place. */
export interface ItemReference {
  readonly type: "item_reference";
  readonly id: string;
}

/** Gives each item of one response an id. */
export type NewId = (prefix: string) => string;

/**
 * Reads the `input` of a request: a text, or a list of items. What an item has besides what is known is left out. A {@link Refusal}
 * names what is wrong by its path.
 */
export function readInput(given: unknown, newId: NewId): readonly (Item | ItemReference)[] {
  if (typeof given === "string" && given !== "") return [message(newId, "user", [inputText(given)])];
  if (!Array.isArray(given) || given.length === 0) throw wrong("input", "a text that is not empty, or a list of items");
  return given.map((item: unknown, index) => readItem(new Fields(item, `input[${index}]`), newId));
}

function readItem(item: Fields, newId: NewId): Item | ItemReference {
  const type = item.string("type") ?? (item.value("role") === undefined ? "item_reference" : "message");
  switch (type) {
    case "message":
      return readMessage(item, newId);
    case "function_call":
      return {
        type,
        id: item.string("id") ?? newId("fc"),
        call_id: item.name("call_id"),
        name: item.name("name"),
        arguments: item.string("arguments") || "{}",
        status: "completed",
        ...givenBack(givenBackIn(item.body)),
      };
    case "function_call_output":
      return {
        type,
        id: item.string("id") ?? newId("fco"),
        call_id: item.name("call_id"),
        output: readOutput(item),
        status: "completed",
      };
    case "reasoning":
      return { type, id: item.string("id") ?? newId("rs"), summary: readThoughts(item) };
    case "item_reference":
      return { type, id: item.name("id") };
    default:
      throw unsupported(item.pathOf("type"), "An item can be a message, reasoning, a function_call or its output.");
  }
}

function readMessage(item: Fields, newId: NewId): Item {
  const role = item.string("role");
  if (role !== "system" && role !== "developer" && role !== "user" && role !== "assistant")
    throw wrong(item.pathOf("role"), "one of system, developer, user and assistant");
  const content = item.value("content");
  const text = role === "assistant" ? outputText : inputText;
  if (typeof content === "string") return message(newId, role, [text(content.toWellFormed())], item.string("id"));
  if (!Array.isArray(content)) throw wrong(item.pathOf("content"), "a text, or a list of parts");
  const parts = content.map((part: unknown, index) =>
    readPart(new Fields(part, `${item.pathOf("content")}[${index}]`), role),
  );
  return message(newId, role, parts, item.string("id"));
}

function readPart(part: Fields, role: string): Body {
  const type = part.string("type");
  if (type === "input_text" || type === "output_text" || type === "text") {
    const text = part.string("text");
    if (text === undefined) throw wrong(part.pathOf("text"), "a text");
    return role === "assistant" ? outputText(text) : inputText(text);
  }
  if (type === "refusal" && role === "assistant") return outputText(part.name("refusal"));
  if (type === "input_image" && role === "user") return readImage(part);
  if (type === "input_file" && role === "user") return readFile(part);
  if (type === "input_audio") throw unsupported(part.pathOf("type"), "Audio is taken by none of the models here.");
  throw wrong(part.pathOf("type"), role === "user" ? "input_text, input_image or input_file" : "a text");
}

function readImage(part: Fields): Body {
  if (part.value("file_id") !== undefined) throw noFiles(part, "image_url");
  const given = part.value("image_url");
  const url = (isObject(given) ? part.object("image_url")?.name("url") : part.name("image_url"))?.trim() ?? "";
  if (!/^(?:data|https?):/i.test(url)) throw wrong(part.pathOf("image_url"), "a data:, http: or https: URL");
  return { type: "input_image", image_url: url, detail: part.string("detail") ?? "auto", file_id: null };
}

function readFile(part: Fields): Body {
  if (part.value("file_id") !== undefined) throw noFiles(part, "file_data");
  const url = part.string("file_url");
  const filename = part.string("filename");
  const file = url === undefined ? { file_data: part.name("file_data") } : { file_url: url };
  if (url !== undefined && !/^https?:/i.test(url)) throw wrong(part.pathOf("file_url"), "an http: or https: URL");
  return { type: "input_file", ...file, ...(filename !== undefined && { filename }) };
}

function noFiles(part: Fields, instead: string): Error {
  return unsupported(part.pathOf("file_id"), `No files are kept here: send the file itself as \`${instead}\`.`);
}

/** What became of a call, as a text or a list of parts. */
function readOutput(item: Fields): string | readonly Body[] {
  const output = item.value("output");
  if (typeof output === "string") return output.toWellFormed();
  if (!Array.isArray(output)) throw wrong(item.pathOf("output"), "a text, or a list of parts");
  return output.map((given: unknown, index) => {
    const part = new Fields(given, `${item.pathOf("output")}[${index}]`);
    const read = readPart(part, "user");
    // Only what stands in a message is fetched.
    const sources = [read["image_url"], read["file_url"], read["file_data"]];
    if (sources.some((source) => typeof source === "string" && /^https?:/i.test(source)))
      throw unsupported(part.pathOf("type"), "What a call gave holds images and files as data: URLs only.");
    return read;
  });
}

function readThoughts(item: Fields): readonly Body[] {
  const parts = [...(item.list("summary") ?? []), ...(item.list("content") ?? [])];
  return parts.flatMap((part) => {
    const text = isObject(part) ? part["text"] : undefined;
    return typeof text === "string" ? [{ type: "summary_text", text: text.toWellFormed() }] : [];
  });
}

function message(newId: NewId, role: string, content: readonly Body[], id = newId("msg")): Item {
  return { type: "message", id, status: "completed", role, content };
}

function inputText(text: string): Body {
  return { type: "input_text", text };
}

function outputText(text: string): Body {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

/**
 * Items as the messages of a chat: what the assistant thought, said and called up to the next turn is one message. A result without its
 * call is a {@link Refusal}.
 */
export function messagesOf(items: readonly Item[], instructions: string | undefined): readonly Message[] {
  const chat = new Chat();
  if (instructions !== undefined && instructions !== "") chat.say({ role: "system", content: instructions });
  for (const item of items) chat.add(item);
  return chat.messages();
}

class Chat {
  readonly #messages: Message[] = [];
  readonly #calls = new Map<string, { readonly id: string; readonly toolName: string }>();
  #turn: ContentPart[] = [];
  #renamed = 0;

  messages(): readonly Message[] {
    this.#endTurn();
    return this.#messages;
  }

  say(said: Message): void {
    this.#endTurn();
    this.#messages.push(said);
  }

  add(item: Item): void {
    switch (item.type) {
      case "message":
        this.#addMessage(item);
        return;
      case "reasoning":
        this.#turn.push(...textsOf(item["summary"]).map((text) => ({ type: "reasoning", text }) as const));
        return;
      case "function_call":
        this.#addCall(item);
        return;
      case "function_call_output":
        this.#addResult(item);
        return;
      default:
    }
  }

  #addMessage({ role, content }: Item): void {
    if (role === "assistant") {
      this.#turn.push(...textsOf(content).map((text) => ({ type: "text", text }) as const));
      return;
    }
    const parts = (content as readonly Body[]).map(partOf);
    if (role === "user") this.say({ role, content: onlyText(parts) ?? parts });
    else this.say({ role: "system", content: textsOf(content).join("\n") });
  }

  /** A server that counts anew in each turn gives two calls one id. A result is of the last one. */
  #addCall(item: Item): void {
    const [callId, toolName, input] = [String(item["call_id"]), String(item["name"]), String(item["arguments"])];
    const id = this.#calls.has(callId) ? `${callId}.${++this.#renamed}` : callId;
    this.#calls.set(callId, { id, toolName });
    this.#turn.push({ type: "tool-call", toolCallId: id, toolName, input, ...givenBackIn(item) });
  }

  #addResult(item: Item): void {
    const call = this.#calls.get(String(item["call_id"]));
    if (call === undefined) throw wrong("input", "such that each function_call_output has its function_call before it");
    const { id: toolCallId, toolName } = call;
    this.say({ role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output: outputOf(item) }] });
  }

  #endTurn(): void {
    if (this.#turn.length > 0) this.#messages.push({ role: "assistant", content: onlyText(this.#turn) ?? this.#turn });
    this.#turn = [];
  }
}

function outputOf({ output }: Item): ToolResultPart["output"] {
  if (typeof output === "string") return { type: "text", value: output };
  const parts = (output as readonly Body[]).map(partOf);
  const isText = parts.every(({ type }) => type === "text");
  if (isText) return { type: "text", value: textsOf(output).join("\n") };
  return { type: "content", value: parts as Extract<ToolResultPart["output"], { readonly type: "content" }>["value"] };
}

function onlyText(parts: readonly ContentPart[]): string | undefined {
  const [first, second] = parts;
  return first?.type === "text" && second === undefined ? first.text : undefined;
}

function textsOf(parts: unknown): readonly string[] {
  if (!Array.isArray(parts)) return [];
  return parts.flatMap((part: unknown) => (isObject(part) && typeof part["text"] === "string" ? [part["text"]] : []));
}

function partOf(part: Body): ContentPart {
  if (part["type"] === "input_image") return { type: "image", image: String(part["image_url"]) };
  if (part["type"] === "input_file")
    return fileIn(String(part["file_url"] ?? part["file_data"]), part["filename"] as string | undefined);
  return { type: "text", text: String(part["text"]) };
}
