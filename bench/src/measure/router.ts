import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { nodeArgs } from "../run-task.ts";

/** The router's own cost over that of the provider below it, in µs of CPU: a value a round. */
export interface RouterCost {
  readonly perCall: readonly number[];
  readonly perPart: readonly number[];
}

/** Measures the router on a provider that answers from memory. */
export async function measureRouter(): Promise<RouterCost> {
  const [command, ...args] = nodeArgs("router-process");
  const { stdout } = await promisify(execFile)(command, args, { timeout: 60_000 });
  return JSON.parse(stdout) as RouterCost;
}
