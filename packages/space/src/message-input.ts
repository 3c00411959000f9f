import type { Candidate } from "./candidate.ts";
import type { Component, Page } from "./page.ts";
import { isCalledMessage, systemLikeness, isMultimodal, isText } from "./role.ts";

/**
 * The input that a person types the question into; `undefined` where none or several could be it.
 *
 * What Enter in a box sends is a question; then a box that is empty, then one that is called so.
 */
export function messageOf(page: Page, { root }: Candidate, inputs: readonly Component[]): Component | undefined {
  const own = submittedBy([root]);
  const anywhere = submittedBy(page.functions);
  const ranked = inputs
    .filter(isText)
    .map((component) => ({
      component,
      rank: rankOf(component) + (own.has(component) ? 8 : 0) + (anywhere.has(component) ? 8 : 0),
    }))
    .toSorted((one, other) => other.rank - one.rank);
  const [best, next] = ranked;
  return best === undefined || best.rank === next?.rank ? undefined : best.component;
}

/** What Enter in it sets something off. */
export function submittedBy(functions: Page["functions"]): ReadonlySet<Component | undefined> {
  const sent = functions.flatMap(({ triggers }) => triggers.filter(({ event }) => event === "submit"));
  return new Set(sent.map(({ component }) => component));
}

function rankOf(component: Component): number {
  return (
    (isEmpty(component) ? 4 : 0) +
    (isMultimodal(component) ? 2 : 0) +
    (isCalledMessage(component) ? 2 : 0) -
    32 * systemLikeness(component)
  );
}

function isEmpty({ value }: Component): boolean {
  return value === undefined || value === null || value === "" || typeof value === "object";
}
