import { copyOf } from "../error-copy.ts";
import { field } from "../field.ts";
import { QwenError } from "../errors.ts";
import { readHeaders } from "../headers.ts";
import { shortened } from "../nearest.ts";
import {
  aFlag,
  anAbortSignal,
  aTableOf,
  entriesOf,
  type OptionNames,
  oneOf,
  readOption,
  requireNow,
} from "../options.ts";
import type { StreamPart } from "../part.ts";
import type { ProviderRequest } from "../provider.ts";
import { checkIsRequest, readAsked, REQUEST_NAMES } from "../request.ts";
import { aRequestId, newRequestId } from "../request-id.ts";
import { readOnce } from "../read-once.ts";
import { readTimeouts } from "../timers.ts";
import { readAtMost, type AtMost } from "./at-most.ts";
import { readSharedSettings, type CommitPoint, type HedgeOptions } from "./attempt-settings.ts";
import { readOutput, type Output, type OutputOption } from "./output.ts";
import type { RetryOptions } from "./retry.ts";

/** What is asked of a router. What it shares with the router's options is stronger than those. */
export interface RouterRequest<Names extends string = string> extends Omit<
  ProviderRequest,
  "model" | "headers" | "keepText"
> {
  /** A model id, an alias, a route, or `provider/model`. */
  readonly model: Names;
  /** Headers for the requests to a provider, by its id: what is meant for one never reaches another. */
  readonly headers?: Readonly<Record<string, Readonly<Record<string, string>> | undefined>> | undefined;
  /** Stronger than the router's, name by name. */
  readonly retry?: RetryOptions | undefined;
  /**
   * Whether the text and thoughts that were passed on are kept until the request ends: for `completion`, and as the `text` of a
   * `stream_interrupted`. `false` is for who hands a stream on to a reader who may be slow, such as a server: `completion` rejects with a
   * `TypeError` then, that `text` may be empty, and a long answer takes no more memory than what waits. They are kept all the same where
   * an answer is to be gone on with (`commit: "continue"`) and where `shouldRetry` is to see it. `complete()` keeps all that it is to give.
   *
   * @defaultValue true
   */
  readonly keepText?: boolean | undefined;
  /** `complete()` is always `buffered`. */
  readonly commit?: CommitPoint | undefined;
  /** `false` switches hedging off. */
  readonly hedge?: HedgeOptions | false | undefined;
  /**
   * What to do when the conversation cannot go on: fail with `conversation_expired`, or begin a new
   * one with the whole history, at any candidate.
   *
   * @defaultValue "fail"
   */
  readonly onConversationLost?: "fail" | "restart" | undefined;
  /**
   * Limits of somebody who may have less than others and never more: each holds only where it is below what holds without it.
   *
   * @defaultValue none
   */
  readonly atMost?: AtMost | undefined;
}

/** What is asked of a router that is to answer with an object. */
export interface ObjectRequest<Names extends string = string, Value = unknown> extends RouterRequest<Names> {
  /**
   * What the answer is to be: a Standard Schema, of zod or any other library. It is asked for natively of models with `json`,
   * in the prompt of others, in both where the schema tells no JSON Schema; and the answer is cut out of fences and prose, what is
   * thought before a `</think>` left aside, and checked.
   *
   * What does not fit is `invalid_output`: the same provider is asked once again, with what was wrong, then the next. In a
   * `conversation` it is asked in the one that its answer left, if it left one, and there is no next. Goes with neither
   * `settings.tools` nor `settings.responseFormat`.
   */
  readonly output: OutputOption<Value>;
}

/** Options of `router.complete()`. */
export interface CompleteOptions {
  /**
   * Watches parts as they come, while the answer is held until it is whole: queues, progress, and what attempts say, one attempt
   * at a time. An `attempt` part begins each one that is told, also after one whose text came to nothing: what follows is its own
   * up to the next `attempt`. Of those side by side the oldest is told. Once it fails, or another one answers, that other is
   * told: its `attempt`, all it has said so far (not where it stood in a queue, nor its progress), and the rest as it comes. One
   * that fails before is not told. `finish` comes last. Parts are copies. What it throws or a promise that rejects disturbs
   * nothing.
   *
   * @defaultValue nobody watches
   */
  readonly onPart?: ((part: StreamPart) => void) | undefined;
}

/** A request as it was read, with an id of its own where it was given none. */
export type ReadRequest = RouterRequest & { readonly output?: Output | undefined; readonly requestId: string };

/**
 * A request as it stands at the call. `providers` are the ids that headers may be meant for.
 *
 * Throws a `TypeError` for an option that is none, and `invalid_request` for what is no request at all. Its model and messages
 * are looked at when it is sent.
 */
export function readRouterRequest(
  request: RouterRequest & Partial<ObjectRequest>,
  providers: ReadonlySet<string>,
): ReadRequest {
  checkIsRequest(request);
  const read = readOnce("A request", request, NAMES);
  const { model, messages, requestId, settings, providerOptions, signal, conversation, onConversationLost } = read;
  const { timeouts, headers, commit, retry, hedge, maxQueueMs, keepText, atMost, output } = read;
  const asked = readAsked({ messages, settings, providerOptions });
  return {
    ...asked,
    ...readSharedSettings({ commit, retry, hedge, maxQueueMs }),
    model,
    conversation,
    requestId: readOption("requestId", requestId, aRequestId) ?? newRequestId(),
    signal: readOption("signal", signal, anAbortSignal),
    onConversationLost: readOption("onConversationLost", onConversationLost, onLost),
    keepText: readOption("keepText", keepText, aFlag),
    timeouts: readTimeouts(timeouts),
    atMost: readAtMost(atMost),
    headers: headers === undefined ? undefined : readHeadersById(headers, providers),
    output: readOutput(output, asked.settings),
  };
}

/** What is known of a request that could not be read: its id, where that is one, and the name it asks for. */
export function labelOf(request: unknown): { readonly requestId: string; readonly model: string } {
  // Each by itself: what is wrong with the request may be that another field of it throws.
  const requestId = field(() => (request as RouterRequest).requestId);
  const model = field(() => (request as RouterRequest).model);
  const isKnown = requestId !== undefined && aRequestId(requestId) === undefined;
  return { requestId: isKnown ? requestId : newRequestId(), model: nameOf(model) };
}

/** An error that says which request it ends, if it is one of the family. */
export function ofRequest(error: unknown, { requestId }: { readonly requestId: string }): unknown {
  return QwenError.isInstance(error) ? copyOf(error, { requestId }) : error;
}

/** A name that was asked for, as events tell it: it may be of any kind and length. */
export function nameOf(model: unknown): string {
  return typeof model === "string" ? shortened(model) : `(${model === null ? "null" : typeof model})`;
}

const onLost = oneOf("fail", "restart");

/** The names of a request's options, for slips of the finger. */
const NAMES: OptionNames<ObjectRequest> = {
  ...REQUEST_NAMES,
  retry: true,
  commit: true,
  hedge: true,
  onConversationLost: true,
  atMost: true,
  output: true,
};

const headersById = aTableOf("headers by provider id");

function readHeadersById(
  headers: NonNullable<RouterRequest["headers"]>,
  providers: ReadonlySet<string>,
): NonNullable<RouterRequest["headers"]> {
  requireNow("headers", headers, headersById);
  const entries = entriesOf("headers", headers).filter(([, own]) => own !== undefined);
  for (const [id] of entries) {
    if (providers.has(id)) continue;
    throw new TypeError(
      `The \`headers\` of a router's request are keyed by provider id, as in { ${[...providers][0] ?? "id"}: { … } }, and "${shortened(id)}" is none. Providers: ${[...providers].slice(0, MOST_IDS).join(", ") || "none"}.`,
    );
  }
  return Object.fromEntries(entries.map(([id, own]) => [id, readHeaders(`headers.${id}`, own)]));
}

/** So many ids stand in an error. */
const MOST_IDS = 30;
