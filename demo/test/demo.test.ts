import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const program = fileURLToPath(new URL("../src/main.ts", import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the demo on a machine without Python: nothing at all is on PATH. */
function runDemo(
  args: readonly string[],
  { env = {}, interruptAt }: { readonly env?: NodeJS.ProcessEnv; readonly interruptAt?: string } = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, ["--conditions=@qwen/source", program, ...args], {
    env: { PATH: "/nonexistent", NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let interrupted = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (interrupted || interruptAt === undefined || !stdout.includes(interruptAt)) return;
    // Once: a second Ctrl-C kills.
    interrupted = child.kill("SIGINT");
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

const oneLine = /^The demo failed: .+\n$/;

describe("the demo without Python", () => {
  test("says first that it is emulated, plays every act, and ends by itself with 0", { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await runDemo([]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toMatch(/^Qwen SDK demo — an emulator .*of the Spaces and of the endpoint/);
    expect(stdout).toMatch(
      /1\. Ask by alias\n {3}qwen-max < .+\n {3}This is no model.+\n {3}max\/qwen-qwen2-5-max: first text/,
    );
    expect(stdout).toMatch(
      /2\. Fall back .* to an OpenAI-compatible endpoint\n {3}smart < .+\n(.+\n)*? {3}llama-cpp\/local-model: first text .* after \d attempts\n {3}the Space is back\n {3}smart < .+\n.+\n {3}mirror\/qwen-qwen2-5-max: first text after [\d.]+ m?s, \d+ characters\/s\n/,
    );
    expect(stdout).toMatch(
      /3\. Stop .*\n(.+\n)*? {3}the model was working before the abort and is idle \d+ ms after it/,
    );
    for (const space of ["72b/", "qvq/", "1m/"])
      expect(stdout).toMatch(new RegExp(`\\n {3}${space}\\S+: first text after`));
    expect(stdout).toMatch(/qwen-1m, going on < What is my name\?\n(.+\n) {3}1m\//);
    expect(stdout).toMatch(/\nDone\..*\n$/);
  });

  test("ends on Ctrl-C with one line and a non-zero code", async () => {
    const { code, stdout, stderr } = await runDemo([], { interruptAt: "This is no model" });
    expect(stderr).toMatch(oneLine);
    expect(stderr).toContain("Interrupted");
    expect(stdout).not.toContain("2. Fall back");
    expect(code).toBe(1);
  });
});

test("what the demo does not know is one clear line and a non-zero code", async () => {
  for (const argument of ["--fast", "max"]) {
    const { code, stdout, stderr } = await runDemo([argument]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(oneLine);
    expect(stderr).toContain(argument);
  }
});

test("--help says what it does, and starts nothing", async () => {
  for (const flag of ["--help", "-h"]) {
    const { code, stdout, stderr } = await runDemo([flag]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: /);
    expect(stdout).toContain("--live");
  }
});

test("--live where no Space can be reached is one clear line and a non-zero code", { timeout: 60_000 }, async () => {
  // A proxy that nobody serves stands for a network that is down.
  const { code, stderr } = await runDemo(["--live"], { env: { HTTPS_PROXY: "http://127.0.0.1:9" } });
  expect(stderr).toMatch(oneLine);
  expect(stderr).toContain("qwen-qwen2-5-max-demo.hf.space");
  expect(code).toBe(1);
});
