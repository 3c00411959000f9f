import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

import { answersReporter } from "./test/spaces/answers-reporter.ts";
import { summaryReporter } from "./test/summary-reporter.ts";

// Which share of the long tests runs (test/share.ts): another one each day, and the same in every worker.
process.env["TEST_SEED"] ??= String(Math.floor(Date.now() / 86_400_000));

// Tests wait for sockets and clocks more than they compute.
const WAITING = availableParallelism() + 1;

const conditions = ["@qwen/source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: "node",
    reporters: ["default", answersReporter(), summaryReporter()],
    allowOnly: false,
    // One group after the other, so that what takes a whole core does not stand beside what measures time.
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          // What hangs ends; no test is slow enough to meet it, however busy the machine is.
          testTimeout: 30_000,
          maxWorkers: WAITING,
          include: ["{packages,spaces}/*/test/**/*.test.ts", "{demo,examples,test,bench}/**/*.test.ts"],
          exclude: [
            "**/node_modules/**",
            "**/*.real.test.ts",
            "test/packages/*packed.test.ts",
            "test/resilience/soak/**",
          ],
        },
      },
      {
        // What works with the AI SDK, with the oldest of it that is allowed, which has no pings.
        extends: true,
        resolve: {
          conditions,
          alias: [
            { find: /^ai$/, replacement: "ai-lowest" },
            { find: /^@ai-sdk\/provider$/, replacement: "provider-lowest" },
          ],
        },
        test: {
          name: "lowest",
          env: { AI_SDK: "lowest" },
          testTimeout: 30_000,
          maxWorkers: WAITING,
          include: ["packages/ai-sdk/test/*.test.ts"],
          exclude: ["**/*.real.test.ts", "packages/ai-sdk/test/{leaving,at-once,size,router-provider-parts}.test.ts"],
        },
      },
      {
        // Tests against real Gradio servers, which take seconds to start.
        extends: true,
        test: {
          name: "real",
          sequence: { groupOrder: 1 },
          maxWorkers: availableParallelism(),
          include: ["{packages,spaces,demo,examples,test,bench}/**/*.real.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        // Ten thousand calls in processes of their own, which take every core for half a minute.
        extends: true,
        test: {
          name: "soak",
          sequence: { groupOrder: 3 },
          include: ["test/resilience/soak/*.test.ts"],
        },
      },
      {
        // The packages as a user installs them: built, packed, and put into an empty folder.
        extends: true,
        test: {
          name: "packed",
          sequence: { groupOrder: 2 },
          include: ["test/packages/*packed.test.ts"],
          globalSetup: "test/packages/packed-setup.ts",
          testTimeout: 60_000,
        },
      },
    ],
  },
});
