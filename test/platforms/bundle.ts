import { build, type Plugin } from "esbuild";
import { readFile } from "node:fs/promises";

import { standIns } from "./stand-ins.ts";

/** Where a program runs that is no Node. */
export type Platform = "browser" | "workerd";

/** Where packages of ours come from. */
export interface Packages {
  /** The folder that they are resolved from. */
  readonly from: string;
  /** Whether they are taken from their sources, for which nothing has to be built. */
  readonly source: boolean;
}

/** A file of a bundle. */
export interface BundledFile {
  /** Its name, without folders. */
  readonly name: string;
  readonly text: string;
}

/**
 * Bundles a program for a platform, as a user does: minified, with what is loaded later in files of its own. Its exports are those of
 * `program.js` in a page; a worker calls them by name.
 */
export async function bundled(
  program: URL,
  platform: Platform,
  { from, source }: Packages,
): Promise<readonly BundledFile[]> {
  const { outputFiles } = await build({
    stdin: { contents: ENTRIES[platform], resolveDir: from, loader: "js" },
    bundle: true,
    minify: true,
    splitting: true,
    write: false,
    format: "esm",
    platform: platform === "browser" ? "browser" : "neutral",
    conditions: [...(source ? ["@qwen/source"] : []), ...CONDITIONS[platform]],
    mainFields: ["browser", "module", "main"],
    outdir: "/",
    entryNames: "program",
    plugins: [programFrom(program, from), standIns],
    logLevel: "silent",
  });
  return outputFiles.map(({ path, text }) => ({ name: path.split(/[/\\]/).at(-1) ?? path, text }));
}

/** As the bundlers of a platform set them. */
const CONDITIONS: Readonly<Record<Platform, readonly string[]>> = {
  browser: ["browser", "module"],
  workerd: ["workerd", "worker", "browser", "module"],
};

const ENTRIES: Readonly<Record<Platform, string>> = {
  browser: `export * from "the-program";`,
  workerd: `
    import * as program from "the-program";
    export default {
      async fetch(request, environment, context) {
        if (request.method === "GET") return (await program.fetched?.(request, context)) ?? new Response("ready");
        const { name, given } = await request.json();
        return Response.json((await program[name](...given)) ?? null);
      },
    };`,
};

/** Where a program stands is not where its packages are. */
function programFrom(program: URL, from: string): Plugin {
  return {
    name: "program",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^the-program$/ }, ({ path }) => ({ path, namespace: "program" }));
      onLoad({ filter: /.*/, namespace: "program" }, async () => ({
        contents: await readFile(program, "utf8"),
        loader: "ts",
        resolveDir: from,
      }));
    },
  };
}
