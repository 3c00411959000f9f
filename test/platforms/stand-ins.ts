import type { Plugin } from "esbuild";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";

const STAND_INS: Readonly<Record<string, string>> = {
  assert: "assert.ts",
  events: "events.ts",
  "timers/promises": "timers-promises.ts",
};

const pathOf = (file: string): string => fileURLToPath(new URL(`stand-ins/${file}`, import.meta.url));

/**
 * Lets `@qwen/testing` run where there is no Node: what its contract asks of Node's modules stands in for them, and its servers, which
 * nobody asks for there, get none. What is not of that package gets nothing.
 */
export const standIns: Plugin = {
  name: "stand-ins",
  setup({ initialOptions, onLoad, onResolve }) {
    initialOptions.define = { "process.getActiveResourcesInfo": "activeResources" };
    initialOptions.inject = [pathOf("resources.ts")];
    onResolve({ filter: /^[a-z:/]+$/ }, ({ path, importer }) => {
      if (!/[/\\]testing[/\\]/.test(importer) || !isBuiltin(path)) return undefined;
      // As tsup writes them.
      const file = STAND_INS[path.replace(/^node:/, "")];
      return file === undefined ? { path, namespace: "none" } : { path: pathOf(file) };
    });
    onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};", loader: "js" }));
  },
};
