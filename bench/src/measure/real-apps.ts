import { startRealApp } from "../apps.ts";
import type { Target } from "../clients/client.ts";
import { runTask } from "../run-task.ts";
import { GRADIO_VERSIONS, type GradioVersion } from "../server/wire.ts";
import { quantile } from "../task.ts";
import { type Bench, createRows, inTurn, median, type Row } from "./samples.ts";

const FIRST_PROMPT = "script:long 24 3";
const DELTAS = 200;

/** Options of {@link measureRealApps}. */
export interface MeasureRealAppsOptions {
  /** @defaultValue all of them, one after the other */
  readonly versions?: readonly GradioVersion[] | undefined;
}

/**
 * The clients on real Gradio apps, each started for this. Rejects with a `SetupError` where this machine can run no
 * Python.
 */
export async function measureRealApps(
  bench: Omit<Bench, "server">,
  { versions = GRADIO_VERSIONS }: MeasureRealAppsOptions = {},
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const version of versions) {
    await using app = await startRealApp(version, { onProgress: bench.log });
    rows.push(...(await measureApp(bench, { url: app.url, version })));
  }
  return rows;
}

/** The clients on one app that runs already: to the first text, cold and warm, and whole answers. */
export async function measureApp(bench: Omit<Bench, "server">, { url, version }: Target): Promise<readonly Row[]> {
  const { plan, python, log } = bench;
  const { list, add } = createRows();
  log(`the real app on Gradio ${version}`);
  await inTurn(bench, { rounds: plan.realRounds }, async (client) => {
    const put = (name: string, label: string, unit: Row["unit"], value: number): void =>
      add({ id: `real-${version}-${name}`, label: `Gradio ${version}: ${label}`, unit }, client, value);
    const slow = client === "gradio-python";
    const target = { client, url, version };

    const cold = await runTask<"cold">({ kind: "cold", ...target, prompt: FIRST_PROMPT }, { python });
    put("cold", "cold, process start to first text", "ms", cold.firstTextAtMs - cold.startedAtMs);

    const calls = slow ? Math.ceil(plan.realCalls / 4) : plan.realCalls;
    const { firstTextMs } = await runTask<"warm">(
      { kind: "warm", ...target, prompt: FIRST_PROMPT, calls, warmUps: 1 },
      { python },
    );
    put("warm-p50", "warm first text, p50", "ms", median(firstTextMs));
    put("warm-p99", "warm first text, p99", "ms", quantile(firstTextMs, 0.99));

    const { wallMs, microsecondsPerDelta } = await runTask<"answers">(
      {
        kind: "answers",
        ...target,
        deltas: DELTAS,
        calls: Math.ceil(calls / 8),
      },
      { python },
    );
    put("answer", `answer of ${DELTAS} deltas, whole`, "ms", median(wallMs));
    put("cpu", `CPU a delta, answer of ${DELTAS}`, "µs", microsecondsPerDelta);
  });
  return list();
}
