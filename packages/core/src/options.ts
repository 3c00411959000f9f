import { disregard } from "./disregard.ts";
import { meantBy, shortened } from "./nearest.ts";

/** Says what a value must be, as it ends the sentence "`name` must be …", where it is not that. */
export type Rule = (value: unknown) => string | undefined;

/** A rule for each option of a group. */
export type Rules<Options> = { readonly [Name in keyof Options]-?: Rule };

/** The name of each option of a group, for {@link refuseUnknown}: the compiler asks for one that was left out. */
export type OptionNames<Options> = { readonly [Name in keyof Options]-?: true };

/**
 * Reads a group of options, once: what their owner changes later changes nothing.
 *
 * The copy holds what is set: an option that is `undefined` is not, so it can be spread over others.
 * Throws a `TypeError` that names the option and what it must be, also for a name the group does not have.
 */
export function readOptions<Options extends object>(
  group: string,
  given: Options | undefined,
  rules: Rules<Options>,
): Options | undefined {
  if (given === undefined) return undefined;
  if (!isGroup(given) || holds(group, given, "then")) {
    // It may reject, and nobody is going to hear of that.
    disregard(given);
    throw mustBe(group, "an object of options", given);
  }
  const names = Object.keys(rules) as (keyof Options & string)[];
  if (!isPlain(given) && !names.some((name) => holds(group, given, name)))
    throw mustBe(group, "an object of options (a plain one, no Map)", given);
  refuseUnknown(`\`${group}\``, given, rules);
  const read: Partial<Options> = {};
  // By index, and what is read without a function each, as in `refuseUnknown`.
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as keyof Options & string;
    const value = readField(group, given, name);
    if (value === undefined) continue;
    checkField(group, name, value, rules[name]);
    read[name] = value;
  }
  return read as Options;
}

function readField<Options extends object, Name extends keyof Options & string>(
  group: string,
  given: Options,
  name: Name,
): Options[Name] {
  try {
    return given[name];
  } catch (cause) {
    throw unreadable(`\`${group}.${name}\``, cause);
  }
}

/**
 * Reads what is a caller's: a getter or a trap of it that throws is a `TypeError` that names the option. The words of what it
 * throws may hold a secret: they are the cause.
 */
export function readable<Value>(name: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw unreadable(`\`${name}\``, cause);
  }
}

/** What ends a call in which something of a caller's throws when it is looked at; `what` begins the sentence. */
export function unreadable(what: string, cause: unknown): TypeError {
  return new TypeError(`${what} cannot be read, it throws.`, { cause });
}

/** Reads one option. Throws a `TypeError` that names it and what it must be; `undefined` is not set. */
export function readOption<Value>(name: string, value: Value, rule: Rule): Value {
  return value === undefined ? value : requireOption(name, value, rule);
}

/** As {@link requireOption}, of a group: what names it is made where something is wrong. */
function checkField(group: string, name: string, value: unknown, rule: Rule): void {
  try {
    if (rule(value) === undefined) return;
  } catch {
    // Which is told below.
  }
  requireOption(`${group}.${name}`, value, rule);
}

function holds(group: string, given: object, name: string): boolean {
  try {
    return name in given;
  } catch (cause) {
    throw unreadable(`\`${group}\``, cause);
  }
}

/** As {@link readOption}, for an option that must be set. */
export function requireOption<Value>(name: string, value: Value, rule: Rule): Value {
  const expected = expectedBy(name, rule, value);
  if (expected !== undefined) throw mustBe(name, expected, value);
  return value;
}

/** What a rule says of a value that may throw when it is looked at. */
function expectedBy(name: string, rule: Rule, value: unknown): string | undefined {
  try {
    return rule(value);
  } catch (cause) {
    throw unreadable(`\`${name}\``, cause);
  }
}

/** The names and values of a table of a caller's. Throws a `TypeError` that names it where it cannot be read. */
export function entriesOf<Value>(name: string, table: Readonly<Record<string, Value>>): readonly [string, Value][] {
  return readable(name, () => Object.entries(table));
}

/**
 * Throws a `TypeError` for an option that nothing reads, with the one that is most like it or all there are. One that is
 * `undefined` is not set, and an instance of a class may have fields of its own. `owner` begins the sentence: "A router", "`retry`".
 */
export function refuseUnknown(owner: string, given: object, known: object): void {
  if (!isPlain(given)) return;
  const asked = namesIn(owner, given);
  // By index: it runs for each call, and in a new process an iterator makes an object for each step.
  for (let index = 0; index < asked.length; index++) {
    const name = asked[index] as string;
    if (Object.hasOwn(known, name) || isUnset(owner, given, name)) continue;
    const names = Object.keys(known);
    const meant = meantBy(name, names);
    throw new TypeError(
      `${owner} has no option "${shortened(name)}". ${meant === undefined ? `It has ${names.join(", ")}.` : `Did you mean "${meant}"?`}`,
    );
  }
}

/** A number of ms above 0; `Infinity` for no limit. */
export const aLimitMs: Rule = (value) =>
  isNumber(value) && value > 0 ? undefined : "a positive number of ms, or Infinity";

/** A number of ms, 0 for none; `Infinity` for no limit. */
export const aPauseMs: Rule = (value) =>
  isNumber(value) && value >= 0 ? undefined : "a number of ms from 0, or Infinity";

/** A number of ms that ends, 0 for none. */
export const aFiniteMs: Rule = (value) =>
  isNumber(value) && value >= 0 && value !== Infinity ? undefined : "a finite number of ms from 0";

/** A number of ms above 0 that ends. */
export const aPositiveMs: Rule = (value) =>
  isNumber(value) && value > 0 && value !== Infinity ? undefined : "a finite number of ms above 0";

/** A whole number from `least`; `Infinity` for no limit. */
export function aCountFrom(least: number): Rule {
  return (value) =>
    isNumber(value) && value >= least && (Number.isInteger(value) || value === Infinity)
      ? undefined
      : `a whole number from ${least}, or Infinity`;
}

/** A whole number from 1, and not `Infinity`. */
export const aWholeNumber: Rule = (value) =>
  isNumber(value) && value >= 1 && Number.isInteger(value) ? undefined : "a whole number from 1";

/** From 0 to 1. */
export const aShare: Rule = (value) =>
  isNumber(value) && value >= 0 && value <= 1 ? undefined : "a share from 0 to 1 (not per cent)";

/** `true` or `false`. */
export const aFlag: Rule = (value) => (typeof value === "boolean" ? undefined : "true or false");

/** The id of a provider. */
export const anId: Rule = (value) =>
  typeof value === "string" && value !== "" && !value.includes("/")
    ? undefined
    : 'a string that is not empty, without "/"';

/** Something to call. */
export const aFunction: Rule = (value) => (typeof value === "function" ? undefined : "a function");

/** Some text. */
export const aString: Rule = (value) => (typeof value === "string" ? undefined : "a string");

/** An object, and no array. */
export const anObject: Rule = (value) => (isGroup(value) ? undefined : "an object");

/** A URL, of any realm. */
export const aUrl: Rule = (value) => (isUrl(value) ? undefined : "a URL");

/** Told by what it is called, as its class may be another realm's; whatever else has an `href` is data. */
function isUrl(value: unknown): boolean {
  if (!isGroup(value) || Object.prototype.toString.call(value) !== "[object URL]") return false;
  const { href } = value as { readonly href?: unknown };
  return typeof href === "string" && URL.canParse(href);
}

/** A way to send requests. */
export const aTransport: Rule = (value) =>
  isGroup(value) && "request" in value && typeof value.request === "function" ? undefined : "an object with `request`";

/** One of some words. */
export function oneOf(...words: readonly string[]): Rule {
  const expected = words.map((word) => JSON.stringify(word)).join(" or ");
  return (value) => (typeof value === "string" && words.includes(value) ? undefined : expected);
}

/** An `AbortSignal`, of any realm. */
export const anAbortSignal: Rule = (value) =>
  isGroup(value) &&
  "aborted" in value &&
  typeof value.aborted === "boolean" &&
  SIGNAL_METHODS.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === "function")
    ? undefined
    : "an AbortSignal, such as the `signal` of an AbortController";

const SIGNAL_METHODS = ["addEventListener", "removeEventListener", "throwIfAborted"];

/** As {@link requireOption}, for what may be a promise instead, such as what a function of the caller's returns: nobody waits for that. */
export function requireNow<Value>(name: string, value: Value, rule: Rule): Value {
  const expected = expectedBy(name, rule, value);
  if (expected === undefined) return value;
  disregard(value);
  throw mustBe(name, expected, value);
}

/**
 * The error for an option that is not what it must be. Shows numbers and words of a few characters, and no other value: it may be a
 * secret. So may a word be where none is wanted.
 */
export function mustBe(name: string, expected: string, value: unknown): TypeError {
  const what = typeof value === "string" && WANTS_NO_WORD.test(expected) ? "a string" : shown(value);
  return new TypeError(`\`${name}\` must be ${expected}, not ${what}.`);
}

const WANTS_NO_WORD = /\b(?:object|array|URL)\b/;

/** Whether a value can hold options or names at all. What throws when it is asked, as a revoked proxy does, holds nothing. */
export function isGroup(value: unknown): value is object {
  try {
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function shown(value: unknown): string {
  if (typeof value === "string") return value.length <= 20 ? JSON.stringify(value) : "a string of another kind";
  if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined)
    return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  try {
    if (Array.isArray(value)) return "an array";
    return value instanceof Promise ? "a promise" : "an object";
  } catch {
    // A proxy that throws, or was revoked.
    return "an object";
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && !Number.isNaN(value);
}

/** What is kept by names of its owner's. A `Map`, `Headers` or a promise has none that could be read. */
export function aTableOf(what: string): Rule {
  return (value) => (isGroup(value) && isPlain(value) ? undefined : `an object of ${what} (a plain one, no Map)`);
}

/** Whether an object has no class, in any realm. */
export function isPlain(given: object): boolean {
  try {
    const prototype: unknown = Object.getPrototypeOf(given);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
  } catch {
    return false;
  }
}

/** A copy without what is `undefined`, which is not set: so it can be spread over others. */
export function whatIsSet<Group extends object>(given: Group): Partial<Group> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<Group>;
}

function namesIn(owner: string, given: object): readonly string[] {
  try {
    return Object.keys(given);
  } catch (cause) {
    throw unreadable(owner, cause);
  }
}

function isUnset(owner: string, given: object, name: string): boolean {
  try {
    return (given as Readonly<Record<string, unknown>>)[name] === undefined;
  } catch (cause) {
    throw unreadable(owner, cause);
  }
}
