import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { nodeArgs } from "../run-task.ts";
import { median } from "./samples.ts";

/** How long an import takes, in ms. */
export interface ImportTime {
  readonly label: string;
  readonly medianMs: number;
  readonly samples: readonly number[];
}

const HTTP_STACK = "undici/lib/dispatcher/agent.js";

/** What is imported, in one process each; the last one counts. */
const IMPORTS: readonly (readonly [label: string, ...names: string[]])[] = [
  ["`undici/lib/dispatcher/agent.js`, our HTTP stack", HTTP_STACK],
  ["`node:http`", "node:http"],
  ["`@qwen/core`", "@qwen/core"],
  ["`@qwen/core/gradio`", "@qwen/core/gradio"],
  ["`@qwen/max`", "@qwen/max"],
  ["`@qwen/72b`", "@qwen/72b"],
  ["`@qwen/1m`", "@qwen/1m"],
  ["`@qwen/qvq`", "@qwen/qvq"],
  ["`@qwen/core` and `@qwen/max` after the HTTP stack", HTTP_STACK, "#core-and-max"],
  ["`@gradio/client`", "@gradio/client"],
];

/** Measures imports, in turn. */
export async function measureImports({ rounds }: { readonly rounds: number }): Promise<readonly ImportTime[]> {
  const samples = IMPORTS.map((): number[] => []);
  const [command, ...args] = nodeArgs("import-process");
  for (let round = 0; round < rounds; round += 1)
    for (const [index, [, ...names]] of IMPORTS.entries()) {
      const expanded = names.flatMap((name) => (name === "#core-and-max" ? ["@qwen/core", "@qwen/max"] : [name]));
      const { stdout } = await promisify(execFile)(command, [...args, ...expanded], { timeout: 30_000 });
      const { times } = JSON.parse(stdout) as { readonly times: readonly number[] };
      const counted = names.at(-1) === "#core-and-max" ? times.slice(-2) : times.slice(-1);
      samples[index]?.push(counted.reduce((sum, time) => sum + time, 0));
    }
  return IMPORTS.map(([label], index) => {
    const values = samples[index] ?? [];
    return { label, medianMs: median(values), samples: values };
  });
}
