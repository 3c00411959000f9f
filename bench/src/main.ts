import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, platform, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

import { createVenv, isSetupError } from "@qwen/local-spaces";

import { measureCold } from "./measure/cold.ts";
import { measureCpu } from "./measure/cpu.ts";
import { measureImports } from "./measure/imports.ts";
import { measureRouter } from "./measure/router.ts";
import type { Bench, Plan, Row } from "./measure/samples.ts";
import { measureSizes } from "./measure/sizes.ts";
import { measureStreams } from "./measure/streams.ts";
import { measureWarm } from "./measure/warm.ts";
import type { Summary } from "./report/summary.ts";
import { svgOf } from "./report/svg.ts";
import { tableOf } from "./report/table.ts";
import { checkCounts } from "./smoke.ts";
import { startBenchServer } from "./server/server.ts";
import { CLIENTS } from "./task.ts";

const QUICK: Plan = {
  clients: CLIENTS,
  coldRounds: 4,
  warmRounds: 2,
  cpuRounds: 2,
  streamRounds: 1,
  streamDeltas: 75,
  patient: false,
};
const FULL: Plan = {
  clients: CLIENTS,
  coldRounds: 11,
  warmRounds: 3,
  cpuRounds: 3,
  streamRounds: 3,
  streamDeltas: 200,
  patient: true,
};

const MEASUREMENTS = { cold: measureCold, warm: measureWarm, cpu: measureCpu, streams: measureStreams } as const;
const PARTS = [...Object.keys(MEASUREMENTS), "imports", "sizes", "router"];

/** Where the table stands in the README. */
const TABLE = /(<!-- table -->\n)[^]*(<!-- \/table -->)/;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: PARTS },
    client: { type: "string", multiple: true, default: [...CLIENTS] },
    gradio: { type: "string", default: "5.50" },
  },
});

if (options.smoke) await checkCounts({ log: console.log });
else await run();

async function run(): Promise<void> {
  const startedAt = performance.now();
  const python = options.client.includes("gradio-python") ? await findClientInPython() : undefined;
  const clients = CLIENTS.filter(
    (client) => options.client.includes(client) && (client !== "gradio-python" || python !== undefined),
  );
  await using server = await startBenchServer(options.gradio === "6.31" ? "6.31" : "5.50");
  const plan = { ...(options.quick ? QUICK : FULL), clients };
  const bench: Bench = { plan, server, python, log: (line) => console.error(line) };

  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(MEASUREMENTS))
    if (options.only.includes(name)) rows.push(...(await measure(bench)));
  const summary: Summary = {
    date: new Date().toISOString(),
    mode: options.quick ? "quick" : "full",
    machine: `${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB, ${platform()}`,
    versions: { node: process.version, gradio: server.version },
    rows,
    imports: options.only.includes("imports") ? await measureImports({ rounds: options.quick ? 5 : 15 }) : [],
    sizes: options.only.includes("sizes") ? await measureSizes() : [],
    router: options.only.includes("router") ? await measureRouter() : undefined,
  };
  console.log(tableOf(summary));
  console.error(`${Math.round((performance.now() - startedAt) / 1000)} s`);
  const whole = options.only.length === PARTS.length && clients.length === CLIENTS.length;
  if (whole) await save(summary);
}

/** Makes an environment with `gradio_client`; none where this machine can run no Python. */
async function findClientInPython(): Promise<string | undefined> {
  try {
    return await createVenv(fileURLToPath(new URL("../python/requirements.txt", import.meta.url)), {
      onProgress: (line) => console.error(line),
    });
  } catch (error) {
    if (!isSetupError(error)) throw error;
    console.error(`Without gradio_client: ${error.message}`);
    return undefined;
  }
}

/** Keeps a run that measured everything. */
async function save(summary: Summary): Promise<void> {
  const folder = new URL("../results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  const name = summary.versions["gradio"] === "5.50" ? summary.mode : `${summary.mode}-6.31`;
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(summary, undefined, 2)}\n`);
  await writeFile(new URL(`${name}.svg`, folder), svgOf(summary));
  // What is kept is held to the format of all other files.
  await promisify(execFile)(fileURLToPath(new URL("../../node_modules/.bin/oxfmt", import.meta.url)), [
    fileURLToPath(folder),
  ]);
  if (name !== "full") return;
  const readme = new URL("../README.md", import.meta.url);
  const { date, machine, versions } = summary;
  const caption = `${date.slice(0, 10)}, ${machine}, Node ${versions["node"] ?? ""}, Gradio ${versions["gradio"] ?? ""}.`;
  await writeFile(readme, (await readFile(readme, "utf8")).replace(TABLE, `$1${caption}\n\n${tableOf(summary)}$2`));
}
