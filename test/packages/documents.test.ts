import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

import { homepage, linksIn, PLACEHOLDER } from "./metadata.ts";
import { codeBlocks } from "./readme-examples.ts";
import { publicPackages, root } from "./public-packages.ts";

const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "bench/README.md",
  "examples/README.md",
  "examples/browser/README.md",
];

describe.each(documents)("%s", (document) => {
  const text = readFileSync(join(root, document), "utf8");

  test("links to files and headings that exist", () => {
    for (const link of linksIn(text).filter((target) => !/^https?:/.test(target))) {
      const [file = "", heading] = link.split("#");
      const target = file === "" ? document : join(dirname(document), file);
      expect.soft(existsSync(join(root, target)), link).toBe(true);
      if (heading !== undefined) expect.soft(headingsOf(target), link).toContain(heading);
    }
  });
});

test("the README opens with what this is and how to install it, then the two commands of this repository", () => {
  const text = readFileSync(join(root, "README.md"), "utf8");
  const parts = [
    "A TypeScript SDK for",
    "npm install @qwen/core",
    "npx --yes pnpm@10 demo",
    "npx --yes pnpm@10 test",
    "```ts",
  ];
  const places = parts.map((part) => text.indexOf(part));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test("the README has each package once in its table", () => {
  const rows = readFileSync(join(root, "README.md"), "utf8").match(/^\| \[`@qwen\/[^`]+`\]\(packages\/[^)]+\) \|/gm);
  const expected = publicPackages.map(({ name, folder }) => `| [\`${name}\`](packages/${folder}) |`);
  expect(rows?.toSorted()).toEqual(expected.toSorted());
});

test.each(publicPackages)("the README of $name opens with what it is and how to install it", ({ name, path }) => {
  const text = readFileSync(join(path, "README.md"), "utf8");
  expect(text).toMatch(new RegExp(`^# ${name}\n\n[A-Z]`));
  expect(codeBlocks(text, "sh")[0]).toMatch(new RegExp(`^npm install .*${name}\\b`));
  expect(text.indexOf("npm install")).toBeLessThan(text.indexOf("```ts"));
});

test.each(publicPackages)("what comes with the first release of $name is told by a changeset", ({ name, manifest }) => {
  if (manifest.version !== "0.0.0") return;
  const folder = join(root, ".changeset");
  const told = readdirSync(folder).filter((file) =>
    readFileSync(join(folder, file), "utf8").includes(`"${name}": minor`),
  );
  expect(told).not.toEqual([]);
});

test("what runs in public is what runs here: every check, in one command", () => {
  const workflow = readFileSync(join(root, ".github/workflows/ci.yml"), "utf8");
  expect(workflow.match(/- run: .*/g)).toEqual(["- run: .ci/run"]);
});

test("a release is refused while the home of the project is a placeholder", async () => {
  const script = join(root, "test/packages/metadata.ts");
  const refused = await promisify(execFile)(process.execPath, [script, "--release"]).then(
    () => false,
    () => true,
  );
  expect(refused).toBe(homepage === PLACEHOLDER);
  expect(readFileSync(join(root, "package.json"), "utf8")).toMatch(
    /"release": "node test\/packages\/metadata\.ts --release && /,
  );
});

/** The headings of a document, as links name them. */
function headingsOf(document: string): string[] {
  const text = readFileSync(join(root, document), "utf8");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
}
