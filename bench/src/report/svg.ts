import type { Row } from "../measure/samples.ts";
import { cellOf, COLUMNS } from "./table.ts";
import type { Summary } from "./summary.ts";

/** What the picture shows, each by a few words of its own. */
const ROWS: readonly (readonly [id: string, label: string])[] = [
  ["cold-0", "Cold start to first text, ms"],
  ["cold-50", "… with 50 ms of round trip, ms"],
  ["cold-requests", "Requests before it"],
  ["cold-connections", "Connections before it"],
  ["warm-0-p50", "Warm call to first text, ms"],
  ["warm-20-p50", "… with 20 ms of round trip, ms"],
  ["cpu-1000", "CPU a delta, answer of 1,000, µs"],
  ["cpu-10000", "… of 10,000, µs"],
  ["cpu-50000", "… of 50,000, µs"],
  ["bytes", "Bytes a delta"],
  ["streams-1000-wall", "1,000 streams: time to ideal"],
  ["streams-1000-first", "… first text, p50, ms"],
  ["streams-1000-cpu", "… CPU a delta, µs"],
  ["streams-1000-memory", "… peak memory, MB"],
  ["real-5.50-warm-p50", "Real Gradio 5.50: warm call, ms"],
  ["real-5.50-answer", "… answer of 200 deltas, ms"],
  ["real-6.31-warm-p50", "Real Gradio 6.31: warm call, ms"],
  ["real-6.31-answer", "… answer of 200 deltas, ms"],
];

// As narrow as the texts allow: the page shows the picture at the width of its column, whatever its own is.
const LABEL_WIDTH = 232;
const COLUMN_WIDTH = 104;
const RATIO_WIDTH = 40;
const ROW_HEIGHT = 28;
const TOP = 74;
const MARGIN = 20;
const OURS = "router";

const STYLE = `
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.faint { fill: #656d76; font-size: 11px }
.head { font-size: 12px; font-weight: 600 }
.ours { font-weight: 600; fill: #0550ae }
.band { fill: #ddf4ff }
.line { stroke: #d1d9e0 }
.back { fill: #ffffff; stroke: #d1d9e0 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .faint { fill: #9198a1 }
  .ours { fill: #79c0ff }
  .band { fill: #121d2f }
  .line { stroke: #3d444d }
  .back { fill: #0d1117; stroke: #3d444d }
}`;

/** Draws the table of a run, readable on a light and on a dark page. */
export function svgOf({ rows, date, machine }: Summary): string {
  const shown = ROWS.flatMap(([id, label]) => {
    const row = rows.find((candidate) => candidate.id === id);
    return row === undefined ? [] : [{ label, row }];
  });
  const columns = COLUMNS.filter(([client]) => shown.some(({ row }) => row.samples[client] !== undefined));
  const width = MARGIN * 2 + LABEL_WIDTH + columns.length * COLUMN_WIDTH;
  const height = TOP + shown.length * ROW_HEIGHT + 44;
  const right = (column: number): number => MARGIN + LABEL_WIDTH + (column + 1) * COLUMN_WIDTH - 10;
  const ours = columns.findIndex(([client]) => client === OURS);

  const band =
    ours === -1
      ? ""
      : `<rect class="band" x="${right(ours) + 10 - COLUMN_WIDTH}" y="44" width="${COLUMN_WIDTH}" height="${height - 44 - 34}" rx="6"/>`;
  const headings = columns.map(([client, heading], column) => {
    const [first, second] = split(heading);
    const name = client === OURS ? "head ours" : "head";
    return (
      text(first, { x: right(column), y: second === undefined ? 64 : 57, name, end: true }) +
      (second === undefined ? "" : text(second, { x: right(column), y: 70, name: "faint", end: true }))
    );
  });
  const body = shown.map(({ label, row }, index) => drawRow(row, { label, y: TOP + index * ROW_HEIGHT }));

  function drawRow(row: Row, { label, y }: { readonly label: string; readonly y: number }): string {
    const cells = columns.map(([client], column) => {
      const { value, ratio } = cellOf(row, client);
      const name = client === OURS ? "ours" : "plain";
      const x = right(column);
      return (
        text(value, { x: x - RATIO_WIDTH, y: y + 19, name, end: true }) +
        (ratio === undefined ? "" : text(ratio, { x, y: y + 19, name: "faint", end: true }))
      );
    });
    return `<line class="line" x1="${MARGIN}" x2="${width - MARGIN}" y1="${y}" y2="${y}"/>${text(label, { x: MARGIN, y: y + 19 })}${cells.join("")}`;
  }

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Gradio clients side by side">
<style>${STYLE}</style>
<rect class="back" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>
${text("Gradio clients on the same work, in one run: less is better", { x: MARGIN, y: 30, name: "title" })}
${band}
${headings.join("\n")}
${body.join("\n")}
${text(`“×”: times the better floor, a client written by hand for this one server. ${machine}. ${date.slice(0, 10)}.`, { x: MARGIN, y: height - 16, name: "faint" })}
</svg>
`;
}

/** A heading on two lines. */
function split(heading: string): readonly [string, string | undefined] {
  const parts = /^(.*?)(?:[:,] (.*)| (\(.*\)))$/.exec(heading);
  return parts === null ? [heading, undefined] : [parts[1] ?? heading, parts[2] ?? parts[3]];
}

function text(
  content: string,
  {
    x,
    y,
    name = "plain",
    end = false,
  }: { readonly x: number; readonly y: number; readonly name?: string; readonly end?: boolean },
): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text class="${name}" x="${x}" y="${y}"${end ? ' text-anchor="end"' : ""}>${escaped}</text>`;
}
