import type { Column } from "./expectation.ts";

/** A cell of the matrix after its run; `undefined` problems where the column has no meaning for the row. */
export type CellResult = readonly string[] | undefined;

/** The matrix as text: faults down, ways to ask across. */
export function matrixTable(
  title: string,
  columns: readonly Column[],
  rows: ReadonlyMap<string, readonly CellResult[]>,
): string {
  const labels = [...rows.keys()];
  const width = Math.max(...labels.map((label) => label.length));
  const groups = columns.map(({ call, commit }) => `${call}, ${commit}`);
  const cells = columns.map(({ company }) => company);
  const widths = cells.map((cell) => Math.max(cell.length, 4));
  const line = (first: string, others: readonly string[]): string =>
    [first.padEnd(width), ...others.map((other, index) => other.padEnd(widths[index] ?? 0))].join("  ").trimEnd();

  const groupLine: string[] = [];
  for (let index = 0; index < groups.length;) {
    const end = groups.findIndex((group, at) => at > index && group !== groups[index]);
    const stop = end === -1 ? groups.length : end;
    const room = widths.slice(index, stop).reduce((sum, one) => sum + one + 2, -2);
    groupLine.push((groups[index] ?? "").padEnd(room));
    index = stop;
  }

  const all = [...rows.values()].flat().filter((cell) => cell !== undefined);
  const wrong = all.filter((problems) => problems.length > 0).length;
  return [
    title,
    [" ".repeat(width), ...groupLine].join("  ").trimEnd(),
    line("fault", cells),
    ...labels.map((label) => line(label, (rows.get(label) ?? []).map(wordOf))),
    `${all.length} cells, ${wrong} wrong`,
  ].join("\n");
}

function wordOf(problems: CellResult): string {
  if (problems === undefined) return "–";
  return problems.length === 0 ? "ok" : "FAIL";
}

/** The problems of a row, each behind the way that was asked. */
export function wrongCells(columns: readonly Column[], cells: readonly CellResult[]): readonly string[] {
  return cells.flatMap((problems = [], index) =>
    problems.map((problem) => `${Object.values(columns[index] ?? {}).join(" ")}: ${problem}`),
  );
}
