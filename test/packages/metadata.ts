// What every published package says of the project, written from one place: the root's package.json. Run it after a
// change there: `pnpm metadata`. With `--release` it only checks that the placeholder is gone.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { publicPackages, root } from "./public-packages.ts";

/** Stands in the root's package.json until there is a repository: see CONTRIBUTING.md. */
export const PLACEHOLDER = "https://github.com/your-name/qwen-sdk";

/** Where the project lives, by the root's package.json. */
export const homepage: string = rootManifest().homepage;

/** The fields that a package's manifest takes from the root's. */
export function metadataOf({ folder, keywords = [] }: { folder: string; keywords?: readonly string[] }): object {
  const { author, bugs, repository, keywords: common } = rootManifest();
  return {
    // A package may have more of its own. In the formatter's order.
    keywords: [...new Set([...common, ...keywords])].toSorted(),
    homepage: `${homepage}/tree/main/packages/${folder}#readme`,
    bugs,
    author,
    repository: { ...repository, directory: `packages/${folder}` },
  };
}

/** The links of a Markdown text, with where in the text each stands. */
export function linksIn(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
}

interface RootManifest {
  readonly homepage: string;
  readonly bugs: object;
  readonly author: string;
  readonly repository: object;
  readonly keywords: readonly string[];
}

function rootManifest(): RootManifest {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
}

function write(): void {
  for (const { folder, path, manifest } of publicPackages) {
    const { name, version, description, license, ...others } = manifest;
    const metadata = metadataOf({ folder, ...manifest });
    const written = { name, version, description, ...metadata, license, ...without(others, Object.keys(metadata)) };
    writeFileSync(join(path, "package.json"), `${JSON.stringify(written, null, 2)}\n`);

    const readme = join(path, "README.md");
    const old = manifest.homepage?.split("/tree/")[0];
    if (old !== undefined)
      writeFileSync(readme, readFileSync(readme, "utf8").replaceAll(`](${old}/`, `](${homepage}/`));
  }
}

function without(object: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

if (import.meta.main) {
  if (!process.argv.includes("--release")) write();
  else if (homepage === PLACEHOLDER) {
    console.error("package.json still names a placeholder as the project's home: see Releases in CONTRIBUTING.md.");
    process.exitCode = 1;
  }
}
