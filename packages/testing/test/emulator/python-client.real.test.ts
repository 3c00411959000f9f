import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createVenv } from "@qwen/local-spaces";
import { expect, test } from "vitest";

import { createSpaceEmulator, type GradioVersion, type SpaceShape } from "../../src/index.ts";

const run = promisify(execFile);
const program = fileURLToPath(new URL("../fixtures/client.py", import.meta.url));

/** The packages of an app have the client of the same time in them. */
const requirements = (series: string): string =>
  fileURLToPath(new URL(`../../../core/test/apps/protocol/requirements-${series}.txt`, import.meta.url));

const VERSIONS: readonly (readonly [series: string, version: GradioVersion])[] = [
  ["4.44", "4.44.1"],
  ["5.50", "5.50.0"],
  ["6.31", "6.31.0"],
];
const ENDPOINTS: readonly (readonly [SpaceShape, string, readonly unknown[]])[] = [
  ["max", "/model_chat", ["Hi", [], "sys"]],
  ["qvq", "/generate", [null, "Hi"]],
  ["chat", "/chat", ["Hi"]],
];

test.each(VERSIONS)("Python's gradio_client of Gradio %s works against the emulator", async (series, version) => {
  const python = await createVenv(requirements(series));
  for (const [shape, endpoint, inputs] of ENDPOINTS) {
    await using space = await createSpaceEmulator({
      shape,
      version,
      answer: ["Hello", " there", ", you"],
      auth: { user: "secret" },
    });
    const { stdout } = await run(python, [program, space.url, endpoint, "user", "secret", JSON.stringify(inputs)]);
    const { first, last, again, endpoints } = JSON.parse(stdout) as Record<string, unknown>;
    expect(JSON.stringify(first)).toMatch(/Hello(?! there)/u);
    expect(JSON.stringify(last)).toContain("Hello there, you");
    expect(JSON.stringify(again)).toContain("Hello there, you");
    expect(endpoints).toContain(endpoint);
    expect(space.jobs.map(({ state }) => state)).toEqual(["finished", "finished"]);
  }
});
