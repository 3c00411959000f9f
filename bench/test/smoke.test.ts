import { expect, test } from "vitest";

import { shareOf } from "../../test/share.ts";
import type { Summary } from "../src/report/summary.ts";
import { svgOf } from "../src/report/svg.ts";
import { tableOf } from "../src/report/table.ts";
import { checkCounts } from "../src/smoke.ts";
import { CHAT_CLIENTS } from "../src/task.ts";

test("every client sends, opens and receives as much as it should", { timeout: 120_000 }, async () => {
  await checkCounts({ log: () => {}, chat: shareOf(CHAT_CLIENTS, 2 / 5) });
});

test("a run becomes a table and a picture", () => {
  const summary: Summary = {
    date: "2026-01-02T03:04:05.000Z",
    mode: "full",
    machine: "a machine",
    versions: {},
    rows: [
      {
        id: "cold-50",
        label: "cold",
        unit: "ms",
        samples: {
          "floor-undici": [310],
          "floor-http": [100, 200, 300],
          router: [110, 210, 300],
          early: [120, 220, 310],
        },
      },
    ],
    chat: [],
    imports: [],
    sizes: [],
    router: { perCall: [30], perPart: [0.1] },
  };
  expect(tableOf(summary)).toContain("| cold, ms | 310 (3.10×) | 100 | 110 (1.10×) | 120 (1.20×) |");
  expect(tableOf(summary)).toContain("| router: µs a call | 30 | 10 | missed |");
  expect(svgOf(summary)).toContain(">1.10×</text>");
  // A heading that is longer than its column stands on two lines.
  expect(svgOf(summary)).toContain(">early stream</text>");
});
