import { QwenError } from "../errors.ts";
import { produce, type Production } from "../produce.ts";
import type { Timeouts } from "../provider.ts";
import { readNow } from "../snapshot.ts";
import { readTimeouts, resolveTimeouts } from "../timers.ts";
import type { SpaceTarget } from "./address.ts";
import type { ClientOptions } from "./client-options.ts";
import { createClient, type SpaceClient } from "./client.ts";
import { endpointsInWords, findEndpoint, type Endpoint } from "./config.ts";
import { startJob } from "./job.ts";
import { OutputFollower } from "./outputs.ts";
import { runUnqueued } from "./run.ts";
import { createSession } from "./session.ts";
import { readSubmission, readUpload, type SubmitOptions } from "./submit-options.ts";
import { uploadFile, type FileData, type UploadOptions } from "./upload.ts";

/** A Gradio app: a Space of Hugging Face, or one anywhere. */
export interface Space {
  readonly url: URL;

  /** Reads which endpoints there are, from `/config`. */
  endpoints(): Promise<readonly Endpoint[]>;

  /**
   * Runs an endpoint and yields what its job says, the final `completed` last; or throws.
   *
   * Work starts at the first `next()`. Ending the iteration early, or aborting, stops the job on the
   * server. No value that was yielded changes later.
   */
  submit(
    endpoint: string | number,
    inputs: readonly unknown[],
    options?: SubmitOptions,
  ): AsyncIterableIterator<SpaceMessage, undefined>;

  /** Runs an endpoint to its end and resolves with its final outputs, one value each. */
  predict(endpoint: string | number, inputs: readonly unknown[], options?: SubmitOptions): Promise<readonly unknown[]>;

  /** Sends a file. What it resolves with is an input for an endpoint that takes a file. */
  upload(file: Blob | ArrayBuffer | ArrayBufferView, options?: UploadOptions): Promise<FileData>;

  /** Waits for clean-ups on the server and closes idle connections. The Space stays usable. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

// How large a message is taken to be.
const MESSAGE_BYTES = 1024;

const SPACE_TIMEOUTS: Timeouts = { firstOutputMs: 300_000 };

/** What a job of a Space says. */
export type SpaceMessage =
  | {
      readonly type: "queue";
      readonly position: number;
      readonly size: number | undefined;
      readonly etaMs: number | undefined;
    }
  | { readonly type: "started" }
  | { readonly type: "progress"; readonly message: string | undefined; readonly fraction: number | undefined }
  | { readonly type: "log"; readonly level: "info" | "warning" | "success" | "error"; readonly message: string }
  /** The outputs so far, whole. */
  | { readonly type: "generating"; readonly data: readonly unknown[] }
  /** The final outputs. */
  | { readonly type: "completed"; readonly data: readonly unknown[] };

/**
 * Connects to a Gradio Space, version 4 to 6. Nothing is sent yet: the first call is two requests on
 * one connection.
 *
 * Throws a `TypeError` for what is neither `owner/name` nor an http(s) URL.
 *
 * @example
 * ```ts
 * const space = connectSpace("https://qwen-qwen2-5-max-demo.hf.space");
 * for await (const message of space.submit("/model_chat", ["Hi", [], ""])) console.log(message);
 * ```
 */
export function connectSpace(target: SpaceTarget, options: ClientOptions = {}): Space {
  const client = createClient(target, options);
  const ownTimeouts = readTimeouts(options.timeouts);

  async function run(
    which: string | number,
    inputs: readonly unknown[],
    submitOptions: SubmitOptions,
    production: Production<SpaceMessage>,
  ): Promise<readonly unknown[]> {
    const { push, steer } = production;
    const { signal } = production.stop;
    const timeouts = resolveTimeouts(submitOptions.timeouts, ownTimeouts, SPACE_TIMEOUTS);
    const session = createSession(client, { headers: submitOptions.headers });
    const endpoint = knownEndpoint(client, which);
    if (endpoint?.queue === false) return runUnqueued({ session, fnIndex: endpoint.fnIndex, inputs, signal, timeouts });
    const fnIndex = endpoint?.fnIndex ?? (typeof which === "number" ? which : undefined);
    const outputs = new OutputFollower({ whole: fnIndex === undefined });
    const job = startJob({
      session,
      endpoint: endpoint?.name ?? (typeof which === "string" ? which : undefined),
      fnIndex,
      inputs,
      signal,
      timeouts,
      maxQueueMs: submitOptions.maxQueueMs,
      earlyStream: client.earlyStream,
      partialText: () => "",
      onMessage(message) {
        if (message.type !== "generating") {
          push(message);
          // Of an endpoint of any kind, work that is reported is work: it may take longer than a first word.
          return message.type === "progress" || message.type === "log";
        }
        const data = outputs.generating(message.data);
        if (data !== undefined) push({ type: "generating", data });
        return true;
      },
    });
    steer(job);
    try {
      const { data } = await job.completion;
      if (data === undefined)
        throw new QwenError("empty_response", `${client.url.host} ended the job without outputs.`);
      return outputs.completed(data);
    } catch (error) {
      // A wrong name answers 500 like any failure, and so does an app that was changed. Now that it costs nothing, look.
      if (QwenError.isInstance(error) && error.status === 500) {
        const refreshed = await client.refreshConfig().catch(() => undefined);
        if (refreshed !== undefined) knownEndpoint(client, which);
      }
      throw error;
    }
  }

  function submit(
    which: string | number,
    inputs: readonly unknown[],
    submitOptions: SubmitOptions = {},
  ): AsyncIterableIterator<SpaceMessage, undefined> {
    const asked = readNow(() => readSubmission({ endpoint: which, inputs, options: submitOptions }));
    return produce<SpaceMessage>(
      async (production) => {
        const { endpoint, inputs: values, options: ownOptions } = asked.take();
        const data = await run(endpoint, values, ownOptions, production);
        production.push({ type: "completed", data });
        // Read behind the first call, so that later ones get edits instead of whole values.
        if (client.knownConfig() === undefined) client.background(client.config().then(() => undefined));
      },
      { signal: asked.value?.options.signal, weigh: () => MESSAGE_BYTES },
    );
  }

  async function close(): Promise<void> {
    await client.close();
  }

  return {
    url: client.url,
    async endpoints() {
      return (await client.config()).endpoints;
    },
    submit,
    async predict(endpoint, inputs, submitOptions) {
      for await (const message of submit(endpoint, inputs, submitOptions))
        if (message.type === "completed") return message.data;
      throw new QwenError("protocol", "The job ended without completing.");
    },
    upload: async (file, uploadOptions) =>
      uploadFile(createSession(client), file, { timeouts: ownTimeouts, ...readUpload(uploadOptions) }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The endpoint, where `/config` is known. Throws `invalid_request` for one it does not have. */
function knownEndpoint(client: SpaceClient, which: string | number): Endpoint | undefined {
  const config = client.knownConfig();
  if (config === undefined) return undefined;
  const endpoint = findEndpoint(config, which);
  if (endpoint === undefined) {
    throw new QwenError(
      "invalid_request",
      `${client.url.host} has no endpoint ${JSON.stringify(which).slice(0, 80)}. It has ${endpointsInWords(config)}.`,
    );
  }
  return endpoint;
}
