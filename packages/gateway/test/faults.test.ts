import { expect, test } from "vitest";

import { shareOf } from "../../../test/share.ts";
import { CELLS, play, wrongWith, type FaultCell } from "./fault-cells.ts";

const AT_ONCE = 12;

// One cell in 40; all of them, some fourteen thousand calls, in the check.
test("no fault of a provider makes a cut answer pass for a whole one, streamed or not, whatever the commit", async () => {
  const cells = shareOf(CELLS, 1 / 40).values();
  const wrong: string[] = [];
  const late: FaultCell[] = [];
  const playSome = async (): Promise<void> => {
    for (const cell of cells) {
      const told = await play(cell);
      const problem = wrongWith(cell, told);
      if (problem === undefined) continue;
      // A machine that is busy may let an honest provider seem silent; a cut answer that passes for a whole one is never that.
      if ("status" in told) late.push(cell);
      else wrong.push(shown(cell, problem));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, playSome));
  for (const cell of late) {
    const problem = wrongWith(cell, await play(cell));
    if (problem !== undefined) wrong.push(shown(cell, problem));
  }
  expect(wrong).toStrictEqual([]);
}, 900_000);

function shown(cell: FaultCell, problem: string): string {
  return `${Object.values(cell).join(" ")}: ${problem}`;
}
