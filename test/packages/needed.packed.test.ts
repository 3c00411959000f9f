import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createSpaceEmulator } from "@qwen/testing";
import { build } from "esbuild";
import { beforeAll, describe, expect, inject, test } from "vitest";

import { root } from "./public-packages.ts";

const tarballs = inject("tarballs");
/** An empty folder beside the one with everything; it is removed with it. */
const folder = join(inject("installed"), "..", "needed");
const programs = join(root, "test/packages/user");

/** Puts packages of ours into the folder, as a user who wants only these. */
async function install(names: readonly string[]): Promise<void> {
  const files = Object.fromEntries(names.map((name) => [name, `file:${tarballs[name]}`]));
  const manifest = { private: true, type: "module", dependencies: files, pnpm: { overrides: files } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  await run("pnpm", "install", "--prefer-offline", "--no-frozen-lockfile");
}

async function run(command: string, ...args: readonly string[]): Promise<string> {
  const result = await promisify(execFile)(command, args, { cwd: folder }).catch(
    ({ stdout, stderr }: { stdout: string; stderr: string }) => expect.fail(stdout + stderr),
  );
  return result.stdout.trim();
}

/** What stands in the folder of a package manager that lets nothing in by accident. */
function installedPackages(): string[] {
  return readdirSync(join(folder, "node_modules/.pnpm"))
    .filter((entry) => entry.includes("@") && !entry.endsWith(".yaml"))
    .map((entry) => /^@?[^@]+/.exec(entry)?.[0].replace("+", "/") ?? entry)
    .toSorted();
}

beforeAll(async () => {
  mkdirSync(folder);
  await install(["@qwen/core", "@qwen/max"]);
  cpSync(programs, folder, { recursive: true });
});

describe("core and max alone", () => {
  test("pull nothing of the others", () => {
    expect(installedPackages()).toEqual(["@qwen/core", "@qwen/max"]);
  });

  test("answer", async () => {
    await using space = await createSpaceEmulator({ shape: "max", answer: "Hello there." });
    expect(await run(process.execPath, "ask.ts", space.url)).toBe("max: Hello there.");
  });
});

describe("an ES module that esbuild makes for Node", () => {
  test("holds all of core and max, and answers without a `require` or a package beside it", async () => {
    await using space = await createSpaceEmulator({ shape: "max", answer: "Hello there." });
    const options = { bundle: true, platform: "node", format: "esm" } as const;
    await build({
      ...options,
      absWorkingDir: folder,
      entryPoints: ["ask.ts"],
      outfile: join(folder, "../bundle/ask.mjs"),
    });
    expect(await run(process.execPath, "../bundle/ask.mjs", space.url)).toBe("max: Hello there.");
  });
});

describe("a text from max", () => {
  test("is loaded in two steps: what is made, and with the first call what that takes", async () => {
    await using space = await createSpaceEmulator({ shape: "max", answer: "Hello there." });
    const [imported, called] = (await run(process.execPath, "loaded.ts", space.url)).split("\n");
    expect(imported).toBe("core/core.js core/gradio/index.js core/index.js max/index.js");
    expect(called).toBe("core/gradio/jobs.js core/http/connections.js core/router/asking.js core/schemas.js");
  });
});

describe("a provider of the user's own", () => {
  test("takes less than thirty lines to write, register, route and ask", async () => {
    expect(readFileSync(join(programs, "custom.ts"), "utf8").trimEnd().split("\n").length).toBeLessThan(30);
    expect(await run(process.execPath, "custom.ts")).toBe('echo: You said: "Hi" (max failed)');
  });

  test.each(["typescript", "typescript-5.9"])("has its names checked by %s", async (compiler) => {
    const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
    const strict = ["--strict", "--skipLibCheck", "false", "--noEmit", "--module", "nodenext", "--target", "es2024"];
    await run(process.execPath, join(root, `node_modules/${compiler}/bin/tsc`), ...strict, ...types, "custom.ts");
  });
});

describe("adding qvq", () => {
  test("is one dependency, and a program without it still runs", async () => {
    await install(["@qwen/core", "@qwen/max", "@qwen/qvq"]);
    expect(installedPackages()).toEqual(expect.arrayContaining(["@qwen/core", "@qwen/max", "@qwen/qvq", "file-type"]));
    expect(installedPackages()).not.toContain("@qwen/72b");
    await using space = await createSpaceEmulator({ shape: "max", answer: "Hello there." });
    expect(await run(process.execPath, "ask.ts", space.url)).toBe("max: Hello there.");
  });

  test("is its import and its place among the plugins", async () => {
    const lines = (file: string): string[] => readFileSync(join(programs, file), "utf8").split("\n");
    const added = lines("ask-both.ts").filter((line) => !lines("ask.ts").includes(line));
    expect(added.filter((line) => !line.includes("argv"))).toEqual([
      'import { qvq } from "@qwen/qvq";',
      "const router = createRouter({ plugins: [qwenMax({ space: max }), qvq({ space: picture })] });",
    ]);
    await using max = await createSpaceEmulator({ shape: "max", answer: "Hello there." });
    await using picture = await createSpaceEmulator({ shape: "qvq" });
    expect(await run(process.execPath, "ask-both.ts", max.url, picture.url)).toBe("max: Hello there.");
  });
});
