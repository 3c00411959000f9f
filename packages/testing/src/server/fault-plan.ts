/** What every fault of a server says: its name, and which requests it strikes. */
export interface PlannedFault<Name extends string, Route extends string> {
  readonly name: Name;
  readonly route?: Route | readonly Route[] | undefined;
  readonly on?: number | readonly number[] | undefined;
}

/** The faults of a server: which of them strike a request. */
export interface FaultPlan<Route extends string, Fault extends PlannedFault<string, Route>> {
  /** Adds a fault; the result takes it away again. A name that is none is a `TypeError`. */
  add(fault: Fault["name"] | Fault): () => void;
  clear(): void;
  /** Those that strike this request. Counts it for those that `applies` does not leave out. */
  take(route: Route, applies?: (fault: Fault) => boolean): readonly Fault[];
  /** Whether a fault of that name is there at all. */
  has(name: Fault["name"]): boolean;
}

/** Keeps the faults, and counts the requests each of them has seen. `routes` has every name, and where it strikes unless told otherwise. */
export function createFaultPlan<Name extends string, Route extends string, Fault extends PlannedFault<Name, Route>>(
  routes: Readonly<Record<Name, readonly Route[]>>,
  faults: readonly (Name | Fault)[] = [],
): FaultPlan<Route, Fault> {
  const entries = new Set<{ readonly fault: Fault; readonly routes: readonly Route[]; seen: number }>();

  const add = (like: Name | Fault): (() => void) => {
    const fault = (typeof like === "string" ? { name: like } : like) as Fault;
    const { name, route } = fault;
    if (!Object.hasOwn(routes, name)) {
      throw new TypeError(
        `There is no fault ${typeof name === "string" ? JSON.stringify(name) : "without a name"}. There are ${Object.keys(routes).join(", ")}.`,
      );
    }
    const entry = { fault, routes: route === undefined ? routes[name] : ([route].flat() as readonly Route[]), seen: 0 };
    entries.add(entry);
    return () => void entries.delete(entry);
  };
  for (const fault of faults) add(fault);

  return {
    add,
    clear: () => entries.clear(),
    take(route, applies = () => true) {
      const struck: Fault[] = [];
      for (const entry of entries) {
        if (!entry.routes.includes(route) || !applies(entry.fault)) continue;
        entry.seen += 1;
        const { on = entry.seen } = entry.fault;
        if (typeof on === "number" ? on === entry.seen : on.includes(entry.seen)) struck.push(entry.fault);
      }
      return struck;
    },
    has: (name) => [...entries].some(({ fault }) => fault.name === name),
  };
}
