import {
  aFunction,
  aLimitMs,
  anObject,
  aString,
  readOptions,
  requireOption,
  type Rule,
  type Rules,
} from "@qwen/core/http";

import { answerChecks } from "./answer-checks.ts";
import type { ContractCheck, ContractSubject } from "./contract-subject.ts";
import { endingChecks } from "./ending-checks.ts";
import { failureChecks } from "./failure-checks.ts";
import { identityChecks } from "./identity-checks.ts";
import { leakChecks } from "./leak-checks.ts";
import { partChecks } from "./part-checks.ts";

/**
 * The promises that a provider makes, each with the check that shows whether it keeps it. Throws a `TypeError` for an option
 * that is none.
 */
export function providerContract(given: ContractSubject): readonly ContractCheck[] {
  const subject = readSubject(given);
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
 * do; no listener, socket or timer left. Throws a `TypeError` for an option that is none.
 *
 * @example
 * ```ts
 * const space = await createSpaceEmulator({ shape: "max" });
 * testProvider(() => qwenMax({ space: space.url }), { test, service: serviceOf(space) });
 * ```
 */
export function testProvider(create: ContractSubject["create"], options: TestProviderOptions): void {
  const { test, ...subject } = requireOption("options", options, anObject);
  requireOption("options.test", test, aFunction);
  for (const { name, run } of providerContract({ ...subject, create })) test(name, run);
}

/** Its functions stay its owner's: they may belong to a class. */
function readSubject(subject: ContractSubject): ContractSubject {
  readOptions("options", subject, RULES);
  requireOption("create", subject.create, aFunction);
  readOptions("options.service", requireOption("options.service", subject.service, anObject), SERVICE_RULES);
  requireOption("options.service.answers", subject.service.answers, someAnswers);
  requireOption("options.service.slow", subject.service.slow, aString);
  return subject;
}

const RULES: Rules<ContractSubject> = {
  create: aFunction,
  service: anObject,
  createUnreachable: aFunction,
  atOnceMs: aLimitMs,
  stopMs: aLimitMs,
};

const isKnown = (answer: unknown): boolean =>
  anObject(answer) === undefined && "prompt" in (answer as object) && "text" in (answer as object);

const knownAnswers: Rule = (value) =>
  Array.isArray(value) && value.every(isKnown) ? undefined : "a list of { prompt, text }";

const someAnswers: Rule = (value) =>
  Array.isArray(value) && value.length > 0 ? knownAnswers(value) : "a list of at least one { prompt, text }";

const SERVICE_RULES: Rules<ContractSubject["service"]> = {
  answers: someAnswers,
  slow: aString,
  failures: knownAnswers,
  requests: aFunction,
  running: aFunction,
  sockets: aFunction,
};
