import type { ModelInfo } from "../provider.ts";
import type { ProviderPart } from "../part.ts";
import type { SpaceTarget } from "./address.ts";
import type { InputSession, SpaceRequest } from "./space-definition.ts";

/** What makes a Space a provider whose chat is looked for in what the Space says of itself. */
export interface SessionDefinition<Id extends string, Model extends ModelInfo, Plan> {
  readonly id: Id;
  /** The default first. */
  readonly models: readonly [Model, ...Model[]];
  readonly space: SpaceTarget;
  /**
   * How to answer, by what the Space says of itself. Asked before the first call and shared by all that follow, until one fails
   * in a way that a Space which was changed would, or is answered by nothing; after ten minutes it is asked anew behind a call. What it throws ends the calls that wait for it, and is not kept.
   */
  plan(page: SpacePage): Plan | Promise<Plan>;
  /** Whether a call that followed the one plan did what the other asks for. */
  isSame(before: Plan, after: Plan): boolean;
  /** Answers one request: runs what there is to run before the answer, and follows that. It resolves behind it. */
  answer(request: SpaceRequest, session: AnsweringSession, plan: Plan): Promise<void>;
}

/** What a Space says of itself. */
export interface SpacePage {
  readonly url: URL;
  /** The server's version, such as "5.50.0". */
  readonly version: string | undefined;
  /** The JSON of `/config`, unread. */
  readonly config: unknown;
  /** Asks for the JSON of `/info`, which names the parameters of public endpoints. */
  info(): Promise<unknown>;
}

/** An endpoint as it is run in a session. */
export interface SessionEndpoint {
  readonly fnIndex: number;
  /** Whether it runs on the queue; one that does not answers at once. */
  readonly queue: boolean;
  /** Its outputs, where they are known: of an answer that has another number of them, the Space was changed. */
  readonly outputs?: { readonly length: number } | undefined;
}

/**
 * A session of a Space, in which one request is answered: the Space keeps what it remembers of a visitor in it. It runs one
 * endpoint at a time, and none once the answer is over; what still runs then is stopped.
 */
export interface AnsweringSession extends Pick<InputSession, "signal" | "upload" | "download" | "warn"> {
  /** Runs an endpoint before the one that answers. Resolves with its outputs, `undefined` for one that is left out. */
  run(endpoint: SessionEndpoint, inputs: readonly unknown[]): Promise<readonly unknown[]>;
  /** Runs the endpoint that answers, and tells the parts that `reader` makes of it. */
  follow(endpoint: SessionEndpoint, inputs: readonly unknown[], reader: SessionReader): Promise<void>;
  /** Where a file is that the server keeps. */
  fileUrl(path: string): URL;
}

/** The way to a text in a value, every index counted from the start. */
export type TextPath = readonly (string | number)[];

/** Makes parts of what stands in one output of the job that answers. */
export interface SessionReader {
  /** Which output, counted from 0. */
  readonly output: number;
  /**
   * Looks at the value of the output: the first one, each that was changed otherwise than by `grow`, and the last one, which
   * always wins. An update of its component is told as the value it carries. What the value holds is read only.
   */
  look(value: unknown, options: { readonly final: boolean }): SessionLook;
  /** The text that the last look said to watch has grown by a piece: nearly all that an answer sends, so nothing is joined for it. */
  grow(piece: string): readonly ProviderPart[];
  /** It is over, and the value is what it was. */
  end(): readonly ProviderPart[];
  /** The text so far. */
  text(): string;
}

/** What a look has found. */
export interface SessionLook {
  readonly parts: readonly ProviderPart[];
  /** Where the text stands that is likely to grow, and what it is. */
  readonly watch?: { readonly path: TextPath; readonly text: string } | undefined;
  /** How much was looked at, in characters: what is long is looked at less often than it changes. @defaultValue 0 */
  readonly cost?: number | undefined;
}
