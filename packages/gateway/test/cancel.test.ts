import { expect, test } from "vitest";

import { shareOf } from "../../../test/share.ts";
import { CancelStage, WINDOWS } from "./cancelled.ts";
import { seeded } from "./seeded.ts";

const ALL = process.env["TEST_ALL"] === "1";
const CALLERS = ALL ? 500 : 20;
const AT_ONCE = 10;

const cells = WINDOWS.flatMap((window) => [
  { ...window, hedged: "alone" },
  { ...window, hedged: "hedged" },
]);

test.each(shareOf(cells, 0.3))(
  "a caller who leaves $name takes its jobs along, $hedged",
  async ({ hedged, ...window }) => {
    const { graceMs = 0 } = window;
    const stage = await CancelStage.open(window, hedged === "hedged");
    const random = seeded(Number(process.env["TEST_SEED"]));
    const took: number[] = [];
    for (let left = CALLERS; left > 0; left -= AT_ONCE)
      took.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => stage.leave(random() * 80)))));
    expect(await stage.close()).toStrictEqual([]);
    const p99 = took.toSorted((a, b) => a - b)[Math.ceil(took.length * 0.99) - 1] ?? Infinity;
    // Ten at a time leave beside whatever else the machine does: what one takes is in the README.
    expect(p99).toBeLessThan(graceMs + 1000);
  },
  60_000,
);
