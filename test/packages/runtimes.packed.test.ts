import { execFile } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createSpaceEmulator } from "@qwen/testing";
import { beforeAll, describe, expect, inject, test } from "vitest";

import { root } from "./public-packages.ts";

const installed = inject("installed");

beforeAll(() => cpSync(join(root, "test/packages/user/careful.ts"), join(installed, "careful.ts")));

describe.each(inject("runtimes"))("on $name", ({ command: [program, ...args] }) => {
  test("the packed packages stream, start early, abort, and let the process end", async () => {
    const steps = "Once upon a time there was a fox.".split(/(?<= )/);
    await using space = await createSpaceEmulator({ shape: "max", answer: { steps, delayMs: 30 } });
    // Nothing in it is closed: a process that does not end of itself within ten seconds is ended, and fails the test.
    const { stdout, stderr } = await promisify(execFile)(program, [...args, "careful.ts", space.url], {
      cwd: installed,
      timeout: 10_000,
    });
    expect(stdout.trim().split("\n")).toEqual([
      "max/qwen-max: Once upon a time there was a fox. (in pieces)",
      "early/qwen-max: Once upon a time there was a fox. (in pieces)",
      "aborted",
    ]);
    expect(stderr).toBe("");
    await space.idle();
    expect(space.jobs.map(({ state }) => state)).toEqual(["finished", "finished", "stopped"]);
  });
});
