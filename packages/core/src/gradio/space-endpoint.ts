import type { Endpoint } from "./config.ts";

/** An endpoint of a Space, with what it takes and gives. */
export interface SpaceEndpoint extends Endpoint {
  /** Whether its app shows it to programs; one that is `private` is called by its number. */
  readonly visibility: "public" | "undocumented" | "private";
  /** Whether it says more than once what its outputs are. */
  readonly generator: boolean;
  /** What its author says of it. */
  readonly description: string | undefined;
  /** What a caller gives, in its order: what the server keeps of a session (`gr.State`) is none of it. */
  readonly parameters: readonly EndpointParameter[];
  /** What comes back, one an output, in their order; `null` comes for a `state`. */
  readonly returns: readonly EndpointReturn[];
}

/** What an endpoint gives. */
export interface EndpointReturn {
  readonly label: string | undefined;
  /** The kind of its component, such as "textbox"; "" where it is unknown. */
  readonly component: string;
  /** The JSON Schema of its values, where the app tells one. */
  readonly schema: Readonly<Record<string, unknown>> | undefined;
}

/** What an endpoint takes. */
export interface EndpointParameter extends EndpointReturn {
  /** As it is called among named arguments. */
  readonly name: string;
  /** Whether a call without it is refused. */
  readonly required: boolean;
  /** What it is where a call leaves it out; `undefined` where it is required. */
  readonly default: unknown;
  /** The values there are, where it is one of some. */
  readonly choices: readonly unknown[] | undefined;
  /** Its limits, where it is a number that has any. */
  readonly range: ValueRange | undefined;
}

/** The limits of a number. */
export interface ValueRange {
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly step: number | undefined;
}
