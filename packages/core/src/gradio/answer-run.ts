import { warnOfSettings } from "../capabilities.ts";
import { QwenError } from "../errors.ts";
import type { Production } from "../produce.ts";
import type { FinishPart, ModelInfo, ProviderPart, ProviderRequest, Warning } from "../provider.ts";
import { sleep, within, type ResolvedTimeouts } from "../timers.ts";
import { AnswerReader } from "./answer.ts";
import type { SpaceClient } from "./client.ts";
import { conversationExpired, type Turn } from "./conversations.ts";
import { download } from "./download.ts";
import { startJob } from "./job.ts";
import { runUnqueued } from "./run.ts";
import { createSession, type Session } from "./session.ts";
import type { InputSession, OutputSchema, SpaceDefinition } from "./space-provider.ts";
import { trackEndpoint, type TrackedEndpoint } from "./tracked-endpoint.ts";
import { uploadFile } from "./upload.ts";

/** Longest time a whole answer waits to learn which start of the app holds its conversation, in ms. */
const APP_ID_MS = 5000;

/** One request on its way through a Space. */
export interface AnswerRun {
  readonly client: SpaceClient;
  readonly endpoint: TrackedEndpoint;
  readonly definition: SpaceDefinition<string, ModelInfo>;
  readonly request: ProviderRequest;
  readonly model: ModelInfo;
  /** Present where the model holds conversations. */
  readonly turn: Turn | undefined;
  readonly timeouts: ResolvedTimeouts;
}

/**
 * Answers a request: pushes its parts and resolves with the finish.
 *
 * A session that the server does not know right after it took the job means replicas that share
 * none; one new session is tried, unless something was said already.
 */
export async function runAnswer(run: AnswerRun, production: Production<ProviderPart>): Promise<FinishPart> {
  let said = false;
  const watched: Production<ProviderPart> = {
    ...production,
    push(part) {
      said = true;
      production.push(part);
    },
  };
  try {
    return await answerOnce(run, watched);
  } catch (error) {
    if (!QwenError.isInstance(error)) throw error;
    // An endpoint that is gone may come back, as after a bad deployment: the next call looks again.
    if (error.code === "space_changed" && !run.endpoint.current().verified) run.client.forgetConfig();
    if (error.code !== "session_not_found" || said) throw error;
    if (run.turn?.saved !== undefined) throw conversationExpired("the Space no longer knows its session");
    return answerOnce(run, production);
  }
}

async function answerOnce(run: AnswerRun, production: Production<ProviderPart>): Promise<FinishPart> {
  const { client, definition, request, model, turn } = run;
  const { saved } = turn ?? {};
  const session = createSession(client, { saved, headers: request.headers });
  const warnings: Warning[] = [];
  const checks: (() => Promise<void>)[] = [];
  // Whoever holds a conversation must know which start of the app does: a restart forgets it silently.
  const appId = turn === undefined ? undefined : client.refreshConfig().then((config) => config.appId);
  // Awaited below; until then it is nobody's unhandled rejection.
  const appIdIfRead = appId?.catch(() => undefined);

  try {
    const inputs = await definition.inputs(
      { ...request, model: model.id },
      inputSession(run, { session, warnings, checks, signal: production.stop.signal }),
    );
    if (turn?.appId !== undefined && (await appId) !== turn.appId)
      throw conversationExpired("the Space was restarted and has forgotten it");
    await runJob(run, { session, inputs, production });
  } catch (error) {
    if (mayHaveChanged(error)) for (const check of checks) await check();
    throw error;
  }

  const conversation = turn?.succeed(session, appIdIfRead && (await within(APP_ID_MS, appIdIfRead)));
  return {
    type: "finish",
    reason: "stop",
    warnings: [...warnOfSettings(request.settings), ...warnings],
    ...(conversation === undefined ? {} : { conversation }),
  };
}

function inputSession(
  { client, turn, timeouts }: AnswerRun,
  {
    session,
    warnings,
    checks,
    signal,
  }: {
    readonly session: Session;
    readonly warnings: Warning[];
    /** Look, after a failure, whether a guessed `fn_index` was the right one. */
    readonly checks: (() => Promise<void>)[];
    readonly signal: AbortSignal;
  },
): InputSession {
  return {
    continued: turn?.saved !== undefined,
    signal,
    predict(target, inputs) {
      const endpoint = trackEndpoint(client, target);
      const { fnIndex = target.fnIndex } = endpoint.current();
      checks.push(() => endpoint.verify(fnIndex));
      return runUnqueued({ session, fnIndex, inputs, signal, timeouts });
    },
    upload: (file, options) => uploadFile(session, file, { ...options, signal, timeouts }),
    download: (url, { maxBytes }) => download(client, { url, maxBytes, signal, timeouts }),
    warn: (warning) => void warnings.push(warning),
  };
}

async function runJob(
  { client, endpoint, definition, request, turn, timeouts }: AnswerRun,
  {
    session,
    inputs,
    production,
  }: { readonly session: Session; readonly inputs: readonly unknown[]; readonly production: Production<ProviderPart> },
): Promise<void> {
  const { push, steer } = production;
  const { signal } = production.stop;
  const { fnIndex, verified } = endpoint.current();
  const changed = new AbortController();
  let verification: Promise<void> | undefined;
  const reader = new AnswerReader(definition.answer, {
    whole: fnIndex === undefined,
    check: (outputs) => problemIn(definition.outputs, outputs),
  });

  const job = startJob({
    session,
    endpoint: definition.endpoint,
    fnIndex,
    inputs,
    signal: verified ? signal : AbortSignal.any([signal, changed.signal]),
    timeouts,
    maxQueueMs: request.maxQueueMs,
    earlyStream: client.earlyStream && turn?.saved === undefined,
    partialText: () => reader.text(),
    onMessage(message) {
      if (message.type === "started") return false;
      const part = message.type === "generating" ? reader.generating(message.data) : message;
      if (part === undefined) return false;
      push(part);
      const output = (part.type === "text-delta" || part.type === "text-replace") && part.text.trim() !== "";
      if (output && !verified && verification === undefined) {
        // Not in this turn: the consumer is to have the text before the next request is made.
        verification = sleep(0, signal).then(() => endpoint.verify(fnIndex));
        verification.catch((error: unknown) => changed.abort(error));
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
  return error.code === "protocol" || error.status === 500 || error.status === 400 || error.status === 422;
}

/** What is wrong with the outputs, by the definition's schema. */
function problemIn(schema: OutputSchema, outputs: readonly unknown[]): string | undefined {
  const result = schema["~standard"].validate(outputs);
  if (result instanceof Promise) throw new TypeError("The schema of a Space's outputs must check synchronously.");
  return result.issues?.map(({ message }) => message).join("; ");
}
