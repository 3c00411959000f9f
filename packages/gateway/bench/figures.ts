import { Child } from "./child.ts";
import { cpuOfChunks, manyStreams, stalledReaders, waits } from "./measures.ts";
import type { Target } from "./client.ts";

const only = process.argv[2];
const upstream = await Child.start("./upstream-process.ts");
const baseURL = await upstream.ask<string>("url");
const gateway = await Child.start("./gateway-process.ts", baseURL);
const direct: Target = { url: baseURL };
const own: Target = { url: await gateway.ask<string>("url") };
if (only === undefined || only === "waits") console.log(await waits([direct, own], 300));
if (only === undefined || only === "cpu") console.log(await cpuOfChunks(gateway, own, 5));
if (only === undefined || only === "stalled")
  console.log(await stalledReaders({ gateway, upstream }, own, { readers: Number(process.argv[3] ?? 200) }));
if (only === undefined || only === "many") console.log(await manyStreams(gateway, own, 1000));
gateway.stop();
upstream.stop();
process.exit();
