import {
  aFunction,
  aLimitMs,
  anObject,
  aString,
  isGroup,
  readOptions,
  requireOption,
  type Rule,
  type Rules,
} from "@qwen/core/http";

import { within } from "../contract/calls.ts";
import type { ContractCheck } from "../contract/contract-subject.ts";
import { answerRules } from "./answer-rules.ts";
import type { ConformanceOptions, ConformanceService, ConformanceSubject } from "./conformance-subject.ts";
import { endingRules } from "./ending-rules.ts";
import { failureRules } from "./failure-rules.ts";
import { LeftModel } from "./left-model.ts";
import { streamRules } from "./stream-rules.ts";
import type { TestedModel } from "./tested-model.ts";

/**
 * The rules that a `LanguageModelV4` of the AI SDK keeps if nobody is to be misled by it, each with the check that shows whether it
 * does: parts as the specification has them, each answer with one end, a cut one never a `stop`, failures that say no more than they
 * should, aborts that are obeyed at once. They are stricter than the AI SDK, which passes on much of what it cannot make sense of.
 *
 * Throws a `TypeError` for what is no model and for an option that is none.
 *
 * @example
 * ```ts
 * const server = await createOpenAIEmulator();
 * const model = createOpenAICompatible({ name: "local", baseURL: server.url })("test-model");
 * for (const { name, run } of conformance(model, { service: serviceOf(server) })) test(name, run);
 * ```
 */
export function conformance(model: TestedModel, options: ConformanceOptions = {}): readonly ContractCheck[] {
  requireOption("model", model, aModel);
  const {
    service = {},
    atOnceMs = 250,
    stopMs = 2000,
    checkMs = 20_000,
  } = readOptions("options", options, RULES) ?? {};
  readOptions("options.service", service, SERVICE_RULES);
  const prompt = service.answers?.[0].prompt ?? "Hi";
  const subject: ConformanceSubject = { model, service, prompt, atOnceMs, stopMs };
  return [answerRules, streamRules, failureRules, endingRules].flatMap((rules) =>
    rules(subject).map(({ name }, index) => ({
      name,
      async run() {
        const left = new LeftModel(model);
        try {
          await within(checkMs, "the check", rules({ ...subject, model: left })[index]?.run() ?? Promise.resolve());
        } finally {
          left.leave();
        }
      },
    })),
  );
}

const aModel: Rule = (value) =>
  isGroup(value) && "doGenerate" in value && "doStream" in value && typeof value.doStream === "function"
    ? undefined
    : "a model: an object with `doGenerate` and `doStream`";

const RULES: Rules<ConformanceOptions> = { service: anObject, atOnceMs: aLimitMs, stopMs: aLimitMs, checkMs: aLimitMs };

const isKnown = (answer: unknown): boolean => isGroup(answer) && "prompt" in answer && "text" in answer;

const knownAnswers: Rule = (value) =>
  Array.isArray(value) && value.every(isKnown) ? undefined : "a list of { prompt, text }";

const SERVICE_RULES: Rules<ConformanceService> = {
  answers: (value) =>
    Array.isArray(value) && value.length > 0 ? knownAnswers(value) : "a list of at least one { prompt, text }",
  slow: aString,
  failures: knownAnswers,
  empty: aString,
  toolCall: aString,
  requests: aFunction,
  running: aFunction,
  sockets: aFunction,
};
