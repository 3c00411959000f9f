import { candidatesOf, rivalOf, type Candidate, type Course } from "./candidate.ts";
import { historyOf, type HistoryPlan } from "./history.ts";
import { KINDS } from "./look.ts";
import { messageOf } from "./message-input.ts";
import { applyInputs, type Inputs } from "./overrides.ts";
import { record, type Component, type Page, type PageFunction } from "./page.ts";
import { ambiguous, noChat, noSuch, notAnswering, noMessage } from "./refusal.ts";
import { drawsSeed, isImage, isMultimodal, isOnScale, isState, isSystem, settingOf, type SettingName } from "./role.ts";

/** How an app is asked: which functions, and what of a request goes into which input. */
export interface Plan {
  readonly version: string | undefined;
  readonly major: number;
  /** The functions that a page would run up to the answer, and that one. */
  readonly course: Course;
  /** Why that is the chat, in words. */
  readonly why: string;
  readonly message: Component;
  readonly history: HistoryPlan;
  readonly system: Component | undefined;
  /** A checkbox that switches the system prompt on. */
  readonly systemSwitch: Component | undefined;
  readonly settings: ReadonlyMap<SettingName, Component>;
  /** A checkbox by which a seed that is given would count for nothing. */
  readonly seedSwitch: Component | undefined;
  /** Sliders that are called like a setting, but of another scale. */
  readonly offScale: ReadonlySet<SettingName>;
  /** Where a picture goes: an input of its own, or the message. */
  readonly image: Component | undefined;
  /** Values that stand whatever is asked, by the id of their component. */
  readonly fixed: ReadonlyMap<unknown, unknown>;
}

/** What a caller knows better than what is found. */
export interface Overrides {
  readonly endpoint?: string | number | undefined;
  readonly inputs?: Inputs | undefined;
  readonly answer?: number | undefined;
}

/**
 * Finds the chat of an app. Throws `unsupported` where there is none that can be told, with what there is, and
 * `invalid_request` for overrides that fit nothing.
 */
export function planFor(page: Page, overrides: Overrides = {}): Plan {
  const candidate = choose(page, overrides);
  const { before, answer, output } = candidate;
  const course = { before, answer, output };
  const why = KINDS[overrides.endpoint === undefined ? candidate.kind : "chosen"].why;
  const told = { version: page.version, major: page.major, course, why };
  const inputs = inputsOf(course);
  const given = applyInputs(inputs, overrides.inputs);
  const free = inputs.filter((one) => !given.has(one));
  const chosen = (role: string): Component | undefined => [...given].find(([, one]) => one === role)?.[0];
  const text = chosen("message") ?? messageOf(page, candidate, free);
  const message = text ?? pictureAlone(candidate);
  if (message === undefined) throw noMessage(page, candidate);
  const others = free.filter((one) => one !== message);
  return {
    ...told,
    message,
    history: text ? historyOf(page, { candidate, others, message, given: chosen("history") }) : { kind: "none" },
    ...systemIn(others, chosen("system")),
    ...settingsIn(others, given),
    seedSwitch: others.find(drawsSeed),
    image:
      chosen("image") ??
      others.find(isImage) ??
      (text === undefined || (isMultimodal(message) && message.takesPictures) ? message : undefined),
    fixed: fixedBy(given),
  };
}

/** The inputs of all functions of a course, each once, without what only the server knows. */
export function inputsOf({ before, answer }: Course): readonly Component[] {
  return [...new Set([...before, answer].flatMap(({ inputs }) => inputs))].filter((one) => !isState(one));
}

/** Plans as they are told apart: whether a call by the one is a call by the other. */
export function fingerprintOf({ course, message, history, image, fixed, ...rest }: Plan): string {
  const step = ({ fnIndex, inputs, outputs }: PageFunction): unknown => [fnIndex, inputs, outputs];
  const steps = ({ before, answer }: Course): readonly PageFunction[] => [...before, answer];
  const more = history.kind === "setter" ? [history.setter] : history.kind === "page" ? steps(history.course) : [];
  return JSON.stringify([
    [...more, ...steps(course)].map(step),
    course.output,
    [message, history.kind, image, rest.system, rest.systemSwitch, rest.seedSwitch],
    [...rest.settings],
    [...fixed],
  ]);
}

function choose(page: Page, { endpoint, answer }: Overrides): Candidate {
  const candidates = candidatesOf(page, { endpoint, answer });
  const [best] = candidates;
  if (best === undefined) throw endpoint === undefined ? noChat(page) : noSuch(page, endpoint);
  const rival = endpoint === undefined ? rivalOf(best, candidates) : undefined;
  if (rival !== undefined) throw ambiguous(page, best, rival);
  if (answer === undefined) return best;
  if (best.answer.outputs[answer] === undefined) throw notAnswering(page, best, answer);
  return { ...best, output: answer };
}

/** The picture that is all that an app takes. */
function pictureAlone({ answer }: Candidate): Component | undefined {
  return answer.inputs.length === 1 ? answer.inputs.find(isImage) : undefined;
}

function systemIn(
  inputs: readonly Component[],
  given: Component | undefined,
): { readonly system: Component | undefined; readonly systemSwitch: Component | undefined } {
  const called = inputs.filter(isSystem);
  const system = given ?? called.find(({ type }) => type === "textbox");
  return { system, systemSwitch: system && called.find(({ type }) => type === "checkbox") };
}

function settingsIn(
  inputs: readonly Component[],
  given: ReadonlyMap<Component, unknown>,
): { readonly settings: ReadonlyMap<SettingName, Component>; readonly offScale: ReadonlySet<SettingName> } {
  const settings = new Map<SettingName, Component>();
  const offScale = new Set<SettingName>();
  for (const [one, role] of given) {
    const { setting } = record(role);
    if (setting !== undefined) settings.set(setting as SettingName, one);
  }
  for (const one of inputs) {
    const name = settingOf(one);
    if (name === undefined || settings.has(name)) continue;
    if (isOnScale(name, one)) settings.set(name, one);
    else offScale.add(name);
  }
  for (const name of settings.keys()) offScale.delete(name);
  return { settings, offScale };
}

function fixedBy(given: ReadonlyMap<Component, unknown>): ReadonlyMap<unknown, unknown> {
  const valued = [...given].filter(([, role]) => "value" in record(role));
  return new Map(valued.map(([one, role]) => [one.id, record(role)["value"]]));
}
