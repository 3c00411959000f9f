import { createHash } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { cacheFolder } from "./cache.ts";
import { runCommand } from "./command.ts";
import { isProcessAlive, withLock } from "./lock.ts";
import { findPython } from "./python.ts";
import { SetupError } from "./setup-error.ts";
import { findUv } from "./uv.ts";

/** Options of {@link createVenv}. */
export interface CreateVenvOptions {
  /**
   * Whether to install what the listed packages depend on.
   *
   * @defaultValue true
   */
  readonly dependencies?: boolean | undefined;

  /** Called with short lines for a person to read while packages arrive. Not called where all is there already. */
  readonly onProgress?: ((line: string) => void) | undefined;

  readonly signal?: AbortSignal | undefined;

  /**
   * Where environments are kept.
   *
   * @defaultValue `.cache/venvs` at the root of the repository
   */
  readonly folder?: string | undefined;
}

/**
 * Resolves with the Python interpreter of a virtual environment that has the packages of a requirements file.
 *
 * There is one environment for each content of such a file and each version of Python: the first call installs it, later
 * ones find it. Safe to call from several processes at once. Python itself is never downloaded. Rejects with a
 * `SetupError` where the machine cannot do it.
 */
export async function createVenv(requirementsFile: string, options: CreateVenvOptions = {}): Promise<string> {
  const { dependencies = true, onProgress, signal, folder = join(cacheFolder, "venvs") } = options;
  const requirements = await readFile(requirementsFile, "utf8");
  const python = await findPython({ signal });
  const hash = createHash("sha256")
    .update(JSON.stringify([requirements, dependencies, python.version, process.arch]))
    .digest("hex")
    .slice(0, 12);
  const main = /^[\w.-]+(==[\w.]+)?/m.exec(requirements)?.[0].replace("==", "-") ?? "empty";
  const venv = join(folder, `${main}-${hash}`);
  const interpreter = join(venv, "bin", "python");
  if (await works(interpreter)) return interpreter;

  await mkdir(folder, { recursive: true });
  const uv = await findUv(python, { signal, onProgress });
  await withLock(
    `${venv}.lock`,
    async () => {
      if (await works(interpreter)) return;
      await removeUnfinished(venv);
      const building = `${venv}.${process.pid}.${crypto.randomUUID()}`;
      try {
        await uvRun(uv, ["venv", "--relocatable", "--python", python.path, building], { signal });
        const only = dependencies ? [] : ["--no-deps"];
        const to = ["--python", join(building, "bin", "python")];
        await uvRun(uv, ["pip", "install", ...only, ...to, "--requirement", requirementsFile], {
          signal,
          onLine: onProgress && ((line) => report(line, { main, onProgress })),
        });
        await rename(building, venv).catch(async () => {
          if (await works(interpreter)) return;
          // What is there is broken, for example because its Python was removed.
          await rm(venv, { recursive: true, force: true });
          await rename(building, venv);
        });
      } finally {
        await rm(building, { recursive: true, force: true });
      }
    },
    { signal },
  );
  return interpreter;
}

/** Removes what processes that were killed left behind. */
async function removeUnfinished(venv: string): Promise<void> {
  for (const name of await readdir(dirname(venv))) {
    const pid = name.startsWith(`${basename(venv)}.`) ? /\.(\d+)\.[\da-f-]+$/.exec(name)?.[1] : undefined;
    if (pid === undefined || isProcessAlive(Number(pid))) continue;
    await rm(join(dirname(venv), name), { recursive: true, force: true });
  }
}

async function uvRun(
  uv: string,
  args: readonly string[],
  options: { signal: AbortSignal | undefined; onLine?: ((line: string) => void) | undefined },
): Promise<void> {
  const env = { ...process.env, UV_PYTHON_DOWNLOADS: "never", UV_NO_PROGRESS: "1" };
  const { exitCode, output } = await runCommand([uv, ...args], { ...options, env });
  if (exitCode === 0) return;
  throw new SetupError(
    "install-failed",
    `The Python packages could not be installed. Is the package registry within reach, and is this Python one of 3.10 to 3.13?\n${output.slice(-2_000)}`,
  );
}

/** Turns what uv prints into a line for people, or drops it. */
function report(line: string, { main, onProgress }: { main: string; onProgress: (line: string) => void }): void {
  const resolved = /^Resolved (\d+) packages? in/.exec(line)?.[1];
  const name = main.replace(/-(?=\d)/, " ");
  if (resolved !== undefined) {
    const others = Number(resolved) - 1;
    onProgress(others === 0 ? `Installing ${name}…` : `Installing ${name} and ${others} more…`);
  }
  const download = /^Downloading (\S+) \(([\d.]+)([KMG]iB)\)/.exec(line);
  if (download) onProgress(`Downloading ${download[1]} (${download[2]} ${download[3]})…`);
  const installed = /^Installed (\d+) packages?/.exec(line)?.[1];
  if (installed !== undefined) onProgress(`Installed ${name}.`);
}

function works(interpreter: string): Promise<boolean> {
  return access(interpreter).then(
    () => true,
    () => false,
  );
}
