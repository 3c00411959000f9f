import { access, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { cacheFolder } from "./cache.ts";
import { runCommand } from "./command.ts";
import type { Python } from "./python.ts";
import { SetupError } from "./setup-error.ts";

/** Options of {@link findUv}. */
export interface FindUvOptions {
  readonly signal?: AbortSignal | undefined;

  /** Called with a line for a person to read when `uv` has to be installed. */
  readonly onProgress?: ((line: string) => void) | undefined;

  /**
   * Where `uv` is installed if PATH has none.
   *
   * @defaultValue `.cache/uv` at the root of the repository
   */
  readonly folder?: string | undefined;
}

/**
 * Resolves with the command that runs `uv`: the one on PATH, or one of the project's own that is installed by `python`
 * the first time.
 *
 * Safe to call from several processes at once. Rejects with a `SetupError` ("uv-missing") where Python can install nothing.
 */
export async function findUv(
  python: Python,
  { signal, onProgress, folder = join(cacheFolder, "uv") }: FindUvOptions = {},
): Promise<string> {
  const own = join(folder, "bin", "uv");
  if (await exists(own)) return own;
  const onPath = await runCommand(["uv", "--version"], { signal });
  if (onPath.exitCode === 0) return "uv";

  onProgress?.("Installing uv…");
  await mkdir(join(folder, ".."), { recursive: true });
  const target = await mkdtemp(`${folder}-`);
  try {
    const bin = await installUv(python, target, signal);
    await mkdir(folder, { recursive: true });
    // One rename, so nobody ever sees half an installation. It fails where another process was faster.
    await rename(bin, join(folder, "bin")).catch(() => undefined);
    return own;
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

async function installUv({ path }: Python, target: string, signal: AbortSignal | undefined): Promise<string> {
  const bin = join(target, "bin");
  const pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"];
  const byPip = await runCommand([path, ...pip, "--target", target, "uv"], { signal });
  if (byPip.exitCode === 0 && (await exists(join(bin, "uv")))) return bin;

  // Some systems ship Python without pip, or with a pip that refuses to install: a venv brings its own.
  const byVenv = await runCommand([path, "-m", "venv", "--clear", target], { signal });
  const inVenv = await runCommand([join(bin, "python"), ...pip, "uv"], { signal });
  if (inVenv.exitCode === 0 && (await exists(join(bin, "uv")))) return bin;

  const reason = [byPip, byVenv, inVenv].map(({ output }) => output.split("\n").at(-1)).join("\n");
  throw new SetupError(
    "uv-missing",
    `Python ${path} could install uv neither by pip nor in a venv. Install uv, or Python's pip and venv (for example \`apt install python3-pip python3-venv\`), and try again.\n${reason}`,
  );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
