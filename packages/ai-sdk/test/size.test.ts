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

/** What an import of a bundle loads, and what its calls load as well. A bundler writes files too that nothing is left to load. */
function reached({ metafile, outputFiles }: Awaited<ReturnType<typeof bundled>>, kinds: readonly string[]) {
  const [first = ""] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === "<stdin>") ?? [];
  const names = new Set([first]);
  for (const name of names)
    for (const { kind, path } of metafile.outputs[name]?.imports ?? []) if (kinds.includes(kind)) names.add(path);
  const texts = outputFiles.filter(({ path }) => [...names].some((name) => path.endsWith(name)));
  return { names, code: texts.map(({ text }) => text).join("\n") };
}

/** The limits, minified and gzipped, in bytes: what it is, so that it grows by nobody's oversight. */
const LIMITS = [
  { names: "*", when: "an import", kinds: ["import-statement"], most: 7_300, gzipped: 3_150 },
  { names: "*", when: "all", kinds: ["import-statement", "dynamic-import"], most: 49_900, gzipped: 16_960 },
  { names: "{ createFallback }", when: "an import", kinds: ["import-statement"], most: 4_100, gzipped: 1_920 },
  {
    names: "{ createFallback }",
    when: "all",
    kinds: ["import-statement", "dynamic-import"],
    most: 25_450,
    gzipped: 9_530,
  },
] as const;

test.each(LIMITS)(
  "$names of the package stays small, without core and its peer: $when",
  async ({ names, when, kinds, most, gzipped }) => {
    const { code } = reached(await bundled(names, ["@qwen/core", "@qwen/core/*", PEER]), kinds);
    process.stdout.write(
      `\n@qwen/ai-sdk, ${names}, ${when}: ${code.length} bytes minified, ${gzipSync(code).length} gzipped\n`,
    );
    expect(code.length).toBeLessThanOrEqual(most);
    expect(gzipSync(code).length).toBeLessThanOrEqual(gzipped);
  },
);

test("an import loads core and its peer, and neither `ai`, `provider-utils`, zod nor undici", async () => {
  const bundle = await bundled("*", ["undici/*"]);
  const { metafile } = bundle;
  const { names: loaded } = reached(bundle, ["import-statement"]);
  const inputs = [...loaded].flatMap((file) => Object.keys(metafile.outputs[file]?.inputs ?? {}));
  expect(inputs.some((file) => file.includes("@ai-sdk/provider/"))).toBe(true);
  expect(
    inputs.filter((file) =>
      /provider-utils|node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?(?:ai|zod|undici)\//.test(file),
    ),
  ).toEqual([]);
  expect([...loaded].filter((file) => file.startsWith("undici"))).toEqual([]);
});
