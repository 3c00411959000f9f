import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";

import { homepage, linksIn, metadataOf } from "./metadata.ts";
import { publicPackages, root } from "./public-packages.ts";

/** The packages that are not one provider, and so export more than its factory. */
const machinery = ["ai-sdk", "cli", "core", "gateway", "openai-compatible", "space", "testing"];

describe.each(publicPackages)("$name", ({ name, folder, path, manifest }) => {
  const sources = globSync("src/**/*.ts", { cwd: path });
  const entries = Object.entries(manifest.exports).filter(([entry]) => entry !== "./package.json");

  test("has the manifest that all packages have", () => {
    expect(manifest).toMatchObject({
      name: `@qwen/${folder}`,
      description: expect.stringMatching(/\.$/),
      license: "MIT",
      type: "module",
      sideEffects: false,
      files: ["dist"],
      engines: { node: ">=22.19" },
      publishConfig: { access: "public" },
      exports: { "./package.json": "./package.json" },
    });
    for (const field of ["main", "module", "types", "typings"]) expect(manifest).not.toHaveProperty(field);
  });

  test("says where it comes from, as the root's package.json has it (`pnpm metadata` writes it)", () => {
    expect(manifest).toMatchObject(metadataOf({ folder, ...manifest }));
  });

  test("shows nothing in its README that the oldest Node it allows cannot parse", () => {
    expect(readFileSync(join(path, "README.md"), "utf8")).not.toMatch(/^\s*(await )?using /m);
  });

  test("links from its README to what npm can show: whole addresses, and in the repository files that exist", () => {
    const links = linksIn(readFileSync(join(path, "README.md"), "utf8"));
    for (const link of links) {
      expect.soft(link).toMatch(/^https:|^#/);
      const [, file] = /^\/(?:blob|tree)\/main\/([^#]+)/.exec(link.replace(homepage, "")) ?? [];
      if (link.startsWith(homepage)) expect.soft(existsSync(join(root, file ?? "?")), link).toBe(true);
    }
  });

  test("exports each entry from source in this repository, from dist to users", () => {
    const published: Record<string, string> = { "./package.json": "./package.json" };
    for (const [entry, targets] of entries) {
      const file = `${entry === "." ? "" : entry.slice(1)}/index`;
      expect(targets).toStrictEqual({ "@qwen/source": `./src${file}.ts`, default: `./dist${file}.js` });
      published[entry] = `./dist${file}.js`;
    }
    expect(manifest.publishConfig?.exports).toStrictEqual(published);
  });

  test("builds each entry with tsup and the declarations with tsc", () => {
    const build = manifest.scripts?.["build"];
    expect(build).toMatch(/^(rm -rf dist && )?tsup .*&& tsc --customConditions null$/);
    const own = join(path, "tsup.config.ts");
    const how = readFileSync(existsSync(own) ? own : join(root, "tsup.config.ts"), "utf8");
    expect(how).toMatch(/\.\.\.(written|common)\b/);
    for (const [entry] of entries) expect(how).toContain(`src${entry.slice(1)}/index.ts`);
    expect(readFileSync(join(path, "tsconfig.json"), "utf8")).toBe(
      readFileSync(join(path, "../core/tsconfig.json"), "utf8"),
    );
  });

  test("ships the licence of everything that it bundles", () => {
    const code = sources.map((file) => readFileSync(join(path, file), "utf8")).join("\n");
    for (const dependency of Object.keys(manifest.devDependencies ?? {})) {
      // A peer is its user's own, and of types nothing is left in what is built.
      if (Object.hasOwn(manifest.peerDependencies ?? {}, dependency)) continue;
      if (!new RegExp(`^import (?!type ).* from "${dependency}[/"]`, "m").test(code)) continue;
      // Not called a licence: beside one, pnpm leaves out that of this repository.
      const notice = `cp node_modules/${dependency}/LICENSE dist/${dependency}.notice.txt`;
      expect(manifest.scripts?.["build"]).toContain(notice);
    }
  });

  test("depends on its siblings by range, and on nothing that core has bundled", () => {
    for (const [dependency, version] of Object.entries(manifest.dependencies ?? {}))
      if (dependency.startsWith("@qwen/")) expect(version).toBe("workspace:^");
    for (const dependency of ["undici", "zod"])
      expect(Object.keys(manifest.dependencies ?? {})).not.toContain(dependency);
  });

  test("bundles undici by exact version, which its README and SECURITY.md tell", () => {
    const version = manifest.devDependencies?.["undici"];
    if (version === undefined) return;
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    for (const page of [join(path, "README.md"), join(root, "SECURITY.md")])
      expect(readFileSync(page, "utf8").match(/undici(?:\]\([^)]*\))? \d+\.\d+\.\d+/g)).toEqual([
        expect.stringMatching(new RegExp(` ${version}$`)),
      ]);
  });

  test("has a README that opens with its name", () => {
    expect(readFileSync(join(path, "README.md"), "utf8")).toMatch(new RegExp(`^# ${name}\n`));
  });

  test("has no drawers: a file is named after its one noun, an index is an entry", () => {
    const folders = sources.map((file) => dirname(file)).flatMap((directory) => directory.split("/"));
    for (const drawer of ["utils", "util", "helpers", "common", "shared", "lib", "internal"]) {
      expect(folders).not.toContain(drawer);
    }
    const names = sources.map((file) => basename(file));
    for (const drawer of ["types.ts", "interfaces.ts", "constants.ts", "utils.ts", "helpers.ts", "version.ts"]) {
      expect(names).not.toContain(drawer);
    }
    for (const file of names) expect(file).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/);
    const indexes = entries.map(([entry]) => join("src", entry, "index.ts"));
    expect(sources.filter((file) => basename(file) === "index.ts").toSorted()).toStrictEqual(indexes.toSorted());
  });

  test("has short, typed files with named exports only", () => {
    for (const file of sources.filter((source) => !source.endsWith(".d.ts"))) {
      const code = readFileSync(join(path, file), "utf8")
        .replaceAll(/\/\*[\s\S]*?\*\//g, "")
        .replaceAll(/^\s*\/\/.*$/gm, "");
      const lines = code.split("\n").filter((line) => line.trim() !== "");
      expect.soft(lines.length, `code lines of ${file}`).toBeLessThanOrEqual(300);
      const untyped = lines.filter((line) => /[:<|&=(,]\s*any\b|\bas any\b|\bany\[\]|@ts-(ignore|nocheck)/.test(line));
      expect.soft(untyped, file).toEqual([]);
      expect.soft(code, file).not.toMatch(/\bexport default\b|\b(oxlint|eslint)-disable/);
    }
  });

  if (!machinery.includes(folder)) {
    test("exports one factory and nothing else", async () => {
      const exported: Record<string, unknown> = await import(
        /* @vite-ignore */ pathToFileURL(join(path, "src/index.ts")).href
      );
      expect(Object.values(exported)).toStrictEqual([expect.any(Function)]);
    });
  }
});
