import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What a fallback of `@qwen/ai-sdk` costs, beside the bare model, one `pipeThrough`, and what people use. */
export interface FallbackCost {
  /** CPU of a part, in µs, by who it comes through: the least of the rounds. */
  readonly cpuAPart: {
    readonly doStream: Readonly<Record<string, number>>;
    readonly streamText: Readonly<Record<string, number>>;
  };
  readonly firstPartMs: { readonly bare: number; readonly ours: number };
  /** Parts that a model was asked for ahead of a slow reader. */
  readonly readAhead: Readonly<Record<string, number>>;
}

/** Runs the script of the package, from its sources, in a process of its own. */
export async function measureAiSdk(): Promise<FallbackCost> {
  const script = fileURLToPath(new URL("../../../packages/ai-sdk/bench/cost.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@qwen/source", script], {
    timeout: 120_000,
  });
  return JSON.parse(stdout) as FallbackCost;
}
