import type * as client from "@prometheus-io/client";
import type { RequestEnded, Router, RouterEvent } from "@qwen/core";

import type { Accounts, GatewayEvent } from "./accounts.ts";
import { Refusal } from "./refusal.ts";

/** What is counted of a gateway's work. */
export interface Metrics {
  /** A request was answered: at which path of ours, and how. */
  answered(path: string, status: number): void;
  /** All that was counted, as Prometheus reads it. Rejects with a {@link Refusal} where its package is not installed. */
  text(): Promise<{ readonly text: string; readonly type: string }>;
  /** Watches no more. */
  close(): void;
}

/** Whose work is counted. */
export interface MetricsOptions {
  readonly router: Router;
  readonly accounts: Accounts;
}

/**
 * Counts the work of a gateway, from now on. What counts is `@prometheus-io/client`, which is loaded by this.
 *
 * Labels are names that are registered, and nothing a caller wrote: however odd the requests are, there are no more series.
 */
export function createMetrics({ router, accounts }: MetricsOptions): Metrics {
  // Until it is loaded, in a few ms, events wait.
  const waiting: ((counters: Counters) => void)[] = [];
  let counters: Counters | undefined;
  const loading = load(router).then((loaded) => {
    counters = loaded;
    for (const work of waiting.splice(0)) work(loaded);
    return loaded;
  });
  // Who asks for the numbers is told.
  loading.catch(() => {
    stop();
    waiting.length = 0;
  });

  function count(work: (counters: Counters) => void): void {
    if (counters !== undefined) work(counters);
    else if (waiting.length < MOST_WAITING) waiting.push(work);
  }

  const stop = router.observe((event) => count((known) => known.see(event)));
  accounts.listen((event, answer) => count((known) => known.hear(event, answer)));
  return {
    answered: (path, status) => count((known) => known.answered(path, status)),
    text: async () => (await loading).text(),
    close: stop,
  };
}

const MOST_WAITING = 10_000;

async function load(router: Router): Promise<Counters> {
  try {
    return new Counters(await import("@prometheus-io/client"), router);
  } catch {
    throw new Refusal({
      status: 501,
      code: "metrics_unavailable",
      message: "Metrics take the package @prometheus-io/client, which is not installed beside the gateway.",
    });
  }
}

type Client = typeof client;

/** Buckets of times, in s: a Space may take minutes. */
const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** Where a request was when its caller left. */
type Phase = "waiting" | "queue" | "before-output" | "streaming";

class Counters {
  readonly #router: Router;
  readonly #registry: InstanceType<Client["Registry"]>;
  readonly #requests;
  readonly #attempts;
  readonly #firstOutput;
  readonly #duration;
  readonly #queue;
  readonly #cancelled;
  readonly #cut;
  readonly #truncated;
  readonly #phases = new Map<string, Phase>();
  /** Attempts under way, of those that were seen to begin. */
  readonly #attempting = new Set<string>();

  constructor({ Registry, Counter, Gauge, Histogram }: Client, router: Router) {
    const registry = new Registry();
    const registers = [registry];
    const candidate = ["provider", "model"] as const;
    const phases = this.#phases;
    const attempting = this.#attempting;
    this.#router = router;
    this.#registry = registry;
    this.#requests = new Counter({
      name: "qwen_requests_total",
      help: "Answered requests, by the path of the gateway's and the HTTP status.",
      labelNames: ["route", "status"],
      registers,
    });
    this.#attempts = new Counter({
      name: "qwen_attempts_total",
      help: "Attempts at a model that ended, by how they did.",
      labelNames: [...candidate, "outcome"],
      registers,
    });
    this.#firstOutput = new Histogram({
      name: "qwen_first_output_seconds",
      help: "From the start of a request to its first output.",
      buckets: SECONDS,
      registers,
    });
    this.#duration = new Histogram({
      name: "qwen_duration_seconds",
      help: "From the start of a request to its end.",
      labelNames: ["outcome"],
      buckets: SECONDS,
      registers,
    });
    this.#queue = new Gauge({
      name: "qwen_queue_position",
      help: "The place in the queue that a model told last; 0 is next.",
      labelNames: candidate,
      registers,
    });
    this.#cancelled = new Counter({
      name: "qwen_cancelled_total",
      help: "Requests that were stopped, by where they were: their callers left, or a stop sequence was all that was waited for.",
      labelNames: ["where"],
      registers,
    });
    this.#cut = new Counter({
      name: "qwen_cut_total",
      help: "Answers that broke off behind some output, which their callers were told as an error.",
      registers,
    });
    this.#truncated = new Counter({
      name: "qwen_truncated_total",
      help: "Answers that were told as whole and of which the router says that they failed. Always 0.",
      registers,
    });
    for (const counter of [this.#cut, this.#truncated]) counter.inc(0);
    const active = new Gauge({
      name: "qwen_active_streams",
      help: "Answers under way.",
      registers: [],
      collect() {
        this.set(phases.size);
      },
    });
    const jobs = new Gauge({
      name: "qwen_upstream_jobs_open",
      help: "Attempts under way.",
      registers: [],
      collect() {
        this.set(attempting.size);
      },
    });
    const breakers = new Gauge({
      name: "qwen_breaker_state",
      help: "0 for a closed breaker, 1 for a half-open one, 2 for an open one.",
      labelNames: candidate,
      registers: [],
      collect() {
        for (const { provider, model, breaker } of router.health())
          this.set({ provider, model }, BREAKERS.indexOf(breaker));
      },
    });
    for (const gauge of [active, jobs, breakers]) registry.registerMetric(gauge);
    for (const status of ["answered", "failed", "cancelled"]) this.#duration.zero({ outcome: status });
  }

  answered(path: string, status: number): void {
    this.#requests.inc({ route: path, status: String(status) });
  }

  see(event: RouterEvent): void {
    switch (event.type) {
      case "request-started":
        this.#phases.set(event.requestId, "before-output");
        return;
      case "waiting":
        this.#phases.set(event.requestId, "waiting");
        return;
      case "queued":
        this.#phases.set(event.requestId, "queue");
        this.#queue.set(this.#labelsOf(event), event.position);
        return;
      case "output":
        this.#phases.set(event.requestId, "streaming");
        return;
      case "attempt-started":
        this.#attempting.add(attemptOf(event));
        return;
      case "attempt-ended":
        this.#attempting.delete(attemptOf(event));
        this.#attempts.inc({ ...this.#labelsOf(event), outcome: event.outcome });
        return;
      case "request-ended":
        this.#end(event);
        return;
      default:
    }
  }

  /** What the gateway says of a request, beside what the router says of it. */
  hear(event: GatewayEvent, answer: RequestEnded | undefined): void {
    if (event.type !== "request-ended") return;
    if (event.outcome === "cut") this.#cut.inc();
    // Of what a mount makes of a failure the gateway knows nothing.
    else if (event.outcome === "answered" && answer?.outcome === "failed" && ANSWERING.has(event.path))
      this.#truncated.inc();
  }

  async text(): Promise<{ readonly text: string; readonly type: string }> {
    return { text: await this.#registry.metrics(), type: this.#registry.contentType };
  }

  #end({
    requestId,
    outcome,
    durationMs,
    firstOutputMs,
  }: Extract<RouterEvent, { readonly type: "request-ended" }>): void {
    this.#duration.observe({ outcome }, durationMs / 1000);
    if (firstOutputMs !== undefined) this.#firstOutput.observe(firstOutputMs / 1000);
    if (outcome === "cancelled") this.#cancelled.inc({ where: this.#phases.get(requestId) ?? "before-output" });
    this.#phases.delete(requestId);
  }

  /** Of names that are registered: a plugin of somebody's may make up models as it is asked. */
  #labelsOf({
    provider,
    model,
  }: {
    readonly provider: string;
    readonly model: string;
  }): Record<"provider" | "model", string> {
    return this.#router.has(`${provider}/${model}`) ? { provider, model } : { provider: "other", model: "other" };
  }
}

function attemptOf({ requestId, number }: { readonly requestId: string; readonly number: number }): string {
  return `${requestId} ${number}`;
}

/** Where what the router answers is what is answered. */
const ANSWERING: ReadonlySet<string> = new Set(["/v1/chat/completions", "/v1/responses"]);

const BREAKERS: readonly string[] = ["closed", "half-open", "open"];
