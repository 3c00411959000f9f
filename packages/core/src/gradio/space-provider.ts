import { checkRequest, findUnsupported, warnOfSettings } from "../capabilities.ts";
import { NoSuchModelError, QwenError } from "../errors.ts";
import { produce, type Production } from "../produce.ts";
import type { ModelInfo, Provider, ProviderPart, ProviderRequest, Timeouts } from "../provider.ts";
import { resolveTimeouts } from "../timers.ts";
import type { SpaceTarget } from "./address.ts";
import { createAnswerReader, type AnswerLocation } from "./answer.ts";
import { createClient, type ClientOptions } from "./client.ts";
import { startJob } from "./job.ts";
import { createSession, type Session } from "./session.ts";
import { trackEndpoint, type TrackedEndpoint } from "./tracked-endpoint.ts";

/** Options that every provider of a Space takes. */
export interface SpaceProviderOptions<Id extends string = string> extends ClientOptions {
  /** Another Space that speaks the same wire: `owner/name` or a URL. */
  readonly space?: SpaceTarget | undefined;
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
  readonly signal: AbortSignal;
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
  // Without a given id, Given is Id by its default, which the compiler cannot see here.
  const id = options.id ?? (definition.id as string as Given);

  async function answer(request: ProviderRequest, production: Production<ProviderPart>): Promise<void> {
    const model = modelOf(definition, request.model);
    checkRequest(request);
    const unsupported = findUnsupported(model, request);
    if (unsupported !== undefined) throw unsupported;
    const session = createSession(client, { headers: request.headers });
    const inputs = await definition.inputs({ ...request, model: model.id }, { signal: production.signal });
    await runAnswer({ request, session, inputs, endpoint, definition, timeouts: options.timeouts }, production);
    production.push({ type: "finish", reason: "stop", warnings: warnOfSettings(request.settings) });
  }

  return {
    id,
    models: definition.models,
    timeouts: options.timeouts,
    stream: (request) =>
      produce<ProviderPart>(
        async (production) => {
          try {
            await answer(request, production);
          } catch (error) {
            if (QwenError.isInstance(error)) error.provider ??= id;
            throw error;
          }
        },
        { signal: request.signal },
      ),
    close: client.close,
  };
}

interface AnswerRun {
  readonly request: ProviderRequest;
  readonly session: Session;
  readonly inputs: readonly unknown[];
  readonly endpoint: TrackedEndpoint;
  readonly definition: SpaceDefinition<string, ModelInfo>;
  readonly timeouts: Timeouts | undefined;
}

/** Runs the job and pushes its parts, all but the finish. */
async function runAnswer(
  { request, session, inputs, endpoint, definition, timeouts }: AnswerRun,
  { push, signal, steer }: Production<ProviderPart>,
): Promise<void> {
  const { fnIndex, verified } = endpoint.current();
  const mismatch = new AbortController();
  const reader = createAnswerReader(definition.answer, {
    whole: fnIndex === undefined,
    check: (outputs) => problemIn(definition.outputs, outputs),
  });
  let verification: Promise<void> | undefined;

  const job = startJob({
    session,
    endpoint: definition.endpoint,
    fnIndex,
    inputs,
    signal: AbortSignal.any([signal, mismatch.signal]),
    timeouts: resolveTimeouts(request.timeouts, timeouts),
    maxQueueMs: request.maxQueueMs,
    partialText: reader.text,
    onMessage(message) {
      if (message.type === "started") return false;
      const part = message.type === "generating" ? reader.generating(message.data) : message;
      if (part === undefined) return false;
      push(part);
      const output = (part.type === "text-delta" || part.type === "text-replace") && part.text.trim() !== "";
      if (output && !verified && verification === undefined) {
        verification = endpoint.verify(fnIndex);
        verification.catch((error: unknown) => mismatch.abort(error));
      }
      return output;
    },
  });
  steer(job);

  try {
    const { data } = await job.completion;
    const last = data === undefined ? undefined : reader.completed(data);
    if (!verified) await (verification ?? endpoint.verify(fnIndex));
    if (last !== undefined) push(last);
  } catch (error) {
    if (mayHaveChanged(error)) await endpoint.verifyAgain(fnIndex);
    throw error;
  }
}

/** Failures that a Space which was changed under us would show. */
function mayHaveChanged(error: unknown): boolean {
  if (!QwenError.isInstance(error)) return false;
  if (error.code === "space_error") return error.hidden;
  return error.code === "protocol" || error.status === 500 || error.status === 422;
}

function modelOf({ id, models }: SpaceDefinition<string, ModelInfo>, name: string | undefined): ModelInfo {
  if (name === undefined) return models[0];
  const model = models.find((known) => known.id === name || known.aliases.includes(name));
  if (model === undefined) throw new NoSuchModelError(name, { available: models.map((known) => `${id}/${known.id}`) });
  return model;
}

/** What is wrong with the outputs, by the definition's schema. */
function problemIn(schema: OutputSchema, outputs: readonly unknown[]): string | undefined {
  const result = schema["~standard"].validate(outputs);
  if (result instanceof Promise) throw new TypeError("The schema of a Space's outputs must check synchronously.");
  return result.issues?.map(({ message }) => message).join("; ");
}
