import { qwenMax } from "@qwen/max";
import { createSpaceEmulator, type Fault, faultNames } from "@qwen/testing";
import { afterAll, describe, expect, test } from "vitest";

import { type FaultySpace, runCell } from "./cell.ts";
import { COLUMNS } from "./expectation.ts";
import { FAULT_ROWS, FIRST_PIECES, slowestFirst, tableNames } from "./fault-table.ts";
import { leftOf } from "./leftovers.ts";
import { type CellResult, matrixTable, wrongCells } from "./matrix-table.ts";

const results = new Map<string, readonly CellResult[]>(FAULT_ROWS.map(({ label }) => [label, []]));

test("the matrix has every fault that the emulator knows", () => {
  expect(tableNames.toSorted()).toEqual(faultNames.toSorted());
});

describe.concurrent("every way to ask comes to what the errors table says, in time, and leaves nothing behind", () => {
  test.each(slowestFirst(FAULT_ROWS))("$label", { timeout: 60_000 }, async (row) => {
    const cells = await Promise.all(COLUMNS.map((column) => runCell(row, column, startEmulated)));
    results.set(row.label, cells);
    expect(wrongCells(COLUMNS, cells)).toEqual([]);
  });
});

afterAll(() => {
  process.stdout.write(`\n${matrixTable("Faults of an emulated Space", COLUMNS, results)}\n\n`);
});

async function startEmulated(faults: readonly Fault[]): Promise<FaultySpace> {
  const space = await createSpaceEmulator({ shape: "max", answer: FIRST_PIECES, heartbeatMs: 50, faults });
  return {
    prompt: "Count to three.",
    provider: ({ timeouts }) => qwenMax({ id: "first", space: space.url, timeouts }),
    left() {
      const jobs = space.jobs.filter(({ state }) => state === "queued" || state === "running").length;
      return leftOf({ sockets: space.sockets, jobs });
    },
    [Symbol.asyncDispose]: space.close,
  };
}
