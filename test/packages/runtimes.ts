import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { root } from "./public-packages.ts";

/** A program that runs programs of our users. */
export interface Runtime {
  readonly name: string;
  /** Runs the TypeScript file that comes after it. */
  readonly command: readonly [string, ...string[]];
}

// 194 MB, so they come with the first test that needs them, not with every clone. Node 22 is the oldest that is allowed.
const packages = { node: "22.19.0", deno: "2.9.6", bun: "1.4.5" };

/** Fetches the runtimes that the packages are promised to run on, beside the Node of this process, into `.cache`. */
export async function installRuntimes(): Promise<readonly Runtime[]> {
  const folder = join(root, ".cache/runtimes");
  const bin = (name: keyof typeof packages): string => join(folder, "node_modules/.bin", name);
  await mkdir(folder, { recursive: true });
  const manifest = {
    private: true,
    dependencies: packages,
    pnpm: { onlyBuiltDependencies: Object.keys(packages) },
  };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await promisify(execFile)("pnpm", ["install", "--ignore-workspace", "--prefer-offline", "--no-frozen-lockfile"], {
    cwd: folder,
  });
  return [
    { name: `Node ${packages.node}`, command: [bin("node")] },
    { name: `Node ${process.versions.node}`, command: [process.execPath] },
    { name: `Deno ${packages.deno}`, command: [bin("deno"), "run", "--allow-all", "--node-modules-dir=manual"] },
    { name: `Bun ${packages.bun}`, command: [bin("bun"), "run"] },
  ];
}
