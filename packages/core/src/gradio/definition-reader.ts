import {
  aFunction,
  anObject,
  isGroup,
  mustBe,
  type OptionNames,
  readOption,
  requireOption,
  type Rule,
  anId,
} from "../options.ts";
import { requireModels, someStrings } from "../provider-rules.ts";
import { readOnce } from "../read-once.ts";
import type { ModelInfo } from "../provider.ts";
import type { AnswerLocation } from "./answer.ts";
import { isSchema } from "./outputs-schema.ts";
import type { SessionDefinition } from "./session-definition.ts";
import type { SpaceDefinition } from "./space-definition.ts";

/**
 * Reads the definition of a Space, once: what its owner changes later changes nothing.
 *
 * Throws a `TypeError` that names what is missing or wrong and what it must be.
 */
export function readDefinition<const Id extends string, const Model extends ModelInfo>(
  definition: SpaceDefinition<Id, Model>,
): SpaceDefinition<Id, Model> {
  if (!isGroup(definition)) throw mustBe("definition", "an object", definition);
  const read = readOnce<SpaceDefinition<Id, Model>>("The definition of a Space", definition, NAMES);
  const { id, models, space, endpoint, fnIndex, apiPrefix, inputs, outputs, answer } = read;
  return {
    id: requireOption("id", id, anId),
    models: requireModels(models),
    space,
    endpoint: requireOption("endpoint", endpoint, aName),
    fnIndex: readOption("fnIndex", fnIndex, anIndex),
    apiPrefix,
    // It may be the method of a class.
    inputs: requireOption("inputs", inputs, aFunction).bind(definition),
    outputs: isSchema(outputs) ? outputs : requireOption("outputs", outputs, aFunctionOfBuilders).bind(definition),
    answer: readAnswer(requireOption("answer", answer, anObject)),
  };
}

/** Reads the definition of a Space that is looked at, once, as {@link readDefinition} does. */
export function readSessionDefinition<const Id extends string, const Model extends ModelInfo, Plan>(
  definition: SessionDefinition<Id, Model, Plan>,
): SessionDefinition<Id, Model, Plan> {
  if (!isGroup(definition)) throw mustBe("definition", "an object", definition);
  const read = readOnce<SessionDefinition<Id, Model, Plan>>("The definition of a provider", definition, SESSION_NAMES);
  const { id, models, space, plan, isSame, answer } = read;
  return {
    id: requireOption("id", id, anId),
    models: requireModels(models),
    space,
    plan: requireOption("plan", plan, aFunction).bind(definition),
    isSame: requireOption("isSame", isSame, aFunction).bind(definition),
    answer: requireOption("answer", answer, aFunction).bind(definition),
  };
}

const SESSION_NAMES: OptionNames<SessionDefinition<string, ModelInfo, unknown>> = {
  id: true,
  models: true,
  space: true,
  plan: true,
  isSame: true,
  answer: true,
};

function readAnswer(answer: AnswerLocation): AnswerLocation {
  const { at, placeholders, footer, read } = readOnce("`answer`", answer, ANSWER_NAMES);
  const place = requireOption("answer.at", at, aPlace);
  const ends = readOption("answer.footer", footer, aFooter);
  return {
    at: [...place],
    placeholders: readOption("answer.placeholders", placeholders, someStrings)?.slice(),
    footer: ends && { from: ends.from, to: ends.to },
    read: readOption("answer.read", read, aFunction),
  };
}

const NAMES: OptionNames<SpaceDefinition<string, ModelInfo>> = {
  id: true,
  models: true,
  space: true,
  endpoint: true,
  fnIndex: true,
  apiPrefix: true,
  inputs: true,
  outputs: true,
  answer: true,
};

const ANSWER_NAMES: OptionNames<AnswerLocation> = { at: true, placeholders: true, footer: true, read: true };

const aName: Rule = (value) => (typeof value === "string" && value !== "" ? undefined : "the name of an endpoint");

const anIndex: Rule = (value) => (Number.isInteger(value) && Number(value) >= 0 ? undefined : "a whole number from 0");

const aFunctionOfBuilders: Rule = (value) =>
  typeof value === "function"
    ? undefined
    : "a schema by Standard Schema, or a function that makes one of the builders of `@qwen/core/schema`";

const aPlace: Rule = (value) =>
  Array.isArray(value) &&
  Number.isInteger(value[0]) &&
  value.every((step: unknown) => typeof step === "string" || Number.isInteger(step))
    ? undefined
    : "a list that begins with the number of an output, each step a name or a number";

const aFooter: Rule = (value) =>
  isGroup(value) && "from" in value && isText(value.from) && "to" in value && isText(value.to)
    ? undefined
    : "an object with `from` and `to`, both strings that are not empty";

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
