import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { machineNowMs, type Task, type TaskResults } from "./task.ts";

/** What a task came to, and when its process was started. */
export type TaskOutcome<Kind extends Task["kind"]> = TaskResults[Kind] & { readonly startedAtMs: number };

/** Options of {@link runTask}. */
export interface RunTaskOptions {
  /** The interpreter for the client in Python. */
  readonly python?: string | undefined;
  /** The process is killed then. @defaultValue 60_000 */
  readonly limitMs?: number | undefined;
}

/** Runs a task in a process of its own. Rejects where that fails, says nothing readable, or takes too long. */
export function runTask<Kind extends Task["kind"]>(
  task: Extract<Task, { kind: Kind }>,
  { python, limitMs = 60_000 }: RunTaskOptions = {},
): Promise<TaskOutcome<Kind>> {
  const [command, ...args] =
    task.client === "gradio-python" ? [python ?? "python3", pathOf("../python/client.py")] : nodeArgs("client-process");
  return new Promise((resolve, reject) => {
    const startedAtMs = machineNowMs();
    const child = spawn(command, [...args, JSON.stringify(task)], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: limitMs,
      killSignal: "SIGKILL",
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const line = output.stdout.trim().split("\n").at(-1) ?? "";
      if (code !== 0 || !line.startsWith("{")) {
        reject(
          new Error(
            `${task.client} failed at "${task.kind}" (${signal ?? code}): ${(output.stderr || output.stdout).slice(-2000)}`,
          ),
        );
        return;
      }
      resolve({ ...(JSON.parse(line) as TaskResults[Kind]), startedAtMs });
    });
  });
}

/** The command that runs a program of the bench: built where this file is, else from source. */
export function nodeArgs(program: string): [string, ...string[]] {
  return import.meta.url.endsWith(".ts")
    ? [process.execPath, "--conditions=@qwen/source", pathOf(`./${program}.ts`)]
    : [process.execPath, pathOf(`./${program}.js`)];
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
