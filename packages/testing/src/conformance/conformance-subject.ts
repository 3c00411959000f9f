import type { ContractService } from "../contract/contract-subject.ts";
import type { TestedModel } from "./tested-model.ts";

/** What stands behind a model under test, and how to make it do what the checks need. What is left out is not checked. */
export interface ConformanceService extends Partial<ContractService> {
  /** A prompt that is answered by nothing at all. */
  readonly empty?: string | undefined;
  /** A prompt that is answered by the call of a tool `clock`, which the checks offer. */
  readonly toolCall?: string | undefined;
}

/** Options of `conformance()`. */
export interface ConformanceOptions {
  /** @defaultValue one of which nothing is known but that it answers "Hi" */
  readonly service?: ConformanceService | undefined;
  /** What "at once" means, in ms. @defaultValue 250 */
  readonly atOnceMs?: number | undefined;
  /** How long the service may take to stop a call that was left, in ms. @defaultValue 2000 */
  readonly stopMs?: number | undefined;
  /** How long a check may take: a model that never ends fails it. In ms. @defaultValue 20_000 */
  readonly checkMs?: number | undefined;
}

/** What the checks are about. */
export interface ConformanceSubject {
  readonly model: TestedModel;
  readonly service: ConformanceService;
  /** A prompt that is answered. */
  readonly prompt: string;
  readonly atOnceMs: number;
  readonly stopMs: number;
}
