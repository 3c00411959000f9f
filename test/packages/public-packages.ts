import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The fields of a `package.json` that the tests look at. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly version?: string;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly homepage?: string;
  readonly license?: string;
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly imports?: Readonly<Record<string, unknown>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly publishConfig?: { readonly access?: string; readonly exports?: Readonly<Record<string, unknown>> };
  readonly engines?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A package that is published. */
export interface PublicPackage {
  readonly name: string;
  /** The name of its folder in `packages`. */
  readonly folder: string;
  readonly path: string;
  readonly manifest: Manifest;
}

/** The root of the repository. */
export const root = join(import.meta.dirname, "../..");

/** Everything in `packages` that is published, by name. */
export const publicPackages: readonly PublicPackage[] = readdirSync(join(root, "packages"))
  .toSorted()
  .map((folder) => {
    const path = join(root, "packages", folder);
    const manifest: Manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    return { name: manifest.name, folder, path, manifest };
  })
  .filter(({ manifest }) => manifest.private !== true);

/** What a user can import of a package: `@qwen/core`, `@qwen/core/gradio`, … */
export function entriesOf({ name, manifest }: PublicPackage): string[] {
  return Object.keys(manifest.exports)
    .filter((entry) => !entry.endsWith(".json"))
    .map((entry) => name + entry.slice(1));
}
