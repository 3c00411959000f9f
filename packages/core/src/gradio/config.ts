/** An endpoint of a Space, as `GET /config` lists it. */
export interface Endpoint {
  /** Its name with a leading "/", as `api_name` in Gradio; absent on one that has none. */
  readonly name: string | undefined;
  readonly fnIndex: number;
  /** Whether it runs on the queue; one that does not answers at once. */
  readonly queue: boolean;
  /** How many inputs it takes, those that the server keeps included; unknown where the config does not say. */
  readonly inputCount: number | undefined;
}

/** What we read of a Space's `/config`. */
export interface SpaceConfig {
  /** The server's version, such as "5.50.0". */
  readonly version: string | undefined;
  /** Another one after every start of the app. */
  readonly appId: string | undefined;
  /** "" before Gradio 5, "/gradio_api" from then on. */
  readonly apiPrefix: string;
  readonly endpoints: readonly Endpoint[];
  /** How large a file may be that is sent to it, in bytes. */
  readonly maxFileSize?: number | undefined;
  /**
   * Which inputs of an endpoint hold what only the server knows, such as a `gr.State`, by `fn_index`: those of endpoints
   * that have any; absent where none has.
   */
  readonly serverInputs?: ReadonlyMap<number, readonly boolean[]> | undefined;
  /** The endpoints whose function is no generator, by `fn_index`: what they say comes whole. Absent where there is none. */
  readonly wholeAnswers?: ReadonlySet<number> | undefined;
}

/** What a server sent, checked for the fields we read. */
export type CheckedConfig = { readonly config: RawConfig } | { readonly problem: string };

/** The fields of it that we read. */
export interface RawConfig {
  readonly version?: string | null | undefined;
  readonly app_id?: number | string | null | undefined;
  readonly protocol?: string | null | undefined;
  readonly api_prefix?: string | null | undefined;
  readonly dependencies: readonly {
    readonly id?: number | null | undefined;
    readonly api_name?: string | false | null | undefined;
    readonly queue?: boolean | null | undefined;
    readonly inputs?: unknown;
    readonly types?: unknown;
  }[];
  readonly components?: unknown;
  readonly max_file_size?: unknown;
}

/** Finds an endpoint by its name, with or without the leading "/", or by its `fn_index`. */
export function findEndpoint({ endpoints }: SpaceConfig, which: string | number): Endpoint | undefined {
  if (typeof which === "number") return endpoints.find(({ fnIndex }) => fnIndex === which);
  const name = endpointName(which);
  return endpoints.find((endpoint) => endpoint.name === name);
}

/** The name of an endpoint, with its leading "/", by what its app calls it; `undefined` for one that has none. */
export function endpointName(apiName: unknown): string | undefined {
  return typeof apiName === "string" ? `/${apiName.replace(/^\//, "")}` : undefined;
}

/** Whether only the server knows what stands in a component. */
export function isOfServer({ type, skip_api: skipped }: Readonly<Record<string, unknown>>): boolean {
  // Gradio 6 says so of a button as well; earlier ones leave only their states out of their API.
  return typeof skipped === "boolean" ? skipped : type === "state";
}

/** The names of the endpoints there are. */
export function endpointNames({ endpoints }: SpaceConfig): readonly string[] {
  return endpoints.flatMap(({ name }) => (name === undefined ? [] : [name]));
}

/** How many endpoints a message names. */
const MOST_NAMED = 20;

/** The endpoints there are, in words for a message: the app chose their number and names. */
export function endpointsInWords(config: SpaceConfig): string {
  const names = endpointNames(config);
  const shown = names.slice(0, MOST_NAMED).map((name) => name.slice(0, 80).replace(/\p{Cc}/gu, "\uFFFD"));
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : "";
  return names.length === 0 ? "none with a name" : `${shown.join(", ")}${more}`;
}
