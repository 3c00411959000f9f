import { QwenError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { printable } from "../printable.ts";
import type { DescribedEndpoint } from "./endpoint-descriptions.ts";
import type { EndpointParameter, SpaceEndpoint } from "./space-endpoint.ts";
import type { EndpointInputs } from "./submit-options.ts";

/** How many parameters a message names. */
const MOST_NAMED = 20;

/** How many names are looked through for one that may have been meant. */
const MOST_LIKE = 1000;

/** How long a value is that a message shows, in characters. */
const LONGEST_VALUE = 60;

/**
 * What goes into the inputs of an endpoint, in their order: what was given by place or by name, defaults where nothing was, and
 * null for what only the server knows. A list may leave that out or have it.
 *
 * Throws `invalid_request` for an argument too many, a name that no parameter has, and a missing one that is required, naming it
 * and the parameters there are.
 */
export function argumentsFor({ endpoint, slots }: DescribedEndpoint, given: EndpointInputs): readonly unknown[] {
  if (slots === undefined) {
    if (isList(given)) return given;
    throw refused(endpoint, "does not say what it takes: give a list");
  }
  const values = isList(given) ? byPlace(endpoint, { slots, given }) : byName(endpoint, { slots, given });
  return slots.map((slot, index) => {
    const value = values[index];
    if (value !== undefined) return value;
    if (slot === undefined) return null;
    if (!slot.required) return slot.default;
    throw refused(endpoint, `needs ${JSON.stringify(shown(slot.name))}`);
  });
}

/** An endpoint as it is called in messages. */
function nameOf({ name, fnIndex }: Pick<SpaceEndpoint, "name" | "fnIndex">): string {
  return name === undefined ? `Function ${fnIndex}` : `"${shown(name)}"`;
}

/** A parameter as it is called in messages, with its default. */
function parameterInWords({ name, required, default: value }: EndpointParameter): string {
  return required ? shown(name) : `${shown(name)} = ${valueInWords(value)}`;
}

type Slots = readonly (EndpointParameter | undefined)[];

function byPlace(
  endpoint: SpaceEndpoint,
  { slots, given }: { readonly slots: Slots; readonly given: readonly unknown[] },
): readonly unknown[] {
  if (given.length === slots.length) return given;
  const { length } = endpoint.parameters;
  if (given.length > length) throw refused(endpoint, `takes ${length} arguments, and got ${given.length}`);
  const rest = given.values();
  return slots.map((slot): unknown => (slot === undefined ? undefined : rest.next().value));
}

function byName(
  endpoint: SpaceEndpoint,
  { slots, given }: { readonly slots: Slots; readonly given: Readonly<Record<string, unknown>> },
): readonly unknown[] {
  const names = new Set(endpoint.parameters.map(({ name }) => name));
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || names.has(name)) continue;
    const meant = nearest(name, [...names].slice(0, MOST_LIKE));
    const hint = meant === undefined ? "" : ` (did you mean "${shown(meant)}"?)`;
    throw refused(endpoint, `has no parameter ${JSON.stringify(shown(name))}${hint}`);
  }
  return slots.map((slot) => (slot !== undefined && Object.hasOwn(given, slot.name) ? given[slot.name] : undefined));
}

function refused(endpoint: SpaceEndpoint, what: string): QwenError {
  const { parameters } = endpoint;
  const listed = parameters.slice(0, MOST_NAMED).map(parameterInWords).join(", ");
  const more = parameters.length > MOST_NAMED ? ` and ${parameters.length - MOST_NAMED} more` : "";
  const all = parameters.length === 0 ? "It has no parameters" : `Its parameters are ${listed}${more}`;
  return new QwenError("invalid_request", `${nameOf(endpoint)} ${what}. ${all}.`);
}

/** A value as JSON, as far as it is shown. One that was read of JSON may be deeper than can be written. */
export function valueInWords(value: unknown): string {
  if (typeof value === "string") return shown(JSON.stringify(value.slice(0, 2 * LONGEST_VALUE)));
  if (typeof value !== "object" || value === null) return String(value);
  const known = written.get(value);
  if (known !== undefined) return known;
  const words = objectInWords(value);
  written.set(value, words);
  return words;
}

/** A large one may be the default of many parameters. */
const written = new WeakMap<object, string>();

function objectInWords(value: object): string {
  try {
    return shown(JSON.stringify(value));
  } catch {
    return "…";
  }
}

function shown(text: string): string {
  return printable(text, LONGEST_VALUE);
}

function isList(given: EndpointInputs): given is readonly unknown[] {
  return Array.isArray(given);
}
