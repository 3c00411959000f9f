import type { Reporter, TestModule } from "vitest/node";

/** Ends a run of the tests on the real Spaces with a table: what of each Space's answers arrives as it was given. */
export function answersReporter(): Reporter {
  return {
    onTestRunEnd(modules: readonly TestModule[]) {
      const spaces = new Set<string>();
      const rows = new Map<string, Map<string, boolean>>();
      for (const module of modules) {
        for (const test of module.children.allTests()) {
          const { cell } = test.meta();
          const { state } = test.result();
          if (cell === undefined || state === "skipped") continue;
          const row = rows.get(cell.row) ?? new Map<string, boolean>();
          rows.set(cell.row, row);
          row.set(cell.space, state === "passed" && row.get(cell.space) !== false);
          spaces.add(cell.space);
        }
      }
      if (rows.size === 0) return;
      const columns = [...spaces].toSorted();
      const lines = [...rows].map(([name, row]) => [name, ...columns.map((space) => wordOf(row.get(space)))]);
      console.log(`\n${tableOf([["real Spaces", ...columns], ...lines])}\n`);
    },
  };
}

function wordOf(ok: boolean | undefined): string {
  if (ok === undefined) return "-";
  return ok ? "ok" : "FAIL";
}

function tableOf(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((word, column) => word.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
