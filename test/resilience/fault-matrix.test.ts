import { qwenMax } from "@qwen/max";
import { type Answers, createSpaceEmulator, type Fault, faultNames } from "@qwen/testing";
import { afterAll, describe, expect, test } from "vitest";

import { shareOf } from "../share.ts";
import { type FaultySpace, runCell, type StartFaulty } from "./cell.ts";
import { COLUMNS } from "./expectation.ts";
import { APP_ROWS, FAULT_ROWS, FIRST_PIECES, slowestFirst, tableNames } from "./fault-table.ts";
import { leftOf } from "./leftovers.ts";
import { type CellResult, matrixTable, wrongCells } from "./matrix-table.ts";

const ROWS = shareOf([...FAULT_ROWS, ...APP_ROWS], 1 / 3);
const KINDS = [
  { title: "Faults of an emulated Space", earlyStream: false, columns: COLUMNS },
  {
    title: "Faults of an emulated Space that is asked for early streams",
    earlyStream: true,
    columns: COLUMNS.filter(({ call, commit }) => call === "stream" && commit === "first-output"),
  },
];

test("the matrix has every fault that the emulator knows", () => {
  expect(tableNames.toSorted()).toEqual(faultNames.toSorted());
});

describe.each(KINDS)("$title", ({ title, earlyStream, columns }) => {
  const results = new Map<string, readonly CellResult[]>(ROWS.map(({ label }) => [label, []]));

  test.concurrent.each(slowestFirst(ROWS))(
    "$label: every way to ask comes to what the errors table says, in time, and leaves nothing behind",
    { timeout: 60_000 },
    async (row) => {
      // An early stream that is not answered is asked for again.
      const healed = row.healed || (earlyStream && row.label === "never-headers data");
      const start: StartFaulty = (faults, about) => startEmulated(faults, { ...about, earlyStream });
      const cells = await Promise.all(columns.map((column) => runCell({ ...row, healed }, column, start)));
      results.set(row.label, cells);
      expect(wrongCells(columns, cells)).toEqual([]);
    },
  );

  afterAll(() => {
    process.stdout.write(`\n${matrixTable(title, columns, results)}\n\n`);
  });
});

async function startEmulated(
  faults: readonly Fault[],
  { row, once, earlyStream }: Parameters<StartFaulty>[1] & { readonly earlyStream: boolean },
): Promise<FaultySpace> {
  // A job that was lost may have left the queue before it was the first to be asked.
  const recovered = (call: number): boolean => once && (row.fault !== undefined || call > 1);
  const answer: Answers = (_prompt, { call }) => (recovered(call) ? undefined : row.answer) ?? FIRST_PIECES;
  const space = await createSpaceEmulator({ shape: "max", answer, heartbeatMs: 50, faults });
  return {
    prompt: "Count to three.",
    provider: ({ timeouts }) => qwenMax({ id: "first", space: space.url, timeouts, earlyStream }),
    left() {
      const jobs = space.jobs.filter(({ state }) => state === "queued" || state === "running").length;
      return leftOf({ sockets: space.sockets, jobs });
    },
    [Symbol.asyncDispose]: space.close,
  };
}
