import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, platform, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

import { createVenv, isSetupError } from "@qwen/local-spaces";

import { measureAiSdk } from "./measure/ai-sdk.ts";
import { measureChat } from "./measure/chat.ts";
import { measureCold } from "./measure/cold.ts";
import { measureCpu } from "./measure/cpu.ts";
import { measureImports } from "./measure/imports.ts";
import { measureRealApps } from "./measure/real-apps.ts";
import { measureRouter } from "./measure/router.ts";
import type { Bench, Plan, Row } from "./measure/samples.ts";
import { measureSizes } from "./measure/sizes.ts";
import { measureStreams } from "./measure/streams.ts";
import { measureWarm } from "./measure/warm.ts";
import type { Summary } from "./report/summary.ts";
import { svgOf } from "./report/svg.ts";
import { aiSdkTableOf, chatTableOf, tableOf } from "./report/table.ts";
import { checkCounts } from "./smoke.ts";
import { startBenchServer } from "./server/server.ts";
import { GRADIO_VERSIONS, type GradioVersion } from "./server/wire.ts";
import { CHAT_CLIENTS, type ClientName, CLIENTS } from "./task.ts";

const QUICK: Omit<Plan, "clients"> = {
  coldRounds: 3,
  warmRounds: 1,
  cpuRounds: 1,
  streamRounds: 1,
  streamDeltas: 75,
  aliveRounds: 1,
  realRounds: 1,
  realCalls: 8,
  importRounds: 3,
  patient: false,
};
const FULL: Omit<Plan, "clients"> = {
  coldRounds: 11,
  warmRounds: 5,
  cpuRounds: 5,
  streamRounds: 5,
  streamDeltas: 200,
  aliveRounds: 5,
  realRounds: 5,
  realCalls: 30,
  importRounds: 15,
  patient: true,
};

/** What gives rows; none where the machine cannot do it. */
const MEASUREMENTS: Readonly<Record<string, (bench: Bench) => Promise<readonly Row[] | undefined>>> = {
  cold: measureCold,
  warm: measureWarm,
  cpu: measureCpu,
  streams: measureStreams,
  real: (bench) => inPython("the real apps", () => measureRealApps(bench)),
};
const PARTS = [...Object.keys(MEASUREMENTS), "openai", "imports", "sizes", "router", "ai-sdk"];

/** What `gradio_client` needs. */
const REQUIREMENTS = fileURLToPath(new URL("../python/requirements.txt", import.meta.url));

/** Where runs are kept. */
const RESULTS = new URL("../results/", import.meta.url);

/** Where the tables stand in the README. */
const TABLE = /(<!-- table -->\n)[^]*(<!-- \/table -->)/;
const CHAT_TABLE = /(<!-- openai -->\n)[^]*(<!-- \/openai -->)/;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: PARTS },
    client: { type: "string", multiple: true, default: [...CLIENTS, ...CHAT_CLIENTS] },
    gradio: { type: "string", default: "5.50" },
  },
});

if (options.smoke) await checkCounts({ log: console.log });
else
  await timed("all of it", () =>
    run({
      parts: namesOf("only", options.only, PARTS),
      asked: namesOf("client", options.client, [...CLIENTS, ...CHAT_CLIENTS]),
      version: namesOf("gradio", [options.gradio], GRADIO_VERSIONS)[0] ?? "5.50",
    }),
  );

async function run({
  parts,
  asked,
  version,
}: {
  readonly parts: readonly string[];
  readonly asked: readonly ClientName[];
  readonly version: GradioVersion;
}): Promise<void> {
  const python = asked.includes("gradio-python")
    ? await inPython("gradio_client", () => createVenv(REQUIREMENTS, { onProgress: log }))
    : undefined;
  const clients = CLIENTS.filter(
    (client) => asked.includes(client) && (client !== "gradio-python" || python !== undefined),
  );
  await using server = await startBenchServer(version);
  const plan = { ...(options.quick ? QUICK : FULL), clients };
  const bench: Bench = { plan, server, python, log };

  const rows: Row[] = [];
  let whole = parts.length === PARTS.length && clients.length + CHAT_CLIENTS.length === asked.length;
  for (const [name, measure] of Object.entries(MEASUREMENTS)) {
    if (!parts.includes(name)) continue;
    const measured = await timed(name, () => measure(bench));
    if (measured === undefined) whole = false;
    else rows.push(...measured);
  }
  const chat = {
    ...bench,
    plan: { ...plan, clients: CHAT_CLIENTS.filter((client) => asked.includes(client)) },
  };
  const summary: Summary = {
    date: new Date().toISOString(),
    mode: options.quick ? "quick" : "full",
    machine: `${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB, ${platform()}`,
    versions: { node: process.version, gradio: server.version },
    rows,
    chat: parts.includes("openai") ? await timed("openai", () => measureChat(chat)) : [],
    imports: parts.includes("imports")
      ? await timed("imports", () => measureImports({ rounds: plan.importRounds }))
      : [],
    sizes: parts.includes("sizes") ? await timed("sizes", measureSizes) : [],
    router: parts.includes("router") ? await timed("router", measureRouter) : undefined,
  };
  console.log(tableOf(summary));
  if (summary.chat.length > 0) {
    console.log(chatTableOf(summary));
    if (!options.quick && chat.plan.clients.length === CHAT_CLIENTS.length) await saveChat(summary);
  }
  if (parts.includes("ai-sdk")) console.log(aiSdkTableOf(await timed("ai-sdk", measureAiSdk)));
  if (whole) await save(summary);
}

/** Says how long something took. */
async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const result = await work();
  log(`${what} took ${Math.round((performance.now() - startedAt) / 1000)} s`);
  return result;
}

/** The names that an option was given, each once. Throws where there is no such name: a typing error is no measurement. */
function namesOf<Name extends string>(
  option: string,
  given: readonly string[],
  known: readonly Name[],
): readonly Name[] {
  const strange = given.find((name) => !known.some((candidate) => candidate === name));
  if (strange !== undefined) throw new TypeError(`--${option} ${strange}: there are ${known.join(", ")}.`);
  return known.filter((name) => given.includes(name));
}

/** Does what needs Python; where this machine can run none, says so and resolves with nothing. */
async function inPython<Result>(what: string, work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isSetupError(error)) throw error;
    log(`Without ${what}: ${error.message}`);
    return undefined;
  }
}

function log(line: string): void {
  console.error(line);
}

/** Keeps a run that measured everything. */
async function save(summary: Summary): Promise<void> {
  const name = summary.versions["gradio"] === "5.50" ? summary.mode : `${summary.mode}-6.31`;
  await keep(name, summary);
  await writeFile(new URL(`${name}.svg`, RESULTS), svgOf(summary));
  if (name !== "full") return;
  const gradio = `Gradio ${summary.versions["gradio"] ?? ""}`;
  await tell(TABLE, `${captionOf(summary)}, ${gradio}.\n\n${tableOf(summary)}`);
}

/** Keeps what was measured on an OpenAI-compatible server. */
async function saveChat({ date, mode, machine, versions, chat }: Summary): Promise<void> {
  await keep("openai", { date, mode, machine, versions, chat });
  await tell(CHAT_TABLE, `${captionOf({ date, machine, versions })}.\n\n${chatTableOf({ chat })}`);
}

function captionOf({ date, machine, versions }: Pick<Summary, "date" | "machine" | "versions">): string {
  return `${date.slice(0, 10)}, ${machine}, Node ${versions["node"] ?? ""}`;
}

async function keep(name: string, summary: Partial<Summary>): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(new URL(`${name}.json`, RESULTS), `${JSON.stringify(summary, undefined, 2)}\n`);
  // What is kept is held to the format of all other files.
  await promisify(execFile)(fileURLToPath(new URL("../../node_modules/.bin/oxfmt", import.meta.url)), [
    fileURLToPath(RESULTS),
  ]);
}

async function tell(where: RegExp, text: string): Promise<void> {
  const readme = new URL("../README.md", import.meta.url);
  await writeFile(readme, (await readFile(readme, "utf8")).replace(where, `$1${text}$2`));
}
