import { faultNames } from "@qwen/testing";
import { afterAll, describe, expect, test } from "vitest";

import { shareOf } from "../share.ts";
import { runCell, spaces, type StartFaulty } from "./cell.ts";
import { COLUMNS } from "./expectation.ts";
import { APP_ROWS, FAULT_ROWS, slowestFirst, tableNames } from "./fault-table.ts";
import { faultySpace } from "./faulty-space.ts";
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
      const start: StartFaulty = (faults, about) => faultySpace(faults, { ...about, earlyStream });
      const cells = await Promise.all(columns.map((column) => runCell({ ...row, healed }, column, spaces(start))));
      results.set(row.label, cells);
      expect(wrongCells(columns, cells)).toEqual([]);
    },
  );

  afterAll(() => {
    process.stdout.write(`\n${matrixTable(title, columns, results)}\n\n`);
  });
});
