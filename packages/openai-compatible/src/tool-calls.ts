import { InvalidOutputError, QwenError, type Message, type ProviderPart } from "@qwen/core";
import { GrowingText } from "@qwen/core/http";
import { isObject, lengthOf, parseJson, told, type JsonObject } from "./wire/json.ts";

/** More calls in one answer are no answer. */
const MOST_CALLS = 1024;
/** The longest id or name of a call, in characters. */
const LONGEST_NAME = 4096;

/** A call as far as it has come. */
interface Call {
  /** As the vendor has it; the first that it tells. */
  givenId?: string | undefined;
  name?: string | undefined;
  readonly input: GrowingText;
  /** What else the vendor says of it, and wants back with it. */
  extra?: JsonObject | undefined;
  /** Whether its input ends as an object does, so that one more cannot be a part of it. */
  isClosed: boolean;
  /** By which it goes on, once its name and its id are known. */
  id?: string | undefined;
}

/** What calls are put together with. */
export interface ToolCallOptions {
  /** Id of their provider. */
  readonly provider: string;
  /** Those before the answer. */
  readonly messages: readonly Message[];
}

/** Who hears of calls: what is written of their inputs, as it comes. */
export interface ToolCallSink {
  readonly host: string;
  push(part: ProviderPart): void;
  /** So much more of the answer came, in characters: a sign of life, told or not. */
  grew(characters: number): void;
}

/** What of a piece tells the call that it belongs to. */
interface Piece {
  readonly index: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** What it adds to the input. */
  readonly more: string;
}

/** Puts the calls of an answer together from their pieces. */
export class ToolCalls {
  readonly #sink: ToolCallSink;
  readonly #options: ToolCallOptions;
  readonly #calls: Call[] = [];
  /** By index, or by id where they have none. */
  readonly #known = new Map<number | string, Call>();
  /** The ids of the chat, which none of these may have again. */
  #taken: Set<string> | undefined;

  constructor(options: ToolCallOptions, sink: ToolCallSink) {
    this.#options = options;
    this.#sink = sink;
  }

  get isEmpty(): boolean {
    return this.#calls.length === 0;
  }

  /** What a delta tells of calls, or all of them where the answer comes whole. */
  take(pieces: readonly unknown[], { areWhole }: { readonly areWhole: boolean }): void {
    for (const piece of pieces) if (isObject(piece)) this.#takePiece(piece, areWhole);
  }

  /**
   * The whole calls, in the order they began. Throws `invalid_output` for an input that is no JSON; of an answer that was cut,
   * such a call is left out. `thought` goes back with the first.
   */
  finish({ isCut, thought }: { readonly isCut: boolean; readonly thought?: JsonObject | undefined }): void {
    for (const [index, call] of this.#calls.entries()) {
      const input = call.input.length === 0 && !isCut ? "{}" : call.input.whole();
      const isWhole = parseJson(input) !== undefined;
      if (!isWhole && isCut) continue;
      const { name } = call;
      if (name === undefined) throw this.#wrong("a tool call without the name of its tool");
      if (!isWhole)
        throw new InvalidOutputError({ issues: [`the input of the call to "${name}" is no JSON`], text: input });
      const toolCallId = call.id ?? this.#idOf(call);
      const own = told({ call: call.extra, message: index === 0 ? thought : undefined });
      const providerMetadata = own.call || own.message ? { [this.#options.provider]: own } : undefined;
      this.#sink.push(told({ type: "tool-call", toolCallId, toolName: name, input, providerMetadata }));
    }
  }

  #takePiece(piece: JsonObject, isWhole: boolean): void {
    const said = isObject(piece["function"]) ? piece["function"] : {};
    const given = this.#short(piece["id"], "id");
    const name = this.#short(said["name"], "name");
    const index = indexIn(piece);
    const more = this.#inputIn(said);
    const call = isWhole ? this.#begin(undefined) : this.#callOf({ index, id: given, name, more });
    call.givenId ??= given;
    if (index === undefined && given !== undefined) this.#known.set(given, call);
    call.name ??= name;
    if (more !== "") {
      this.#sink.grew(more.length);
      call.input.append(more);
      if (/\S/.test(more)) call.isClosed = more.trimEnd().endsWith("}");
    }
    const { extra_content } = piece;
    if (call.extra === undefined && isObject(extra_content)) {
      this.#sink.grew(lengthOf(extra_content));
      call.extra = { extra_content };
    }
    if (call.name === undefined || call.givenId === undefined) return;
    const text = call.id === undefined ? call.input.whole() : more;
    const toolCallId = (call.id ??= this.#idOf(call));
    if (text !== "") this.#sink.push({ type: "tool-input-delta", toolCallId, toolName: call.name, text });
  }

  /**
   * The call that a piece belongs to, or a new one. Where a piece names its tool, its index says little: some servers give all calls
   * the same, others an id of its own to each piece.
   */
  #callOf({ index, id, name, more }: Piece): Call {
    const named = this.#known.get(index ?? id ?? "");
    const known = index === undefined ? (named ?? this.#calls.at(-1)) : named;
    if (known === undefined) return this.#begin(index);
    if (name === undefined || known.name === undefined) return known;
    const hasOtherId = id !== undefined && known.givenId !== undefined && id !== known.givenId;
    if (id !== undefined && !hasOtherId) return known;
    const isNext = known.isClosed && more.trimStart().startsWith("{");
    const isAnnounced = hasOtherId && (more === "" || known.input.length === 0);
    const isOther = isNext || isAnnounced || (name !== known.name && (hasOtherId || known.isClosed));
    return isOther || index === undefined ? this.#begin(index) : known;
  }

  #begin(index: number | undefined): Call {
    if (this.#calls.length === MOST_CALLS) throw this.#wrong(`more than ${MOST_CALLS} tool calls in one answer`);
    const call: Call = { input: new GrowingText(), isClosed: false };
    this.#calls.push(call);
    if (index !== undefined) this.#known.set(index, call);
    return call;
  }

  /** Gives a call the id by which it goes on: the vendor's, unless another call of the chat has that. */
  #idOf({ givenId }: Call): string {
    this.#taken ??= idsIn(this.#options.messages);
    let id = givenId ?? anId();
    while (this.#taken.has(id)) id = anId();
    this.#taken.add(id);
    return id;
  }

  /** Text, as the wire has it; of some vendors an object, or whatever the model has put in its place. */
  #inputIn({ arguments: given }: JsonObject): string {
    if (typeof given === "string") return given;
    if (given === undefined || given === null) return "";
    try {
      return JSON.stringify(given);
    } catch (cause) {
      // What can be read so deep cannot be written.
      throw this.#wrong("a tool call that is nested too deep", cause);
    }
  }

  #wrong(what: string, cause?: unknown): QwenError {
    return new QwenError("protocol", `${this.#sink.host} sends ${what}.`, { cause });
  }

  #short(value: unknown, what: string): string | undefined {
    if (typeof value !== "string" || value === "") return undefined;
    if (value.length > LONGEST_NAME) throw this.#wrong(`a tool call whose ${what} has ${value.length} characters`);
    return value;
  }
}

/** A number, which of some vendors is a text. */
function indexIn({ index }: JsonObject): number | undefined {
  if (typeof index === "number") return index;
  return typeof index === "string" && /^\d{1,10}$/.test(index) ? Number(index) : undefined;
}

function idsIn(messages: readonly Message[]): Set<string> {
  const ids = new Set<string>();
  for (const { content } of messages) {
    if (typeof content === "string") continue;
    for (const part of content) if (part.type === "tool-call") ids.add(part.toolCallId);
  }
  return ids;
}

/** Nine letters and digits, which is what the strictest vendor takes back. */
function anId(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 9);
}
