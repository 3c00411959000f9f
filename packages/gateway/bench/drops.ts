import { setTimeout as sleep } from "node:timers/promises";

import { createOpenAIEmulator, type OpenAIAnswer } from "@qwen/testing";

import { Child } from "./child.ts";
import { post, quantile, responseTo, type Target } from "./client.ts";

const slow: OpenAIAnswer = { steps: Array.from({ length: 20_000 }, () => "word "), delayMs: 5 };
const silent: OpenAIAnswer = { steps: ["late"], firstDelayMs: 600_000 };

/** Where a caller is when it leaves. */
const WINDOWS = [
  { name: "before the first output", model: "silent", stream: true },
  { name: "in the middle of a stream", model: "slow", stream: true },
  { name: "while an answer is wanted whole", model: "slow", stream: false },
] as const;

/** From a caller who leaves to the end of what was asked for it, at the 99th of a hundred, in ms, where that is worst. */
export async function drops(callers: number): Promise<number> {
  await using server = await createOpenAIEmulator({ models: { silent, slow } });
  const gateway = await Child.start("./gateway-process.ts", server.url);
  const target: Target = { url: await gateway.ask("url") };
  const worst: number[] = [];
  for (const { model, stream } of WINDOWS) {
    const took: number[] = [];
    for (let caller = 0; caller < callers; caller++) took.push(await leave(target, { model, stream }));
    worst.push(quantile(took, 0.99));
  }
  gateway.stop();
  return Math.max(...worst);

  async function leave(at: Target, asked: { readonly model: string; readonly stream: boolean }): Promise<number> {
    const before = server.calls.length;
    const call = post(at, asked, false);
    if (asked.model === "slow" && asked.stream) (await responseTo(call)).on("error", () => {}).resume();
    call.on("error", () => {});
    while (server.calls.length === before) await sleep(1);
    await sleep(10);
    const leftAt = performance.now();
    call.destroy();
    while (server.calls[before]?.state === "running") await sleep(1);
    return performance.now() - leftAt;
  }
}
