import { candidatesOf } from "./candidate.ts";
import { submittedBy } from "./message-input.ts";
import { inputNamed } from "./overrides.ts";
import { list, record, type Component, type Page, type PageFunction } from "./page.ts";
import { inputsOf, type Overrides } from "./plan.ts";
import { isText } from "./role.ts";

const NAMED: ReadonlySet<string> = new Set(["textbox", "slider", "number", "checkbox", "json"]);

/**
 * Whether an input of the likeliest chat is called nothing on the page, or by its caller as it is not there, so that only `/info`
 * tells what it is.
 */
export function needsParameters(page: Page, { endpoint, answer, inputs: given }: Overrides): boolean {
  const [best] = candidatesOf(page, { endpoint, answer });
  if (best === undefined) return false;
  const course = [...best.before, best.answer];
  const known = inputsOf(best);
  for (const name of given?.keys() ?? []) if (inputNamed(known, name) === undefined) return true;
  const nameless = course
    .filter(({ isPublic }) => isPublic)
    .flatMap(({ inputs }) => inputs)
    .filter((one) => NAMED.has(one.type) && one.label === undefined && one.placeholder === undefined);
  // A text that is alone is the message, whatever it is called, and so is what Enter sends.
  const texts = new Set(course.flatMap(({ inputs }) => inputs.filter(isText)));
  const submitted = submittedBy(page.functions);
  return nameless.some((one) => !(texts.size === 1 && texts.has(one)) && !submitted.has(one));
}

/** What the inputs of public functions are called in `/info`, by the id of their component. */
export function parametersIn(info: unknown, { functions }: Page): ReadonlyMap<unknown, string> {
  const { named_endpoints: named, unnamed_endpoints: unnamed } = record(info);
  const parameters = new Map<unknown, string>();
  for (const one of functions) {
    const known = one.name === undefined ? undefined : record(named)[`/${one.name}`];
    const told = list(record(known ?? record(unnamed)[String(one.fnIndex)])["parameters"]);
    for (const [component, name] of paired(one, told))
      if (!parameters.has(component.id)) parameters.set(component.id, name);
  }
  return parameters;
}

/** States and the like are left out of `/info`: where the rest does not fit, nothing is known. */
function paired({ inputs }: PageFunction, told: readonly unknown[]): readonly (readonly [Component, string])[] {
  const shown = inputs.filter(({ isSkipped }) => !isSkipped);
  if (shown.length !== told.length) return [];
  return shown.flatMap((component, index) => {
    const { parameter_name: name } = record(told[index]);
    return typeof name === "string" ? [[component, name] as const] : [];
  });
}
