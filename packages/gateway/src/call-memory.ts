import type { ContentPart, Message, ProviderMetadata, ToolCallPart } from "@qwen/core";
import { memoryStore } from "./store.ts";
import type { Item } from "./wire/response-items.ts";

/** For how long, of how many calls and how much is remembered. */
const BOUNDS = { ttlMs: 3_600_000, maxEntries: 10_000, maxBytes: 32 * 1024 * 1024 };

/** How an id ends by which a call is told, and how long that is. */
const END = /^_[\da-f]{10}$/;
const END_LENGTH = 11;

/**
 * Remembers what vendors want back with their calls, for clients that send back of a call only what OpenAI's API has.
 *
 * It goes by the id that a call is told by: the vendor's, and a random end, as the ids of some vendors come again in every chat. What
 * was told to one caller is given to no other.
 */
export class CallMemory {
  readonly #store = memoryStore(BOUNDS);

  /** Tells the calls of one answer. Without an owner nothing is remembered of them. */
  telling(owner: string | undefined): ToldCalls {
    return new ToldCalls((id, json) => {
      if (owner !== undefined) void this.#store.put(owner, id, json);
    });
  }

  /** The messages of a caller with the vendors' own ids, and what they want back where that is remembered. */
  async recalled(owner: string, messages: readonly Message[]): Promise<readonly Message[]> {
    const ids = vendorsIds(messages);
    if (ids.size === 0) return messages;
    const recalled: Message[] = [];
    for (const message of messages) {
      const { content } = message;
      if (typeof content === "string") recalled.push(message);
      else recalled.push({ ...message, content: await this.#withCalls(owner, content, ids) });
    }
    return recalled;
  }

  /** Forgets what came with the calls of a response. */
  async forget(owner: string, output: readonly Item[]): Promise<void> {
    for (const { type, call_id: id } of output)
      if (type === "function_call") await this.#store.delete(owner, String(id));
  }

  async #withCalls(
    owner: string,
    content: readonly ContentPart[],
    ids: ReadonlyMap<string, string>,
  ): Promise<readonly ContentPart[]> {
    const parts: ContentPart[] = [];
    for (const part of content) {
      if (part.type === "tool-call") {
        const json = await this.#store.get(owner, part.toolCallId);
        // For as long as the chat goes on: vendors want it with each of its requests.
        if (json !== undefined) void this.#store.put(owner, part.toolCallId, json);
        const told = json === undefined ? {} : { providerMetadata: JSON.parse(json) as ProviderMetadata };
        parts.push({ ...part, ...told, toolCallId: ids.get(part.toolCallId) ?? part.toolCallId });
      } else if (part.type === "tool-result")
        parts.push({ ...part, toolCallId: ids.get(part.toolCallId) ?? part.toolCallId });
      else parts.push(part);
    }
    return parts;
  }
}

/** The calls of one answer, as they are told to its caller. */
export class ToldCalls {
  readonly #remember: (id: string, json: string) => void;
  readonly #end = anEnd();

  /** `remember` hears of what comes back with a call, by its told id. */
  constructor(remember: (id: string, json: string) => void) {
    this.#remember = remember;
  }

  /** A piece of a call, by the id that the call is told by. */
  piece<Piece extends { readonly toolCallId: string }>(piece: Piece): Piece {
    return { ...piece, toolCallId: `${piece.toolCallId}_${this.#end}` };
  }

  /** A whole call, with what its vendor wants back where JSON can tell it. */
  call(call: ToolCallPart, end = this.#end): ToolCallPart {
    const { toolCallId: id, toolName, input, providerMetadata } = call;
    const toolCallId = `${id}_${end}`;
    const told = { type: "tool-call", toolCallId, toolName, input } as const;
    const json = providerMetadata === undefined ? undefined : jsonOf(providerMetadata);
    if (json === undefined) return told;
    this.#remember(toolCallId, json);
    return { ...told, providerMetadata };
  }

  /** The calls of an answer that is told whole: each has an id of its own, also where its provider gave one to several. */
  all(calls: readonly ToolCallPart[]): readonly ToolCallPart[] {
    return calls.map((call) => this.call(call, anEnd()));
  }
}

/** By the ids that calls come back by, those of their vendors; one that another call has as well stays as it is. */
function vendorsIds(messages: readonly Message[]): ReadonlyMap<string, string> {
  const calls = messages.flatMap(({ content }) =>
    typeof content === "string" ? [] : content.filter((part) => part.type === "tool-call"),
  );
  const taken = new Set(calls.map(({ toolCallId }) => toolCallId));
  const ids = new Map<string, string>();
  for (const { toolCallId: id } of calls) {
    // What is sent may be of any length: its end alone is looked at.
    const own = id.slice(0, -END_LENGTH);
    const isFree = own !== "" && END.test(id.slice(-END_LENGTH)) && !taken.has(own);
    ids.set(id, isFree ? own : id);
    if (isFree) taken.add(own);
  }
  return ids;
}

function jsonOf(metadata: ProviderMetadata): string | undefined {
  try {
    return JSON.stringify(metadata);
  } catch {
    // A provider tells what it cannot be told again: its answer is right all the same.
    return undefined;
  }
}

/** Random, and as short as can be: some vendors take ids of 40 characters and no longer ones. */
function anEnd(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 10);
}
