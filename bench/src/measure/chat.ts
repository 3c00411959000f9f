import { startBenchServer } from "../server/server.ts";
import { measureCpu } from "./cpu.ts";
import type { Bench, Row } from "./samples.ts";
import { measureStreams } from "./streams.ts";
import { measureWarm } from "./warm.ts";

/** The clients of an OpenAI-compatible server at what those of Gradio are measured at, in fewer rounds. */
export async function measureChat(bench: Bench): Promise<readonly Row[]> {
  const { plan } = bench;
  await using server = await startBenchServer("chat");
  const few = (rounds: number, atMost: number): number => Math.min(rounds, atMost);
  const chat: Bench = {
    ...bench,
    server,
    plan: {
      ...plan,
      warmRounds: few(plan.warmRounds, 3),
      cpuRounds: few(plan.cpuRounds, 3),
      streamRounds: few(plan.streamRounds, 2),
      streamDeltas: few(plan.streamDeltas, 75),
      aliveRounds: few(plan.aliveRounds, 2),
    },
  };
  return [...(await measureWarm(chat)), ...(await measureCpu(chat)), ...(await measureStreams(chat))];
}
