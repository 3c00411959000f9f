import { decide, decisive } from "../decision.ts";
import { isGroup, mustBe } from "../options.ts";
import { schemas } from "./loaded-later.ts";
import type { OutputSchema, SchemaBuilders } from "./space-definition.ts";

/** The schema of a Space's outputs. One that is to be made of builders is made with the first call, which loads those. */
export class OutputsSchema {
  readonly #make: ((builders: SchemaBuilders) => OutputSchema) | undefined;
  #schema: OutputSchema | undefined;

  constructor(given: OutputSchema | ((builders: SchemaBuilders) => OutputSchema)) {
    if (isSchema(given)) this.#schema = given;
    else this.#make = given;
  }

  /** Whether it is there. */
  get isMade(): boolean {
    return this.#schema !== undefined;
  }

  /** Makes it. Rejects with what ends the call: what the function threw, or a `TypeError` for what is no schema. */
  async make(): Promise<void> {
    if (this.#schema !== undefined) return;
    const builders = await schemas.load();
    // It may have been made meanwhile, for another call.
    if (this.#schema !== undefined) return;
    const make = this.#make;
    const made = decide("outputs", () => make?.(builders));
    if (!decide("outputs", () => isSchema(made)))
      throw decisive("outputs", mustBe("outputs", "a schema, or a function that returns one", made));
    this.#schema = made as OutputSchema;
  }

  /** What is wrong with outputs; nothing where they are as they should be. */
  readonly problemIn = (outputs: readonly unknown[]): string | undefined => {
    const result: unknown = decide("outputs", () => this.#schema?.["~standard"].validate(outputs));
    return decide("outputs", () => issuesIn(result));
  };
}

/** Whether it is a Standard Schema. Some are functions. */
export function isSchema(value: unknown): value is OutputSchema {
  const { "~standard": standard } = (value ?? {}) as { readonly "~standard"?: unknown };
  return isGroup(standard) && "validate" in standard && typeof standard.validate === "function";
}

function issuesIn(result: unknown): string | undefined {
  if (!isGroup(result)) throw NO_RESULT();
  const { issues } = result as { readonly issues?: unknown };
  if (issues === undefined || issues === null) return undefined;
  if (!Array.isArray(issues)) throw NO_RESULT();
  return issues.map((issue: unknown) => (isGroup(issue) && "message" in issue ? String(issue.message) : "")).join("; ");
}

const NO_RESULT = (): TypeError =>
  new TypeError("`outputs` of a Space must be a schema that gives `{ value }`, or `{ issues }` as a list.");
