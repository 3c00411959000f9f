// What the provider contract asks of `node:assert`, where there is none.

class AssertionError extends Error {
  override readonly name = "AssertionError";

  constructor({ message }: { readonly message: string }) {
    super(message);
  }
}

function ok(value: unknown, message = "not true"): asserts value {
  if (!value) throw new AssertionError({ message });
}

function equal(actual: unknown, expected: unknown, message = ""): void {
  ok(Object.is(actual, expected), `${message} ${shown(actual)} is not ${shown(expected)}`);
}

function notEqual(actual: unknown, expected: unknown, message = ""): void {
  ok(!Object.is(actual, expected), `${message} ${shown(actual)}`);
}

function deepEqual(actual: unknown, expected: unknown, message = ""): void {
  equal(shown(actual), shown(expected), message);
}

function match(actual: string, pattern: RegExp, message = ""): void {
  ok(pattern.test(actual), `${message} ${shown(actual)} does not match ${String(pattern)}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (one === undefined ? "(undefined)" : one)) ?? String(value);
}

/** As `node:assert` exports it. */
export const strict = Object.assign(ok, { ok, equal, notEqual, deepEqual, match, AssertionError });
