import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Options of {@link runCommand}. */
export interface RunCommandOptions {
  /** Kills the command; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;

  /**
   * The whole environment of the command.
   *
   * @defaultValue `process.env`
   */
  readonly env?: NodeJS.ProcessEnv | undefined;

  /** Called with every line of both outputs as it arrives. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** What a command said. */
export interface CommandResult {
  /** `undefined` where the program could not be started at all. */
  readonly exitCode: number | undefined;
  /** Both outputs, line by line. */
  readonly output: string;
}

/**
 * Runs a command to its end and resolves with what it said, whatever its exit code.
 *
 * Rejects only when it is aborted.
 */
export function runCommand(
  [command, ...args]: readonly [string, ...string[]],
  { signal, env = process.env, onLine }: RunCommandOptions = {},
): Promise<CommandResult> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const abort = () => child.kill("SIGKILL");
    signal?.addEventListener("abort", abort, { once: true });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        onLine?.(line);
      });
    }
    const end = (exitCode: number | undefined) => {
      signal?.removeEventListener("abort", abort);
      if (signal?.aborted) reject(signal.reason);
      else resolve({ exitCode, output: lines.join("\n") });
    };
    child.once("error", () => end(undefined));
    child.once("close", (code) => end(code ?? undefined));
  });
}
