/** An endpoint of a Space, as `GET /config` lists it. */
export interface Endpoint {
  /** Its name with a leading "/", as `api_name` in Gradio; absent on one that has none. */
  readonly name: string | undefined;
  readonly fnIndex: number;
  /** Whether it runs on the queue; one that does not answers at once. */
  readonly queue: boolean;
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
}

/** Finds an endpoint by its name, with or without the leading "/", or by its `fn_index`. */
export function findEndpoint({ endpoints }: SpaceConfig, which: string | number): Endpoint | undefined {
  if (typeof which === "number") return endpoints.find(({ fnIndex }) => fnIndex === which);
  const name = `/${which.replace(/^\//, "")}`;
  return endpoints.find((endpoint) => endpoint.name === name);
}

/** The names of the endpoints there are, for messages. */
export function endpointNames({ endpoints }: SpaceConfig): readonly string[] {
  return endpoints.flatMap(({ name }) => (name === undefined ? [] : [name]));
}
