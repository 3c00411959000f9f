import { aFlag, aString, aUrl, isGroup, isPlain, oneOf, type Rule } from "./options.ts";

/** What of a part is not what it must be, and what that is. */
export interface WrongField {
  readonly name: string;
  readonly expected: string;
}

/**
 * What is wrong with a part of a type that is known, if anything is: who reads it may trip over that. Of other types nothing is
 * known.
 */
export function wrongIn(part: object & { readonly type: string }): WrongField | undefined {
  const rules = rulesOf(part.type);
  for (const name of Object.keys(rules)) {
    const expected = rules[name]?.((part as Readonly<Record<string, unknown>>)[name]);
    if (expected !== undefined) return { name, expected };
  }
  return undefined;
}

/** The names of what a part of this type may have, its type left out. */
export function fieldsOfPart(type: string): readonly string[] {
  return Object.keys(rulesOf(type));
}

function rulesOf(type: string): PartRules {
  return Object.hasOwn(PART_RULES, type) ? (PART_RULES[type] as PartRules) : NONE;
}

type PartRules = Readonly<Record<string, Rule>>;

function ifSet(rule: Rule): Rule {
  return (value) => (value === undefined ? undefined : rule(value));
}

const aNumber: Rule = (value) => (typeof value === "number" && !Number.isNaN(value) ? undefined : "a number");

const aDate: Rule = (value) => (Object.prototype.toString.call(value) === "[object Date]" ? undefined : "a `Date`");

const aTable: Rule = (value) => (isGroup(value) && isPlain(value) ? undefined : "a plain object");

/** A plain object whose fields, where they are set, are what these say. */
function aGroupOf(what: string, rules: PartRules): Rule {
  return (value) => {
    if (aTable(value) !== undefined) return what;
    const given = value as Readonly<Record<string, unknown>>;
    const isWrong = Object.keys(rules).some((name) => ifSet(rules[name] as Rule)(given[name]) !== undefined);
    return isWrong ? what : undefined;
  };
}

const someWarnings: Rule = (value) =>
  Array.isArray(value) && value.every((one) => isWarning(one)) ? undefined : "a list of { feature, message }";

function isWarning(value: unknown): boolean {
  if (!isGroup(value) || !isPlain(value)) return false;
  const { feature, message } = value as { readonly feature?: unknown; readonly message?: unknown };
  return typeof feature === "string" && typeof message === "string";
}

const someHeaders: Rule = (value) =>
  aTable(value) === undefined && Object.values(value as object).every((one) => aString(one) === undefined)
    ? undefined
    : "headers";

const usage = aGroupOf("an object of counted tokens", {
  inputTokens: aNumber,
  outputTokens: aNumber,
  cachedInputTokens: aNumber,
  reasoningTokens: aNumber,
  estimated: aFlag,
});

const response = aGroupOf("an object with `id`, `modelId`, `timestamp` and `headers`", {
  id: aString,
  modelId: aString,
  timestamp: aDate,
  headers: someHeaders,
});

const providerMetadata = ifSet(aTable);
const text = { text: aString };
const call = { toolCallId: aString, toolName: aString, providerMetadata };

const NONE: PartRules = {};

/** By type, what each field must be. */
const PART_RULES: Readonly<Record<string, PartRules>> = {
  start: { warnings: ifSet(someWarnings), response: ifSet(response), providerMetadata },
  "text-delta": text,
  "text-replace": text,
  "reasoning-delta": text,
  "reasoning-end": { providerMetadata },
  file: { url: aUrl, mediaType: ifSet(aString), providerMetadata },
  source: {
    sourceId: ifSet(aString),
    url: ifSet(aUrl),
    title: ifSet(aString),
    mediaType: ifSet(aString),
    filename: ifSet(aString),
    providerMetadata,
  },
  "tool-input-delta": { ...call, ...text },
  "tool-call": { ...call, input: aString },
  queue: { position: aNumber, size: ifSet(aNumber), etaMs: ifSet(aNumber) },
  progress: { message: ifSet(aString), fraction: ifSet(aNumber) },
  log: { level: oneOf("info", "warning", "success", "error"), message: aString },
  finish: {
    reason: oneOf("stop", "length", "content-filter", "tool-calls", "other"),
    rawReason: ifSet(aString),
    usage: ifSet(usage),
    warnings: ifSet(someWarnings),
    response: ifSet(response),
    conversation: ifSet(aString),
    providerMetadata,
  },
};
