import type { ModelInfo, ProviderRequest } from "../provider.ts";
import type { Warning } from "../part.ts";
import type * as builders from "../schema/schema.ts";
import type { SpaceTarget } from "./address.ts";
import type { AnswerLocation } from "./answer.ts";
import type { FileData } from "./upload.ts";

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
  /**
   * What the outputs look like; checked on the first and the final ones. A function makes it with the first call, of the
   * builders of `@qwen/core/schema`, so that nobody loads those before.
   */
  readonly outputs: OutputSchema | ((builders: SchemaBuilders) => OutputSchema);
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
   * The bytes in a `Blob` or a `data:` URL, or behind an http(s) URL: fetched with nothing of the caller's, within half of
   * `firstOutputMs`, half of `totalMs` and 30 s. Of any address but a public one, unless the provider was made with `urls: "any"`, of more
   * than `maxBytes` and of whatever else goes wrong it rejects with `invalid_request`, which never counts for a provider.
   * With a `TypeError` for a `maxBytes` that is no whole number from 1.
   */
  download(source: URL | string | Blob, options: { readonly maxBytes: number }): Promise<Uint8Array>;
  /** Says in `finish.warnings` what of the request could not be honoured. */
  warn(warning: Warning): void;
}

/** What `@qwen/core/schema` makes schemas with. */
export type SchemaBuilders = typeof builders;

/** Any schema of the Standard Schema specification that checks at once, such as one of `@qwen/core/schema` or of zod. */
export interface OutputSchema {
  readonly "~standard": {
    readonly version: 1;
    validate(
      value: unknown,
    ): { readonly issues?: readonly { readonly message: string }[] | undefined } | Promise<unknown>;
  };
}
