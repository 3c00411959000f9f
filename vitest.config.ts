import { defineConfig } from "vitest/config";

import { summaryReporter } from "./test/summary-reporter.ts";

const conditions = ["@qwen/source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: "node",
    reporters: ["default", summaryReporter()],
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{packages,spaces}/*/test/**/*.test.ts", "{demo,examples,test}/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.real.test.ts", "test/packages/packed/**"],
        },
      },
      {
        // Tests against real Gradio servers, which take seconds to start.
        extends: true,
        test: {
          name: "real",
          include: ["{packages,spaces,demo,examples}/**/*.real.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        // The packages as a user installs them: built, packed, and put into an empty folder.
        extends: true,
        test: {
          name: "packed",
          include: ["test/packages/packed/**/*.test.ts"],
          globalSetup: "test/packages/packed/setup.ts",
          testTimeout: 60_000,
        },
      },
    ],
  },
});
