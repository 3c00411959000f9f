import { runCommand } from "./command.ts";
import { SetupError } from "./setup-error.ts";

/** A Python interpreter that can run the Spaces. */
export interface Python {
  /** The interpreter itself, not a shim or a link to it. */
  readonly path: string;
  /** Major and minor version, such as "3.11". */
  readonly version: string;
}

/** Options of {@link findPython}. */
export interface FindPythonOptions {
  readonly signal?: AbortSignal | undefined;
}

// In this order: what a user calls Python first. The numbered ones are for machines whose python3 is too old or too new.
const commands = ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.10"];

// Gradio 4.44 needs pydantic 2.10, which has no wheels for 3.14 and later.
const oldest = 10;
const newest = 13;

const script = "import sys; print(sys.executable, *sys.version_info[:2], sep='\\n')";

/**
 * Finds a Python from 3.10 to 3.13 on PATH.
 *
 * A newer one is taken if there is no other: most Spaces run on it. Rejects with a `SetupError` ("python-missing") where
 * there is none at all.
 */
export async function findPython({ signal }: FindPythonOptions = {}): Promise<Python> {
  let newer: Python | undefined;
  for (const command of commands) {
    const { exitCode, output } = await runCommand([command, "-c", script], { signal });
    const [path, major, minor] = output.split("\n").slice(-3);
    if (exitCode !== 0 || !path || major !== "3" || Number(minor) < oldest) continue;
    const python = { path, version: `${major}.${minor}` };
    if (Number(minor) <= newest) return python;
    newer ??= python;
  }
  if (newer !== undefined) return newer;
  throw new SetupError(
    "python-missing",
    "The local Spaces need Python 3.10 or newer, and there is none on PATH. Install it (for example `apt install python3 python3-venv` or `brew install python`) and try again.",
  );
}
