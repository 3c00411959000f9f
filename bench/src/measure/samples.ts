import type { BenchServer } from "../server/server.ts";
import { type ClientName, quantile } from "../task.ts";

/** What one client came to at one thing: a value a round; none where it failed or was not asked. */
export type Samples = Partial<Record<ClientName, number[]>>;

/** One thing that was measured on several clients, in turn. */
export interface Row {
  readonly id: string;
  readonly label: string;
  readonly unit: "ms" | "µs" | "MB" | "KB" | "B" | "×" | "";
  readonly samples: Samples;
}

/** How much is measured. */
export interface Plan {
  readonly clients: readonly ClientName[];
  readonly coldRounds: number;
  readonly warmRounds: number;
  readonly cpuRounds: number;
  readonly streamRounds: number;
  readonly streamDeltas: number;
  readonly aliveRounds: number;
  readonly realRounds: number;
  /** Warm calls a round on a real app; an eighth as many whole answers. */
  readonly realCalls: number;
  readonly importRounds: number;
  /** Whether slow clients are given the time that they take at the largest tasks. */
  readonly patient: boolean;
}

/** What a measurement works with. */
export interface Bench {
  readonly plan: Plan;
  readonly server: BenchServer;
  /** The interpreter for the client in Python, which is left out without it. */
  readonly python: string | undefined;
  /** For a person to read while it takes its time. */
  readonly log: (line: string) => void;
}

/** Collects rows whose clients are measured in turn. */
export function createRows(): {
  list(): readonly Row[];
  add(row: Omit<Row, "samples">, client: ClientName, value: number): void;
} {
  const rows = new Map<string, Row>();
  return {
    list: () => [...rows.values()],
    add(row, client, value) {
      const samples: Samples = rows.get(row.id)?.samples ?? {};
      (samples[client] ??= []).push(value);
      rows.set(row.id, { ...row, samples });
    },
  };
}

/**
 * Calls `work` for every client once a round, another one first each time, so that what else the machine does hits all
 * alike. A client that fails is named and left out from then on.
 */
export async function inTurn(
  { plan, log }: Pick<Bench, "plan" | "log">,
  { rounds, clients = plan.clients }: { readonly rounds: number; readonly clients?: readonly ClientName[] | undefined },
  work: (client: ClientName, round: number) => Promise<void>,
): Promise<void> {
  const failed = new Set<ClientName>();
  for (let round = 0; round < rounds; round += 1) {
    for (let place = 0; place < clients.length; place += 1) {
      const client = clients[(place + round) % clients.length];
      if (client === undefined || failed.has(client)) continue;
      // A Python process takes seconds where the others take tenths.
      if (client === "gradio-python" && round >= Math.ceil(rounds / 3)) continue;
      try {
        await work(client, round);
      } catch (error) {
        failed.add(client);
        log(error instanceof Error ? error.message : String(error));
      }
    }
  }
}

/** The middle of some values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The least of some values: what else the machine does only ever adds to a time. */
export function least(values: readonly number[]): number {
  return quantile(values, 0);
}
