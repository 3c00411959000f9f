import { afterEach } from "vitest";

/** What became of each promise, by platform. */
const rows = new Map<string, Map<string, boolean>>();

/** Notes what becomes of the tests of this suite, in the column of a platform. */
export function inColumn(platform: string): void {
  afterEach(({ task }) => {
    const row = rows.get(task.name) ?? new Map<string, boolean>();
    rows.set(task.name, row.set(platform, task.result?.errors === undefined));
  });
}

/** The table of what was promised on which platform. */
export function platformTable(): string {
  const platforms = [...new Set([...rows.values()].flatMap((row) => [...row.keys()]))];
  const head = `| ${["", ...platforms].join(" | ")} |\n|${" --- |".repeat(platforms.length + 1)}`;
  const lines = Array.from(rows, ([name, row]) => {
    const marks = platforms.map((platform) => ({ true: "✓", false: "✗", undefined: "" })[`${row.get(platform)}`]);
    return `| ${[name, ...marks].join(" | ")} |`;
  });
  return [head, ...lines].join("\n");
}
