import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, inject, test } from "vitest";

import { entriesOf, publicPackages, root } from "./public-packages.ts";

const installed = inject("installed");
const tarballs = inject("tarballs");

/** The packages that have an HTTP server in them. */
const serving = ["@qwen/gateway/node", "@qwen/testing"];

/** The packages that are one declaration each. */
const plugins = ["@qwen/1m", "@qwen/72b", "@qwen/max", "@qwen/qvq"];

async function node(...args: readonly string[]): Promise<string> {
  const result = await promisify(execFile)(process.execPath, args, { cwd: installed }).catch(
    ({ stdout, stderr }: { stdout: string; stderr: string }) => expect.fail(stdout + stderr),
  );
  return result.stdout;
}

const bin = (file: string) => join(root, "node_modules", file);

test.each(["typescript", "typescript-5.9"])(
  "the type tests compile with %s against the packed packages",
  async (compiler) => {
    await node(bin(`${compiler}/bin/tsc`), "--project", ".");
  },
);

const pageOptions = { target: "es2022", module: "esnext", moduleResolution: "bundler" };

test.each(["typescript", "typescript-5.9"])(
  "the packed packages compile with %s for a page, whose `lib` knows nothing of disposing and which has no types of Node",
  async (compiler) => {
    const entries = publicPackages.flatMap(entriesOf).filter((entry) => !serving.includes(entry));
    const page = join(installed, "page");
    mkdirSync(page, { recursive: true });
    const exported = entries.map((entry, index) => `export * as e${index} from "${entry}";\n`);
    writeFileSync(join(page, "page.ts"), exported.join(""));
    const compilerOptions = { ...pageOptions, noEmit: true, strict: true, lib: ["ES2022", "DOM"], typeRoots: [] };
    writeFileSync(join(page, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    await node(bin(`${compiler}/bin/tsc`), "--project", page);
  },
);

test.each(publicPackages.flatMap(entriesOf))("importing %s leaves globalThis as it was", async (entry) => {
  // Importing `node:http` makes Node itself put its dispatcher there; what serves HTTP cannot help it.
  const before = serving.includes(entry) ? `await import("node:http");` : "";
  const script = `
    ${before}
    const dispatcher = Symbol.for("undici.globalDispatcher.1");
    const keys = Reflect.ownKeys(globalThis).map(String);
    const used = globalThis[dispatcher];
    await import("${entry}");
    const added = Reflect.ownKeys(globalThis).map(String).filter((key) => !keys.includes(key));
    console.log(JSON.stringify({ added, replaced: globalThis[dispatcher] !== used }));
  `;
  const outcome: unknown = JSON.parse(await node("--input-type=module", "--eval", script));
  expect(outcome).toStrictEqual({ added: [], replaced: false });
});

test("an uncaught error of what is built prints few lines, no wall of code, and functions by their names", async () => {
  const script = `
    import { createRouter, QwenError } from "@qwen/core";
    const broken = (id) => ({ id, models: [{ id: "m" }], async *stream() { throw new QwenError("server", "It is down."); } });
    const router = createRouter({ plugins: [broken("a"), broken("b")], routes: { all: ["a/m", "b/m"] } });
    await router.complete({ model: "all", messages: [{ role: "user", content: "Hi" }] });
  `;
  const printed = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: installed,
  }).then(
    () => expect.fail("it did not fail"),
    ({ stderr }: { stderr: string }) => stderr,
  );
  const lines = printed.trimEnd().split("\n");
  expect(printed).toContain("AllFailedError: ");
  expect(printed).toMatch(/at (?:\w+\.)?#?[a-z]\w{4,} \(/i);
  expect(lines.length).toBeLessThanOrEqual(25);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(400);
});

/** The files that these imports load, without their folders. */
async function filesLoadedBy(...entries: readonly string[]): Promise<string[]> {
  const script = `
    import { registerHooks } from "node:module";
    const files = [];
    registerHooks({ load: (url, context, next) => (files.push(url.split("/").at(-1)), next(url, context)) });
    for (const entry of ${JSON.stringify(entries)}) await import(entry);
    console.log(JSON.stringify(files));
  `;
  return JSON.parse(await node("--input-type=module", "--eval", script));
}

test("importing core and plugins does not load their schemas, of which there is one copy", async () => {
  const core = ["@qwen/core", "@qwen/core/gradio", "@qwen/core/http", "@qwen/core/router"];
  expect(await filesLoadedBy(...core, ...plugins)).not.toContain("schemas.js");
  const all = await filesLoadedBy(...core, "@qwen/core/schema", ...plugins);
  expect(all.filter((file) => file === "schemas.js")).toHaveLength(1);
});

test("importing what makes a provider of any Space, or a model of the AI SDK, loads little more than core", async () => {
  expect((await filesLoadedBy("@qwen/space")).toSorted()).toEqual(["core.js", "index.js", "index.js"]);
  const files = await filesLoadedBy("@qwen/ai-sdk");
  expect(files.filter((file) => /calls|answer|asking|jobs|connections|schemas/.test(file))).toEqual([]);
});

test("one file of all packages has the schema library in it", () => {
  const files = publicPackages.flatMap(({ name }) =>
    globSync("dist/**/*.js", { cwd: join(installed, "node_modules", name) }).map((file) => `${name}/${file}`),
  );
  const withZod = files.filter((file) => /\bZodMini/.test(readFileSync(join(installed, "node_modules", file), "utf8")));
  expect(withZod).toEqual(["@qwen/core/dist/schemas.js"]);
});

describe.each(publicPackages)("$name", ({ name }) => {
  const path = join(installed, "node_modules", name);
  const files = globSync("**/*", { cwd: path, exclude: ["node_modules"] });
  const read = (file: string) => readFileSync(join(path, file), "utf8");

  test("passes publint", async () => {
    await node(bin("publint/src/cli.js"), "run", tarballs[name]!, "--strict");
  });

  test("resolves for every kind of ESM user (attw)", async () => {
    await node(bin("@arethetypeswrong/cli/dist/index.js"), tarballs[name]!, "--profile", "esm-only");
  });

  test("contains every file that it points to, and no tests", () => {
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
    expect(files.filter((file) => /(^|\/)test(\/|$)|\.test\./.test(file))).toEqual([]);

    const { exports, imports = {}, bin: commands = {} } = JSON.parse(read("package.json"));
    for (const target of targetsIn([exports, imports, commands])) {
      expect(existsSync(join(path, target)), target).toBe(true);
      if (target.endsWith(".js")) expect(existsSync(join(path, target.replace(/\.js$/, ".d.ts"))), target).toBe(true);
    }
    for (const map of files.filter((file) => file.endsWith(".map"))) {
      // A map carries the sources that it names, so that the package need not ship them once more.
      const { sources, sourcesContent }: { sources: string[]; sourcesContent: string[] } = JSON.parse(read(map));
      expect(sourcesContent.filter((text) => text !== "").length, map).toBe(sources.length);
    }
  });

  test("names no schema library in its declarations, which its users do not have", () => {
    for (const file of files.filter((declaration) => declaration.endsWith(".d.ts"))) {
      expect(read(file), file).not.toMatch(/(from|import\() ?["']zod/);
    }
  });

  if (plugins.includes(name)) {
    test("is at most 6 KB packed", () => {
      expect(statSync(tarballs[name]!).size).toBeLessThanOrEqual(6000);
    });
  }

  test("carries no workspace range and no path of the machine it was built on", () => {
    expect(read("package.json")).not.toContain("workspace:");
    const texts = files.filter((file) => /\.(js|ts|json|map)$/.test(file));
    for (const file of texts) expect(read(file)).not.toContain(root);
  });
});

function targetsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return Object.values(value ?? {}).flatMap(targetsIn);
}
