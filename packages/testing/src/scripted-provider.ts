import {
  QwenError,
  filesOf,
  imagesOf,
  type ModelInfo,
  type Provider,
  type ProviderPart,
  type ProviderRequest,
  type Role,
  type SomeModels,
} from "@qwen/core";
import { anObject, aPauseMs, aString, readOptions, requireOption, type Rule, type Rules } from "@qwen/core/http";

/** One thing a scripted provider does: says a piece of text, yields a part, waits, or fails. */
export type ScriptItem = string | ProviderPart | { readonly waitMs: number } | Error;

/** Options of {@link scriptedProvider}. */
export interface ScriptedProviderOptions<Id extends string = string, Model extends ModelInfo = ModelInfo> {
  /** @defaultValue "scripted" */
  readonly id?: Id | undefined;
  /** @defaultValue one model, "scripted-model", that takes text only */
  readonly models?: readonly [Model, ...Model[]] | undefined;
  /**
   * What it does, in order, for every request or by request; `call` is 1 for the first. A script that neither finishes
   * nor fails gets a `finish` with the reason "stop" at its end.
   */
  readonly script: readonly ScriptItem[] | ((request: ProviderRequest, call: number) => readonly ScriptItem[]);
}

/** A request that a scripted provider was sent, and what became of it. */
export interface ScriptedCall {
  readonly request: ProviderRequest;
  /** `stopped` is aborted, or left by its consumer. */
  state: "running" | "finished" | "failed" | "stopped";
  /** How many parts it has yielded. */
  parts: number;
}

/** A provider that does what it was told, and remembers what it was asked. */
export interface ScriptedProvider<Id extends string = string, Model extends ModelInfo = ModelInfo> extends Provider<
  Id,
  Model
> {
  /** In order. A call is noted when its iteration starts. */
  readonly calls: readonly ScriptedCall[];
}

/** The model of a scripted provider that was given none. */
export type ScriptedModel = ModelInfo<"scripted-model">;

/**
 * A provider for tests: yields the parts of a script, with its delays and errors, and keeps the provider contract.
 *
 * Waits are timers of the global `setTimeout`, so fake timers move them. Throws a `TypeError` for an option that is none, and
 * the iteration does for what a function gave that is no script.
 *
 * @example
 * ```ts
 * const flaky = scriptedProvider({
 *   id: "flaky",
 *   script: (_request, call) => (call === 1 ? [new QwenError("connection", "Refused.")] : ["Hello", { waitMs: 50 }, " there"]),
 * });
 * ```
 */
export function scriptedProvider<
  const Id extends string = "scripted",
  const Models extends SomeModels = readonly [ScriptedModel],
>(
  options: ScriptedProviderOptions<Id, Models[number]> & { readonly models?: Models | undefined },
): ScriptedProvider<NoInfer<Id>, Models[number]> {
  type Options = ScriptedProviderOptions<Id, Models[number]>;
  const read: Partial<Options> = readOptions<Options>("options", options, RULES) ?? {};
  const { id = "scripted" as Id, models = [SCRIPTED_MODEL] } = read;
  const script = requireOption("options.script", read.script, aScript) as ScriptedProviderOptions["script"];
  const calls: ScriptedCall[] = [];

  async function* play(
    request: ProviderRequest,
    left: AbortSignal,
  ): AsyncGenerator<ProviderPart, undefined, undefined> {
    request.signal?.throwIfAborted();
    refuseUnsupported(models.find((model) => model.id === request.model) ?? models[0], request);
    const call: ScriptedCall = { request, state: "running", parts: 0 };
    calls.push(call);
    const signal = request.signal === undefined ? left : AbortSignal.any([request.signal, left]);
    let finished = false;
    try {
      const items = typeof script === "function" ? script(request, calls.length) : script;
      for (const item of requireOption("script()", items, someItems)) {
        signal.throwIfAborted();
        if (item instanceof Error) throw item;
        if (typeof item === "object" && "waitMs" in item) {
          await wait(item.waitMs, signal);
          continue;
        }
        const part = typeof item === "string" ? ({ type: "text-delta", text: item } as const) : item;
        finished ||= part.type === "finish";
        if (finished) call.state = "finished";
        call.parts += 1;
        yield part;
        if (finished) return;
      }
      call.state = "finished";
      call.parts += 1;
      yield { type: "finish", reason: "stop", warnings: [] };
    } catch (error) {
      call.state = signal.aborted ? "stopped" : "failed";
      throw error;
    } finally {
      if (call.state === "running") call.state = "stopped";
    }
  }

  return { id, models, calls, stream: (request) => createStream((left) => play(request, left)) };
}

const isItem = (item: unknown): boolean =>
  typeof item === "string" ||
  item instanceof Error ||
  (anObject(item) === undefined &&
    ("waitMs" in (item as object)
      ? aPauseMs((item as { readonly waitMs: unknown }).waitMs) === undefined
      : "type" in (item as object)));

const someItems: Rule = (value) =>
  Array.isArray(value) && value.every(isItem) ? undefined : "a list of texts, parts, errors and { waitMs }";

const aScript: Rule = (value) => (typeof value === "function" ? undefined : someItems(value));

const RULES: Rules<ScriptedProviderOptions> = {
  id: aString,
  models: (value) => (Array.isArray(value) && value.length > 0 ? undefined : "a list of at least one model"),
  script: aScript,
};

const SCRIPTED_MODEL: ScriptedModel = {
  id: "scripted-model",
  aliases: [],
  capabilities: { images: false, system: "native", history: "native", conversation: false, tools: false, json: false },
};

/** An iteration whose `return()` ends the work at once, also while a `next()` waits for it. */
function createStream(
  play: (left: AbortSignal) => AsyncGenerator<ProviderPart, undefined, undefined>,
): AsyncIterableIterator<ProviderPart, undefined> {
  const leaving = new AbortController();
  const parts = play(leaving.signal);
  return {
    async next() {
      try {
        return await parts.next();
      } catch (error) {
        if (leaving.signal.aborted) return { done: true, value: undefined };
        throw error;
      }
    },
    async return() {
      leaving.abort();
      return parts.return(undefined);
    },
    async throw(error) {
      leaving.abort();
      await parts.return(undefined);
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function refuseUnsupported({ id, capabilities }: ModelInfo, { messages, settings }: ProviderRequest): void {
  const refuse = (feature: string): never => {
    throw new QwenError("unsupported", `The model "${id}" cannot take ${feature}.`);
  };
  if (capabilities?.images !== true && messages.some((message) => imagesOf(message).length > 0)) refuse("images");
  if (capabilities?.files !== true && messages.some((message) => filesOf(message).length > 0)) refuse("files");
  if (capabilities?.prefill !== true && lastSpeaker(messages) === "assistant")
    refuse("a chat that ends with the assistant");
  if (capabilities?.tools !== true && (settings?.tools ?? []).length > 0) refuse("tools");
  if (capabilities?.json !== true && settings?.responseFormat?.type === "json") refuse("a JSON response format");
}

function lastSpeaker(messages: ProviderRequest["messages"]): Role | undefined {
  return messages.findLast(({ role }) => role !== "system" && role !== "developer")?.role;
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
