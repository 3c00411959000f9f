/// <reference lib="esnext.disposable" preserve="true" />
import { FlowIterator } from "../flow-iterator.ts";
import type { SpaceTarget } from "./address.ts";
import { Call } from "../call.ts";
import { CLIENT_OPTIONS, readNames, type ClientOptions } from "./client-options.ts";
import { readConnection } from "./connection.ts";
import type { SpaceClient } from "./client.ts";
import { readLast } from "./last-outputs.ts";
import { LaterClient } from "./later-client.ts";
import { fileTransfers, jobs, spaceCalls, type SpaceCalls } from "./loaded-later.ts";
import { readNow } from "../snapshot.ts";
import { readTimeouts, resolveTimeouts } from "../timers.ts";
import { Running, type RunningOptions } from "./running.ts";
import { SessionTurns } from "./session-turns.ts";
import type { SpaceEndpoint } from "./space-endpoint.ts";
import type { SpaceMessage } from "./space-message.ts";
import { readSubmission, readUpload, type EndpointInputs, type SubmitOptions } from "./submit-options.ts";
import { withinTotal } from "./total.ts";
import type { FileData, UploadOptions } from "./upload.ts";

/** A Gradio app: a Space of Hugging Face, or one anywhere. */
export interface Space {
  readonly url: URL;

  /** Reads which endpoints there are, and what they take and give, from `/config` and `/info`. */
  endpoints(): Promise<readonly SpaceEndpoint[]>;

  /** What it offers to programs, for a person to read: what its page "Use via API" says. */
  describe(): Promise<string>;

  /**
   * Runs an endpoint and yields what its job says, the final `completed` last; or throws.
   *
   * Work starts at the first `next()`. Ending the iteration early, or aborting, stops the job on the
   * server. What is yielded is its caller's own: no value changes later, or by what is written on another one. So a change is told
   * by a copy of all outputs. Where those are large and change little, over and over, not each change is told: 250,000 values are, and
   * one more for each character of the messages. The next `generating` has what was not told before it, and `completed` all of it.
   * `predict` makes no other copy.
   *
   * Inputs come as a list, or by the names of the endpoint's parameters. What is left out has its default; a name that no
   * parameter has, an argument too many and one that is missing are `invalid_request`, which names the parameters there are. What
   * the server keeps of a session (`gr.State`) is left out, too, or null in a list.
   *
   * That is told before a job is asked for, but where the first call of all has a list. It goes out at once: one with too few is
   * refused by its server before anything is run, and one with too many is told of behind its job. To have that told before as
   * well, await `endpoints()` first.
   */
  submit(
    endpoint: string | number,
    inputs: EndpointInputs,
    options?: SubmitOptions,
  ): AsyncIterableIterator<SpaceMessage, undefined>;

  /** Runs an endpoint to its end and resolves with its final outputs, one value each. */
  predict(endpoint: string | number, inputs: EndpointInputs, options?: SubmitOptions): Promise<readonly unknown[]>;

  /**
   * Opens a session: its calls share what the Space keeps of a visitor (`gr.State`), and run one after the other, first come first
   * served. Nothing is sent yet. One that waits for longer than its `queueMs` is a `timeout`.
   */
  session(): SpaceSession;

  /** Sends a file. What it resolves with is an input for an endpoint that takes a file. */
  upload(file: Blob | ArrayBuffer | ArrayBufferView, options?: UploadOptions): Promise<FileData>;

  /** Waits for clean-ups on the server and closes idle connections. The Space stays usable. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A session of a Space; see {@link Space.session}. */
export interface SpaceSession extends Pick<Space, "submit" | "predict"> {
  /** Ends its calls, each with an `AbortError`, and waits for clean-ups on the server. It takes no more calls: they are a `TypeError`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Connects to a Gradio Space, version 4 to 6. Nothing is sent yet: a first call whose inputs are a list is two requests on
 * one connection, any other one asks for `/config` and `/info` before. One that sleeps is woken and waited for.
 *
 * Throws a `TypeError` for what is neither `owner/name` nor an http(s) URL, and for an option that is none.
 *
 * @example
 * ```ts
 * const space = connectSpace("https://qwen-qwen2-5-max-demo.hf.space");
 * for await (const message of space.submit("/model_chat", ["Hi", [], ""])) console.log(message);
 * ```
 */
export function connectSpace(target: SpaceTarget, givenOptions: ClientOptions = {}): Space {
  const options = readNames("A Space", givenOptions, CLIENT_OPTIONS);
  const connection = readConnection(target, options);
  const client = new LaterClient(connection);
  const timeouts = readTimeouts(options.timeouts);

  function call(
    endpoint: string | number,
    inputs: EndpointInputs,
    submitOptions: SubmitOptions = {},
    { lastOnly = false, turns }: Pick<RunningOptions, "lastOnly" | "turns"> = {},
  ): Call<SpaceMessage> {
    const asked = readNow(() => {
      turns?.require();
      return readSubmission({ endpoint, inputs, options: submitOptions });
    });
    const signals = [turns?.signal, asked.value?.options.signal].filter((one) => one !== undefined);
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    return new Call(new Running({ client, timeouts, lastOnly, turns }, asked.take), asked.value && signal);
  }

  function callsIn(turns?: SessionTurns): Pick<Space, "submit" | "predict"> {
    return {
      submit: (...[endpoint, inputs, submitOptions]) =>
        new FlowIterator(call(endpoint, inputs, submitOptions, { turns }).flow),
      predict: (...[endpoint, inputs, submitOptions]) =>
        readLast(call(endpoint, inputs, submitOptions, { lastOnly: true, turns }).flow),
    };
  }

  function session(): SpaceSession {
    const turns = new SessionTurns();
    const end = async (): Promise<void> => {
      turns.close();
      await client.settled();
    };
    return { ...callsIn(turns), close: end, [Symbol.asyncDispose]: end };
  }

  /** Looks at what it says of itself. */
  async function look<Value>(
    read: (calls: SpaceCalls, asked: SpaceClient, signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const { totalMs } = resolveTimeouts(timeouts);
    return withinTotal(totalMs, async (signal) => {
      const calls = spaceCalls.now ?? (await spaceCalls.load());
      const asked = calls.clientOf(client);
      return calls.whenAwake({ client: asked, stop: signal }, () => read(calls, asked, signal));
    });
  }

  async function close(): Promise<void> {
    await client.close();
  }

  return {
    // A copy: what becomes of it must not change where the client sends its token.
    url: new URL(connection.url),
    endpoints: () => look(({ readEndpoints }, asked, signal) => readEndpoints(asked, signal)),
    describe: () => look(({ describeInWords }, asked, signal) => describeInWords(asked, signal)),
    ...callsIn(),
    session,
    async upload(file, given) {
      const uploadOptions = readUpload(given);
      const limits = resolveTimeouts(uploadOptions?.timeouts, timeouts);
      const send = async (signal: AbortSignal): Promise<FileData> => {
        const [{ clientOf, Session, whenAwake }, { uploadFile }] = await Promise.all([
          jobs.load(),
          fileTransfers.load(),
        ]);
        const asked = clientOf(client);
        return whenAwake({ client: asked, stop: signal }, () =>
          uploadFile(new Session(asked), file, { ...uploadOptions, timeouts: limits, signal }),
        );
      };
      return withinTotal(limits.totalMs, send, uploadOptions?.signal);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
