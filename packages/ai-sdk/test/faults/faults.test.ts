import { readFileSync, writeFileSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { shareOf } from "../../../../test/share.ts";
import { faultCases, type FaultCase } from "./faults.ts";
import { subjects } from "./subjects.ts";
import { startFaultServer, ways, type FaultServer, type Way } from "./table.ts";

const README = new URL("../../README.md", import.meta.url);
const tableOf = (way: Way) => new RegExp(`(?<=<!-- ${way} -->\\n)[^]*(?=<!-- /${way} -->)`);

let server: FaultServer;
beforeAll(async () => {
  (globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;
  server = await startFaultServer();
  // What is compiled and connected with a first call is nobody's time.
  for (const way of ways) await lineOf({ name: "warm" }, way);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function lineOf(fault: FaultCase, way: Way): Promise<string> {
  const cells = await Promise.all(subjects.map((subject) => server.cell(fault, subject, way)));
  return `| ${fault.name} | ${cells.join(" | ")} |`;
}

/** What waits does so side by side; the rest a few at a time, so that none is late for another's sake. */
async function linesOf(faults: readonly FaultCase[], way: Way): Promise<readonly string[]> {
  const lines = new Map<FaultCase, string>();
  const waiting = faults.filter(({ waits }) => waits === true);
  for (const fault of faults) if (fault.waits !== true) lines.set(fault, await lineOf(fault, way));
  await Promise.all(waiting.map(async (fault) => void lines.set(fault, await lineOf(fault, way))));
  return faults.map((fault) => lines.get(fault) ?? "");
}

const HEAD = [
  `| the first model | ${subjects.map(({ name }) => name).join(" | ")} |`,
  `| --- |${subjects.map(() => " --- |").join("")}`,
];

const untimed = (line: string): string => line.replaceAll(/ · \d+ ms/g, "");

describe("the table of faults in the README (UPDATE_README=1 writes it)", () => {
  const { UPDATE_README: updates } = process.env;
  const faults = updates === "1" ? faultCases : shareOf(faultCases, 1 / 3);

  test.each(ways)("says what becomes of each fault through %s", { timeout: 60_000 }, async (way) => {
    const lines = await linesOf(faults, way);
    process.stdout.write(`\n${way}\n${[...HEAD, ...lines].join("\n")}\n\n`);
    if (updates === "1") {
      const table = `\n${[...HEAD, ...lines].join("\n")}\n\n`;
      writeFileSync(
        README,
        readFileSync(README, "utf8").replace(tableOf(way), () => table),
      );
    }
    const [table = ""] = tableOf(way).exec(readFileSync(README, "utf8")) ?? [];
    const known = untimed(table);
    for (const [index, line] of lines.entries()) {
      // Whoever was held up by a busy machine is asked again.
      const isKnown = known.includes(untimed(line));
      expect(known).toContain(untimed(isKnown ? line : await lineOf(faults[index]!, way)));
    }
  });

  test.each(ways)(
    "has each fault through %s, and none after which ours hangs or tells a cut answer for a whole one",
    (way) => {
      const [table = ""] = tableOf(way).exec(readFileSync(README, "utf8")) ?? [];
      const rows = table.split("\n").filter((line) => line.startsWith("| "));
      expect(rows.slice(0, 1)).toEqual(HEAD.slice(0, 1));
      expect(rows.slice(2).map((row) => row.split(" | ")[0])).toEqual(faultCases.map(({ name }) => `| ${name}`));
      for (const row of rows.slice(2)) {
        const [ours = "", buffered = "", continued = ""] = row.replace(/ \|$/, "").split(" | ").slice(-3);
        expect(ours + buffered + continued).not.toMatch(/hangs|left running|other|no end/);
        // What was shown of the first one stays, with an error; held back, the second one answers. A whole body has no chunks.
        const isWhole = way === "generateText" && row.includes("malformed chunk");
        if (!isWhole && !/content-filter|behind a tool/.test(row)) expect(buffered).toMatch(/^“six … ten”, `stop`/);
        expect(ours + continued).not.toMatch(/“one two”, `stop`/);
        // At a mirror nothing is lost but a call of a tool that was begun: nobody can go on with it.
        if (way === "streamText" && !/content-filter|behind a tool|input of a tool/.test(row))
          expect(continued).toMatch(/^“one … five”, `stop`/);
      }
    },
  );
});
