import { access, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { runCommand } from "../src/command.ts";
import { findPython } from "../src/python.ts";
import { isSetupError } from "../src/setup-error.ts";
import { findUv } from "../src/uv.ts";
import { createVenv } from "../src/venv.ts";

let folder: string;
let requirements: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "venv-"));
  requirements = join(folder, "requirements.txt");
  await writeFile(requirements, "# a small one\nidna==3.10\n");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("createVenv", () => {
  test("installs once, tells what it does, and finds it again without a word", async () => {
    const lines: string[] = [];
    const options = { folder: join(folder, "venvs"), onProgress: (line: string) => lines.push(line) };
    const python = await createVenv(requirements, options);
    const { output } = await runCommand([python, "-c", "import idna; print(idna.__version__)"]);
    expect(output).toBe("3.10");
    expect(lines).toContain("Installing idna 3.10…");

    lines.length = 0;
    expect(await createVenv(requirements, options)).toBe(python);
    expect(lines).toEqual([]);
  });

  test("is right when asked several times at once, and leaves nothing half-made", async () => {
    const venvs = join(folder, "venvs");
    const made = await Promise.all([1, 2, 3].map(() => createVenv(requirements, { folder: venvs })));
    expect(new Set(made).size).toBe(1);
    expect(await readdir(venvs)).toHaveLength(1);
  });

  test("repairs an environment that is broken, and removes what a killed process left", async () => {
    const venvs = join(folder, "venvs");
    const python = await createVenv(requirements, { folder: venvs });
    const venv = join(python, "../..");
    await mkdir(`${venv}.999999999.0-0`);
    await rm(python);
    expect(await createVenv(requirements, { folder: venvs })).toBe(python);
    expect((await runCommand([python, "-c", "import idna"])).exitCode).toBe(0);
    expect(await readdir(venvs)).toHaveLength(1);
  });

  test("rejects with a SetupError when a package cannot be had", async () => {
    await writeFile(requirements, "idna==0.0.0.1\n");
    const error: unknown = await createVenv(requirements, { folder }).catch((reason: unknown) => reason);
    expect(isSetupError(error) && error.reason).toBe("install-failed");
    expect(await readdir(folder)).toEqual(["requirements.txt"]);
  });
});

test("findUv installs uv into the given folder where PATH has none", async () => {
  const own = join(folder, "uv");
  const uv = await findUv(await findPython(), { folder: own });
  const { exitCode } = await runCommand([uv, "--version"]);
  expect(exitCode).toBe(0);
  if (uv !== "uv") await access(join(own, "bin", "uv"));
});
