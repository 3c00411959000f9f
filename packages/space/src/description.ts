import { printable } from "@qwen/core/gradio";

import { initialValue } from "./initial-value.ts";
import type { Component, Page, PageFunction } from "./page.ts";
import { inputsOf, type Plan } from "./plan.ts";
import { labelOf, nameOf } from "./refusal.ts";
import { isMultimodal, type SettingName } from "./role.ts";

/** How many endpoints that are not asked a description names. */
const MOST_NAMED = 6;

/** What an input of a chat is for. */
export type DescribedRole =
  | "message"
  | "history"
  | "system"
  | "system switch"
  | "image"
  | "setting"
  | "seed switch"
  | "fixed"
  | "kept";

/** An input of a chat. */
export interface DescribedInput {
  readonly id: unknown;
  readonly label: string | undefined;
  /** The kind of its component, such as "textbox". */
  readonly component: string;
  readonly role: DescribedRole;
  /** The setting, where it is for one. */
  readonly setting?: SettingName | undefined;
  /** What goes out where a request says nothing of it; of a password nothing is told. */
  readonly value: unknown;
}

/** How a Space is asked, and why. */
export interface SpaceDescription {
  readonly url: URL;
  readonly version: string | undefined;
  /** The endpoint that answers; absent where it has no name. */
  readonly endpoint: string | undefined;
  readonly fnIndex: number;
  /** Why that one, in words. */
  readonly why: string;
  /** All endpoints that are run for a question, in their order, the one that answers last. */
  readonly steps: readonly {
    readonly endpoint: string | undefined;
    readonly fnIndex: number;
    readonly queue: boolean;
  }[];
  readonly inputs: readonly DescribedInput[];
  /** Where earlier turns go. */
  readonly history: "chatbot" | "json" | "state" | "page" | "prompt" | "none";
  /** Where the system prompt goes. */
  readonly system: "input" | "prompt" | "none";
  /** How many pictures a question may have. */
  readonly images: "none" | "one" | "many";
  readonly settings: readonly SettingName[];
  /** The output that holds the answer. */
  readonly answer: { readonly output: number; readonly label: string | undefined; readonly component: string };
  /** The endpoints that are not asked, by name or number. */
  readonly others: readonly string[];
  /** The same, for a person to read. */
  toString(): string;
}

/** Tells how a plan asks a Space. */
export class Description implements SpaceDescription {
  readonly url: URL;
  readonly version: string | undefined;
  readonly endpoint: string | undefined;
  readonly fnIndex: number;
  readonly why: string;
  readonly steps: SpaceDescription["steps"];
  readonly inputs: readonly DescribedInput[];
  readonly history: SpaceDescription["history"];
  readonly system: SpaceDescription["system"];
  readonly images: SpaceDescription["images"];
  readonly settings: readonly SettingName[];
  readonly answer: SpaceDescription["answer"];
  readonly others: readonly string[];

  constructor(url: URL, { plan, page }: { readonly plan: Plan; readonly page: Page }) {
    const { course, image, message, history } = plan;
    const steps = [...course.before, course.answer];
    const output = course.answer.outputs[course.output];
    this.url = url;
    this.version = plan.version;
    this.endpoint = pathOf(course.answer);
    this.fnIndex = course.answer.fnIndex;
    this.why = plan.why;
    this.steps = steps.map((one) => ({ endpoint: pathOf(one), fnIndex: one.fnIndex, queue: one.queue }));
    this.inputs = inputsOf(course).map((one) => describe(one, plan));
    this.history = history.kind === "setter" ? "state" : history.kind;
    this.system = history.kind === "none" ? "none" : plan.system === undefined ? "prompt" : "input";
    this.images =
      image === undefined ? "none" : image === message && isMultimodal(image) && image.takesMany ? "many" : "one";
    this.settings = [...plan.settings.keys()];
    this.answer = { output: course.output, label: output?.label, component: output?.type ?? "" };
    this.others = page.functions.filter((one) => one.isCallable && !steps.includes(one)).map(nameOf);
  }

  toString(): string {
    return [
      `${this.url.href} (Gradio ${printable(this.version ?? "of an unknown version", 40)})`,
      `  asks       ${this.steps.map(stepName).join(", then ")}: ${this.why}`,
      ...this.inputs.map((one, index) => `  ${index === 0 ? "inputs    " : "          "} ${inputLine(one)}`),
      `  answer     in ${outputName(this.answer)}`,
      `  history    ${HISTORY[this.history]}`,
      `  system     ${SYSTEM[this.system]}`,
      `  pictures   ${this.images}`,
      `  settings   ${this.settings.join(", ") || "none"}`,
      `  not asked  ${shortList(this.others)}`,
    ].join("\n");
  }
}

const HISTORY: Readonly<Record<SpaceDescription["history"], string>> = {
  chatbot: "in the chatbot that the answer reads",
  json: "in an input for data",
  state: "in the State of the chat, by a function that fills it from the chatbot",
  page: "in the chatbot, by what the page runs",
  prompt: "in the prompt",
  none: "nowhere: it takes no words",
};

const SYSTEM: Readonly<Record<SpaceDescription["system"], string>> = {
  input: "in an input of its own",
  prompt: "in front of the question",
  none: "nowhere: it takes no words",
};

function describe(one: Component, plan: Plan): DescribedInput {
  const setting = [...plan.settings].find(([, input]) => input === one)?.[0];
  const value = plan.fixed.has(one.id) && !one.isPassword ? plan.fixed.get(one.id) : initialValue(one);
  return {
    id: one.id,
    label: one.label ?? one.parameter,
    component: one.type,
    role: roleOf(one, plan),
    setting,
    value,
  };
}

function roleOf(
  one: Component,
  { message, history, system, systemSwitch, image, settings, seedSwitch, fixed }: Plan,
): DescribedRole {
  if (one === message) return history.kind === "none" ? "image" : "message";
  if (("chatbot" in history && one === history.chatbot) || (history.kind === "json" && one === history.input))
    return "history";
  if (one === system) return "system";
  if (one === systemSwitch) return "system switch";
  if (one === image) return "image";
  if ([...settings.values()].includes(one)) return "setting";
  if (one === seedSwitch && settings.has("seed")) return "seed switch";
  return fixed.has(one.id) ? "fixed" : "kept";
}

function pathOf({ name }: PageFunction): string | undefined {
  return name === undefined ? undefined : `/${name}`;
}

function stepName({ endpoint, fnIndex }: SpaceDescription["steps"][number]): string {
  return endpoint === undefined ? `function ${fnIndex}` : `${printable(endpoint, 80)} (${fnIndex})`;
}

function inputLine({ id, label, component, role, setting, value }: DescribedInput): string {
  const shown = role === "kept" || role === "fixed" ? ` ${printable(JSON.stringify(value) ?? "", 60)}` : "";
  return `${labelOf({ id, label })} (${printable(component, 40)}): ${setting ?? role}${shown}`;
}

function outputName({ output, label, component }: SpaceDescription["answer"]): string {
  return `output ${output}${label === undefined ? "" : `, ${printable(label, 60)}`} (${printable(component, 40)})`;
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(", ");
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown || "nothing";
}
