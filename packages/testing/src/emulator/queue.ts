import { createDurations } from "./durations.ts";
import { type Flavour, newEventId, type WireMessage } from "./flavour.ts";
import { type Job, runJob, type RunningJob } from "./job.ts";
import type { Sessions } from "./sessions.ts";
import type { FunctionCall, SpaceFunction } from "./space.ts";

/** A job as a caller asks for it. */
export interface JobRequest {
  readonly fnIndex: number;
  readonly fn: SpaceFunction;
  readonly data: readonly unknown[];
  readonly sessionHash?: string | undefined;
  /** Whole values instead of edits. */
  readonly simpleFormat: boolean;
  /** Others that are ahead of it, and how long each of them takes. */
  readonly ahead?: { readonly positions: number; readonly ms: number } | undefined;
}

/** Options of {@link createQueue}. */
export interface QueueOptions {
  readonly flavour: Flavour;
  readonly sessions: Sessions;
  /** Where every job is noted. */
  readonly jobs: Job[];
  readonly concurrencyLimit: number;
  readonly maxQueueSize: number;
  readonly pollMs: number;
  /** Aborted when the emulator closes. */
  readonly signal: AbortSignal;
  /** Milliseconds since the emulator started. */
  now(): number;
  call(job: Job, progress: (message: WireMessage) => void): FunctionCall;
}

/** Gradio's queue: jobs wait, run, and tell their sessions. */
export interface Queue {
  /** Takes a job in, or says that the queue is full. */
  join(request: JobRequest): { readonly eventId: string } | { readonly full: string };
  /** `POST /cancel`. Resolves when the version would answer. */
  cancel(target: { readonly eventId: string; readonly sessionHash: string; readonly fnIndex: number }): Promise<void>;
  /** The client of this session has gone: what waits never runs, what runs ends at its next step. */
  leave(sessionHash: string): void;
  /** The session of a job, while Gradio remembers it. */
  sessionOf(eventId: string): string | undefined;
}

interface WaitingJob extends RunningJob {
  ahead: number;
}

/** Runs jobs in the order they came, up to `concurrencyLimit` at once for each function. */
export function createQueue(options: QueueOptions): Queue {
  const { flavour, sessions, jobs, concurrencyLimit, maxQueueSize, pollMs, signal, now } = options;
  const waiting = new Map<SpaceFunction, WaitingJob[]>();
  const running = new Map<SpaceFunction, Set<WaitingJob>>();
  const durations = createDurations();
  let poll: NodeJS.Timeout | undefined;

  const limitOf = (fn: SpaceFunction): number => Math.min(fn.concurrencyLimit ?? Infinity, concurrencyLimit);
  const waitingFor = (fn: SpaceFunction): WaitingJob[] => entryOf(waiting, fn, () => []);
  const runningOf = (fn: SpaceFunction): Set<WaitingJob> => entryOf(running, fn, () => new Set());
  const size = (): number => [...waiting.values()].reduce((sum, list) => sum + list.length, 0);

  function estimate(fn: SpaceFunction, from = 0): void {
    const list = waitingFor(fn);
    const busy = runningOf(fn).size >= limitOf(fn) ? [...runningOf(fn)].map(({ job }) => job.startedAt ?? now()) : [];
    for (const [index, entry] of list.entries()) {
      if (index < from) continue;
      const rank = index + entry.ahead;
      entry.send({
        msg: "estimation",
        event_id: entry.job.eventId,
        rank,
        queue_size: list.length + entry.ahead,
        rank_eta: durations.eta(fn, { rank: index, limit: limitOf(fn), busy, now: now() }),
      });
    }
  }

  function schedule(): void {
    if (signal.aborted) return;
    poll ??= setTimeout(() => {
      poll = undefined;
      for (const [fn, list] of waiting) {
        let started = 0;
        for (let head = list[0]; head?.ahead === 0 && runningOf(fn).size < limitOf(fn); head = list[0]) {
          list.shift();
          void start(fn, head);
          started += 1;
        }
        // Gradio tells those who wait after each start. Once for all spares n² messages when n start at once.
        if (started > 0) estimate(fn);
      }
    }, pollMs);
  }

  async function start(fn: SpaceFunction, entry: WaitingJob): Promise<void> {
    runningOf(fn).add(entry);
    const startedAt = now();
    entry.job.startedAt = startedAt;
    entry.send({ msg: "process_starts", event_id: entry.job.eventId, eta: durations.average(fn) ?? null });
    await runJob(entry, { flavour, durations, now });
    runningOf(fn).delete(entry);
    if (entry.job.state === "finished") durations.add(fn, (now() - startedAt) / 1000);
    schedule();
  }

  /** A slow queue: those ahead leave one by one. */
  function advance(fn: SpaceFunction, entry: WaitingJob, ms: number): void {
    const timer = setInterval(() => {
      entry.ahead -= 1;
      if (entry.ahead === 0 || entry.job.state !== "queued") clearInterval(timer);
      if (entry.job.state !== "queued") return;
      estimate(fn);
      schedule();
    }, ms);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  function remove(entry: WaitingJob): void {
    const list = waitingFor(entry.fn);
    list.splice(list.indexOf(entry), 1);
    entry.job.state = "removed";
    entry.job.endedAt = now();
  }

  function interrupt(entry: WaitingJob): void {
    entry.cancelled = true;
    entry.interrupt();
  }

  function all(lists: Iterable<Iterable<WaitingJob>>): WaitingJob[] {
    return [...lists].flatMap((list) => [...list]);
  }

  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(poll);
      for (const entry of all(waiting.values())) remove(entry);
      for (const entry of all(running.values())) interrupt(entry);
    },
    { once: true },
  );

  return {
    join({ fnIndex, fn, data, sessionHash, simpleFormat, ahead }) {
      if (size() >= maxQueueSize) return { full: `Queue is full. Max size is ${maxQueueSize} and size is ${size()}.` };
      const eventId = newEventId();
      const job: Job = {
        eventId,
        sessionHash: sessionHash ?? eventId,
        fnIndex,
        apiName: fn.apiName,
        data,
        state: "queued",
        steps: 0,
        restarts: 0,
        queuedAt: now(),
      };
      const entry: WaitingJob = {
        job,
        fn,
        simpleFormat,
        alive: true,
        reset: false,
        ahead: ahead?.positions ?? 0,
        cancelled: false,
        interrupt: () => {},
        ended: Promise.resolve(),
        send: (message) => {
          if (entry.alive) sessions.send(job.sessionHash, message);
        },
        call: () => options.call(job, entry.send),
      };
      sessions.open(job.sessionHash, eventId);
      jobs.push(job);
      const list = waitingFor(fn);
      list.push(entry);
      estimate(fn, list.length - 1);
      if (entry.ahead > 0 && ahead !== undefined) advance(fn, entry, ahead.ms);
      schedule();
      return { eventId };
    },

    async cancel({ eventId, sessionHash, fnIndex }) {
      const cancelled = all(running.values()).filter(
        ({ job }) => job.sessionHash === sessionHash && job.fnIndex === fnIndex,
      );
      for (const entry of cancelled) interrupt(entry);
      if (flavour.cancelReaches === "queued-and-running") {
        await Promise.all(cancelled.map(({ ended }) => ended));
        for (const entry of all(waiting.values())) if (entry.job.eventId === eventId) remove(entry);
      }
      if (sessions.get(sessionHash) !== undefined && sessions.owes(sessionHash, eventId)) {
        sessions.send(sessionHash, flavour.completed(eventId, {}));
      }
      // Gradio forgets the generator of the job it was told of, even where it stopped another job or none. The job, if
      // it runs on, begins again.
      for (const entry of all(running.values())) {
        if (entry.job.eventId === eventId && entry.job.steps > 0 && !entry.cancelled) entry.reset = true;
      }
    },

    leave(sessionHash) {
      sessions.drop(sessionHash);
      for (const entry of all(running.values())) if (entry.job.sessionHash === sessionHash) entry.alive = false;
      for (const entry of all(waiting.values())) {
        if (entry.job.sessionHash !== sessionHash) continue;
        remove(entry);
        if (flavour.cancelReaches === "queued-and-running") sessions.settle(sessionHash, entry.job.eventId);
      }
    },

    sessionOf: (eventId) =>
      [...all(waiting.values()), ...all(running.values())].find(({ job }) => job.eventId === eventId)?.job
        .sessionHash ?? sessions.ofEvent(eventId),
  };
}

function entryOf<Value>(map: Map<SpaceFunction, Value>, key: SpaceFunction, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
}
