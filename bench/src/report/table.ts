import type { FallbackCost } from "../measure/ai-sdk.ts";
import { least, type Row } from "../measure/samples.ts";
import type { ClientName } from "../task.ts";
import { type Bar, aiSdkBarsOf, barsOf, chatBarsOf } from "./bars.ts";
import { floorOf, ratioOf, type Summary, valueOf } from "./summary.ts";

/** The clients as columns, by what readers call them. */
export const COLUMNS: readonly (readonly [client: ClientName, heading: string])[] = [
  ["floor-undici", "floor: undici"],
  ["floor-http", "floor: node:http"],
  ["router", "core + max"],
  ["early", "core + max, early stream"],
  ["provider", "max alone"],
  ["gradio-js", "@gradio/client"],
  ["gradio-python", "gradio_client (Python)"],
];

/** Those of an OpenAI-compatible server. */
const CHAT_COLUMNS: typeof COLUMNS = [
  ["chat-floor", "floor: undici"],
  ["chat-router", "core + openai-compatible"],
  ["chat-provider", "openai-compatible alone"],
  ["chat-openai", "openai"],
  ["chat-ai", "ai"],
];

/** A number as short as it says something. */
export function numberText(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (Number.isInteger(value) || Math.abs(value) >= 100) return String(Math.round(value));
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** A cell: the value, and how many times the better floor that is. */
export function cellOf(row: Row, client: ClientName): { readonly value: string; readonly ratio: string | undefined } {
  const value = numberText(valueOf(row, client));
  const floor = floorOf(row);
  const ratio = floor === undefined || client === floor ? undefined : ratioOf(row, client, floor);
  const plain = row.unit === "" || row.unit === "×" || row.unit === "B" || value === "–";
  return { value, ratio: plain || ratio === undefined ? undefined : `${numberText(ratio)}×` };
}

/** The run as Markdown. */
export function tableOf(summary: Summary): string {
  const { rows, imports, sizes, router } = summary;
  const lines = [
    ...comparison(rows, COLUMNS),
    line([
      "package",
      "packed, KB",
      "installed, KB",
      "dependencies",
      "own code, KB gzip",
      "in a browser with all, KB gzip",
    ]),
    line(["---", "--:", "--:", "--:", "--:", "--:"]),
    ...sizes.map(({ name, packedKb, installedKb, dependencies, gzipKb, browserGzipKb }) =>
      line([
        `\`${name}\``,
        packedKb === undefined ? "–" : packedKb.toFixed(1),
        String(Math.round(installedKb)),
        String(dependencies),
        gzipKb.toFixed(1),
        browserGzipKb === undefined ? "–" : browserGzipKb.toFixed(1),
      ]),
    ),
    "",
    line(["import", "ms"]),
    line(["---", "--:"]),
    ...imports.map(({ label, leastMs }) => line([label, leastMs.toFixed(1)])),
    "",
    ...(router === undefined
      ? []
      : [
          line(["the router's own cost", "µs"]),
          line(["---", "--:"]),
          line(["a call", least(router.perCall).toFixed(1)]),
          line(["a part", least(router.perPart).toFixed(2)]),
          "",
        ]),
    ...barTable(barsOf(summary)),
  ];
  return `${lines.join("\n")}\n`;
}

/** What it says of an OpenAI-compatible server, as Markdown. */
export function chatTableOf(summary: Pick<Summary, "chat">): string {
  return `${[...comparison(summary.chat, CHAT_COLUMNS), ...barTable(chatBarsOf(summary))].join("\n")}\n`;
}

/** What a fallback over models of the AI SDK costs, as Markdown. */
export function aiSdkTableOf(cost: FallbackCost): string {
  const names = Object.keys(cost.cpuAPart.doStream);
  const lines = [
    line(["CPU a part, µs", ...names]),
    line(["---", ...names.map(() => "--:")]),
    ...Object.entries(cost.cpuAPart).map(([way, costs]) =>
      line([`\`${way}\` read out`, ...names.map((name) => costs[name]?.toFixed(2) ?? "–")]),
    ),
    line(["parts read ahead of a slow reader", ...names.map((name) => cost.readAhead[name]?.toFixed(0) ?? "–")]),
    "",
    ...barTable(aiSdkBarsOf(cost)),
  ];
  return `${lines.join("\n")}\n`;
}

function barTable(bars: readonly Bar[]): readonly string[] {
  return [
    line(["bar", "reached", "limit", ""]),
    line(["---", "--:", "--:", "---"]),
    ...bars.map(({ label, value, limit, met }) =>
      line([label, numberText(value), String(limit), met === undefined ? "not measured" : met ? "met" : "missed"]),
    ),
  ];
}

/** Rows with a column for each client that was measured. */
function comparison(rows: readonly Row[], all: typeof COLUMNS): readonly string[] {
  const columns = all.filter(([client]) => rows.some(({ samples }) => samples[client] !== undefined));
  return [
    line(["", ...columns.map(([, heading]) => heading)]),
    line(["---", ...columns.map(() => "--:")]),
    ...rows.map((row) =>
      line([
        row.unit === "" ? row.label : `${row.label}, ${row.unit}`,
        ...columns.map(([client]) => {
          const { value, ratio } = cellOf(row, client);
          return ratio === undefined ? value : `${value} (${ratio})`;
        }),
      ]),
    ),
    "",
  ];
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
