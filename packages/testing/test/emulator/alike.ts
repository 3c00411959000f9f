import { setTimeout as sleep } from "node:timers/promises";

import { call, type Heard, join, listen, newSessionHash, post, type Target } from "../gradio-calls.ts";

/** Something to do with a server, and what came of it. */
export interface Action {
  readonly name: string;
  run(target: Target): Promise<unknown>;
}

/** What differs from run to run: ids, times, and the paths in a traceback. */
export function masked(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      if (/duration|avg_time|^eta$|^rank_eta$/u.test(key) && key !== "duration") return inner === null ? null : "time";
      if (key === "duration") return typeof inner === "number" && inner !== 10 ? "time" : inner;
      if (typeof inner !== "string") return inner;
      if (inner.startsWith("Traceback")) return "Traceback";
      return inner
        .replaceAll(/\b[0-9a-f]{32}\b/gu, "id")
        .replaceAll(/"(average_)?duration": ?[\d.e-]+/gu, '"duration":time');
    }),
  ) as unknown;
}

/** Progress is sent at intervals: only its last message is the same every time. */
function told({ status, messages, end, events }: Heard): unknown {
  const last = messages.findLastIndex(({ msg }) => msg === "progress");
  const kept = messages.filter(({ msg }, index) => (msg !== "progress" || index === last) && msg !== "heartbeat");
  return { status, end, messages: kept, others: events.filter((event) => !event.startsWith("data: {")) };
}

/** A call by the queue. */
export function queued(fnIndex: number, data: readonly unknown[], { simpleFormat = false } = {}): Action {
  return {
    name: `fn ${fnIndex} ${JSON.stringify(data)}${simpleFormat ? " with whole values" : ""}`,
    run: async (target) => told(await call(target, data, { fnIndex, simpleFormat })),
  };
}

/** A call by `/call`, read there or by the session's own stream. */
export function called(apiName: string, data: readonly unknown[], { session = false, reader = "call" } = {}): Action {
  return {
    name: `/call/${apiName} ${JSON.stringify(data)}${session ? " in a session" : ""}, read by ${reader}`,
    async run(target) {
      const sessionHash = newSessionHash();
      const { status, body } = await post(target, `/call/${apiName}`, {
        data,
        ...(session ? { session_hash: sessionHash } : {}),
      });
      if (status !== 200) return { status, body };
      const { event_id: eventId } = body as { event_id: string };
      const path = reader === "call" ? `/call/${apiName}/${eventId}` : `/queue/data?session_hash=${sessionHash}`;
      const heard = await listen(target, path);
      // Where that reader does not find the session, the job is still to come.
      if (session && reader === "call") await sleep(300);
      return told(heard);
    },
  };
}

/** One request. */
export function posted(path: string, body: unknown): Action {
  return {
    name: `POST ${path} ${JSON.stringify(body)}`,
    async run(target) {
      const reply = await post(target, path, body);
      return { status: reply.status, type: reply.headers["content-type"], body: reply.body };
    },
  };
}

/** One stream. */
export function listened(path: string): Action {
  return { name: `GET ${path}`, run: async (target) => told(await listen(target, path)) };
}

/** Several calls, one after the other, in one session. */
export function inOneSession(
  calls: readonly { readonly fnIndex: number; readonly data: readonly unknown[] }[],
): Action {
  return {
    name: `in one session ${JSON.stringify(calls)}`,
    async run(target) {
      const sessionHash = newSessionHash();
      const all = [];
      for (const { fnIndex, data } of calls) {
        await join(target, data, { fnIndex, sessionHash });
        all.push(told(await listen(target, `/queue/data?session_hash=${sessionHash}`)));
      }
      return all;
    },
  };
}

/** A turn of the 1M Space: `add_text` by `/run`, then `agent_run` by the queue. */
export function turns(...texts: readonly string[]): Action {
  return {
    name: `turns ${JSON.stringify(texts)}`,
    async run(target) {
      const sessionHash = newSessionHash();
      const all = [];
      for (const text of texts) {
        const data = [{ files: [], text }, [], []];
        const added = await post(target, "/run/predict", {
          data,
          event_data: null,
          fn_index: 1,
          trigger_id: 5,
          session_hash: sessionHash,
        });
        const [, chatbot] = (added.body as { data: unknown[] }).data;
        await join(target, [chatbot, null, 0], { fnIndex: 2, sessionHash });
        all.push(added.body, told(await listen(target, `/queue/data?session_hash=${sessionHash}`)));
      }
      return all;
    },
  };
}

/** A running job that is cancelled, and what the stream says of it. */
export function cancelled(fnIndex: number, data: readonly unknown[]): Action {
  return {
    name: `fn ${fnIndex} ${JSON.stringify(data)}, cancelled while it runs`,
    async run(target) {
      const { eventId, sessionHash } = await join(target, data, { fnIndex });
      const heard = listen(target, `/queue/data?session_hash=${sessionHash}`);
      await sleep(500);
      const reply = await post(target, "/cancel", { event_id: eventId, session_hash: sessionHash, fn_index: fnIndex });
      const { messages, end } = await heard;
      return { status: reply.status, body: reply.body, end, last: messages.slice(-2) };
    },
  };
}

/**
 * What a caller does with a job: `open` the data stream, `close` it, `cancel`, `wrong` (a cancel with another fn_index),
 * `wait` until it has begun, `heard`: the server ended the stream.
 */
export type Move = "open" | "close" | "cancel" | "wrong" | "wait" | "heard";

/** What becomes of a job of ten steps when its caller does this, while the job runs or, with `busy`, waits. */
export function left(moves: readonly Move[], { busy = false } = {}): Action {
  return {
    name: `${moves.join(", ")}${busy ? " in the queue" : ""}`,
    async run(target) {
      const job = newSessionHash();
      const before = `${job} before`;
      // Both functions wait for one slot, which the first job holds.
      if (busy) await join(target, [10, 60, before], { fnIndex: 2 });
      const { eventId, sessionHash } = await join(target, [10, 60, job], { fnIndex: 2 });
      const leaving = new AbortController();
      let heard: Promise<unknown> = Promise.resolve();
      const cancel = (fnIndex: number) =>
        post(target, "/cancel", { event_id: eventId, session_hash: sessionHash, fn_index: fnIndex });
      const acts: Readonly<Record<Move, () => unknown>> = {
        open() {
          heard = listen(target, `/queue/data?session_hash=${sessionHash}`, { signal: leaving.signal });
        },
        close: () => leaving.abort(),
        cancel: () => cancel(2),
        wrong: () => cancel(1),
        wait: () => reached(target, job, ({ steps }) => steps > 0),
        heard: () => heard,
      };
      for (const move of moves) {
        await acts[move]();
        await sleep(30);
      }
      if (busy) await reached(target, before, ({ finished }) => finished > 0);
      const { started, finished } = await still(target, job);
      leaving.abort();
      return { started, finished };
    },
  };
}

interface JobStats {
  readonly started: number;
  readonly steps: number;
  readonly finished: number;
}

async function statsOf(target: Target, job: string): Promise<JobStats> {
  const { body } = await post(target, "/run/stats", { data: [job] });
  const [text] = (body as { data: [string | null] }).data;
  return { started: 0, steps: 0, finished: 0, ...(JSON.parse(text ?? "{}") as Partial<JobStats>) };
}

async function reached(target: Target, job: string, there: (stats: JobStats) => boolean): Promise<void> {
  while (!there(await statsOf(target, job))) await sleep(20);
}

/** The stats of a job once it makes no more steps: none in the time of eight. */
async function still(target: Target, job: string): Promise<JobStats> {
  for (let last = await statsOf(target, job); ;) {
    await sleep(500);
    const now = await statsOf(target, job);
    if (now.steps === last.steps && now.started === last.started) return now;
    last = now;
  }
}

/** What clients read of `/config`. */
export const config: Action = {
  name: "GET /config",
  async run({ url }) {
    const response = await fetch(`${url}/config`);
    const all = (await response.json()) as { dependencies: Record<string, unknown>[] } & Record<string, unknown>;
    const {
      version,
      api_prefix: prefix,
      protocol,
      mode,
      title,
      root,
      username,
      enable_queue: queue,
      connect_heartbeat: heartbeat,
    } = all;
    const dependencies = all.dependencies
      .filter(({ api_name: name }) => name !== "job_stats" && name !== "stats")
      .map(
        ({
          id,
          api_name: name,
          queue: queuing,
          types,
          inputs,
          outputs,
          show_api: shown,
          api_visibility: visibility,
        }) => ({
          id,
          name,
          queuing,
          types,
          inputs: (inputs as unknown[]).length,
          outputs: (outputs as unknown[]).length,
          shown,
          visibility,
        }),
      );
    return { version, prefix, protocol, mode, title, username, queue, heartbeat, root: root === url, dependencies };
  },
};
