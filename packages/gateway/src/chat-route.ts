import type { Router, RouterRequest, Warning } from "@qwen/core";
import { QwenError } from "@qwen/core";
import { flowOf } from "@qwen/core/router";
import type { Ending } from "./accounts.ts";
import { Answer } from "./answer.ts";
import { AnswerEvents } from "./answer-events.ts";
import type { Attachments } from "./attachments.ts";
import type { BodyReader } from "./body.ts";
import type { CallMemory, ToldCalls } from "./call-memory.ts";
import { answerHeaders, type Stopwatch, watchOf } from "./answer-headers.ts";
import { asAsked, limitOf, type Policies, policyInHeaders, type SettledPolicy } from "./policy.ts";
import { can, nameIn } from "./names.ts";
import { Refusal } from "./refusal.ts";
import { type Call, type Handler, ownerOf } from "./route.ts";
import { StopWatcher } from "./stop-watcher.ts";
import { StreamBody } from "./stream-body.ts";
import { chatCompletion, type AnswerLabel, type ToldAnswer } from "./wire/chat-answer.ts";
import { ChatStream } from "./wire/chat-stream.ts";
import { readChatRequest, type ChatRequest } from "./wire/chat-request.ts";
import { unsupported } from "./wire/fields.ts";
import { refusalOf } from "./wire/errors.ts";
import type { Winner, Winners } from "./winners.ts";

/** What stands behind `POST /v1/chat/completions`. */
export interface ChatRouteOptions {
  readonly router: Router;
  readonly bodies: BodyReader;
  readonly attachments: Attachments;
  readonly policies: Policies;
  readonly winners: Winners;
  readonly calls: CallMemory;
  readonly keepAliveMs: number;
  readonly idleClientMs: number;
}

/** Answers chat completions, streamed or whole. */
export function chatRoute(options: ChatRouteOptions): Handler {
  return async (request, call) => {
    const watch = watchOf(call);
    const asked = readChatRequest(await watch.waitFor(options.bodies.json(request)));
    if (!call.caller.mayUse(asked.model)) throw notAllowed(asked.model);
    const { caller } = call;
    const wishes = [policyInHeaders(request.headers), asked.policy];
    const settled = options.policies.for({ model: asked.model, wishes, key: caller.policy, keyCaps: caller.caps });
    const limitMs = limitOf(settled);
    const fetching = { signal: call.signal, limitMs, leftMs: limitMs - watch.elapsedMs() };
    const recalled = await options.calls.recalled(ownerOf(call), asked.messages);
    const messages = takesFiles(options.router, asked)
      ? await watch.waitFor(options.attachments.fetched(recalled, fetching))
      : recalled;
    const answering = new Answering({ ...asked, messages }, { call, settled, watch }, options);
    try {
      return await (asked.stream ? answering.streamed() : answering.whole());
    } catch (error) {
      throw answering.failure(error);
    }
  };
}

/** What is known of a request besides what it asks. */
interface Circumstances {
  readonly call: Call;
  readonly settled: SettledPolicy;
  readonly watch: Stopwatch;
}

/** One request that is being answered. */
class Answering {
  readonly #asked: ChatRequest;
  readonly #about: Circumstances;
  readonly #options: ChatRouteOptions;
  readonly #calls: ToldCalls;
  readonly #id = `chatcmpl-${crypto.randomUUID().replaceAll("-", "")}`;
  readonly #created = Math.floor(Date.now() / 1000);

  constructor(asked: ChatRequest, about: Circumstances, options: ChatRouteOptions) {
    this.#asked = asked;
    this.#about = about;
    this.#options = options;
    this.#calls = options.calls.telling(ownerOf(about.call));
  }

  async streamed(): Promise<Answer> {
    const { router, winners, keepAliveMs, idleClientMs } = this.#options;
    const { call, watch } = this.#about;
    const { requestId, signal } = call;
    const { includeUsage, stop } = this.#asked;
    const pen = new ChatStream({ includeUsage, label: () => this.#label() });
    const events = new AnswerEvents({ pen, stop, calls: this.#calls });
    winners.follow(requestId);
    const release = call.hold();
    let winner: Winner | undefined;
    const onEnd = (ending: Ending): void => {
      winner = winners.of(requestId);
      winners.forget(requestId);
      release(ending);
    };
    // What a slow reader has been sent is not kept for it as well.
    const parts = flowOf(router.stream({ ...this.#request(signal), keepText: false }));
    const body = new StreamBody({
      parts,
      events,
      keepAliveMs,
      idleClientMs,
      signal,
      onStall: () => void call.leave(),
      onEnd,
    });
    const hasBegun = await watch.waitFor(body.begin(keepAliveMs === 0 ? Infinity : keepAliveMs));
    // Of what is held until it is whole, others may answer yet.
    const known = hasBegun ? (winner ?? winners.of(requestId)) : undefined;
    const headers = this.#headers({ ...known, warnings: events.warnings });
    return new Answer(body, { ...headers, ...STREAMED });
  }

  async whole(): Promise<Answer> {
    const { router } = this.#options;
    const { call, watch } = this.#about;
    const { stop } = this.#asked;
    if (stop.length > 0) return this.#cutWhole(new StopWatcher(stop));
    const completion = await watch.waitFor(router.complete(this.#request(call.signal)));
    return this.#wholeAnswer(completion, completion.attempts.length);
  }

  async #cutWhole(watcher: StopWatcher): Promise<Answer> {
    const { router, winners } = this.#options;
    const { call, watch } = this.#about;
    const { requestId } = call;
    const signal = AbortSignal.any([call.signal, watcher.signal]);
    winners.follow(requestId);
    try {
      const completion = await watch.waitFor(
        router.complete(this.#request(signal), { onPart: (part) => watcher.see(part) }).then(
          (answer) => watcher.cut(answer),
          // It was stopped because there was enough.
          (error: unknown) => watcher.cutAnswer() ?? Promise.reject(error),
        ),
      );
      return this.#wholeAnswer(completion, winners.of(requestId)?.attempts);
    } finally {
      winners.forget(requestId);
    }
  }

  #wholeAnswer(completion: ToldAnswer, attempts: number | undefined): Answer {
    const { warnings, provider, model } = completion;
    const headers = this.#headers({ provider, attempts, warnings });
    const label = { id: this.#id, created: this.#created, model };
    const toolCalls = this.#calls.all(completion.toolCalls);
    return new Answer(chatCompletion(label, { ...completion, toolCalls }), { ...headers, ...WHOLE });
  }

  /** What the caller gets of a failure before any output, with what is known of how it came about. */
  failure(error: unknown): Refusal {
    const refusal = refusalOf(namingParameter(error, this.#asked, this.#options.router));
    const { attempts, provider } = QwenError.isInstance(error) ? error : {};
    const headers = this.#headers({ provider, attempts: attempts?.length, warnings: [] });
    return refusal.with({ ...headers, ...refusal.headers });
  }

  #label(): AnswerLabel {
    const { winners } = this.#options;
    const model = winners.of(this.#about.call.requestId)?.model ?? this.#asked.model;
    return { id: this.#id, created: this.#created, model };
  }

  #request(signal: AbortSignal): RouterRequest {
    const { model, messages, settings } = this.#asked;
    const { call, settled, watch } = this.#about;
    return {
      model,
      messages,
      settings,
      signal,
      requestId: call.requestId,
      ...asAsked(settled, watch.elapsedMs()),
    };
  }

  #headers(known: {
    readonly provider?: string | undefined;
    readonly attempts?: number | undefined;
    readonly warnings: readonly Warning[];
  }): Record<string, string> {
    const { settled, watch } = this.#about;
    const { model, ignored } = this.#asked;
    const warnings = [...settled.cut, ...ignored, ...known.warnings.map(({ feature }) => feature)];
    return answerHeaders({ route: model, ...known, warnings, overheadMs: watch.overheadMs() });
  }
}

/** The headers of a stream. */
export const STREAMED = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};
/** The headers of what comes whole. */
export const WHOLE = { "content-type": "application/json", "cache-control": "no-store" };

/** Whether a model takes what the messages hold: a file is not fetched for one that takes none, nor for no model at all. */
export function takesFiles(router: Router, { model, messages }: Pick<ChatRequest, "model" | "messages">): boolean {
  const has = (type: "image" | "file"): boolean =>
    messages.some(({ content }) => typeof content !== "string" && content.some((part) => part.type === type));
  const wanted = [...(has("image") ? (["images"] as const) : []), ...(has("file") ? (["files"] as const) : [])];
  if (wanted.length === 0) return false;
  const name = nameIn(router, model);
  return name !== undefined && wanted.every((feature) => can(name, feature));
}

/** Which parameter a model cannot do, where it says that it cannot do something. */
export function namingParameter(
  error: unknown,
  { model, settings }: Pick<ChatRequest, "model" | "settings">,
  router: Router,
): unknown {
  if (!QwenError.isInstance(error) || error.code !== "unsupported") return error;
  const { message } = refusalOf(error);
  const name = nameIn(router, model);
  const lacks = (feature: "tools" | "json"): boolean => name !== undefined && !can(name, feature);
  const asksForTools = settings.tools !== undefined && settings.toolChoice !== "none";
  if (asksForTools && lacks("tools")) return unsupported("tools", message);
  if (settings.responseFormat !== undefined && lacks("json")) return unsupported("response_format", message);
  return unsupported("messages", message);
}

/** The refusal of a model that a key is not for. */
export function notAllowed(model: string): Refusal {
  const name = JSON.stringify(model.slice(0, 64));
  return new Refusal({
    status: 403,
    code: "model_not_allowed",
    param: "model",
    message: `This key may not use ${name}.`,
  });
}
