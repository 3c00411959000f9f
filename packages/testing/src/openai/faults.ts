import {
  aCountFrom,
  anObject,
  aPauseMs,
  aString,
  aWholeNumber,
  readOptions,
  requireOption,
  type Rules,
} from "@qwen/core/http";

import { createFaultPlan, type FaultPlan } from "../server/fault-plan.ts";

/** The routes of an OpenAI-compatible server, by short names. */
export type OpenAIRoute = "chat" | "responses" | "models" | "model" | "other";

const ANSWERS: readonly OpenAIRoute[] = ["chat", "responses"];

/** Where each fault strikes unless told otherwise. Its keys are the names of all faults. */
const DEFAULT_ROUTES = {
  // Of an answer, after the first `after` pieces of output.
  eof: ANSWERS,
  "eof-done": ANSWERS,
  "missing-finish": ANSWERS,
  "missing-done": ANSWERS,
  reset: ANSWERS,
  truncated: ANSWERS,
  "short-body": ANSWERS,
  "cut-body": ANSWERS,
  stall: ANSWERS,
  "heartbeats-only": ANSWERS,
  "garbage-chunk": ANSWERS,
  "error-chunk": ANSWERS,
  "error-done": ANSWERS,
  "error-event": ANSWERS,
  "error-choice": ANSWERS,
  "error-object": ANSWERS,
  "error-text": ANSWERS,
  "error-field": ANSWERS,
  "error-bare": ANSWERS,
  "error-fields": ANSWERS,
  "error-finish": ANSWERS,
  "content-filter": ANSWERS,
  length: ANSWERS,
  // Of an answer as a whole.
  empty: ANSWERS,
  "empty-body": ANSWERS,
  "error-200": ANSWERS,
  "json-body": ANSWERS,
  "other-model": ANSWERS,
  "huge-answer": ANSWERS,
  "huge-chunk": ANSWERS,
  "empty-chunks": ANSWERS,
  "many-tool-calls": ANSWERS,
  "huge-index": ANSWERS,
  "huge-id": ANSWERS,
  // Of any response.
  "byte-split": ANSWERS,
  gzip: ANSWERS,
  delay: ANSWERS,
  "never-headers": ANSWERS,
  "headers-only": ANSWERS,
  redirect: ANSWERS,
  html: ANSWERS,
  "proxy-error": ANSWERS,
  // What a server refuses.
  status: ANSWERS,
  "refused-parameter": ANSWERS,
  "context-too-long": ANSWERS,
  "content-refused": ANSWERS,
  unauthorized: ANSWERS,
  "payment-required": ANSWERS,
  forbidden: ANSWERS,
  "not-found": ANSWERS,
  conflict: ANSWERS,
  "too-large": ANSWERS,
  unprocessable: ANSWERS,
  "rate-limited": ANSWERS,
  "rate-limited-seconds": ANSWERS,
  "rate-limited-date": ANSWERS,
  "rate-limited-ms": ANSWERS,
  "rate-limited-reset": ANSWERS,
  "rate-limited-epoch": ANSWERS,
  quota: ANSWERS,
  "server-error": ANSWERS,
  "bad-gateway": ANSWERS,
  unavailable: ANSWERS,
  "gateway-timeout": ANSWERS,
} as const satisfies Record<string, readonly OpenAIRoute[]>;

/** What can go wrong on purpose. */
export type OpenAIFaultName = keyof typeof DEFAULT_ROUTES;

/** The names of all faults of an OpenAI-compatible server. */
export const openAIFaultNames: readonly OpenAIFaultName[] = Object.keys(DEFAULT_ROUTES) as OpenAIFaultName[];

/** One fault, and where and when it strikes. */
export interface OpenAIFault {
  readonly name: OpenAIFaultName;
  /** Only requests for this model, as they name it. @defaultValue every one */
  readonly model?: string | undefined;
  /** The requests it strikes. @defaultValue those for an answer: "chat" and "responses" */
  readonly route?: OpenAIRoute | readonly OpenAIRoute[] | undefined;
  /** Which of those requests, counted from 1 since the fault was added. @defaultValue every one */
  readonly on?: number | readonly number[] | undefined;
  /** Faults of an answer strike after so many pieces of output; 0 is before the first. @defaultValue 1 */
  readonly after?: number | undefined;
  /** `delay`: how long; `rate-limited-…`: what to wait for. In ms. @defaultValue 1000 */
  readonly ms?: number | undefined;
  /** `redirect`: the other origin. @defaultValue this server as `localhost` */
  readonly to?: string | undefined;
  /** `status`: which. @defaultValue 500 */
  readonly status?: number | undefined;
  /** `refused-parameter`: which; only a request that has it is refused. @defaultValue "stream_options" */
  readonly parameter?: string | undefined;
  /** What the server says of it, in place of its own words. */
  readonly message?: string | undefined;
  /** How many or how much: the table in the README has what each does without. */
  readonly count?: number | undefined;
}

/** A fault in full, or by its name alone. */
export type OpenAIFaultLike = OpenAIFaultName | OpenAIFault;

/** The faults of an OpenAI-compatible server. */
export type OpenAIFaults = FaultPlan<OpenAIRoute, OpenAIFault>;

/** Keeps the faults. */
export function createOpenAIFaults(faults: readonly OpenAIFaultLike[] = []): OpenAIFaults {
  const plan = createFaultPlan<OpenAIFaultName, OpenAIRoute, OpenAIFault>(DEFAULT_ROUTES);
  const add: OpenAIFaults["add"] = (fault) => plan.add(typeof fault === "string" ? fault : readFault(fault));
  for (const fault of faults) add(fault);
  return { ...plan, add };
}

/** Throws a `TypeError` for a field that is none, naming it and what it must be. */
function readFault(fault: OpenAIFault): OpenAIFault {
  return requireOption("fault", readOptions("fault", fault, RULES), anObject) as OpenAIFault;
}

const ROUTES: readonly unknown[] = ["chat", "responses", "models", "model", "other"] satisfies OpenAIRoute[];

/** Whether it is one that fits, or a list of such: an empty one would never strike. */
function some(value: unknown, fits: (one: unknown) => boolean): boolean {
  const list = [value].flat();
  return list.length > 0 && list.every(fits);
}

const aCount = aCountFrom(0);

const RULES: Rules<OpenAIFault> = {
  // Its name is looked up where the others are.
  name: () => undefined,
  model: aString,
  route: (value) =>
    some(value, (one) => ROUTES.includes(one)) ? undefined : `one of ${ROUTES.join(", ")}, or a list of them`,
  on: (value) =>
    some(value, (one) => aWholeNumber(one) === undefined) ? undefined : "a whole number from 1, or a list of them",
  after: aCount,
  ms: aPauseMs,
  to: (value) =>
    typeof value === "string" && URL.canParse(value) && /^[!-~]+$/.test(value)
      ? undefined
      : "an address, such as http://localhost:8080",
  status: (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= 200 && value <= 599
      ? undefined
      : "a status from 200 to 599",
  parameter: aString,
  message: aString,
  count: aCount,
};

/** Whether a fault is about this request. */
export function isAbout({ name, model, parameter = "stream_options" }: OpenAIFault, body: unknown): boolean {
  const fields = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  if (model !== undefined && fields["model"] !== model) return false;
  return name !== "refused-parameter" || fields[parameter] !== undefined;
}
