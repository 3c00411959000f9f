import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

const PEER = "@ai-sdk/provider";

async function bundled(names: string, external: readonly string[]) {
  return build({
    stdin: {
      contents: `export ${names} from "@qwen/ai-sdk";`,
      resolveDir: fileURLToPath(new URL("../../..", import.meta.url)),
    },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    splitting: true,
    outdir: "dist",
    format: "esm",
    platform: "node",
    conditions: ["@qwen/source"],
    external: [...external],
    logLevel: "silent",
  });
}

/** The limits, minified and gzipped, in bytes: what it is, so that it grows by nobody's oversight. */
const LIMITS = { "*": [48_200, 16_400], "{ createFallback }": [22_700, 8_600] } as const;

test.each(Object.entries(LIMITS))(
  "%s of the package stays small, without core and its peer",
  async (names, [most, gzipped]) => {
    const { outputFiles } = await bundled(names, ["@qwen/core", "@qwen/core/*", PEER]);
    const code = outputFiles.map(({ text }) => text).join("\n");
    process.stdout.write(`\n@qwen/ai-sdk, ${names}: ${code.length} bytes minified, ${gzipSync(code).length} gzipped\n`);
    expect(code.length).toBeLessThanOrEqual(most);
    expect(gzipSync(code).length).toBeLessThanOrEqual(gzipped);
  },
);

test("an import loads core and its peer, and neither `ai`, `provider-utils`, zod nor undici", async () => {
  const { metafile } = await bundled("*", ["undici/*"]);
  const [first] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === "<stdin>") ?? [];
  const loaded = new Set([first ?? ""]);
  for (const file of loaded)
    for (const { kind, path } of metafile.outputs[file]?.imports ?? [])
      if (kind === "import-statement") loaded.add(path);
  const inputs = [...loaded].flatMap((file) => Object.keys(metafile.outputs[file]?.inputs ?? {}));
  expect(inputs.some((file) => file.includes("@ai-sdk/provider/"))).toBe(true);
  expect(
    inputs.filter((file) =>
      /provider-utils|node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?(?:ai|zod|undici)\//.test(file),
    ),
  ).toEqual([]);
  expect([...loaded].filter((file) => file.startsWith("undici"))).toEqual([]);
});
