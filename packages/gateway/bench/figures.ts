import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { cpus } from "node:os";

import { Child } from "./child.ts";
import { type Target, timesOf } from "./client.ts";
import { drops } from "./drops.ts";
import { cpuOfChunks, manyStreams, stalledReaders, waits } from "./measures.ts";

// Prints the table of the README: what the gateway adds to the emulator of an OpenAI-compatible server, beside Portkey's gateway.

const upstream = await Child.start("./upstream-process.ts");
const baseURL = await upstream.ask<string>("url");
const gateway = await Child.start("./gateway-process.ts", baseURL);
const own: Target = { url: await gateway.ask("url") };
const proxy = await Child.start("./bare-proxy.ts", baseURL);
const bare: Target = { url: await proxy.ask("url") };
const portkey = await startPortkey(baseURL);

const measured = await waits([{ url: baseURL }, bare, own, portkey.target], 200);
const both = [{ process: gateway, target: own }, portkey] as const;
const chunk = await cpuOfChunks(both, 5);
const stalled = [];
const many = [];
for (const { process: server, target } of both) {
  stalled.push(await stalledReaders({ gateway: server, upstream }, target, { readers: 200 }));
  many.push(await manyStreams(server, target, 1000));
}
const left = await drops(100);

const [direct, nothing, through, other] = measured;
const added = (name: "firstText" | "whole", at: typeof direct): string =>
  `${ms(at?.[name])} (+${ms((at?.[name] ?? 0) - (direct?.[name] ?? 0))})`;
const rows = [
  [
    "first text, median, ms",
    ms(direct?.firstText),
    added("firstText", nothing),
    added("firstText", through),
    added("firstText", other),
  ],
  [
    "short answer, whole, median, ms",
    ms(direct?.whole),
    added("whole", nothing),
    added("whole", through),
    added("whole", other),
  ],
  ["CPU a chunk, µs", `${chunk.core.toFixed(2)} (core alone)`, "–", ...chunk.of.map((one) => times(one, chunk.core))],
  ["1,000 streams: memory each, KiB; errors", "–", "–", ...many.map(({ held, errors }) => `${kib(held)}; ${errors}`)],
  ["200 stalled readers of 10 MB: memory each, KiB", "–", "–", ...stalled.map(({ held }) => kib(held))],
  ["a caller leaves: until its request is gone, p99, ms", "–", "–", ms(left), "–"],
];
const { model = "?" } = cpus()[0] ?? {};
console.log(`${new Date().toISOString().slice(0, 10)}, ${model}, ${cpus().length} cores, Node ${process.version}.\n`);
console.log(
  "| | asked directly | through a proxy that looks at nothing | through the gateway | through Portkey's |\n| --- | --: | --: | --: | --: |",
);
for (const row of rows) console.log(`| ${row.join(" | ")} |`);

proxy.stop();
gateway.stop();
upstream.stop();
portkey.process.stop();
process.exit();

/** Portkey's gateway as it is packed, in front of the same server. */
async function startPortkey(url: string): Promise<{ readonly process: Child; readonly target: Target }> {
  const script = new URL(import.meta.resolve("@portkey-ai/gateway/build/start-server.js"));
  const port = await freePort();
  const child = await Child.startBehind("./mutable-responses.ts", script, `--port=${port}`, "--headless");
  const headers = { authorization: "Bearer any", "x-portkey-provider": "openai", "x-portkey-custom-host": url };
  const target = { url: `http://127.0.0.1:${port}/v1`, headers };
  for (let tries = 0; ; tries++) {
    try {
      await timesOf(target, { model: "short", stream: false });
      return { process: child, target };
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function ms(value: number | undefined): string {
  return (value ?? Number.NaN).toFixed(2);
}

function kib(bytes: number): string {
  return Math.round(bytes / 1024).toString();
}

function times(value: number, of: number): string {
  return `${value.toFixed(2)} (${(value / of).toFixed(1)} ×)`;
}
