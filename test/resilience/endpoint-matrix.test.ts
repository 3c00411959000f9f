import { openAIFaultNames } from "@qwen/testing";
import { afterAll, describe, expect, test } from "vitest";

import { shareOf } from "../share.ts";
import { type Cast, LATE_JOIN, runCell, spaces } from "./cell.ts";
import { faultyEndpoint, healthyEndpoint, prefilling, PREFILLING } from "./emulated-endpoint.ts";
import { ENDPOINT_ROWS, STRIKING_LATE, endpointFaultNames } from "./endpoint-table.ts";
import { type Column, COLUMNS } from "./expectation.ts";
import { prefillExpectationOf } from "./prefill-expectation.ts";
import { APP_ROWS, FAULT_ROWS, type FaultRow, slowestFirst } from "./fault-table.ts";
import { faultySpace } from "./faulty-space.ts";
import { type CellResult, matrixTable, wrongCells } from "./matrix-table.ts";

const LATE_ANSWER = { name: "delay", ms: 50 } as const;
const { second: healthySpace } = spaces(faultySpace);

/** Where another one may answer, whose protocol is another. */
const IN_COMPANY = COLUMNS.filter(
  ({ call, company }) => call === "stream" && (company === "second" || company === "hedged"),
);

/** Where what breaks off is gone on with. */
const CONTINUING = COLUMNS.filter(({ commit }) => commit === "continue");

/** The rows of one matrix, each with what runs its cells. */
function matrix<AnyFault extends { readonly name: string }>(
  title: string,
  { rows, columns, cast }: MatrixOptions<AnyFault>,
) {
  return {
    title,
    columns,
    rows: slowestFirst(rows).map((row) => ({
      label: row.label,
      cells: () => Promise.all(columns.map((column) => runCell(row, column, cast))),
    })),
  };
}

interface MatrixOptions<AnyFault extends { readonly name: string }> {
  readonly rows: readonly FaultRow<AnyFault>[];
  readonly columns: readonly Column[];
  readonly cast: Cast<AnyFault>;
}

const struckEndpoint = { first: faultyEndpoint, late: LATE_ANSWER };

const KINDS = [
  matrix("Faults of an emulated endpoint", {
    rows: shareOf(ENDPOINT_ROWS, 1 / 6),
    columns: COLUMNS,
    cast: { ...struckEndpoint, second: healthyEndpoint },
  }),
  ...PREFILLING.map((dialect) =>
    matrix(`Faults of an emulated endpoint that goes on behind a beginning, as ${dialect}`, {
      rows: dialect === "llama.cpp" ? shareOf(ENDPOINT_ROWS, 1 / 12) : shareOf(STRIKING_LATE, 1 / 6),
      columns: CONTINUING,
      cast: { ...prefilling(dialect), late: LATE_ANSWER, expectation: prefillExpectationOf },
    }),
  ),
  matrix("Faults of an emulated endpoint, with a Space beside it", {
    rows: shareOf(ENDPOINT_ROWS, 1 / 12),
    columns: IN_COMPANY,
    cast: { ...struckEndpoint, second: healthySpace },
  }),
  matrix("Faults of an emulated Space, with an endpoint beside it", {
    rows: shareOf([...FAULT_ROWS, ...APP_ROWS], 1 / 12),
    columns: IN_COMPANY,
    cast: { first: faultySpace, second: healthyEndpoint, late: LATE_JOIN },
  }),
];

test("the matrix has every fault that the emulator of endpoints knows, but for those of size", () => {
  const sizes = openAIFaultNames.filter((name) => !endpointFaultNames.includes(name));
  expect(sizes).toEqual(["huge-answer", "huge-chunk", "empty-chunks", "many-tool-calls", "huge-index", "huge-id"]);
});

describe.each(KINDS)("$title", ({ title, columns, rows }) => {
  const results = new Map<string, readonly CellResult[]>(rows.map(({ label }) => [label, []]));

  test.concurrent.each(rows)(
    "$label: every way to ask comes to what the errors table says, in time, and leaves nothing behind",
    { timeout: 60_000 },
    async ({ label, cells }) => {
      const run = await cells();
      results.set(label, run);
      expect(wrongCells(columns, run)).toEqual([]);
    },
  );

  afterAll(() => {
    process.stdout.write(`\n${matrixTable(title, columns, results)}\n\n`);
  });
});
