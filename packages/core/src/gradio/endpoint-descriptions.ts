import { endpointName, isOfServer } from "./config.ts";
import { isRecord, listIn } from "./json.ts";
import type { EndpointParameter, EndpointReturn, SpaceEndpoint, ValueRange } from "./space-endpoint.ts";

/** An endpoint, and what stands in each of its inputs: a parameter, or what only the server knows. */
export interface DescribedEndpoint {
  readonly endpoint: SpaceEndpoint;
  /** `undefined` in the place of what the server keeps; absent where `/config` does not say what it takes. */
  readonly slots: readonly (EndpointParameter | undefined)[] | undefined;
}

/**
 * Reads which endpoints there are, and what they take and give, out of the JSON of `/config` and of `/info`. What is not as
 * Gradio writes it is left out: whatever it is, there is a list.
 */
export function describeEndpoints(config: unknown, info?: unknown): readonly DescribedEndpoint[] {
  const { components, dependencies } = record(config);
  const known = new Map<unknown, Component>();
  for (const one of listIn(components)) {
    const fields = record(one);
    known.set(fields["id"], readComponent(fields));
  }
  let left = MOST_SLOTS;
  return listIn(dependencies).flatMap((one, index) => {
    const fields = record(one);
    // It runs in a browser alone, or only cancels others.
    if (fields["backend_fn"] === false) return [];
    left -= listIn(fields["inputs"]).length + listIn(fields["outputs"]).length;
    return [
      readEndpoint(left < 0 ? { ...fields, inputs: undefined, outputs: undefined } : fields, { index, known, info }),
    ];
  });
}

/** As many inputs and outputs are described of all endpoints: a config of 32 MiB may have sixteen million of them. */
const MOST_SLOTS = 200_000;

/** Whether any endpoint takes something that only `/info` can name. */
export function needsNames(endpoints: readonly DescribedEndpoint[]): boolean {
  return endpoints.some(({ endpoint }) => endpoint.name !== undefined && endpoint.parameters.length > 0);
}

/** What is known of a component, whoever has it for an input or an output. */
interface Component {
  readonly isServers: boolean;
  readonly value: unknown;
  readonly common: EndpointReturn;
  readonly asOutput: EndpointReturn;
  readonly choices: readonly unknown[] | undefined;
  readonly range: ValueRange | undefined;
}

function readComponent(fields: Fields): Component {
  const { type, props } = fields;
  const { label, value, choices, minimum, maximum, step } = record(props);
  const schemaFor = (name: string): EndpointReturn["schema"] => {
    const schema = fields[name] ?? fields["api_info"];
    return isRecord(schema) ? schema : undefined;
  };
  const common = { label: words(label), component: typeof type === "string" ? type : "" };
  const range = { minimum: finite(minimum), maximum: finite(maximum), step: finite(step) };
  return {
    isServers: isOfServer(fields),
    value,
    common: { ...common, schema: schemaFor("api_info_as_input") },
    asOutput: { ...common, schema: schemaFor("api_info_as_output") },
    choices: Array.isArray(choices) ? choices.map(valueOfChoice) : undefined,
    range: range.minimum === undefined && range.maximum === undefined ? undefined : range,
  };
}

/** A choice is a value, or what it is called and its value. */
function valueOfChoice(choice: unknown): unknown {
  return Array.isArray(choice) && choice.length === 2 ? choice[1] : choice;
}

interface Surroundings {
  readonly index: number;
  readonly known: ReadonlyMap<unknown, Component>;
  readonly info: unknown;
}

function readEndpoint(fields: Fields, { index, known, info }: Surroundings): DescribedEndpoint {
  const { id, api_name: apiName, queue, inputs, outputs, types } = fields;
  const name = endpointName(apiName);
  const fnIndex = typeof id === "number" ? id : index;
  const told = infoOf(info, { name, fnIndex });
  const slots = slotsOf(inputs, { known, told: listIn(told["parameters"]) });
  const endpoint: SpaceEndpoint = {
    name,
    fnIndex,
    queue: queue !== false,
    inputCount: Array.isArray(inputs) ? inputs.length : undefined,
    visibility: visibilityOf(fields),
    generator: record(types)["generator"] === true,
    description: words(told["description"]) ?? words(fields["api_description"]),
    parameters: (slots ?? []).filter((slot) => slot !== undefined),
    returns: listIn(outputs).map((output) => (known.get(output) ?? UNKNOWN).asOutput),
  };
  return { endpoint, slots };
}

function infoOf(
  info: unknown,
  { name, fnIndex }: { readonly name: string | undefined; readonly fnIndex: number },
): Fields {
  const { named_endpoints: named, unnamed_endpoints: unnamed } = record(info);
  const of = (group: unknown, key: string): unknown =>
    Object.hasOwn(record(group), key) ? record(group)[key] : undefined;
  return record((name === undefined ? undefined : of(named, name)) ?? of(unnamed, String(fnIndex)));
}

function slotsOf(
  inputs: unknown,
  { known, told }: { readonly known: Surroundings["known"]; readonly told: readonly unknown[] },
): DescribedEndpoint["slots"] {
  if (!Array.isArray(inputs)) return undefined;
  const components = inputs.map((input) => known.get(input) ?? UNKNOWN);
  // Where the two do not fit, `/info` speaks of something else.
  const fits = components.filter(({ isServers }) => !isServers).length === told.length;
  const rest = (fits ? told : []).values();
  return components.map((component, index) =>
    component.isServers ? undefined : parameterOf(component, { index, told: record(rest.next().value) }),
  );
}

function parameterOf(
  { common, value, choices, range }: Component,
  { index, told }: { readonly index: number; readonly told: Fields },
): EndpointParameter {
  const {
    parameter_name: name,
    parameter_has_default: hasDefault,
    parameter_default: given,
    type,
    label,
    component,
  } = told;
  const isOptional = typeof hasDefault === "boolean" ? hasDefault : value !== undefined && value !== null;
  const fallback = typeof hasDefault === "boolean" ? given : value;
  return {
    // As Gradio calls one whose function does not say.
    name: typeof name === "string" ? name : `param_${index}`,
    label: common.label ?? words(label),
    component: common.component === "" && typeof component === "string" ? component.toLowerCase() : common.component,
    schema: isRecord(type) ? type : common.schema,
    required: !isOptional,
    default: isOptional ? (fallback ?? null) : undefined,
    choices,
    range,
  };
}

function visibilityOf({ api_name: name, show_api: shown, api_visibility: told }: Fields): SpaceEndpoint["visibility"] {
  if (told === "public" || told === "undocumented" || told === "private") return told;
  if (name === false) return "private";
  return shown === false ? "undocumented" : "public";
}

const NOTHING: EndpointReturn = { label: undefined, component: "", schema: undefined };
const UNKNOWN: Component = {
  isServers: false,
  value: undefined,
  common: NOTHING,
  asOutput: NOTHING,
  choices: undefined,
  range: undefined,
};

/** A text for people, if it is one: Gradio 6 has some that the page translates. */
function words(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" && !value.startsWith("__i18n__") ? value : undefined;
}

function finite(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function record(value: unknown): Fields {
  return isRecord(value) ? value : {};
}
