import { copyOfList } from "../list-copy.ts";
import { shortened } from "../nearest.ts";
import { aTableOf, readable, requireNow } from "../options.ts";

/** What a route leads to: one name, or several that are tried in this order. */
export type RouteTarget<Names extends string = string> = Names | readonly Names[];

/** What each route leads to. */
export type Routes = Readonly<Record<string, RouteTarget | undefined>>;

/** What each route leads to, as a list. */
export type RouteTargets = ReadonlyMap<string, readonly string[]>;

/** So many steps of a circle are shown. */
const MOST_STEPS = 20;

/** Reads routes, once. Throws a `TypeError` for one that leads to no name, or to what is none. */
export function readRoutes(routes: Routes): RouteTargets {
  requireNow("routes", routes, routesByName);
  const targets = new Map<string, readonly string[]>();
  for (const [name, target] of readable("routes", () => Object.entries(routes))) {
    if (target === undefined) continue;
    if (name === "") throw new TypeError('A route cannot be called "".');
    targets.set(name, readTargets(target, `The route "${shortened(name)}"`));
  }
  return targets;
}

const routesByName = aTableOf("names and what they lead to");

/** Reads what a route leads to, once. Throws a `TypeError`, which begins with the name of the route, for what is none. */
export function readTargets(target: RouteTarget, route: string): readonly string[] {
  const list: unknown = typeof target === "string" ? [target] : target;
  // With its holes, which are no names either.
  const copy = readable("routes", () => (Array.isArray(list) ? copyOfList<unknown>(list) : []));
  if (copy.length === 0) throw new TypeError(`${route} needs at least one name to lead to.`);
  if (!copy.every((one) => typeof one === "string"))
    throw new TypeError(`${route} must lead to names, which are strings.`);
  return copy;
}

/**
 * What a route leads to in the end, over any number of routes between, each once.
 *
 * `found` is what is known of other routes. Those that it reads through are added to `read` after all that they lead to, and not
 * read again if they are there. It does not recurse, so routes may be nested deep. Throws a `TypeError` for a circle, and what
 * `entriesOf` throws for a name that is no route.
 */
export function resolveRoute<Entry>(
  name: string,
  {
    targets,
    entriesOf,
    found,
    read = new Set(),
  }: {
    readonly targets: RouteTargets;
    readonly entriesOf: (name: string, route: string) => readonly Entry[];
    readonly found?: ReadonlyMap<string, readonly Entry[]> | undefined;
    readonly read?: Set<string> | undefined;
  },
): readonly Entry[] {
  const entries = new Set<Entry>();
  // The way from `name` to the route that is read now, each with what is left to read of it, backwards.
  const path: { readonly route: string; readonly rest: string[] }[] = [];
  const onPath = new Set<string>();

  function enter(route: string): void {
    if (onPath.has(route)) throw circle([...onPath], route);
    if (read.has(route)) return;
    onPath.add(route);
    path.push({ route, rest: targets.get(route)?.toReversed() ?? [] });
  }

  enter(name);
  for (let current = path.at(-1); current !== undefined; current = path.at(-1)) {
    const { route, rest } = current;
    const target = rest.pop();
    if (target === undefined) {
      read.add(route);
      path.pop();
      onPath.delete(route);
      continue;
    }
    const known = targets.has(target) ? found?.get(target) : entriesOf(target, route);
    if (known === undefined) enter(target);
    else for (const entry of known) entries.add(entry);
  }
  return [...entries];
}

function circle(path: readonly string[], route: string): TypeError {
  const steps = [...path.slice(path.indexOf(route)), route].map(shortened);
  const shown = steps.length > MOST_STEPS ? [...steps.slice(0, MOST_STEPS), "…"] : steps;
  return new TypeError(`The route "${shortened(route)}" leads back to itself: ${shown.join(" → ")}.`);
}
