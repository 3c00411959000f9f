/** Errors of the family that are their caller's doing: held by identity, since nobody writes on them. */
const excused = new WeakSet<object>();

/** Whether an error of the family counts for no provider, whatever its code says. */
export function isExcused(error: object): boolean {
  return excused.has(error);
}

/** Lets an error count for no provider. Returns it. */
export function excuse<Failure extends object>(error: Failure): Failure {
  excused.add(error);
  return error;
}
