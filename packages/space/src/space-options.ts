import { isGroup, readable, readOptions, type Rules, type SessionProviderOptions } from "@qwen/core/gradio";

import type { Inputs, InputRole } from "./overrides.ts";
import type { Overrides } from "./plan.ts";

/** What its caller knows better than what is found in a Space. */
export interface SpaceOverrides {
  /** The endpoint that answers, or what sets it off: its name, or its number (`fn_index`) where it has none. */
  readonly endpoint?: string | number | undefined;
  /** What inputs are for, by their label, their parameter or the id of their component. */
  readonly inputs?: Readonly<Record<string, InputRole>> | undefined;
  /** Which output of the endpoint holds the answer, counted from 0. */
  readonly answer?: number | undefined;
}

/** Options of `space()`. */
export interface SpaceOptions<Id extends string = string> extends SessionProviderOptions, SpaceOverrides {
  /** The id of the provider and of its model. @defaultValue the slug of the repository or host, such as `owner-name` */
  readonly id?: Id | undefined;
}

/** Options as they are used. */
export interface ReadOptions {
  readonly id: string | undefined;
  readonly overrides: Overrides;
  /** Those of the client, which reads them itself. */
  readonly client: SessionProviderOptions;
}

/**
 * Reads the options, once: what their owner changes later changes nothing.
 *
 * Throws a `TypeError` for one that is unknown or wrong, naming it and what it must be.
 */
export function readSpaceOptions(options: SpaceOptions): ReadOptions {
  const { id, endpoint, inputs, answer, ...client } = readOptions("options", options, RULES) ?? {};
  if (id !== undefined && (typeof id !== "string" || id === "" || id.includes("/")))
    throw new TypeError('`id` must be a string that is not empty, without "/".');
  if (endpoint !== undefined && !(typeof endpoint === "string" && endpoint !== "") && !isIndex(endpoint))
    throw new TypeError("`endpoint` must be the name of an endpoint, or its number from 0.");
  if (answer !== undefined && !isIndex(answer))
    throw new TypeError("`answer` must be the number of an output, from 0.");
  return { id, overrides: { endpoint, inputs: readInputs(inputs), answer }, client };
}

const checkedBelow = (): undefined => undefined;
const checkedByClient = checkedBelow;
const RULES: Rules<SpaceOptions> = {
  id: checkedBelow,
  endpoint: checkedBelow,
  inputs: checkedBelow,
  answer: checkedBelow,
  token: checkedByClient,
  auth: checkedByClient,
  proxy: checkedByClient,
  transport: checkedByClient,
  headers: checkedByClient,
  timeouts: checkedByClient,
  earlyStream: checkedByClient,
  wakeMs: checkedByClient,
  hubUrl: checkedByClient,
  urls: checkedByClient,
};

const ROLES: ReadonlySet<unknown> = new Set(["message", "history", "system", "image", "ignore"]);
const SETTINGS: ReadonlySet<unknown> = new Set(["maxOutputTokens", "temperature", "topP", "seed"]);

function readInputs(inputs: SpaceOverrides["inputs"]): Inputs | undefined {
  if (inputs === undefined) return undefined;
  // A `Map` has no entries of its own, and would say nothing.
  const isObject = (): boolean => isGroup(inputs) && Object.prototype.toString.call(inputs) === "[object Object]";
  const given = readable("inputs", () => (isObject() ? Object.entries(inputs) : undefined));
  if (given === undefined)
    throw new TypeError("`inputs` must be an object of roles, by the label or the id of an input.");
  const roles = new Map<string, InputRole>();
  for (const [name, role] of given) {
    if (role === undefined) continue;
    const read = readable(`inputs[${JSON.stringify(name.slice(0, 80))}]`, () => roleOf(role));
    if (read === undefined) throw noRole(name);
    const twin = [...roles].find(([, other]) => isSameJob(read, other));
    if (twin !== undefined)
      throw new TypeError(
        `\`inputs\` gives ${JSON.stringify(twin[0].slice(0, 80))} and ${JSON.stringify(name.slice(0, 80))} the same role. One input takes it.`,
      );
    roles.set(name, read);
  }
  return roles;
}

/** Whether two inputs would take the same thing of a request, which one of them would never see. */
function isSameJob(one: InputRole, other: InputRole): boolean {
  if (typeof one === "string") return one !== "ignore" && one === other;
  return typeof other === "object" && "setting" in one && "setting" in other && one.setting === other.setting;
}

function roleOf(role: InputRole): InputRole | undefined {
  if (ROLES.has(role)) return role;
  // Of two things one would count for nothing.
  if (!isGroup(role) || Object.keys(role).length !== 1) return undefined;
  if ("setting" in role) {
    const { setting } = role;
    return SETTINGS.has(setting) ? { setting } : undefined;
  }
  const json = "value" in role ? jsonOf(role.value) : undefined;
  return json === undefined ? undefined : { value: JSON.parse(json) as unknown };
}

function noRole(name: string): TypeError {
  return new TypeError(
    `\`inputs[${JSON.stringify(name.slice(0, 80))}]\` must be "message", "history", "system", "image", "ignore", { setting } with one of ${[...SETTINGS].join(", ")}, or { value } that JSON can tell.`,
  );
}

/** A value as JSON tells it: nothing else of it would be sent. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
