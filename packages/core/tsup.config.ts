import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { build, type Plugin } from "esbuild";
import { defineConfig, type Options } from "tsup";

import { written } from "../../tsup.config.ts";

// What is built: `core.js`, which is all that an import of this package loads, and the same for other platforms; and on top
// of it the entries, and a file for each that is imported by `import()`. What core has, those take from `#core`, and what
// several that talk to Spaces have, from `jobs.js`, which all of them load.

const entries = [
  "src/index.ts",
  "src/emulate/index.ts",
  "src/gradio/index.ts",
  "src/http/index.ts",
  "src/router/index.ts",
  "src/schema/index.ts",
  "src/schemas.ts",
];
const JOBS = "src/gradio/jobs.ts";
const [node, browser] = await Promise.all([filesOn("node"), filesOn("browser")]);
const parts = [...new Set([...node.parts, ...browser.parts])];
const ofSpaces = parts.filter((file) => dirname(file) === dirname(JOBS));
const inJobs = node.jobs.union(browser.jobs);
const common: Options = { ...written, splitting: false, external: ["#core", "#schema"] };

export default defineConfig([
  { ...common, entry: ["src/core.ts"], external: ["#schema"], esbuildPlugins: [loadedLater(), handsOut()] },
  {
    ...common,
    entry: ["src/browser.ts"],
    // Bundlers write it anew, and know by its comments what they may leave out.
    minifyWhitespace: false,
    platform: "browser",
    external: ["#schema"],
    esbuildPlugins: [loadedLater(), handsOut()],
  },
  {
    ...common,
    entry: [...entries, ...parts.filter((file) => !ofSpaces.includes(file))],
    esbuildPlugins: [loadedLater(), onTopOfCore(), partOfUndici()],
    // What undici itself is told when it becomes a part of Node: of its parsers the newer one is left out.
    define: { esbuildDetection: "true" },
  },
  {
    ...common,
    // Their names begin where all others do.
    entry: Object.fromEntries(ofSpaces.map((file) => [nameInDist(file), file])),
    esbuildPlugins: [loadedLater(), onTopOfCore(), onTopOfJobs(), handsOut()],
  },
]);

/** What core is made of on a platform, what it loads later, and what of core the files on top of it use. */
async function filesOn(platform: "node" | "browser") {
  const { metafile } = await build({
    entryPoints: ["src/core.ts", ...entries],
    platform,
    format: "esm",
    bundle: true,
    splitting: true,
    outdir: "dist",
    write: false,
    metafile: true,
    external: ["#core", "#schema", "undici/*"],
  });
  const imports = (file: string) =>
    (metafile.inputs[file]?.imports ?? []).filter(({ path, external }) => external !== true && path.startsWith("src/"));
  const core = new Set(["src/core.ts"]);
  for (const file of core) for (const { kind, path } of imports(file)) if (kind === "import-statement") core.add(path);
  const later = [...core].flatMap(imports).filter(({ kind }) => kind === "dynamic-import");
  const onTop = Object.keys(metafile.inputs).filter((file) => !core.has(file));
  const jobs = new Set([JOBS]);
  for (const file of jobs) for (const { path } of imports(file)) if (!core.has(path)) jobs.add(path);
  return { core, jobs, parts: new Set(later.map(({ path }) => path)), usedOf };

  /** The files among these that others use. */
  function usedOf(files: ReadonlySet<string>): readonly string[] {
    const others = onTop.filter((file) => !files.has(file));
    const used = others.flatMap(imports).filter(({ path, original }) => files.has(path) && original?.[0] !== "#");
    return used.map(({ path }) => path);
  }
}

function isInCore(file: string): boolean {
  return node.core.has(file) || browser.core.has(file);
}

/** What is imported by `import()` is a file of its own. */
function loadedLater(): Plugin {
  return {
    name: "loaded-later",
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ kind, path, importer, resolveDir }) => {
        if (kind !== "dynamic-import") return undefined;
        if (!isInCore(nameOf(importer)))
          throw new Error(`${nameOf(importer)}: only what is in core loads files later.`);
        return { path: `./${nameInDist(nameOf(join(resolveDir, path)))}.js`, external: true };
      });
    },
  };
}

/** What core has is taken from there, and what a platform has as well: only core is built for each. */
function onTopOfCore(): Plugin {
  return {
    name: "on-top-of-core",
    setup({ onResolve }) {
      onResolve({ filter: /^#(?:platform|transport)$/ }, () => ({ path: "#core", external: true }));
      onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) =>
        kind === "import-statement" && isInCore(nameOf(join(resolveDir, path)))
          ? { path: "#core", external: true }
          : undefined,
      );
    },
  };
}

/** What `jobs.js` has is taken from there by the others, which lie in the same folder. */
function onTopOfJobs(): Plugin {
  return {
    name: "on-top-of-jobs",
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ kind, path, importer, resolveDir }) =>
        kind === "import-statement" && inJobs.has(nameOf(join(resolveDir, path))) && !inJobs.has(nameOf(importer))
          ? { path: "./jobs.js", external: true }
          : undefined,
      );
    },
  };
}

/** Core hands out what those on top of it use, besides what its entries name; and so does `jobs.js`. */
function handsOut(): Plugin {
  return {
    name: "hands-out",
    setup({ onLoad }) {
      onLoad({ filter: /[/\\]src[/\\](?:core|gradio[/\\]jobs)\.ts$/ }, async ({ path }) => {
        const file = nameOf(path);
        const used = [node, browser].flatMap(({ core, usedOf }) => usedOf(file === JOBS ? inJobs : core));
        const from = [...new Set(used)].filter((one) => one !== file).map((one) => relative(dirname(file), one));
        const handed = from.map((one) => `export * from "./${one.replaceAll("\\", "/")}";`);
        // Which files these are, users' compilers cannot know, so no declaration names them.
        if (file !== JOBS)
          handed.push(
            `export { ${(await namesOfPlatform()).join(", ")} } from "#platform";`,
            `export { createTransport } from "#transport";`,
          );
        return { contents: [await readFile(path, "utf8"), ...handed].join("\n"), loader: "ts" };
      });
    },
  };
}

/** All that `#platform` has: the same on each. */
async function namesOfPlatform(): Promise<readonly string[]> {
  const text = await readFile("src/node-platform.ts", "utf8");
  return [...text.matchAll(/^export (?:const|(?:async )?function) (\w+)/gm)].map(([, name = ""]) => name);
}

/**
 * Of undici its client of HTTP/1.1 alone, which takes half the time to load: no HTTP/2, which is never agreed on, and nothing of
 * `fetch`, which only forms need. What it asks of Node it gets without a `require`, which an ES module does not have.
 */
function partOfUndici(): Plugin {
  return {
    name: "part-of-undici",
    setup({ onLoad, onResolve }) {
      onResolve(
        { filter: /\/client-h2\.js$|\/web\/(?:fetch\/body\.js|fetch\/formdata|webidl)$/ },
        ({ path, importer }) => (/[/\\]undici[/\\]/.test(importer) ? { path, namespace: "left-out" } : undefined),
      );
      onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "module.exports = {};" }));
      onResolve({ filter: /^node:/ }, ({ path, kind }) =>
        kind === "require-call" ? { path, namespace: "of-node" } : undefined,
      );
      onLoad({ filter: /.*/, namespace: "of-node" }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule("${path}");`,
      }));
    },
  };
}

function nameInDist(file: string): string {
  return file.replace(/^src\//, "").replace(/\.ts$/, "");
}

function nameOf(path: string): string {
  return relative(import.meta.dirname, path).replaceAll("\\", "/");
}
