import { runTask } from "../run-task.ts";
import { type ClientName, SHORT_CALLS } from "../task.ts";
import { type Bench, createRows, inTurn, median, type Row } from "./samples.ts";

/** Calls to measure and to warm up with, by the number of deltas. */
const CALLS = new Map([
  [1000, { calls: 15, warmUps: 15 }],
  [10_000, { calls: 4, warmUps: 3 }],
  [50_000, { calls: 2, warmUps: 1 }],
]);

/** Where a client takes up to a minute for what others do in a moment, one call without a warm-up has to do. */
const SLOW: readonly ClientName[] = ["gradio-js", "gradio-python"];

/** The CPU time of a client's process a delta, and the bytes of a first call with 10,000 deltas. */
export async function measureCpu(bench: Bench): Promise<readonly Row[]> {
  const { plan, server, python, log } = bench;
  const { list, add } = createRows();
  // How a stream is asked for is nothing to its deltas.
  const clients = plan.clients.filter((client) => client !== "early");
  for (const [deltas, usual] of CALLS) {
    log(`CPU, ${deltas} deltas`);
    const slow = deltas === 50_000;
    await inTurn(bench, { rounds: plan.cpuRounds, clients }, async (client, round) => {
      if (slow && SLOW.includes(client) && (round > 0 || !plan.patient)) return;
      const few = client === "gradio-python" || (client === "gradio-js" && deltas > 1000);
      const times = few ? { calls: 1, warmUps: slow ? 0 : 1 } : usual;
      const shortCalls = client === "gradio-python" ? 0 : SHORT_CALLS;
      await server.reset();
      const { microsecondsPerDelta } = await runTask<"answers">(
        { kind: "answers", client, url: server.url, version: server.version, deltas, shortCalls, ...times },
        { python },
      );
      add(
        { id: `cpu-${deltas}`, label: `CPU a delta, ${deltas.toLocaleString("en")} deltas`, unit: "µs" },
        client,
        median(microsecondsPerDelta),
      );
    });
  }
  log("bytes");
  await inTurn(bench, { rounds: 1, clients }, async (client) => {
    await server.reset();
    await runTask<"answers">(
      {
        kind: "answers",
        client,
        url: server.url,
        version: server.version,
        deltas: 10_000,
        calls: 1,
        warmUps: 0,
        shortCalls: 0,
      },
      { python },
    );
    const { total } = await server.counts();
    add(
      { id: "bytes", label: "bytes a delta, first call, 10,000 deltas", unit: "B" },
      client,
      (total.bytesIn + total.bytesOut) / 10_000,
    );
  });
  return list();
}
