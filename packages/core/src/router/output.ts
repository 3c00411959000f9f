import { final, isThenable } from "../decision.ts";
import { disregard } from "../disregard.ts";
import { InvalidOutputError, QwenError } from "../errors.ts";
import { jsonInAnswer } from "../json-answer.ts";
import { jsonPrompt, jsonText, withSystem } from "../json-prompt.ts";
import { isGroup, isPlain, mustBe, readable, refuseUnknown } from "../options.ts";
import { printable, wordsOf } from "../printable.ts";
import type { Settings } from "../provider.ts";
import type { FinishReason } from "../part.ts";
import type { Asked } from "../request.ts";
import { readStandardSchema, type StandardSchema } from "../standard-schema.ts";

/**
 * What an answer is to be: a schema, which tells its JSON Schema where its library can, or one with the JSON Schema to show
 * to the model. Without any the model is asked for JSON alone.
 */
export type OutputOption<Value = unknown> =
  | StandardSchema<Value>
  | { readonly schema: StandardSchema<Value>; readonly jsonSchema: Readonly<Record<string, unknown>> };

/** So much of what is wrong is told. */
const MOST_ISSUES = 10;
const LONGEST_ISSUE = 200;

/** What a request wants back, read once. */
export class Output {
  readonly #validate: (value: unknown) => unknown;
  readonly #jsonSchema: unknown;

  /** Throws a `TypeError` for what is no schema, or cannot be told the model. */
  constructor(option: OutputOption) {
    const { given, schema, pair } = readable("output", () => partsOf(option));
    if (pair !== undefined) refuseUnknown("`output`", pair, { schema: true, jsonSchema: true });
    if (schema === undefined) {
      // It may reject, and nobody is going to hear of that.
      disregard(given);
      const name = pair === undefined ? "output" : "output.schema";
      throw mustBe(name, "a schema by Standard Schema, such as one of zod", given);
    }
    this.#validate = schema.validate;
    this.#jsonSchema = pair === undefined ? jsonSchemaOf(schema.jsonSchema) : readJsonSchema(pair.jsonSchema);
  }

  /** What is asked of a model: natively where it can answer in JSON, in the prompt elsewhere; without a schema in both. */
  ask({ messages, settings, ...others }: Asked, { native, conversation }: AskOptions): Asked {
    const schema = this.#jsonSchema;
    const responseFormat = { type: "json", ...(schema !== undefined && { schema }) } as const;
    return {
      ...others,
      // Vendors refuse to answer in JSON of any kind where the chat does not say so.
      messages: native && schema !== undefined ? messages : withSystem(messages, jsonPrompt(schema), { conversation }),
      settings: native ? { ...settings, responseFormat } : settings,
    };
  }

  /**
   * The object in an answer, which may go on behind a beginning that it was given. Throws `invalid_output` for one that does
   * not fit; what the schema throws ends the call, and so does what is no result.
   */
  async check(text: string, { beginning, reason }: CheckedFor): Promise<{ readonly value: unknown }> {
    const json = jsonInAnswer({ beginning, text, reason });
    const { issues, value } = await this.#resultOf(json.value);
    if (issues !== undefined) throw new InvalidOutputError({ issues, text });
    // Whatever it is: a promise is not waited for, which could fail as if its provider had.
    return { value };
  }

  async #resultOf(json: unknown): Promise<{ readonly value?: unknown; readonly issues?: readonly string[] }> {
    try {
      const result: unknown = await this.#validate(json);
      if (!isGroup(result)) throw mustBe("output", "a schema that answers with a value or issues", result);
      const { issues, value }: { readonly issues?: unknown; readonly value?: unknown } = result;
      if (issues === undefined) return { value };
      if (Array.isArray(issues)) return { issues: issuesOf(issues) };
      throw mustBe("output", "a schema with a list of issues", issues);
    } catch (error) {
      throw final("output", error);
    }
  }
}

/** What the option says: a schema, or one in a pair with its JSON Schema. */
function partsOf(option: OutputOption) {
  const pair = isGroup(option) && "schema" in option && !("~standard" in option) ? { ...option } : undefined;
  const given: unknown = pair === undefined ? option : pair.schema;
  return { pair, given, schema: readStandardSchema(given) };
}

/** What is known of an answer beside its text. */
export interface CheckedFor {
  /** What it goes on behind: a last message of the assistant. */
  readonly beginning: string;
  readonly reason: FinishReason;
}

/** How a model is asked. */
export interface AskOptions {
  /** Whether it answers in JSON where that is asked for. */
  readonly native: boolean;
  /** Which it is asked in, where it is. */
  readonly conversation: string | undefined;
}

/** Reads the option, at the call. Throws `invalid_request` for a request that cannot have one. */
export function readOutput(option: OutputOption | undefined, settings: Settings | undefined): Output | undefined {
  if (option === undefined) return undefined;
  if (isGroup(settings) && Array.isArray(settings.tools) && settings.tools.length > 0)
    throw refused("`output` and `settings.tools` exclude each other: an answer is an object or a call of a tool");
  if (isGroup(settings) && settings.responseFormat !== undefined)
    throw refused("`output` sets the `settings.responseFormat` by itself, so leave that out");
  return new Output(option);
}

/** The error for a stream that is asked for an object. */
export function noOutputHere(): QwenError {
  return refused("`output` is for `complete()`: the parts of a stream are shown before anybody can check them");
}

function refused(why: string): QwenError {
  return new QwenError("invalid_request", `The request cannot be sent: ${why}.`);
}

/** What its owner changes later changes nothing. */
function readJsonSchema(jsonSchema: unknown): unknown {
  if (isGroup(jsonSchema) && !isThenable(jsonSchema) && (isPlain(jsonSchema) || "toJSON" in jsonSchema)) {
    const read: unknown = JSON.parse(jsonText(jsonSchema, "output.jsonSchema"));
    if (isGroup(read)) return read;
  }
  disregard(jsonSchema);
  throw mustBe("output.jsonSchema", "an object of JSON Schema", jsonSchema);
}

/** As the library of a schema tells it. */
function jsonSchemaOf(converter: StandardSchema["~standard"]["jsonSchema"]): unknown {
  if (converter === undefined) return undefined;
  try {
    return readJsonSchema(converter.input({ target: "draft-07" }));
  } catch (error) {
    throw new TypeError(
      `The schema of \`output\` cannot be told as JSON Schema: ${printable(wordsOf(error), LONGEST_ISSUE)} Give that beside it: { schema, jsonSchema }.`,
      { cause: error },
    );
  }
}

function issuesOf(issues: readonly unknown[]): readonly string[] {
  if (issues.length === 0) return ["it does not fit the schema"];
  // With its holes, which say nothing either.
  const wrong = Array.from(issues.slice(0, MOST_ISSUES), issueOf);
  return issues.length > MOST_ISSUES ? [...wrong, "and more"] : wrong;
}

function issueOf(issue: unknown): string {
  const { message, path } = (issue ?? {}) as { readonly message?: unknown; readonly path?: unknown };
  const place = Array.isArray(path) ? path.slice(0, MOST_ISSUES).map(keyOf).join(".") : "";
  const words = typeof message === "string" && message.trim() !== "" ? message : "it does not fit";
  return printable(place === "" ? words : `\`${place}\`: ${words}`, LONGEST_ISSUE);
}

function keyOf(segment: unknown): string {
  const key: unknown = isGroup(segment) && "key" in segment ? segment.key : segment;
  return typeof key === "string" || typeof key === "number" ? String(key) : wordsOf(key);
}
