import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { modelId, startModel } from "@qwen/local-spaces";
import { afterAll, beforeAll, expect, test } from "vitest";

type Model = Awaited<ReturnType<typeof startModel>>;

let model: Model;
beforeAll(async () => {
  model = await startModel({ slots: 1, contextTokens: 1024 });
}, 120_000);
afterAll(() => model?.stop());

const outputs: readonly (readonly [string, RegExp])[] = [
  ["local-model.ts", new RegExp(`^${modelId} \\d+\\n.{1,20}: \\d+ people, said in \\d+ tokens\\n$`)],
  // What it writes behind the beginning is up to it.
  [
    "space-then-endpoint.ts",
    /^Red, yellow [\s\S]+\n {2}the Space is lost: max, then llama-cpp \(prefill\)\nRed, yellow and blue\.\n {2}the Space is back: max\n$/,
  ],
];

test.each(outputs)("examples/%s runs against a real llama.cpp", async (file, output) => {
  const program = join(import.meta.dirname, "..", file);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    "--conditions=@qwen/source",
    program,
    `${model.url}/v1`,
  ]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(output);
});
