/** Limits the frames of stacks that begin from now on: cutting one that is there would write it out, which costs. */
export function limitFrames(most: number): void {
  // Not an assignment, which throws where the built-ins are frozen; other engines have no limit.
  if (typeof Error.stackTraceLimit === "number") Reflect.set(Error, "stackTraceLimit", most);
}
