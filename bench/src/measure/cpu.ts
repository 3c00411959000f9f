import { runTask } from "../run-task.ts";
import type { ClientName } from "../task.ts";
import { type Bench, createRows, inTurn, type Row } from "./samples.ts";

/** Calls, from the process's first, by the number of deltas. */
const CALLS = new Map([
  [1000, 30],
  [10_000, 5],
  [50_000, 2],
]);

/** Where a client takes up to a minute for what others do in a moment, one call has to do. */
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
      const calls = few ? 1 : usual;
      await server.reset();
      const { microsecondsPerDelta } = await runTask<"answers">(
        { kind: "answers", client, url: server.url, version: server.version, deltas, calls },
        { python },
      );
      add(
        { id: `cpu-${deltas}`, label: `CPU a delta, ${deltas.toLocaleString("en")} deltas`, unit: "µs" },
        client,
        microsecondsPerDelta,
      );
    });
  }
  log("bytes");
  await inTurn(bench, { rounds: 1, clients }, async (client) => {
    await server.reset();
    await runTask<"answers">(
      { kind: "answers", client, url: server.url, version: server.version, deltas: 10_000, calls: 1 },
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
