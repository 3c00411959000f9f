import { qwen72B } from "@qwen/72b";
import { type ServerProcess, startSpace } from "@qwen/local-spaces";
import { qwenMax } from "@qwen/max";
import type { Fault } from "@qwen/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { shareOf } from "../share.ts";
import { type FaultyPeer, runCell, spaces } from "./cell.ts";
import { COLUMNS as ALL_COLUMNS } from "./expectation.ts";
import { PROXY_FAULTS, startFaultProxy } from "./fault-proxy.ts";
import { FAULT_ROWS, slowestFirst } from "./fault-table.ts";
import { jobStats } from "./job-stats.ts";
import { leftOf } from "./leftovers.ts";
import { type CellResult, matrixTable, wrongCells } from "./matrix-table.ts";

const APPS = [
  { name: "max", version: "5.50", prefix: "/gradio_api", create: qwenMax },
  { name: "72b", version: "4.44", prefix: "", create: qwen72B },
] as const;
/** Real servers take their time, and `complete()` is `buffered` whatever it is told, as the emulator's matrix shows. */
const COLUMNS = ALL_COLUMNS.filter(({ call, commit }) => call === "stream" || commit === "buffered");
const ROWS = shareOf(
  FAULT_ROWS.filter(({ fault }) => fault !== undefined && PROXY_FAULTS.includes(fault.name)),
  1 / 3,
);

let jobs = 0;

describe.each(APPS)("behind a proxy that spoils what Gradio $version says", ({ name, version, prefix, create }) => {
  const results = new Map<string, readonly CellResult[]>(ROWS.map(({ label }) => [label, []]));
  let app: ServerProcess;

  beforeAll(async () => {
    app = await startSpace(name);
  });

  afterAll(async () => {
    await app.stop();
    process.stdout.write(`\n${matrixTable(`Faults before Gradio ${version}, ${name}`, COLUMNS, results)}\n\n`);
  });

  async function start(faults: readonly Fault[]): Promise<FaultyPeer> {
    const proxy = await startFaultProxy(app.url, faults);
    const job = `proxy-${(jobs += 1)}`;
    return {
      prompt: `script:slow 3 20 ${job}`,
      provider: ({ timeouts }) => create({ id: "first", space: proxy.url, timeouts }),
      async left() {
        const { running } = await jobStats(`${app.url}${prefix}/run/job_stats`, job);
        return [...leftOf({ "runs of the app": running }), ...proxy.open];
      },
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    };
  }

  test.concurrent.each(slowestFirst(ROWS))(
    "$label: every way to ask comes to what the errors table says",
    async (row) => {
      const cells = await Promise.all(COLUMNS.map((column) => runCell(row, column, spaces(start))));
      results.set(row.label, cells);
      expect(wrongCells(COLUMNS, cells)).toEqual([]);
    },
  );
});
