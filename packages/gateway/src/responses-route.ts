import {
  QwenError,
  type Completion,
  type Message,
  type Router,
  type RouterRequest,
  type RouterFinishPart,
  type RouterStream,
} from "@qwen/core";
import { flowOf } from "@qwen/core/router";

import type { Ending } from "./accounts.ts";
import { Answer } from "./answer.ts";
import { AnswerEvents, toldCall } from "./answer-events.ts";
import { answerHeaders, type Stopwatch, watchOf } from "./answer-headers.ts";
import type { Attachments } from "./attachments.ts";
import type { BackgroundRuns } from "./background-runs.ts";
import type { BodyReader } from "./body.ts";
import type { CallMemory, ToldCalls } from "./call-memory.ts";
import { namingParameter, notAllowed, STREAMED, takesFiles, WHOLE } from "./chat-route.ts";
import { historyOf, type KeptResponse, type KeptResponses, ResponseIds } from "./kept-responses.ts";
import { asAsked, limitOf, type Policies, policyInHeaders, type SettledPolicy } from "./policy.ts";
import { Recall } from "./recall.ts";
import { Refusal } from "./refusal.ts";
import { type Call, type Handler, ownerOf } from "./route.ts";
import { RunStream } from "./run-stream.ts";
import { StreamBody } from "./stream-body.ts";
import { refusalOf } from "./wire/errors.ts";
import { type Item, messagesOf } from "./wire/response-items.ts";
import { type ResponseRequest, readResponseRequest } from "./wire/response-request.ts";
import { ResponseWriter } from "./wire/response-writer.ts";
import type { Winner, Winners } from "./winners.ts";

/** What stands behind `POST /v1/responses`. */
export interface ResponsesRouteOptions {
  readonly router: Router;
  readonly bodies: BodyReader;
  readonly attachments: Attachments;
  readonly policies: Policies;
  readonly winners: Winners;
  readonly calls: CallMemory;
  readonly kept: KeptResponses;
  readonly runs: BackgroundRuns;
  readonly keepAliveMs: number;
  readonly idleClientMs: number;
}

/** Makes responses: whole, as a stream, or in the background. */
export function responsesRoute(options: ResponsesRouteOptions): Handler {
  return async (request, call) => {
    const watch = watchOf(call);
    const ids = new ResponseIds();
    const asked = readResponseRequest(await watch.waitFor(options.bodies.json(request)), ids.next);
    const { caller } = call;
    if (!caller.mayUse(asked.model)) throw notAllowed(asked.model);
    const wishes = [policyInHeaders(request.headers), asked.policy];
    const settled = options.policies.for({ model: asked.model, wishes, key: caller.policy, keyCaps: caller.caps });
    const making = new Making({ asked, call, settled, watch, ids }, options);
    try {
      await watch.waitFor(making.prepare());
      if (asked.background) return await making.inBackground();
      return await (asked.stream ? making.streamed() : making.whole());
    } catch (error) {
      throw making.failure(error);
    }
  };
}

/** What is known of a request that is being answered. */
interface Circumstances {
  readonly asked: ResponseRequest;
  readonly call: Call;
  readonly settled: SettledPolicy;
  readonly watch: Stopwatch;
  readonly ids: ResponseIds;
}

/** A response that is being made. */
class Making {
  readonly #about: Circumstances;
  readonly #options: ResponsesRouteOptions;
  readonly #writer: ResponseWriter;
  readonly #calls: ToldCalls;
  /** What was said before, and what is asked now. */
  #before: readonly Item[] = [];
  #input: readonly Item[] = [];
  #messages: readonly Message[] = [];
  #conversation: string | undefined;

  constructor(about: Circumstances, options: ResponsesRouteOptions) {
    const { asked, call, ids } = about;
    this.#about = about;
    this.#options = options;
    this.#calls = options.calls.telling(asked.store ? ownerOf(call) : undefined);
    this.#writer = new ResponseWriter({
      id: ids.id,
      createdAt: Math.floor(Date.now() / 1000),
      model: asked.model,
      echo: asked.echo,
      newId: ids.next,
      answering: () => this.#winner()?.model,
    });
  }

  /** Finds what it goes on with, and fetches what it was sent by address. */
  async prepare(): Promise<void> {
    const { asked, call, settled, watch } = this.#about;
    const { router, attachments, calls, kept } = this.#options;
    const recall = new Recall(kept, ownerOf(call));
    const previous = asked.previousId === undefined ? undefined : await previousIn(recall, asked.previousId);
    this.#before = previous === undefined ? [] : historyOf(previous);
    this.#input = await recall.items(asked.input);
    const items = [...this.#before, ...this.#input];
    const messages = await calls.recalled(ownerOf(call), messagesOf(items, asked.instructions));
    const limitMs = limitOf(settled);
    const fetching = { signal: call.signal, limitMs, leftMs: limitMs - watch.elapsedMs() };
    this.#messages = takesFiles(router, { model: asked.model, messages })
      ? await attachments.fetched(messages, fetching)
      : messages;
    if (previous !== undefined && asked.previousId !== undefined && this.#goesOnIn(previous))
      this.#conversation = await kept.takeMemory(ownerOf(call), asked.previousId);
  }

  /** Whether all that is new would reach a model which remembers the rest: it hears its user, and nothing of other instructions. */
  #goesOnIn({ model, response }: KeptResponse): boolean {
    const { asked } = this.#about;
    if (model !== asked.model || response["instructions"] !== (asked.instructions ?? null)) return false;
    return this.#input.every(({ type, role }) => role === "user" || type === "function_call_output");
  }

  async whole(): Promise<Answer> {
    const { call, watch } = this.#about;
    const completion = await watch.waitFor(this.#options.router.complete(this.#request(call.signal)));
    this.#write(completion);
    const { provider, attempts, warnings } = completion;
    const headers = this.#headers({ provider, attempts: attempts.length, warnings });
    return new Answer(JSON.stringify(this.#writer.resource()), { ...headers, ...WHOLE });
  }

  async streamed(): Promise<Answer> {
    const { call, watch } = this.#about;
    const { keepAliveMs, idleClientMs } = this.#options;
    const { events, stream, end } = this.#begin(call.signal);
    const release = call.hold();
    let winner: Winner | undefined;
    const onEnd = (ending: Ending): void => {
      winner = this.#winner();
      end();
      release(ending);
    };
    const { signal } = call;
    const onStall = (): void => void call.leave();
    const parts = flowOf(stream);
    const body = new StreamBody({ parts, events, keepAliveMs, idleClientMs, signal, onStall, onEnd });
    const hasBegun = await watch.waitFor(body.begin(keepAliveMs === 0 ? Infinity : keepAliveMs));
    const known = hasBegun ? (winner ?? this.#winner()) : undefined;
    const headers = this.#headers({ ...known, warnings: events.warnings });
    return new Answer(body, { ...headers, ...STREAMED });
  }

  /** It is made whether its caller stays or not, who comes back for it, or reads its events. */
  async inBackground(): Promise<Response> {
    const { asked, call, ids } = this.#about;
    const { runs, kept } = this.#options;
    runs.requireRoom(ownerOf(call));
    const ending = new AbortController();
    const { events, stream, end } = this.#begin(AbortSignal.any([call.closing, ending.signal]));
    const release = call.hold();
    const made = kept.making(ownerOf(call), ids.id);
    const run = runs.begin({
      owner: ownerOf(call),
      id: ids.id,
      writer: this.#writer,
      events,
      parts: stream[Symbol.asyncIterator](),
      stop: (reason) => ending.abort(reason),
      keep: () => this.#keep(undefined),
      onEnd: (how) => {
        made();
        end();
        release(how);
      },
    });
    const headers = this.#headers({ warnings: [] });
    if (!asked.stream) {
      const begun = Response.json(this.#writer.resource(), { headers: { ...headers, ...WHOLE } });
      // Its caller may come back for it by another process at once.
      await kept.arrived(ids.id);
      return begun;
    }
    const { keepAliveMs, idleClientMs } = this.#options;
    const done = call.hold();
    // Who leaves its events leaves no work.
    const reading = { run, from: 0, keepAliveMs, idleClientMs, leave: () => call.leave(), onEnd: () => done() };
    const body = new ReadableStream(new RunStream(reading), { highWaterMark: 0 });
    return new Response(body, { headers: { ...headers, ...STREAMED } });
  }

  /** What the caller gets of a failure before any output. */
  failure(error: unknown): Refusal {
    const { asked } = this.#about;
    const told = refusalOf(namingParameter(error, asked, this.#options.router));
    const { attempts, provider } = QwenError.isInstance(error) ? error : {};
    const headers = this.#headers({ provider, attempts: attempts?.length, warnings: [] });
    const { status, message, type, param, code } = told;
    return new Refusal({
      status,
      code: code ?? undefined,
      message,
      type,
      param: PARAMETERS[param ?? ""] ?? param,
      headers: { ...headers, ...told.headers },
    });
  }

  #begin(signal: AbortSignal): {
    events: AnswerEvents;
    stream: RouterStream;
    end: () => void;
  } {
    const { winners, router } = this.#options;
    const { requestId } = this.#about.call;
    winners.follow(requestId);
    const onWhole = (finish: RouterFinishPart): void => this.#keep(finish.conversation);
    const events = new AnswerEvents({ pen: this.#writer, calls: this.#calls, onWhole });
    const stream = router.stream(this.#request(signal));
    return { events, stream, end: () => winners.forget(requestId) };
  }

  #request(signal: AbortSignal): RouterRequest {
    const { asked, call, settled, watch } = this.#about;
    const { model, settings } = asked;
    return {
      model,
      messages: this.#messages,
      settings,
      signal,
      requestId: call.requestId,
      ...(this.#conversation !== undefined && {
        conversation: this.#conversation,
        onConversationLost: "restart" as const,
      }),
      ...asAsked(settled, watch.elapsedMs()),
    };
  }

  /** A whole answer, by the same pen as one that is streamed. */
  #write(completion: Completion): void {
    const writer = this.#writer;
    const { text, reasoning, toolCalls, files, sources, finishReason, usage, model, conversation } = completion;
    if (reasoning !== "") writer.reasoning(reasoning);
    if (text !== "") writer.text(text);
    for (const source of sources) writer.source(source);
    for (const file of files) writer.file(file);
    for (const call of toolCalls) toldCall(writer.toolCall(this.#calls.call(call)));
    writer.finish({ reason: finishReason, usage, model });
    this.#keep(conversation);
  }

  #keep(conversation: string | undefined): void {
    const { asked, call, ids } = this.#about;
    if (!asked.store) return;
    const response = this.#writer.resource();
    const [all, before] = [[...this.#before, ...this.#input], this.#before.length];
    const { model } = asked;
    this.#options.kept.keep(ownerOf(call), ids.id, { response, asked: all, before, model }, conversation);
  }

  #winner(): Winner | undefined {
    return this.#options.winners.of(this.#about.call.requestId);
  }

  #headers(known: {
    readonly provider?: string | undefined;
    readonly attempts?: number | undefined;
    readonly warnings: readonly { readonly feature: string }[];
  }): Record<string, string> {
    const { asked, settled, watch } = this.#about;
    const warnings = [...settled.cut, ...asked.ignored, ...known.warnings.map(({ feature }) => feature)];
    return answerHeaders({ route: asked.model, ...known, warnings, overheadMs: watch.overheadMs() });
  }
}

async function previousIn(recall: Recall, id: string): Promise<KeptResponse> {
  const previous = await recall.response(id);
  if (previous !== undefined && CAN_GO_ON.has(String(previous.response["status"]))) return previous;
  throw new Refusal({
    status: 400,
    code: "previous_response_not_found",
    param: "previous_response_id",
    message:
      "There is no such response that could be gone on with: it was never made by this key, or not kept, or not for so long.",
  });
}

const CAN_GO_ON: ReadonlySet<string> = new Set(["completed", "incomplete"]);

/** What chat completions call otherwise. */
const PARAMETERS: Readonly<Record<string, string>> = { messages: "input", response_format: "text.format" };
