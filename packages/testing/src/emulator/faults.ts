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

/** The routes of a Space, by short names. `call-data` is `GET /call/{api}/{event}`. */
export type RouteName =
  | "config"
  | "info"
  | "join"
  | "data"
  | "call"
  | "call-data"
  | "run"
  | "cancel"
  | "upload"
  | "login"
  | "heartbeat"
  | "other";

const STREAM: readonly RouteName[] = ["data", "call-data"];
const JOIN: readonly RouteName[] = ["join", "call"];

/** Where each fault strikes unless told otherwise. Its keys are the names of all faults. */
const DEFAULT_ROUTES = {
  // Of a stream: from the message after the first `after` pieces of output on.
  eof: STREAM,
  reset: STREAM,
  truncated: STREAM,
  stall: STREAM,
  "heartbeats-only": STREAM,
  "unknown-message": STREAM,
  "garbage-line": STREAM,
  "server-stopped": STREAM,
  "missing-completion": STREAM,
  "first-edit": STREAM,
  "session-not-found": STREAM,
  // Of any answer.
  "byte-split": STREAM,
  delay: JOIN,
  "never-headers": JOIN,
  "headers-only": STREAM,
  redirect: JOIN,
  "rate-limited": JOIN,
  "rate-limited-seconds": JOIN,
  "rate-limited-date": JOIN,
  "rate-limited-ms": JOIN,
  "queue-full": JOIN,
  "queue-stopped": JOIN,
  "proxy-error": JOIN,
  sleeping: JOIN,
  "server-error": JOIN,
  html: JOIN,
  unauthorized: JOIN,
  // Of the app.
  "slow-queue": JOIN,
  "config-root": ["config"],
  // These two hold for the whole app while they are there.
  "changed-fn-index": [],
  "changed-endpoint": [],
} as const satisfies Record<string, readonly RouteName[]>;

/** What can go wrong on purpose. */
export type FaultName = keyof typeof DEFAULT_ROUTES;

/** The names of all faults. */
export const faultNames: readonly FaultName[] = Object.keys(DEFAULT_ROUTES) as FaultName[];

/** One fault, and where and when it strikes. */
export interface Fault {
  readonly name: FaultName;
  /**
   * The requests it strikes.
   *
   * @defaultValue those of the table in the README: the stream, or the request that starts a job
   */
  readonly route?: RouteName | readonly RouteName[] | undefined;
  /**
   * Which of those requests, counted from 1 since the fault was added.
   *
   * @defaultValue every one
   */
  readonly on?: number | readonly number[] | undefined;
  /**
   * Faults of a stream strike after so many messages with output; 0 is before the first.
   *
   * @defaultValue 1
   */
  readonly after?: number | undefined;
  /**
   * `delay`: how long; `slow-queue`: between two positions; `rate-limited-…`: what to wait for. In ms.
   *
   * @defaultValue 1000
   */
  readonly ms?: number | undefined;
  /** `slow-queue`: how many are ahead. @defaultValue 3 */
  readonly positions?: number | undefined;
  /** `redirect`, `config-root`: the other origin. @defaultValue this server as `localhost`, `http://elsewhere.invalid` */
  readonly to?: string | undefined;
}

/** A fault in full, or by its name alone. */
export type FaultLike = FaultName | Fault;

/** The faults of a Space: which of them strike a request. */
export type SpaceFaults = FaultPlan<RouteName, Fault>;

/** Keeps the faults of a Space. */
export function createSpaceFaults(faults: readonly FaultLike[] = []): SpaceFaults {
  const plan = createFaultPlan<FaultName, RouteName, Fault>(DEFAULT_ROUTES);
  const add: SpaceFaults["add"] = (fault) => plan.add(typeof fault === "string" ? fault : readFault(fault));
  for (const fault of faults) add(fault);
  return { ...plan, add };
}

/** Throws a `TypeError` for a field that is none, naming it and what it must be. */
function readFault(fault: Fault): Fault {
  return requireOption("fault", readOptions("fault", fault, RULES), anObject) as Fault;
}

const ROUTES: ReadonlySet<unknown> = new Set<RouteName>([
  "config",
  "info",
  "join",
  "data",
  "call",
  "call-data",
  "run",
  "cancel",
  "upload",
  "login",
  "heartbeat",
  "other",
]);

const aCount = aCountFrom(0);

const RULES: Rules<Fault> = {
  // Its name is looked up where the others are.
  name: () => undefined,
  route: (value) =>
    [value].flat().every((one) => ROUTES.has(one)) ? undefined : `one of ${[...ROUTES].join(", ")}, or a list of them`,
  on: (value) =>
    [value].flat().every((one) => aWholeNumber(one) === undefined)
      ? undefined
      : "a whole number from 1, or a list of them",
  after: aCount,
  ms: aPauseMs,
  positions: aCount,
  to: aString,
};
