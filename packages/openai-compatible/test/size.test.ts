import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

const LIMIT_KB = 12;
const CORE = ["@qwen/core", "@qwen/core/http"];

/** For a browser, minified. */
async function bundled(contents: string, external: readonly string[] = []): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("../../..", import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    conditions: ["@qwen/source"],
    external: [...external],
    logLevel: "silent",
  });
  return outputFiles.map(({ text }) => text).join("\n");
}

function kilobytes(code: string): number {
  return gzipSync(code).length / 1024;
}

/** What it adds to what a browser has of core, in KB, and what that is with core and a router. */
async function sizesOf(names: string) {
  const own = `export ${names} from "@qwen/openai-compatible";`;
  const alone = await bundled(own, CORE);
  const used = [...alone.matchAll(/import\{([^}]*)\}from"([^"]*)"/g)].flatMap(([, list = "", from = ""]) =>
    list.split(",").map((name) => `export { ${name.split(" as ")[0]} } from "${from}";`),
  );
  const core = [...new Set(used)].join("\n");
  return {
    added: kilobytes(await bundled(own + core)) - kilobytes(await bundled(core)),
    routed: kilobytes(await bundled(`${own} export { createRouter } from "@qwen/core";`)),
  };
}

test(`adds at most ${LIMIT_KB} KB to what a browser has of core, all presets included`, async () => {
  const one = await sizesOf("{ openaiCompatible }");
  // Whoever asks one vendor downloads one preset.
  const all = await sizesOf("*");
  process.stdout.write(
    `\n@qwen/openai-compatible in a browser: ${one.added.toFixed(1)} KB gzip on top of core, ${one.routed.toFixed(1)} with core and a router; with all presets ${all.added.toFixed(1)} and ${all.routed.toFixed(1)}\n\n`,
  );
  expect(one.added).toBeGreaterThan(1);
  expect(one.added).toBeLessThanOrEqual(LIMIT_KB);
  expect(all.added).toBeLessThanOrEqual(LIMIT_KB);
});
