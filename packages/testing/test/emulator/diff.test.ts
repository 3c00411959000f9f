import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { diff } from "../../src/emulator/diff.ts";

// Recorded from gradio.utils.diff of each version, 6.31.0's being 5.50.0's: before, after, edits.
test.each(["4.44.1", "5.50.0"])("says what changed as Gradio %s does, its mistakes included", (version) => {
  const recorded = readFileSync(new URL(`../fixtures/diff-${version}.json`, import.meta.url), "utf8");
  for (const [before, after, edits] of JSON.parse(recorded) as [unknown, unknown, unknown][]) {
    expect(diff(before, after, { shiftsDeletions: version !== "4.44.1" }), JSON.stringify([before, after])).toEqual(
      edits,
    );
  }
});
