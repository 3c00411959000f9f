import { readFileSync } from "node:fs";
import { join } from "node:path";

import { publicPackages, root } from "./public-packages.ts";

/** A block of TypeScript in a README, with what it leaves to the blocks before it. */
export interface ReadmeExample {
  /** Where it stands, such as `packages/max/README.md 1`. */
  readonly name: string;
  readonly code: string;
}

/** Every example that a README shows, as a module that compiles. */
export function readmeExamples(): readonly ReadmeExample[] {
  const readmes = ["README.md", ...publicPackages.map(({ folder }) => `packages/${folder}/README.md`)];
  return readmes.flatMap((readme) => {
    const known = new Map<string, string>();
    return codeBlocks(readFileSync(join(root, readme), "utf8"), "ts").map((block, index) => {
      const own = importsOf(block);
      // Whoever reads from the top has seen the imports of the blocks above.
      const inherited = [...known].filter(([name]) => !own.has(name) && new RegExp(`\\b${name}\\(`).test(block));
      for (const [name, from] of own) known.set(name, from);
      const imports = inherited.map(([name, from]) => `import { ${name} } from "${from}";\n`);
      return { name: `${readme} ${index + 1}`, code: `${imports.join("")}${block}\nexport {};\n` };
    });
  });
}

/** The blocks of a Markdown text that are in this language. */
export function codeBlocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)]
    .filter(([, of]) => of === language)
    .map(([, , code = ""]) => code);
}

/** What a block imports: the module of each name. */
function importsOf(block: string): Map<string, string> {
  const imports = new Map<string, string>();
  for (const [, names = "", from = ""] of block.matchAll(/^import \{ (.*) \} from "(.*)";$/gm)) {
    for (const name of names.split(", ")) if (!name.startsWith("type ")) imports.set(name, from);
  }
  return imports;
}
