import type { Candidate } from "./candidate.ts";
import type { Component } from "./page.ts";
import { isCalledMessage, isCalledSystem, isMultimodal, isText } from "./role.ts";

/**
 * The input that a person types the question into; `undefined` where none or several could be it.
 *
 * What Enter in a box sends is a question; then a box that is empty, then one that is called so.
 */
export function messageOf(
  { answer, root, isInterface }: Candidate,
  inputs: readonly Component[],
): Component | undefined {
  const [first] = answer.inputs;
  if (isInterface && first !== undefined && inputs.includes(first)) return first;
  const submitted = new Set(root.triggers.filter(({ event }) => event === "submit").map(({ component }) => component));
  const ranked = inputs
    .filter(isText)
    .map((component) => ({ component, rank: rankOf(component, submitted.has(component)) }))
    .toSorted((one, other) => other.rank - one.rank);
  const [best, next] = ranked;
  return best === undefined || best.rank === next?.rank ? undefined : best.component;
}

function rankOf(component: Component, isSubmitted: boolean): number {
  return (
    (isSubmitted ? 8 : 0) +
    (isEmpty(component) ? 4 : 0) +
    (isMultimodal(component) ? 2 : 0) +
    (isCalledMessage(component) ? 2 : 0) -
    (isCalledSystem(component) ? 16 : 0)
  );
}

function isEmpty({ value }: Component): boolean {
  return value === undefined || value === null || value === "" || typeof value === "object";
}
