import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

import { root } from "./public-packages.ts";

/** The files of core that an import of it loads, built for a platform. */
async function filesInCore(platform: "node" | "browser"): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: join(root, "packages/core"),
    entryPoints: ["src/core.ts"],
    platform,
    format: "esm",
    bundle: true,
    splitting: true,
    outdir: "dist",
    write: false,
    metafile: true,
    external: ["#schema", "undici/*"],
  });
  const files = new Set(["src/core.ts"]);
  for (const file of files)
    for (const { kind, path, external } of metafile.inputs[file]?.imports ?? [])
      if (kind === "import-statement" && external !== true) files.add(path);
  return [...files];
}

describe.each(["node", "browser"] as const)("an import of core, on the platform %s,", (platform) => {
  test("loads nothing of what only a call takes", async () => {
    const files = await filesInCore(platform);
    const later = [
      "gradio/job.ts",
      "gradio/upload.ts",
      "gradio/failure.ts",
      "gradio/client.ts",
      "gradio/sender.ts",
      "http/connections.ts",
      "http/elsewhere.ts",
      "router/attempt.ts",
      "router/race.ts",
    ];
    expect(files.filter((file) => later.includes(file.replace("src/", "")))).toEqual([]);
    expect(files.filter((file) => /eventsource-parser|zod/.test(file))).toEqual([]);
  });

  test("hands out each name once: one of two would be left out of what is built, without a word", async () => {
    const files = await filesInCore(platform);
    const texts = await Promise.all(files.map((file) => readFile(join(root, "packages/core", file), "utf8")));
    const names = texts.flatMap((text) => [...text.matchAll(EXPORTED)].map(([, name]) => name));
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});

const EXPORTED = /^export (?:async )?(?:abstract )?(?:function\*?|class|const) (\w+)/gm;
