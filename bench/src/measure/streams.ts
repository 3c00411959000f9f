import { runTask } from "../run-task.ts";
import { type Bench, createRows, inTurn, type Row } from "./samples.ts";

const INTERVAL_MS = 20;

/** Many streams at once, a token every 20 ms on each. */
export async function measureStreams(bench: Bench): Promise<readonly Row[]> {
  const { plan, server, python, log } = bench;
  const { list, add } = createRows();
  const deltas = plan.streamDeltas;
  // The first token comes at once.
  const idealMs = (deltas - 1) * INTERVAL_MS;
  for (const streams of [1, 100, 1000]) {
    log(`${streams} streams of ${deltas} tokens`);
    const rounds = streams === 1 ? 1 : plan.streamRounds;
    await inTurn(bench, { rounds }, async (client, round) => {
      if (client === "gradio-python" && (round > 0 || (streams === 1000 && !plan.patient))) return;
      await server.reset();
      const { wallMs, firstTextMs, lateMs, cpuMs, peakMb, errors } = await runTask<"streams">(
        {
          kind: "streams",
          client,
          url: server.url,
          version: server.version,
          streams,
          deltas,
          intervalMs: INTERVAL_MS,
        },
        { python, limitMs: 45_000 },
      );
      const many = `${streams.toLocaleString("en")} stream${streams === 1 ? "" : "s"}`;
      add({ id: `streams-${streams}-wall`, label: `${many}: time to ideal`, unit: "×" }, client, wallMs / idealMs);
      add({ id: `streams-${streams}-first`, label: `${many}: first text, p50`, unit: "ms" }, client, firstTextMs);
      add({ id: `streams-${streams}-late`, label: `${many}: lateness, p99`, unit: "ms" }, client, lateMs);
      add(
        { id: `streams-${streams}-cpu`, label: `${many}: CPU a delta`, unit: "µs" },
        client,
        (cpuMs * 1000) / streams / deltas,
      );
      add({ id: `streams-${streams}-memory`, label: `${many}: peak memory`, unit: "MB" }, client, peakMb);
      add({ id: `streams-${streams}-errors`, label: `${many}: errors`, unit: "" }, client, errors);
    });
  }
  log("what a call holds");
  const clients = plan.clients.filter((client) => client !== "gradio-python");
  await inTurn(bench, { rounds: plan.aliveRounds, clients }, async (client) => {
    await server.reset();
    const { url, version } = server;
    const { kilobytesPerCall } = await runTask<"alive">({ kind: "alive", client, url, version, streams: 1000 });
    const label = "1,000 streams at their first text: memory a call holds";
    add({ id: "alive", label, unit: "KB" }, client, kilobytesPerCall);
  });
  return list();
}
