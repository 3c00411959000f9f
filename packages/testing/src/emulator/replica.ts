import type { IncomingHttpHeaders, ServerResponse } from "node:http";

import { type App, type AppOptions, createApp } from "./app.ts";
import { createQueue, type Queue, type QueueOptions } from "./queue.ts";
import { cookiesOf } from "./request.ts";
import { createSessions, type Sessions } from "./sessions.ts";

/** One process of the app: what it knows, no other does. */
export interface Replica {
  readonly sessions: Sessions;
  readonly queue: Queue;
  readonly app: App;
}

/** Options of {@link createReplicas}. */
export type ReplicaOptions = Omit<QueueOptions, "sessions"> &
  Omit<AppOptions, "queue" | "call"> & {
    readonly appCall: AppOptions["call"];
    readonly maxSessions: number;
    readonly replicas: number;
  };

/** The processes of an app behind a load balancer. */
export interface Replicas {
  /** Who answers this request: by its cookie, or the next one in turn, whose cookie the response then sets. */
  pick(headers: IncomingHttpHeaders, response: ServerResponse): Replica;
}

const COOKIE = "affinity";

/** Starts the processes. A single one sets no cookie. */
export function createReplicas({ maxSessions, replicas, appCall, ...options }: ReplicaOptions): Replicas {
  const all = Array.from({ length: replicas }, (): Replica => {
    const sessions = createSessions(maxSessions);
    const queue = createQueue({ ...options, sessions });
    return { sessions, queue, app: createApp({ ...options, queue, call: appCall }) };
  });
  const [only] = all;
  if (only === undefined) throw new RangeError("A Space needs at least one replica.");
  let turn = 0;

  return {
    pick(headers, response) {
      if (all.length === 1) return only;
      const known = all[Number(cookiesOf(headers).get(COOKIE) ?? "-1")];
      if (known !== undefined) return known;
      const index = turn++ % all.length;
      response.appendHeader("set-cookie", `${COOKIE}=${index}; Path=/; HttpOnly`);
      return all[index] ?? only;
    },
  };
}
