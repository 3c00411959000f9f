import type { Candidate } from "./candidate.ts";
import type { Component, Page, PageFunction } from "./page.ts";
import { isCalledMessage, isKey, systemLikeness, isMultimodal, isText } from "./role.ts";

/**
 * The input that a person types the question into; `undefined` where none or several could be it.
 *
 * What Enter in a box sends is a question; then a box that is empty, then one that is called so.
 */
export function messageOf(
  page: Page,
  { root, before }: Candidate,
  inputs: readonly Component[],
): Component | undefined {
  const own = submittedBy([root]);
  // Elsewhere Enter may keep a key or a name as well: a question is taken out of its box.
  const emptied = new Set(page.functions.flatMap(emptiedBy));
  const made = new Set(before.flatMap(madeBy));
  const ranked = inputs
    .filter(isText)
    .map((component) => ({
      component,
      rank:
        rankOf(component) +
        (own.has(component) ? 16 : 0) +
        (emptied.has(component) ? 8 : 0) -
        (made.has(component) ? 3 : 0),
    }))
    .toSorted((one, other) => other.rank - one.rank);
  const [best, next] = ranked;
  return best === undefined || best.rank === next?.rank ? undefined : best.component;
}

/** What Enter in it sets something off. */
export function submittedBy(functions: Page["functions"]): ReadonlySet<Component | undefined> {
  return new Set(functions.flatMap(submittedTo));
}

function submittedTo({ triggers }: PageFunction): readonly (Component | undefined)[] {
  return triggers.flatMap(({ component, event }) => (event === "submit" ? [component] : []));
}

function emptiedBy(one: PageFunction): readonly (Component | undefined)[] {
  const given = new Set<Component | undefined>(one.outputs);
  return submittedTo(one).filter((component) => given.has(component));
}

/** What it writes into without having read it. */
function madeBy({ inputs, outputs }: PageFunction): readonly Component[] {
  const taken = new Set(inputs);
  return outputs.filter((output) => !taken.has(output));
}

function rankOf(component: Component): number {
  return (
    (isEmpty(component) ? 4 : 0) +
    (isMultimodal(component) ? 2 : 0) +
    (isCalledMessage(component) ? 2 : 0) -
    (component.isVisible ? 0 : 2) -
    (isKey(component) ? 6 : 0) -
    32 * systemLikeness(component)
  );
}

function isEmpty({ value }: Component): boolean {
  return value === undefined || value === null || value === "" || typeof value === "object";
}
