/** A component of the app, as `/config` tells of it. */
export interface Component {
  readonly id: number;
  readonly type: string;
  readonly label?: string | undefined;
  readonly value?: unknown;
  /** JSON Schema of its values. A component without one is none of the API's (`gr.State`). */
  readonly schema?: Readonly<Record<string, unknown>> | undefined;
  readonly props?: Readonly<Record<string, unknown>> | undefined;
}

/** One call of a function of the app. */
export interface FunctionCall {
  readonly data: readonly unknown[];
  /** The session's own state, kept between calls. */
  readonly state: Map<string, unknown>;
  /** Asks the model, and gives the whole text so far each time it grew. */
  ask(
    prompt: string,
    about?: { readonly history?: unknown; readonly system?: unknown; readonly picture?: string | undefined },
  ): AsyncIterable<string>;
}

/** A function of the app, an endpoint of its API. */
export interface SpaceFunction {
  readonly apiName: string;
  /** Ids of components. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** @defaultValue true */
  readonly queue?: boolean | undefined;
  /** Jobs of it that run at once, if fewer than those of every function. */
  readonly concurrencyLimit?: number | undefined;
  /** Whether it is a generator. @defaultValue false */
  readonly generates?: boolean | undefined;
  /** Whether the API shows it. @defaultValue true */
  readonly documented?: boolean | undefined;
  readonly parameters?: readonly string[] | undefined;
  /** Yields all outputs at once: each time something changed if it generates, once otherwise. */
  run(call: FunctionCall): AsyncIterable<readonly unknown[]>;
}

/** An app: its components and functions. The index of a function is its `fn_index`. */
export interface Space {
  readonly title: string;
  readonly mode: "blocks" | "chat_interface";
  readonly components: readonly Component[];
  readonly functions: readonly SpaceFunction[];
}

/** JSON Schemas of the components' values. */
export const TEXT = { type: "string" };
export const LIST = { type: "array", items: {} };
export const OBJECT = { type: "object" };

/** What a plain function yields: its outputs, one time. */
export async function* once(outputs: readonly unknown[]): AsyncGenerator<readonly unknown[], void, undefined> {
  yield outputs;
}
