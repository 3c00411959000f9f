import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createOpenAIEmulator, openAIFaultNames, type OpenAIFault, type OpenAIFaultName } from "@qwen/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shareOf } from "../../../../test/share.ts";
import { clientsOf, type Client, type Told } from "./clients.ts";

const README = new URL("../../README.md", import.meta.url);
const TABLE = /(?<=<!-- clients -->\n)[^]*(?=<!-- \/clients -->)/;
const TEXT = "one two three four five";
/** Whoever says nothing for so long hangs. */
const HANGS_MS = 2000;

/** What would take long: less of it is as bad. */
const SMALLER: Partial<Record<OpenAIFaultName, Partial<OpenAIFault>>> = {
  "huge-answer": { count: 20_000_000 },
  "huge-chunk": { count: 1_000_000 },
  "empty-chunks": { count: 1000 },
  "many-tool-calls": { count: 2000 },
  delay: { ms: 200 },
};

let server: Awaited<ReturnType<typeof createOpenAIEmulator>>;
let clients: readonly Client[];
beforeAll(async () => {
  // The AI SDK tells of it on the console otherwise.
  (globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;
  server = await createOpenAIEmulator({ models: { any: TEXT }, heartbeatMs: 20 });
  clients = clientsOf(server.url, { limitMs: HANGS_MS / 2 });
  await Promise.all(clients.map((client) => client.ask("any", { text: "" })));
});
afterAll(() => server.close());

/** One cell: what a client tells of an answer that a fault struck behind two words. */
async function cellOf(name: OpenAIFaultName, client: Client): Promise<string> {
  // A model of its own, which nobody else's fault strikes.
  const model = `${name} for ${client.name}`;
  server.answer(model, TEXT);
  const undo = server.fault({ name, model, after: 2, ...SMALLER[name] });
  try {
    const told: Told = { text: "" };
    const asked = client.ask(model, told).then(() => true);
    for (;;) {
      const { length } = told.text;
      if (await Promise.race([asked, sleep(HANGS_MS, false)])) return inWords(told);
      if (told.text.length === length) return "hangs";
    }
  } finally {
    undo();
  }
}

function inWords({ text, reason, error }: Told): string {
  if (error !== undefined) return error;
  const what = text.endsWith(TEXT) ? "whole" : text === "" ? "nothing" : "cut";
  return `${what}, ${reason === undefined ? "no reason" : `\`${reason}\``}`;
}

interface TableRow {
  readonly name: OpenAIFaultName;
  readonly cells: readonly string[];
}

async function rowOf(name: OpenAIFaultName): Promise<TableRow> {
  if (WAITING.has(name)) return { name, cells: await Promise.all(clients.map((client) => cellOf(name, client))) };
  const cells: string[] = [];
  for (const client of clients) cells.push(await cellOf(name, client));
  return { name, cells };
}

/** What waits does so side by side; of the rest one after the other, so that none is late for another's sake. */
async function rowsOf(names: readonly OpenAIFaultName[]): Promise<readonly TableRow[]> {
  const rows: TableRow[] = [];
  for (const name of names) if (!WAITING.has(name)) rows.push(await rowOf(name));
  rows.push(...(await Promise.all(names.filter((name) => WAITING.has(name)).map(rowOf))));
  return rows.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
}

const WAITING: ReadonlySet<OpenAIFaultName> = new Set(["stall", "heartbeats-only", "never-headers", "headers-only"]);

function lineOf({ name, cells }: TableRow): string {
  return `| \`${name}\` | ${cells.join(" | ")} |`;
}

function headOf(asked: readonly Client[]): string {
  return `| fault | ${asked.map(({ name }) => name).join(" | ")} |`;
}

describe("the table of clients in the README (UPDATE_README=1 writes it)", () => {
  const { UPDATE_README: updates } = process.env;
  const names = updates === "1" ? openAIFaultNames : shareOf(openAIFaultNames, 1 / 4);

  test("says what each client returns", { timeout: 120_000 }, async () => {
    const rows = await rowsOf(names);
    const lines = rows.map(lineOf);
    process.stdout.write(`\n${lines.join("\n")}\n\n`);
    if (updates === "1") {
      const table = `\n${[headOf(clients), "| --- | --- | --- | --- |", ...lines].join("\n")}\n\n`;
      writeFileSync(
        README,
        readFileSync(README, "utf8").replace(TABLE, () => table),
      );
    }
    const readme = readFileSync(README, "utf8");
    const differing = rows.filter((row) => !readme.includes(lineOf(row)));
    // Whoever was held up by a busy machine is asked again.
    for (const { name } of differing) expect(readme).toContain(lineOf(await rowOf(name)));
  });

  test("has every fault and every client, and none in which ours hangs or tells a cut answer for a whole one", () => {
    const [table = ""] = TABLE.exec(readFileSync(README, "utf8")) ?? [];
    const rows = [...table.matchAll(/^\| `([\w-]+)` \|.*\| (.+) \|$/gm)];
    expect(rows.map(([, name]) => name)).toEqual(openAIFaultNames);
    expect(table).toContain(headOf(clients));
    expect(rows.filter(([, , ours]) => /hangs|no reason|cut, `(stop|tool-calls)`|nothing/.test(ours ?? ""))).toEqual(
      [],
    );
  });
});
