import type { Bench, Row } from "../src/measure/samples.ts";
import type { ClientName } from "../src/task.ts";

/** One short round of some clients, and what of it is missing. Times are not looked at. */
export function createOnePass(clients: readonly ClientName[]) {
  const lines: string[] = [];
  const bench: Omit<Bench, "server"> = {
    plan: {
      clients,
      coldRounds: 1,
      warmRounds: 1,
      cpuRounds: 1,
      streamRounds: 1,
      streamDeltas: 2,
      aliveRounds: 1,
      realRounds: 1,
      realCalls: 2,
      importRounds: 1,
      patient: false,
    },
    python: undefined,
    log: (line) => lines.push(line),
  };
  return {
    bench,
    lines,
    /** Each client that has no finite sample in a row. */
    problems(rows: readonly Row[]): readonly string[] {
      if (rows.length === 0) return ["no rows", ...lines];
      return rows.flatMap(({ label, samples }) =>
        clients
          .filter(
            (client) =>
              samples[client]?.length !== 1 || !samples[client].every((value) => Number.isFinite(value) && value > 0),
          )
          .map((client) => `${client}: no sample of "${label}"; ${lines.join("\n")}`),
      );
    },
  };
}
