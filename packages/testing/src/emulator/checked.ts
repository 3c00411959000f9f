import { isRecord } from "./bodies.ts";
import type { Space, SpaceFunction } from "./space.ts";

/** A function that refuses what Gradio refuses before it runs one: too few inputs, files nobody uploaded. */
export function checked(fn: SpaceFunction, uploads: ReadonlySet<string>): SpaceFunction {
  // One wrapper a function: the queue tells functions apart by identity.
  const known = checkedFunctions.get(fn);
  if (known !== undefined) return known;
  const wrapped: SpaceFunction = {
    ...fn,
    async *run(call) {
      if (call.data.length < fn.inputs.length)
        throw new Error(`${fn.apiName} needs ${fn.inputs.length} inputs and got ${call.data.length}.`);
      for (const value of call.data) {
        if (isRecord(value) && typeof value["path"] === "string" && !uploads.has(value["path"]))
          throw new Error(`Nobody uploaded ${value["path"]}.`);
      }
      yield* fn.run(call);
    },
  };
  checkedFunctions.set(fn, wrapped);
  return wrapped;
}

const checkedFunctions = new WeakMap<SpaceFunction, SpaceFunction>();

/** The inputs of a `/call` with nulls in the State slots that its caller left out. */
export function withState(
  data: readonly unknown[],
  { inputs }: SpaceFunction,
  { components }: Space,
): readonly unknown[] {
  const isState = (id: number): boolean => components.find((component) => component.id === id)?.schema === undefined;
  if (data.length === inputs.length || data.length !== inputs.filter((id) => !isState(id)).length) return data;
  const given = data[Symbol.iterator]();
  return inputs.map((id) => (isState(id) ? null : given.next().value));
}
