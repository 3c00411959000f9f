import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

import { publicPackages, root } from "./public-packages.ts";
import { installRuntimes, type Runtime } from "./runtimes.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder outside of the repository where the tarballs are installed. */
    readonly installed: string;
    /** The tarball of each public package, by the name of the package. */
    readonly tarballs: Readonly<Record<string, string>>;
    /** What the packages are promised to run on. */
    readonly runtimes: readonly Runtime[];
  }
}

/** Builds and packs the public packages and installs the tarballs into an empty folder, as a user would. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "qwen-packed-"));
  await pnpm(["build"], root);

  const tarballs: Record<string, string> = {};
  for (const { name, folder: packageFolder, path } of publicPackages) {
    const tarball = join(folder, `${packageFolder}.tgz`);
    await pnpm(["pack", "--out", tarball], path);
    tarballs[name] = tarball;
  }

  const installed = join(folder, "user");
  await mkdir(installed);
  await cp(join(root, "test/types"), join(installed, "types"), { recursive: true });
  await writeFile(join(installed, "package.json"), JSON.stringify(await userManifest(tarballs)));
  await writeFile(join(installed, "tsconfig.json"), JSON.stringify(userConfig));
  await pnpm(["install", "--prefer-offline", "--no-frozen-lockfile"], installed);

  project.provide("installed", installed);
  project.provide("tarballs", tarballs);
  project.provide("runtimes", await installRuntimes());
  return () => rm(folder, { recursive: true });
}

const userConfig = {
  compilerOptions: {
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    module: "nodenext",
    target: "es2022",
    types: ["node"],
  },
  include: ["types"],
};

const USERS_OWN = ["@types/node", "ai", "@types/json-schema"];

async function userManifest(tarballs: Readonly<Record<string, string>>): Promise<object> {
  const { devDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const files = Object.fromEntries(Object.entries(tarballs).map(([name, tarball]) => [name, `file:${tarball}`]));
  return {
    private: true,
    type: "module",
    // The AI SDK is its user's own, and names declarations that it does not bring.
    dependencies: { ...files, ...Object.fromEntries(USERS_OWN.map((name) => [name, devDependencies[name]])) },
    // The packages depend on one another too, by versions that may not be in the registry yet.
    pnpm: { overrides: files },
  };
}

async function pnpm(args: readonly string[], cwd: string): Promise<void> {
  await promisify(execFile)("pnpm", args, { cwd }).catch(({ message, stdout }: { message: string; stdout: string }) => {
    throw new Error(`${message}\n${stdout}`);
  });
}
