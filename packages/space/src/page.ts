import type { SpacePage } from "@qwen/core/gradio";

/** A function with more inputs or outputs is no chat, and what is in them is looked through many times. */
const MOST_SLOTS = 1000;
/** The kind of a component is looked at wherever it is an input. */
const LONGEST_TYPE = 100;

/** One thing on the page of an app: what is typed into, picked from or shown. */
export interface Component {
  readonly id: unknown;
  readonly type: string;
  /** What stands beside it, or on a button. Absent where that is nothing, or yet to be translated. */
  readonly label: string | undefined;
  readonly placeholder: string | undefined;
  /** As the page shows it before anybody touches it. */
  readonly value: unknown;
  readonly isInteractive: boolean;
  readonly isVisible: boolean;
  /** Whether it is left out of what programs are told, as a State is. */
  readonly isSkipped: boolean;
  readonly isPassword: boolean;
  /** "tuples" or "messages", where a chatbot says so. */
  readonly format: string | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly isWhole: boolean;
  /** Whether pictures are among the files that it takes, where it takes any. */
  readonly takesPictures: boolean;
  readonly takesMany: boolean;
  /** The parameter that it is, in `/info`. */
  readonly parameter: string | undefined;
}

/** One function of an app, and what sets it off. */
export interface PageFunction {
  readonly fnIndex: number;
  readonly name: string | undefined;
  readonly isPublic: boolean;
  readonly inputs: readonly Component[];
  readonly outputs: readonly Component[];
  readonly queue: boolean;
  readonly isGenerator: boolean;
  /** Whether the server has anything to run for it. */
  readonly isCallable: boolean;
  readonly triggers: readonly { readonly component: Component | undefined; readonly event: string }[];
  /** The function behind which it runs. */
  readonly after: number | undefined;
}

/** What an app says of itself, as far as a chat is found by it. */
export interface Page {
  /** The first number of Gradio's version. */
  readonly major: number;
  readonly version: string | undefined;
  readonly components: ReadonlyMap<unknown, Component>;
  readonly functions: readonly PageFunction[];
}

/**
 * Reads the JSON of a `/config`. What is not as Gradio writes it is left out: whatever it is, there is a page. `parameters` are
 * what inputs are called in `/info`, by the id of their component.
 */
export function readPage(
  { version, config }: Pick<SpacePage, "version" | "config">,
  parameters: ReadonlyMap<unknown, string> = new Map(),
): Page {
  const { components: listed, dependencies } = record(config);
  const components = new Map<unknown, Component>();
  for (const one of list(listed)) {
    const fields = record(one);
    const component = readComponent(fields, parameters.get(fields["id"]));
    components.set(component.id, component);
  }
  const functions = functionsIn(list(dependencies).map(record), components);
  return { major: Number(/^\d+/.exec(version ?? "")?.[0] ?? 5), version, components, functions };
}

/**
 * By their numbers, so that the first of two that are alike is the same one however they are listed. A number that is there twice
 * is that of the first: what follows on it would be looked through for each.
 */
function functionsIn(listed: readonly Fields[], components: ReadonlyMap<unknown, Component>): readonly PageFunction[] {
  const numbered = new Map<number, PageFunction>();
  const counted: PageFunction[] = [];
  for (const [index, fields] of listed.entries()) {
    const one = readFunction(fields, { index, components });
    if (typeof fields["id"] !== "number") counted.push(one);
    else if (!numbered.has(one.fnIndex)) numbered.set(one.fnIndex, one);
  }
  for (const one of counted) if (!numbered.has(one.fnIndex)) numbered.set(one.fnIndex, one);
  return [...numbered.values()].toSorted((one, other) => one.fnIndex - other.fnIndex);
}

function readComponent(fields: Fields, parameter?: string): Component {
  const { id, type, props, skip_api: skipped } = fields;
  const { label, placeholder, value, interactive, visible, type: kind } = record(props);
  const { minimum, maximum, precision, step, file_count: count, file_types: kinds } = record(props);
  return {
    id: typeof id === "number" || typeof id === "string" ? id : undefined,
    type: typeof type === "string" && type.length <= LONGEST_TYPE ? type : "",
    // What a button is called stands on it.
    label: words(label) ?? (type === "button" ? words(value) : undefined),
    placeholder: words(placeholder),
    value: isShallow(value) ? value : undefined,
    isInteractive: interactive !== false,
    isVisible: visible !== false && visible !== "hidden",
    isSkipped: skipped === true || type === "state",
    isPassword: kind === "password",
    format: type === "chatbot" && typeof kind === "string" ? kind : undefined,
    minimum: finite(minimum),
    maximum: finite(maximum),
    isWhole: precision === 0 || (typeof step === "number" && Number.isInteger(step) && type === "slider"),
    takesPictures: takesPictures(kinds),
    takesMany: count === "multiple" || count === "directory",
    parameter,
  };
}

function readFunction(
  fields: Fields,
  { index, components }: { readonly index: number; readonly components: ReadonlyMap<unknown, Component> },
): PageFunction {
  const { id, api_name: name, types, backend_fn: backend, targets, trigger_after: after } = fields;
  const { generator, cancel } = record(types);
  const [inputs, outputs] = [list(fields["inputs"]), list(fields["outputs"])];
  const found = (ids: readonly unknown[]): readonly Component[] =>
    ids.slice(0, MOST_SLOTS).map((one) => components.get(one) ?? missing(one));
  return {
    fnIndex: typeof id === "number" ? id : index,
    name: typeof name === "string" ? name.replace(/^\//, "") : undefined,
    isPublic: isPublic(fields),
    inputs: found(inputs),
    outputs: found(outputs),
    queue: fields["queue"] !== false,
    isGenerator: generator === true,
    isCallable:
      backend !== false &&
      cancel !== true &&
      fields["trigger_only_on_failure"] !== true &&
      inputs.length <= MOST_SLOTS &&
      outputs.length <= MOST_SLOTS,
    triggers: list(targets).map((target) => {
      const [component, event] = list(target);
      return { component: components.get(component), event: typeof event === "string" ? event : "" };
    }),
    after: typeof after === "number" ? after : undefined,
  };
}

function isPublic({ api_name: name, show_api: shown, api_visibility: visibility }: Fields): boolean {
  return name !== false && shown !== false && (visibility === undefined || visibility === "public");
}

/** A component that is pointed at and not there. */
function missing(id: unknown): Component {
  return readComponent({ id });
}

/** A text for people, if it is one: Gradio 6 has some that the page translates. */
function words(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" && !value.startsWith("__i18n__") ? value : undefined;
}

/** Whether a value can be sent: JSON of any depth can be read, but not written. */
function isShallow(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth < DEEPEST; depth++) {
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
    if (level.length === 0) return true;
  }
  return false;
}

/** How deep a value may be nested that a page has in an input. */
const DEEPEST = 100;

/** By the kinds and the extensions that an input of files says it takes; one that says nothing takes all. */
function takesPictures(kinds: unknown): boolean {
  const named = list(kinds);
  return named.length === 0 || named.some((one) => typeof one === "string" && PICTURES.test(one));
}

const PICTURES = /^(?:image(?:\/.*)?|file|\*|\.?(?:png|jpe?g|gif|webp))$/i;

function finite(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The members of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** A JSON value as an object; one without members where it is none. */
export function record(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : NO_FIELDS;
}

/** A JSON value as a list; an empty one where it is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

const NO_FIELDS: Fields = {};
