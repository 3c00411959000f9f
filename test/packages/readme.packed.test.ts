import { execFile } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Answers, createOpenAIEmulator, createSpaceEmulator } from "@qwen/testing";
import { beforeAll, describe, expect, inject, test } from "vitest";

import { root } from "./public-packages.ts";
import { readmeExamples } from "./readme-examples.ts";

const installed = inject("installed");
const folder = join(installed, "examples");
const oldest = inject("runtimes").find(({ name }) => name.startsWith("Node 22"))!.command[0];
const answer = "Sunlight is scattered by the air.";
const inWordsOrJson: Answers = (_prompt, { system }) =>
  String(system).includes("# Output") ? '{"name": "Rome", "people": 2800000}' : answer;
const examples = readmeExamples().map((example, index) => ({ ...example, file: `example-${index}.ts` }));

beforeAll(() => {
  mkdirSync(join(folder, "run"), { recursive: true });
  for (const { file, code } of examples) {
    writeFileSync(join(folder, file), code);
    writeFileSync(join(folder, "run", file), runnable(code));
  }
  for (const file of ["stand-in.ts", "ask.ts"])
    cpSync(join(root, "test/packages/user", file), join(folder, "run", file));
  cpSync(join(root, "packages/qvq/test/pictures/red.jpg"), join(folder, "run/cat.jpg"));
});

/** The example with emulators for the Spaces, and called where it only exports something to call. */
function runnable(code: string): string {
  const local = code
    .replaceAll(/from "@qwen\/(max|1m|72b|qvq)"/g, 'from "./stand-in.ts"')
    .replaceAll('"owner/name"', "process.env.SPACE_CHAT!")
    .replaceAll('"http://127.0.0.1:8080/v1"', "process.env.ENDPOINT!")
    .replaceAll(/port: 8787|host: "0\.0\.0\.0"/g, "port: 0");
  // What is served goes on until its process ends.
  if (code.includes("serveGateway(")) return `${local}process.exit();\n`;
  if (!code.includes("export async function POST")) return local;
  return `${local}console.log(await (await POST(new Request("http://localhost", { method: "POST", body: "Hi" }))).text());\n`;
}

async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const options = { cwd: join(folder, "run"), env: { ...process.env, ...env }, timeout: 30_000 };
  const { stdout, stderr } = await promisify(execFile)(command, args, options).catch(
    (failed: { stdout: string; stderr: string }) => expect.fail(failed.stdout + failed.stderr),
  );
  // The oldest Node says so of its own SQLite.
  expect(stderr.replace(/^.*ExperimentalWarning: SQLite .*\n.*--trace-warnings.*\n/, "")).toBe("");
  return stdout;
}

describe("the examples of the READMEs", () => {
  // Who names no `lib` has the types of a browser as well.
  test.each([
    ["typescript", ["es2024"]],
    ["typescript", undefined],
    ["typescript-5.9", ["es2024"]],
    ["typescript-5.9", undefined],
  ])("compile with %s, lib: %j", async (compiler, lib) => {
    const config = {
      strict: true,
      noEmit: true,
      module: "nodenext",
      target: "es2024",
      lib,
      types: ["node"],
    };
    // The AI SDK's own declarations name what only a browser's have.
    const exclude =
      lib === undefined ? [] : examples.filter(({ code }) => code.includes('from "ai"')).map(({ file }) => file);
    const include = ["*.ts"];
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: config, include, exclude }));
    await run(process.execPath, [join(root, `node_modules/${compiler}/bin/tsc`), "--project", ".."]);
  });

  test.each(examples)("$name runs on the oldest Node", async ({ file, code }) => {
    await using max = await createSpaceEmulator({ shape: "max", answer: inWordsOrJson });
    await using million = await createSpaceEmulator({ shape: "1m", answer });
    await using old = await createSpaceEmulator({ shape: "72b", answer });
    await using picture = await createSpaceEmulator({ shape: "qvq", answer });
    await using chat = await createSpaceEmulator({ shape: "chat", answer });
    await using endpoint = await createOpenAIEmulator({ models: { "qwen3-8b": answer } });
    const spaces = { max, "1m": million, "72b": old, qvq: picture, chat };
    const env = Object.entries(spaces).map(([shape, { url }]) => [`SPACE_${shape.toUpperCase()}`, url]);
    const said = await run(oldest, [file], { ...Object.fromEntries(env), ENDPOINT: endpoint.url });
    if (/console\.log|stdout/.test(code)) expect(said).not.toBe("");
    if (/console\.log\(text\)|function POST|stdout\.write/.test(code)) expect(said.trim()).toBe(answer);
  });
});
