import type { Provider } from "@qwen/core";

/** A prompt and the exact text that answers it. */
export interface KnownAnswer {
  readonly prompt: string;
  readonly text: string;
}

/**
 * What stands behind the provider while it is tested, and how to make it do what the checks need. What is left out is
 * not checked.
 */
export interface ContractService {
  /** Prompts with known answers: at least one whose text comes in several pieces. */
  readonly answers: readonly [KnownAnswer, ...KnownAnswer[]];
  /** A prompt whose answer takes seconds, piece by piece. */
  readonly slow: string;
  /** Prompts that the service fails to answer, and the text that comes before. */
  readonly failures?: readonly KnownAnswer[] | undefined;
  /** How many requests it was sent so far. */
  requests?(): number | Promise<number>;
  /** How many jobs it is working on. */
  running?(): number | Promise<number>;
  /** How many sockets are open. */
  sockets?(): number | Promise<number>;
}

/** What the checks are about. */
export interface ContractSubject {
  /** A new provider of the service. Called once for each check. */
  create(): Provider | Promise<Provider>;
  readonly service: ContractService;
  /** A provider of a service that cannot be reached. */
  readonly createUnreachable?: (() => Provider | Promise<Provider>) | undefined;
  /** What "at once" means, in ms. @defaultValue 250 */
  readonly atOnceMs?: number | undefined;
  /** How long the service may take to stop a job that was left, in ms. @defaultValue 2000 */
  readonly stopMs?: number | undefined;
}

/** One promise of the contract. */
export interface ContractCheck {
  /** The promise. */
  readonly name: string;
  /** Rejects where the provider does not keep it. */
  run(): Promise<void>;
}
