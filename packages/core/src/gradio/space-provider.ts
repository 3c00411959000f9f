import { checkRequest, findUnsupported } from "../capabilities.ts";
import { copyOf } from "../error-copy.ts";
import { NoSuchModelError, QwenError } from "../errors.ts";
import { weightOfPart } from "../part-weight.ts";
import { produce, type Production } from "../produce.ts";
import type { ModelInfo, Provider, ProviderPart, ProviderRequest, Warning } from "../provider.ts";
import { shortened } from "../nearest.ts";
import { readOption, type Rule } from "../options.ts";
import { readProviderRequest } from "../request.ts";
import { readNow } from "../snapshot.ts";
import { readTimeouts, resolveTimeouts } from "../timers.ts";
import type { SpaceTarget } from "./address.ts";
import { runAnswer } from "./answer-run.ts";
import type { AnswerLocation } from "./answer.ts";
import type { ClientOptions } from "./client-options.ts";
import { createClient } from "./client.ts";
import { createConversations } from "./conversations.ts";
import { trackEndpoint } from "./tracked-endpoint.ts";
import type { FileData } from "./upload.ts";

/** Options that every provider of a Space takes. */
export interface SpaceProviderOptions<Id extends string = string> extends ClientOptions {
  /** Another Space that speaks the same wire: `owner/name` or a URL. */
  readonly space?: SpaceTarget | undefined;
  /**
   * Which http(s) URLs in messages are fetched: those of public addresses, or any. Say "any" only where you trust whoever
   * writes the messages with all that this machine can reach.
   *
   * @defaultValue "public"
   */
  readonly urls?: "public" | "any" | undefined;
  /** Another id, to register two of the same kind in one router. */
  readonly id?: Id | undefined;
}

/** What makes a Space a provider. */
export interface SpaceDefinition<Id extends string, Model extends ModelInfo> {
  readonly id: Id;
  /** The default first. */
  readonly models: readonly [Model, ...Model[]];
  readonly space: SpaceTarget;
  /** Name of the endpoint that answers. */
  readonly endpoint: string;
  /** Its `fn_index`, to call it without asking for `/config` first; checked against that after the first text. */
  readonly fnIndex?: number | undefined;
  /** "" for a Gradio before 5. A guess that saves a request. @defaultValue "/gradio_api" */
  readonly apiPrefix?: string | undefined;
  /** The inputs of the endpoint for a request. */
  inputs(request: SpaceRequest, session: InputSession): readonly unknown[] | Promise<readonly unknown[]>;
  /** What the outputs look like; checked on the first and the final ones. */
  readonly outputs: OutputSchema;
  readonly answer: AnswerLocation;
}

/** A request as a Space sees it. */
export type SpaceRequest = Pick<ProviderRequest, "messages" | "settings" | "providerOptions"> & {
  readonly model: string;
};

/** The session that a request runs in, for what must be sent to the Space before its inputs. */
export interface InputSession {
  /** Whether the server holds the earlier turns already: then only the newest message is to be sent. */
  readonly continued: boolean;
  readonly signal: AbortSignal;
  /** Runs another endpoint of the Space in this session, not on the queue, and resolves with its outputs. */
  predict(
    target: { readonly endpoint: string; readonly fnIndex: number },
    inputs: readonly unknown[],
  ): Promise<readonly unknown[]>;
  /** Sends a file to the Space. */
  upload(
    file: Blob | ArrayBuffer | ArrayBufferView,
    options?: { readonly filename?: string | undefined },
  ): Promise<FileData>;
  /**
   * The bytes in a `data:` URL, or behind an http(s) URL: fetched with nothing of the caller's, within half of
   * `firstOutputMs`, half of `totalMs` and 30 s. Of any address but a public one, unless the provider was made with `urls: "any"`, of more
   * than `maxBytes` and of whatever else goes wrong it rejects with `invalid_request`, which never counts for a provider.
   */
  download(url: URL | string, options: { readonly maxBytes: number }): Promise<Uint8Array>;
  /** Says in `finish.warnings` what of the request could not be honoured. */
  warn(warning: Warning): void;
}

/** Any schema of the Standard Schema specification that checks synchronously, such as one of zod. */
export interface OutputSchema {
  readonly "~standard": {
    readonly version: 1;
    validate(
      value: unknown,
    ): { readonly issues?: readonly { readonly message: string }[] | undefined } | Promise<unknown>;
  };
}

/**
 * Turns a Gradio Space into a provider.
 *
 * The first call is two requests on one connection; `/config` is read after the first text, to make
 * sure that the endpoint is still the one that was meant. The final value of a job always wins.
 */
export function createSpaceProvider<
  const Id extends string,
  const Model extends ModelInfo,
  const Given extends string = Id,
>(definition: SpaceDefinition<Id, Model>, options: SpaceProviderOptions<Given> = {}): Provider<NoInfer<Given>, Model> {
  const client = createClient(options.space ?? definition.space, { ...options, apiPrefix: definition.apiPrefix });
  const endpoint = trackEndpoint(client, definition);
  const conversations = createConversations();
  // Without a given id, Given is Id by its default, which the compiler cannot see here.
  const id = readOption("id", options.id, anId) ?? (definition.id as string as Given);
  const ownTimeouts = readTimeouts(options.timeouts);

  async function answer(request: ProviderRequest, production: Production<ProviderPart>): Promise<void> {
    const model = modelOf(definition, request.model);
    checkRequest(request);
    const unsupported = findUnsupported(model, request);
    if (unsupported !== undefined) throw unsupported;
    const turn = model.capabilities.conversation ? conversations.begin(request.conversation) : undefined;
    // At once: whoever left a turn and asks again must not find it busy.
    if (turn !== undefined) production.stop.add(() => turn.fail());
    const timeouts = resolveTimeouts(request.timeouts, ownTimeouts);
    const run = { client, endpoint, definition, request, model, turn, timeouts };
    try {
      production.push(await runAnswer(run, production));
    } catch (error) {
      turn?.fail();
      throw error;
    }
  }

  return {
    id,
    models: definition.models,
    timeouts: ownTimeouts,
    stream(request) {
      const asked = readNow(() => readProviderRequest(request));
      return produce<ProviderPart>(
        async (production) => {
          try {
            await answer(asked.take(), production);
          } catch (error) {
            throw QwenError.isInstance(error) ? copyOf(error, { provider: id }) : error;
          }
        },
        { signal: asked.value?.signal, weigh: weightOfPart },
      );
    },
    close: client.close,
  };
}

const anId: Rule = (value) =>
  typeof value === "string" && value !== "" && !value.includes("/")
    ? undefined
    : 'a string that is not empty, without "/"';

function modelOf({ id, models }: SpaceDefinition<string, ModelInfo>, name: string | undefined): ModelInfo {
  if (name === undefined) return models[0];
  const model = models.find((known) => known.id === name || known.aliases.includes(name));
  if (model === undefined) {
    const asked = shortened(typeof name === "string" ? name : `(${typeof name})`);
    throw new NoSuchModelError(asked, { available: models.map((known) => `${id}/${known.id}`) });
  }
  return model;
}
