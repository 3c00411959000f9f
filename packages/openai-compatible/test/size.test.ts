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

test(`adds at most ${LIMIT_KB} KB to what a browser has of core`, async () => {
  const all = 'export * from "@qwen/openai-compatible";';
  const alone = await bundled(all, CORE);
  const used = [...alone.matchAll(/import\{([^}]*)\}from"([^"]*)"/g)].flatMap(([, list = "", from = ""]) =>
    list.split(",").map((name) => `export { ${name.split(" as ")[0]} } from "${from}";`),
  );
  const core = [...new Set(used)].join("\n");
  const added = kilobytes(await bundled(all + core)) - kilobytes(await bundled(core));
  const routed = kilobytes(await bundled(`${all} export { createRouter } from "@qwen/core";`));
  process.stdout.write(
    `\n@qwen/openai-compatible in a browser, all presets: ${added.toFixed(1)} KB gzip on top of core, ${routed.toFixed(1)} with core and a router\n\n`,
  );
  expect(used.length).toBeGreaterThan(0);
  expect(added).toBeLessThanOrEqual(LIMIT_KB);
});
