import { answerChecks } from "./answer-checks.ts";
import type { ContractCheck, ContractSubject } from "./contract-subject.ts";
import { endingChecks } from "./ending-checks.ts";
import { failureChecks } from "./failure-checks.ts";
import { identityChecks } from "./identity-checks.ts";
import { leakChecks } from "./leak-checks.ts";
import { partChecks } from "./part-checks.ts";

/** The promises that a provider makes, each with the check that shows whether it keeps it. */
export function providerContract(subject: ContractSubject): readonly ContractCheck[] {
  return [identityChecks, answerChecks, partChecks, endingChecks, failureChecks, leakChecks].flatMap((checks) =>
    checks(subject),
  );
}

/** Options of {@link testProvider}. */
export interface TestProviderOptions extends Omit<ContractSubject, "create"> {
  /** Registers one test: `test` of vitest, jest, bun or `node:test`. */
  test(name: string, run: () => Promise<void>): unknown;
}

/**
 * Registers a test for each promise of the provider contract: parts in order, exact text, one start at most, one finish; abort, `break`,
 * `return()` and `throw()` end at once and stop the work; errors of the family; nothing sent for what the model cannot
 * do; no listener, socket or timer left.
 *
 * @example
 * ```ts
 * const space = await createSpaceEmulator({ shape: "max" });
 * testProvider(() => qwenMax({ space: space.url }), { test, service: serviceOf(space) });
 * ```
 */
export function testProvider(create: ContractSubject["create"], { test, ...subject }: TestProviderOptions): void {
  for (const { name, run } of providerContract({ ...subject, create })) test(name, run);
}
