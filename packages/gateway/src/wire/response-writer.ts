import type { FilePart, FinishReason, SourcePart, ToolCallPart, Usage } from "@qwen/core";

import type { Refusal } from "../refusal.ts";
import { filesOf } from "./chat-answer.ts";
import type { Body } from "./fields.ts";
import { givenBack } from "./given-back.ts";
import type { Item, NewId } from "./response-items.ts";
import { responseUsage } from "./usage.ts";

/** What a response is before anything of its answer is there. */
export interface ResponseHead {
  readonly id: string;
  /** In s since 1970. */
  readonly createdAt: number;
  /** The name that was asked for, until it is known who answers. */
  readonly model: string;
  /** What it repeats of its request. */
  readonly echo: Body;
  readonly newId: NewId;
  /** Who answers, once the first output is there. */
  answering(): string | undefined;
}

/** How an answer ended. */
interface WholeAnswer {
  readonly reason: FinishReason;
  readonly usage?: Usage | undefined;
  /** Who answered. */
  readonly model: string;
}

/** A place in a queue, as core tells it. */
export interface QueuePlace {
  readonly position: number;
  readonly size?: number | undefined;
  readonly etaMs?: number | undefined;
}

/** An item that is being written. */
interface Open {
  readonly index: number;
  readonly id: string;
  readonly kind: "message" | "reasoning" | "call";
  text: string;
  readonly annotations: Body[];
  /** Of a call, and what comes back with it once it is whole. */
  call?: { readonly call_id: string; readonly name: string } | undefined;
}

/**
 * Writes one answer as the events of a response, and as the response itself. Each method gives the events to send; each event has the
 * next `sequence_number`. It ends with `completed` or `incomplete`, or with `failed` and an `error` behind it.
 */
export class ResponseWriter {
  readonly #head: ResponseHead;
  readonly #output: Item[] = [];
  readonly #calls = new Map<string, Open>();
  readonly #files: FilePart[] = [];
  #sequence = 0;
  #model: string;
  #status = "in_progress";
  #open: Open | undefined;
  #end: Body = {};
  #echo: string | undefined;

  constructor(head: ResponseHead) {
    this.#head = head;
    this.#model = head.model;
  }

  get #hasBegun(): boolean {
    return this.#sequence > 0;
  }

  /** What comes before the first output. */
  begin(): string {
    const isTold = this.#hasBegun && this.#status === "in_progress";
    this.#model = this.#head.answering() ?? this.#model;
    const created = this.#hasBegun ? "" : this.created();
    return isTold ? created : created + this.inProgress();
  }

  /** What is told of the time before it. */
  waiting(place: QueuePlace | undefined): string {
    if (place === undefined) return this.created() + this.inProgress();
    return this.created("queued") + this.queued(place);
  }

  created(status: "in_progress" | "queued" = "in_progress"): string {
    this.#status = status;
    return this.#whole("response.created");
  }

  /** It waits for its turn at whoever is to answer. */
  queued({ position, size, etaMs }: QueuePlace): string {
    this.#status = "queued";
    const place = { position, ...(size !== undefined && { size }), ...(etaMs !== undefined && { eta_ms: etaMs }) };
    return this.#event({ type: "response.queued", response: this.resource(), qwen: { queue: place } });
  }

  inProgress(): string {
    this.#status = "in_progress";
    return this.#whole("response.in_progress");
  }

  text(text: string): string {
    const begin = this.#become("message");
    const open = this.#open as Open;
    open.text += text;
    // Most events are this one: as text it takes a third of the time of an object.
    const place = `"item_id":"${open.id}","output_index":${open.index},"content_index":0`;
    return `${begin}event: response.output_text.delta\ndata: {"type":"response.output_text.delta",${place},"delta":${JSON.stringify(text)},"logprobs":[],"sequence_number":${this.#sequence++}}\n\n`;
  }

  reasoning(text: string): string {
    const begin = this.#become("reasoning");
    const open = this.#open as Open;
    open.text += text;
    const place = { item_id: open.id, output_index: open.index, summary_index: 0 };
    return begin + this.#event({ type: "response.reasoning_summary_text.delta", ...place, delta: text });
  }

  /** A page that the answer relies on. */
  source({ url, title, filename }: SourcePart): string {
    const begin = this.#become("message");
    const open = this.#open as Open;
    const words = title ?? filename ?? "";
    const annotation = { type: "url_citation", url: String(url ?? ""), title: words, start_index: 0, end_index: 0 };
    open.annotations.push(annotation);
    const place = { item_id: open.id, output_index: open.index, content_index: 0 };
    const annotation_index = open.annotations.length - 1;
    return (
      begin + this.#event({ type: "response.output_text.annotation.added", ...place, annotation_index, annotation })
    );
  }

  /** OpenAI's responses have no place for a file by its address: it is told in a field of its own. */
  file(file: FilePart): string {
    this.#files.push(file);
    return "";
  }

  /** A piece of the input of a call; its first one begins with the call. `undefined` where the call is whole already. */
  toolInput({
    toolCallId,
    toolName,
    text,
  }: {
    readonly toolCallId: string;
    readonly toolName: string;
    readonly text: string;
  }): string | undefined {
    const known = this.#calls.get(toolCallId);
    if (known !== undefined && this.#isWhole(known)) return undefined;
    const begin = known === undefined ? this.#close() + this.#openCall(toolCallId, toolName) : "";
    const open = this.#calls.get(toolCallId) as Open;
    open.text += text;
    if (text === "") return begin;
    const place = { item_id: open.id, output_index: open.index };
    return begin + this.#event({ type: "response.function_call_arguments.delta", ...place, delta: text });
  }

  /** A whole call: what of it was not said yet. `undefined` where something else was said before, or all of it. */
  toolCall(whole: ToolCallPart): string | undefined {
    const { toolCallId, toolName, input } = whole;
    const said = this.#calls.get(toolCallId)?.text ?? "";
    if (!input.startsWith(said)) return undefined;
    const rest = this.toolInput({ toolCallId, toolName, text: input.slice(said.length) });
    if (rest === undefined) return undefined;
    const open = this.#calls.get(toolCallId) as Open;
    open.call = { call_id: toolCallId, name: toolName, ...givenBack(whole) };
    return rest + this.#done(open, "completed");
  }

  /** Whether a call was begun of which not all has been said. */
  get hasOpenCalls(): boolean {
    return [...this.#calls.values()].some((call) => !this.#isWhole(call));
  }

  #isWhole({ index }: Open): boolean {
    return this.#output[index]?.["status"] === "completed";
  }

  /** The answer is whole. */
  finish({ reason, usage, model }: WholeAnswer): string {
    this.#model = model;
    const why = INCOMPLETE[reason];
    const last = this.#close(why === undefined ? "completed" : "incomplete");
    this.#status = why === undefined ? "completed" : "incomplete";
    this.#end = {
      completed_at: why === undefined ? now() : null,
      incomplete_details: why === undefined ? null : { reason: why },
      usage: responseUsage(usage),
    };
    return last + this.#whole(`response.${this.#status}`);
  }

  /**
   * It broke off. Of the two events the helper of OpenAI's own client passes over the first, and the second alone is no end that the
   * public specification knows. `text` is the exact text where one was rewritten after it had been shown.
   */
  fail(refusal: Refusal, text: string | undefined): string {
    const { message, status } = refusal;
    // A response knows a few codes only.
    const known = status === 429 ? "rate_limit_exceeded" : "server_error";
    const begin = this.#hasBegun ? "" : this.created();
    this.#end = { error: { code: known, message } };
    this.#status = "failed";
    this.#leave();
    const failed = this.#whole("response.failed");
    const more = text === undefined ? {} : { qwen: { text } };
    return `${begin}${failed}${this.#event({ ...errorBody(refusal), ...more })}`;
  }

  /** Its caller wants it no more. Whoever reads its events is told as of a failure: there is no event of its own for that. */
  cancel(refusal: Refusal): string {
    const begin = this.#hasBegun ? "" : this.created();
    this.#status = "cancelled";
    this.#leave();
    const failed = this.#whole("response.failed");
    return `${begin}${failed}${this.#event(errorBody(refusal))}`;
  }

  /** The response as it stands. */
  resource(): Body {
    return { ...this.#own(), ...this.#head.echo };
  }

  /** All of it but what it repeats of its request. */
  #own(): Body {
    const { id, createdAt } = this.#head;
    return {
      id,
      object: "response",
      created_at: createdAt,
      completed_at: null,
      status: this.#status,
      error: null,
      incomplete_details: null,
      model: this.#model,
      output: [...this.#output],
      usage: null,
      ...this.#end,
      ...(this.#files.length > 0 && { qwen: filesOf(this.#files) }),
    };
  }

  /** Makes what is being written one of a kind. */
  #become(kind: "message" | "reasoning"): string {
    if (this.#open?.kind === kind) return "";
    return this.#close() + (kind === "message" ? this.#openMessage() : this.#openReasoning());
  }

  #openMessage(): string {
    const open = this.#begin("message", "msg");
    const { index, id } = open;
    const item = { type: "message", id, status: "in_progress", role: "assistant", content: [] };
    const place = { item_id: id, output_index: index, content_index: 0 };
    return (
      this.#event({ type: "response.output_item.added", output_index: index, item }) +
      this.#event({ type: "response.content_part.added", ...place, part: textPart(open) })
    );
  }

  #openReasoning(): string {
    const { index, id } = this.#begin("reasoning", "rs");
    const item = { type: "reasoning", id, summary: [] };
    const place = { item_id: id, output_index: index, summary_index: 0 };
    const part = { type: "summary_text", text: "" };
    return (
      this.#event({ type: "response.output_item.added", output_index: index, item }) +
      this.#event({ type: "response.reasoning_summary_part.added", ...place, part })
    );
  }

  #openCall(call_id: string, name: string): string {
    const open = this.#newItem("call", "fc", { call_id, name });
    this.#calls.set(call_id, open);
    return this.#event({
      type: "response.output_item.added",
      output_index: open.index,
      item: itemOf(open, "in_progress"),
    });
  }

  #begin(kind: Open["kind"], prefix: string): Open {
    this.#open = this.#newItem(kind, prefix);
    return this.#open;
  }

  #newItem(kind: Open["kind"], prefix: string, call?: Open["call"]): Open {
    const open = { index: this.#output.length, id: this.#head.newId(prefix), kind, text: "", annotations: [], call };
    // Its place is taken; what it becomes is known at its end.
    this.#output.push(itemOf(open, "in_progress"));
    return open;
  }

  /** What is being written stays as it is. */
  #leave(): void {
    for (const open of [this.#open, ...this.#calls.values()])
      if (open !== undefined && !this.#isWhole(open)) this.#output[open.index] = itemOf(open, "incomplete");
    this.#open = undefined;
  }

  /** Ends what is being written, calls whose input is not whole included. */
  #close(status: "completed" | "incomplete" = "completed"): string {
    const open = this.#open;
    this.#open = undefined;
    return open === undefined ? "" : this.#done(open, status);
  }

  #done(open: Open, status: "completed" | "incomplete"): string {
    const { index } = open;
    const item = itemOf(open, status);
    this.#output[index] = item;
    return this.#ended(open) + this.#event({ type: "response.output_item.done", output_index: index, item });
  }

  #ended(open: Open): string {
    const { index, id, text, kind } = open;
    const place = { item_id: id, output_index: index };
    if (kind === "call")
      return this.#event({
        type: "response.function_call_arguments.done",
        ...place,
        name: open.call?.name ?? "",
        arguments: text,
      });
    if (kind === "reasoning")
      return (
        this.#event({ type: "response.reasoning_summary_text.done", ...place, summary_index: 0, text }) +
        this.#event({
          type: "response.reasoning_summary_part.done",
          ...place,
          summary_index: 0,
          part: { type: "summary_text", text },
        })
      );
    return (
      this.#event({ type: "response.output_text.done", ...place, content_index: 0, text, logprobs: [] }) +
      this.#event({ type: "response.content_part.done", ...place, content_index: 0, part: textPart(open) })
    );
  }

  #whole(type: string): string {
    // What is repeated may be nearly all of it: it is written once.
    this.#echo ??= JSON.stringify(this.#head.echo).slice(1);
    const own = JSON.stringify(this.#own()).slice(0, -1);
    return `event: ${type}\ndata: {"type":"${type}","response":${own},${this.#echo},"sequence_number":${this.#sequence++}}\n\n`;
  }

  #event(event: Body & { readonly type: string }): string {
    const data = JSON.stringify({ ...event, sequence_number: this.#sequence++ });
    return `event: ${event.type}\ndata: ${data}\n\n`;
  }
}

/**
 * What an `error` event says, but for its number. Some clients know it by its fields; the Python one of OpenAI's raises what has an `error`
 * in it, and passes on all else.
 */
export function errorBody(refusal: Refusal): Body & { readonly type: "error" } {
  const { message, type, code, param = null } = refusal;
  return { type: "error", code, message, param, error: { type, code, message, param } };
}

const INCOMPLETE: Readonly<Partial<Record<FinishReason, string>>> = {
  length: "max_output_tokens",
  "content-filter": "content_filter",
};

function itemOf({ id, kind, text, call, ...open }: Open, status: string): Item {
  if (kind === "call") return { type: "function_call", id, ...call, arguments: text, status };
  if (kind === "reasoning") return { type: "reasoning", id, summary: [{ type: "summary_text", text }] };
  return { type: "message", id, status, role: "assistant", content: [textPart({ text, ...open })] };
}

function textPart({ text, annotations }: Pick<Open, "text" | "annotations">): Body {
  return { type: "output_text", text, annotations: [...annotations], logprobs: [] };
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
