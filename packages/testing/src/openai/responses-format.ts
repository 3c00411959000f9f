import { randomBytes } from "node:crypto";

import { bareEvent, bareResource } from "./bare-response.ts";
import type { Dialect, Fields } from "./dialect.ts";
import { type AnswerFormat, eventOf } from "./format.ts";
import type { Ending, Said, ToolPiece } from "./script.ts";
import type { ScriptedError } from "./scripted-error.ts";

/** Options of {@link ResponsesFormat}. */
export interface ResponsesFormatOptions {
  readonly dialect: Dialect;
  /** The name that answers are under. */
  readonly model: string;
  /** All of the request. */
  readonly body: Fields;
  /** What an answer took; `null` is never told. */
  usageOf(ending: Ending): Fields | null;
}

/** An item of a response's output, as it grows. */
interface Item {
  readonly kind: "text" | "refusal" | "reasoning" | "tool";
  readonly index: number;
  readonly id: string;
  text: string;
  name: string;
  callId: string;
  isDone: boolean;
}

/** An answer as a response, streamed or whole. */
export class ResponsesFormat implements AnswerFormat {
  readonly done = "";
  readonly #options: ResponsesFormatOptions;
  readonly #id = idOf("resp");
  readonly #createdAt = Math.floor(Date.now() / 1000);
  readonly #items: Item[] = [];
  /** Which item each call of a tool is. */
  readonly #calls = new Map<number, Item>();
  /** Events of the thing that is said at present. */
  #events = "";
  #number = 0;

  constructor(options: ResponsesFormatOptions) {
    this.#options = options;
  }

  begin(): string {
    const response = this.#resource("in_progress");
    return this.#said(() => {
      this.#tell("response.created", { response });
      this.#tell("response.in_progress", { response });
    });
  }

  say(said: Said): string {
    if (said.kind === "comment") return `: ${said.text}\n\n`;
    if (said.kind === "data") return eventOf(said.data);
    return this.#said(() => this.add(said));
  }

  add(said: Said): void {
    if (said.kind === "tool") this.#addCall(said.place, said.piece);
    else if (said.kind === "delta") this.#addText("text", textOf(said.delta));
    else if (said.kind !== "comment" && said.kind !== "data") this.#addText(said.kind, said.text);
  }

  end(ending: Ending): string {
    return this.#said(() => {
      for (const item of this.#items) this.#close(item);
      if (ending.finishReason === undefined) return;
      const response = this.#resource(statusOf(ending), ending);
      this.#tell(`response.${statusOf(ending)}`, { response });
    });
  }

  whole(ending: Ending): unknown {
    for (const item of this.#items) item.isDone = true;
    const resource = this.#resource(ending.finishReason === undefined ? "in_progress" : statusOf(ending), ending);
    if (!this.#options.dialect.bareResponses) return resource;
    return { ...bareResource(resource), completed_at: this.#createdAt };
  }

  error({ message, code, param = null }: ScriptedError): string {
    return this.#said(() => {
      const response = { ...this.#resource("failed"), error: { code: "server_error", message } };
      this.#tell("response.failed", { response });
      this.#tell("error", { code: code ?? "server_error", message, param });
    });
  }

  #addText(kind: "text" | "refusal" | "reasoning", text: string): void {
    const last = this.#items.at(-1);
    const item = last !== undefined && last.kind === kind && !last.isDone ? last : this.#open({ kind });
    item.text += text;
    const delta = { ...this.#placeOf(item), delta: text };
    if (kind === "text") this.#tell("response.output_text.delta", { ...delta, logprobs: [] });
    else this.#tell(kind === "refusal" ? "response.refusal.delta" : "response.reasoning_summary_text.delta", delta);
  }

  #addCall(place: number, { id, name, arguments: input }: ToolPiece): void {
    let item = this.#calls.get(place);
    if (item === undefined) {
      item = this.#open({ kind: "tool", name: name ?? "", callId: id ?? "" });
      this.#calls.set(place, item);
    }
    const text = typeof input === "string" ? input : JSON.stringify(input);
    item.text += text;
    if (text !== "") this.#tell("response.function_call_arguments.delta", { ...this.#placeOf(item), delta: text });
  }

  #open({ kind, name = "", callId = "" }: Pick<Item, "kind"> & Partial<Pick<Item, "name" | "callId">>): Item {
    // What was said before is over, but for calls, whose pieces may take turns.
    const last = this.#items.at(-1);
    if (last !== undefined && last.kind !== "tool") this.#close(last);
    const prefix = { text: "msg", refusal: "msg", reasoning: "rs", tool: "fc" }[kind];
    const item = { kind, index: this.#items.length, id: idOf(prefix), text: "", name, callId, isDone: false };
    this.#items.push(item);
    this.#tell("response.output_item.added", { output_index: item.index, item: itemOf(item, { empty: true }) });
    if (kind === "reasoning")
      this.#tell("response.reasoning_summary_part.added", { ...this.#placeOf(item), part: partOf(item) });
    else if (kind !== "tool") this.#tell("response.content_part.added", { ...this.#placeOf(item), part: partOf(item) });
    return item;
  }

  #close(item: Item): void {
    if (item.isDone) return;
    item.isDone = true;
    const place = this.#placeOf(item);
    const { text, name } = item;
    switch (item.kind) {
      case "text":
        this.#tell("response.output_text.done", { ...place, text, logprobs: [] });
        this.#tell("response.content_part.done", { ...place, part: partOf(item) });
        break;
      case "refusal":
        this.#tell("response.refusal.done", { ...place, refusal: text });
        this.#tell("response.content_part.done", { ...place, part: partOf(item) });
        break;
      case "reasoning":
        this.#tell("response.reasoning_summary_text.done", { ...place, text });
        this.#tell("response.reasoning_summary_part.done", { ...place, part: partOf(item) });
        break;
      case "tool":
        this.#tell("response.function_call_arguments.done", { ...place, name, arguments: text });
    }
    this.#tell("response.output_item.done", { output_index: item.index, item: itemOf(item) });
  }

  #placeOf({ kind, id, index }: Item): Fields {
    const place = { item_id: id, output_index: index };
    if (kind === "tool") return place;
    return kind === "reasoning" ? { ...place, summary_index: 0 } : { ...place, content_index: 0 };
  }

  /** The events of what `tell` does. */
  #said(tell: () => void): string {
    this.#events = "";
    tell();
    const events = this.#events;
    this.#events = "";
    return events;
  }

  #tell(type: string, fields: Fields): void {
    const event = { type, ...fields, sequence_number: this.#number++ };
    const told = this.#options.dialect.bareResponses ? bareEvent(event) : event;
    this.#events += eventOf(told, told.type as string);
  }

  #resource(status: string, ending?: Ending): Fields {
    const { model, body, usageOf } = this.#options;
    const usage = ending === undefined ? null : usageOf(ending);
    return {
      id: this.#id,
      object: "response",
      created_at: this.#createdAt,
      status,
      background: false,
      error: null,
      incomplete_details: status === "incomplete" ? { reason: incompleteOf(ending) } : null,
      instructions: body["instructions"] ?? null,
      max_output_tokens: body["max_output_tokens"] ?? null,
      model,
      output: this.#items.filter(({ isDone }) => isDone).map((item) => itemOf(item)),
      parallel_tool_calls: body["parallel_tool_calls"] ?? true,
      previous_response_id: body["previous_response_id"] ?? null,
      reasoning: { effort: null, summary: null },
      store: body["store"] ?? true,
      temperature: body["temperature"] ?? 1,
      text: body["text"] ?? { format: { type: "text" } },
      tool_choice: body["tool_choice"] ?? "auto",
      tools: body["tools"] ?? [],
      top_p: body["top_p"] ?? 1,
      truncation: "disabled",
      usage: usage && responseUsage(usage),
      user: null,
      metadata: body["metadata"] ?? {},
    };
  }
}

function statusOf({ finishReason }: Ending): "completed" | "incomplete" {
  return finishReason === "length" || finishReason === "content_filter" ? "incomplete" : "completed";
}

function incompleteOf(ending: Ending | undefined): string {
  return ending?.finishReason === "length" ? "max_output_tokens" : "content_filter";
}

function itemOf(item: Item, { empty = false } = {}): Fields {
  const { kind, id, name, callId, text, isDone } = item;
  const status = isDone ? "completed" : "in_progress";
  if (kind === "tool")
    return { id, type: "function_call", status, call_id: callId, name, arguments: empty ? "" : text };
  const parts = empty ? [] : [partOf(item)];
  if (kind === "reasoning") return { id, type: "reasoning", summary: parts };
  return { id, type: "message", status, role: "assistant", content: parts };
}

function partOf({ kind, text }: Item): Fields {
  if (kind === "reasoning") return { type: "summary_text", text };
  return kind === "refusal"
    ? { type: "refusal", refusal: text }
    : { type: "output_text", text, annotations: [], logprobs: [] };
}

/** What an answer took, by the names that a response has for it. */
function responseUsage(usage: Fields): Fields {
  if (usage["input_tokens"] !== undefined) return usage;
  return {
    input_tokens: usage["prompt_tokens"],
    input_tokens_details: usage["prompt_tokens_details"] ?? { cached_tokens: 0 },
    output_tokens: usage["completion_tokens"],
    output_tokens_details: usage["completion_tokens_details"] ?? { reasoning_tokens: 0 },
    total_tokens: usage["total_tokens"],
  };
}

function textOf(delta: Fields): string {
  return typeof delta["content"] === "string" ? delta["content"] : "";
}

function idOf(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString("hex")}`;
}
