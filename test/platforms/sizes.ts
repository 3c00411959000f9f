import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";

import { bundled, type BundledFile, type Packages } from "./bundle.ts";

/**
 * In KB of gzip: what was aimed at, for all of it, and what it is held to, which it has now and a little for noise. What is loaded in
 * more files comes to a little more in all, as each is compressed by itself.
 */
const LIMITS = {
  "core-and-max": { aim: 32, first: 41, call: 81, all: 85 },
  "core-and-space": { aim: 40, first: 42, call: 98.5, all: 102.5 },
} as const;

/** What not every call loads: a Space may be awake, and a message without files. */
const WHEN_NEEDED = ["waking", "file-transfers"];

/** What a browser downloads, file by file: at first, with the first call, and when a call needs it. */
export function testSizes(packages: Packages): void {
  describe.each(Object.entries(LIMITS))("%s in a browser", (program, { aim, first, call, all }) => {
    test("is told file by file, and no larger than it was", async () => {
      const url = new URL(`programs/${program}.ts`, import.meta.url);
      const files = await bundled(url, "browser", packages);
      const atFirst = reachedBy(files, /(?:from|import)"\.\/([^"]+)"/g);
      // A bundler writes files too that nothing is left to load.
      const ever = reachedBy(files, /(?:from|import\(?)"\.\/([^"]+)"/g);
      const byCall = reachedBy(files, /(?:from|import\(?)"\.\/([^"]+)"/g, WHEN_NEEDED);
      const sizes = files
        .filter(({ name }) => ever.has(name))
        .map((file) => ({
          file: file.name.replace(/-\w{8}\.js$/, ".js"),
          when: atFirst.has(file.name)
            ? "at first"
            : byCall.has(file.name)
              ? "with the first call"
              : "when it is needed",
          raw: file.text.length / 1024,
          gzip: gzipSync(file.text).length / 1024,
        }));
      const lines = sizes.map(
        ({ file, when, raw, gzip }) =>
          `  ${file.padEnd(12)} ${raw.toFixed(1).padStart(6)} KB, gzip ${gzip.toFixed(1).padStart(5)} ${when}`,
      );
      const sum = (which: (when: string) => boolean): number =>
        sizes.filter(({ when }) => which(when)).reduce((total, { gzip }) => total + gzip, 0);
      const [early, called] = [sum((when) => when === "at first"), sum((when) => when !== "when it is needed")];
      const total = sum(() => true);
      const summary = `  gzip: ${early.toFixed(1)} KB at first, ${called.toFixed(1)} KB with the first call, ${total.toFixed(1)} KB in all (aim: ${aim})`;
      process.stdout.write(`\n${[`${program} in a browser:`, ...lines, summary].join("\n")}\n\n`);
      expect(early).toBeLessThanOrEqual(first);
      expect(called).toBeLessThanOrEqual(call);
      expect(total).toBeLessThanOrEqual(all);
    });
  });
}

/** The files that a program leads to by such references, without those that begin with one of these names. */
function reachedBy(
  files: readonly BundledFile[],
  references: RegExp,
  without: readonly string[] = [],
): ReadonlySet<string> {
  const texts = new Map(files.map(({ name, text }) => [name, text]));
  const reached = new Set(["program.js"]);
  for (const name of reached)
    for (const [, file = ""] of (texts.get(name) ?? "").matchAll(references))
      if (!without.some((one) => file.startsWith(`${one}-`))) reached.add(file);
  return reached;
}
