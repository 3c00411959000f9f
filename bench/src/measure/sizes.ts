import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync, realpathSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

/** What a package weighs. */
export interface PackageSize {
  readonly name: string;
  /** Whether it is a plugin, which is to be a declaration and little else. */
  readonly plugin: boolean;
  /** What is downloaded of it alone; only of ours. */
  readonly packedKb: number | undefined;
  /** With all it depends on, unpacked. */
  readonly installedKb: number;
  /** Packages that come with it, and what these bring. */
  readonly dependencies: number;
  /** Its own code for Node, minified and compressed. */
  readonly gzipKb: number;
  /** The same for a browser, with everything it depends on. */
  readonly browserGzipKb: number | undefined;
}

/** The providers that are a declaration of a Space and little else. */
const PLUGINS = ["@qwen/max", "@qwen/72b", "@qwen/1m", "@qwen/qvq"];
const PACKAGES = ["@qwen/core", ...PLUGINS, "@qwen/openai-compatible", "@gradio/client"];

interface Manifest {
  readonly name: string;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Weighs our packages and the alternative, as they are in this repository: build first. */
export function measureSizes(): Promise<readonly PackageSize[]> {
  return Promise.all(PACKAGES.map(weigh));
}

async function weigh(name: string): Promise<PackageSize> {
  const own = folderOf(name, fileURLToPath(import.meta.url));
  const all = closure(own);
  const [node, browser] = await Promise.all([
    bundle(name, { platform: "node", packages: "external" }),
    bundle(name, { platform: "browser", packages: "bundle" }).catch(() => undefined),
  ]);
  const ours = name.startsWith("@qwen/");
  return {
    name,
    plugin: PLUGINS.includes(name),
    packedKb: ours ? (await packedBytes(own)) / 1000 : undefined,
    installedKb: [...all].reduce((sum, folder) => sum + bytesIn(folder), 0) / 1024,
    dependencies: all.size - 1,
    gzipKb: node / 1024,
    browserGzipKb: browser === undefined ? undefined : browser / 1024,
  };
}

/** Follows links, so that a package is one folder wherever it is needed. */
function folderOf(name: string, from: string): string {
  for (const path of createRequire(from).resolve.paths(name) ?? []) {
    const folder = join(path, name);
    if (existsSync(join(folder, "package.json"))) return realpathSync(folder);
  }
  throw new Error(`${name} is not installed.`);
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

function closure(folder: string, found = new Set<string>()): Set<string> {
  if (found.has(folder)) return found;
  found.add(folder);
  for (const name of Object.keys(manifestOf(folder).dependencies ?? {}))
    closure(folderOf(name, join(folder, "package.json")), found);
  return found;
}

/** The size of the tarball that would be published. */
async function packedBytes(folder: string): Promise<number> {
  const target = await mkdtemp(join(tmpdir(), "qwen-packed-"));
  const tarball = join(target, "package.tgz");
  await promisify(execFile)("pnpm", ["pack", "--out", tarball], { cwd: folder });
  const { size } = statSync(tarball);
  await rm(target, { recursive: true });
  return size;
}

/** What a package holds once installed. One of this repository holds its sources as well, and packs only what it lists. */
function bytesIn(folder: string): number {
  const { name, files } = manifestOf(folder);
  const patterns =
    name.startsWith("@qwen/") && files !== undefined
      ? ["package.json", "README.md", ...files.map((file) => `${file}/**`)]
      : ["**"];
  return globSync(patterns, { cwd: folder, exclude: (path) => path === "node_modules" })
    .map((path) => statSync(join(folder, path)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0);
}

async function bundle(
  name: string,
  options: { readonly platform: "node" | "browser"; readonly packages: "bundle" | "external" },
): Promise<number> {
  const folder = folderOf(name, fileURLToPath(import.meta.url));
  const entries = name === "@qwen/core" ? [name, `${name}/gradio`, `${name}/router`, `${name}/schema`] : [name];
  const external = options.packages === "external" ? Object.keys(manifestOf(folder).dependencies ?? {}) : [];
  const { outputFiles } = await build({
    stdin: {
      contents: entries.map((entry, index) => `export * as entry${index} from "${entry}";`).join("\n"),
      resolveDir: dirname(fileURLToPath(import.meta.url)),
    },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: options.platform,
    external: [...external, ...external.map((entry) => `${entry}/*`)],
    logLevel: "silent",
  });
  return outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
}
