import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { nodeArgs } from "../run-task.ts";
import { least } from "./samples.ts";

/** How long an import takes, in ms. */
export interface ImportTime {
  readonly label: string;
  readonly leastMs: number;
  readonly samples: readonly number[];
}

/** The label of what core and max come to on top of the floor's HTTP stack. */
export const CORE_AND_MAX = "`@qwen/core` and `@qwen/max` after the HTTP stack";

/** Of the floor. */
const HTTP_STACK = "undici/lib/dispatcher/agent.js";
/** Of ours, which an import does not load: a part of undici, and what stands on it. */
const OWN_HTTP_STACK = new URL("../../../packages/core/dist/http/connections.js", import.meta.url).href;

/** What is imported, in a process each. */
const IMPORTS: readonly { readonly label: string; readonly names: readonly string[]; readonly after?: string }[] = [
  { label: "`undici/lib/dispatcher/agent.js`, the floor's HTTP stack", names: [HTTP_STACK] },
  { label: "ours, with the first request", names: [OWN_HTTP_STACK], after: "@qwen/core" },
  ...["node:http", "@qwen/core", "@qwen/core/gradio", "@qwen/max", "@qwen/72b", "@qwen/1m", "@qwen/qvq"].map(
    (name) => ({ label: `\`${name}\``, names: [name] }),
  ),
  { label: CORE_AND_MAX, names: ["@qwen/core", "@qwen/max"], after: HTTP_STACK },
  { label: "`@gradio/client`", names: ["@gradio/client"] },
];

/** Measures imports, in turn. */
export async function measureImports({ rounds }: { readonly rounds: number }): Promise<readonly ImportTime[]> {
  const samples = IMPORTS.map((): number[] => []);
  const [command, ...args] = nodeArgs("import-process");
  for (let round = 0; round < rounds; round += 1)
    for (const [index, { names, after }] of IMPORTS.entries()) {
      const all = after === undefined ? names : [after, ...names];
      const { stdout } = await promisify(execFile)(command, [...args, ...all], { timeout: 30_000 });
      const { times } = JSON.parse(stdout) as { readonly times: readonly number[] };
      samples[index]?.push(times.slice(-names.length).reduce((sum, time) => sum + time, 0));
    }
  return IMPORTS.map(({ label }, index) => {
    const values = samples[index] ?? [];
    return { label, leastMs: least(values), samples: values };
  });
}
