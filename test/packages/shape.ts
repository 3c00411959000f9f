// Measures the shape of core's sources: how long files and functions are, and how much in them can change. Prints the
// table: `node test/packages/shape.ts`. The same measures as those of other projects that ours are compared with.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript-5.9";

import { root } from "./public-packages.ts";

/** A function or class and a number of it. */
export interface Place {
  readonly name: string;
  readonly count: number;
}

/** What a folder of sources measures. */
export interface Shape {
  readonly files: number;
  /** All lines of all files. */
  readonly lines: number;
  /** Those that are neither blank nor a comment alone. */
  readonly codeLines: number;
  readonly medianLines: number;
  readonly p90Lines: number;
  readonly longestFile: Place;
  /** The function that spans most lines, with those inside of it. */
  readonly longestFunction: Place;
  /** The function, or the top of a file, that declares most variables with `let` itself. */
  readonly mostLets: Place;
  /** The class with most fields that are written after it was made. */
  readonly mostFields: Place;
  /** Variables declared with `let`, for each thousand code lines. */
  readonly letsPerThousand: number;
  /** The same with the writable fields of classes. */
  readonly writablePerThousand: number;
}

/** Measures the TypeScript files below a folder of the repository, all together. */
export function measureShape(folder: string): Shape {
  const files = globSync("**/*.ts", { cwd: join(root, folder) })
    .toSorted()
    .map((file) => measureFile(file, readFileSync(join(root, folder, file), "utf8")));
  const lengths = files.map(({ lines }) => lines).toSorted((a, b) => a - b);
  const scopes = files.flatMap((file) => file.scopes);
  const classes = files.flatMap((file) => file.classes);
  const codeLines = sum(files.map((file) => file.codeLines));
  const lets = sum(scopes.map((scope) => scope.lets));
  const fields = sum(classes.map(({ count }) => count));
  return {
    files: files.length,
    lines: sum(lengths),
    codeLines,
    medianLines: lengths[Math.floor(lengths.length / 2)] ?? 0,
    p90Lines: lengths[Math.floor(lengths.length * 0.9)] ?? 0,
    longestFile: most(files.map(({ file, lines }) => ({ name: file, count: lines }))),
    longestFunction: most(scopes.map(({ name, lines }) => ({ name, count: lines }))),
    mostLets: most(scopes.map((scope) => ({ name: scope.name, count: scope.lets }))),
    mostFields: most(classes),
    letsPerThousand: (lets / codeLines) * 1000,
    writablePerThousand: ((lets + fields) / codeLines) * 1000,
  };
}

/** A function, or what stands outside of all functions of a file, which has no length of its own. */
interface Scope {
  readonly name: string;
  readonly lines: number;
  lets: number;
}

interface FileShape {
  readonly file: string;
  readonly lines: number;
  readonly codeLines: number;
  readonly scopes: readonly Scope[];
  readonly classes: readonly Place[];
}

function measureFile(file: string, text: string): FileShape {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const scopes: Scope[] = [];
  const classes: Place[] = [];

  function visit(node: ts.Node, outer: Scope): void {
    let scope = outer;
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const lines = lineOf(node.end) - lineOf(node.getStart()) + 1;
      scope = { name: `${file}: ${nameOf(node)}`, lines, lets: 0 };
      scopes.push(scope);
    }
    if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.Let) !== 0) {
      scope.lets += node.declarations.length;
    }
    if (ts.isClassLike(node)) {
      classes.push({ name: `${file}: ${node.name?.text ?? "class"}`, count: node.members.filter(isWritable).length });
    }
    ts.forEachChild(node, (child) => visit(child, scope));
  }

  const top = { name: `${file}: top`, lines: 0, lets: 0 };
  scopes.push(top);
  visit(source, top);
  const lines = text.trimEnd().split("\n").length;
  return { file, lines, codeLines: codeLinesOf(source, lineOf), scopes, classes };
}

/** Whether a member of a class is a field that can be written after the class was made. */
function isWritable(member: ts.ClassElement): boolean {
  if (!ts.isPropertyDeclaration(member)) return false;
  const flags = ts.getCombinedModifierFlags(member);
  return (flags & (ts.ModifierFlags.Readonly | ts.ModifierFlags.Ambient | ts.ModifierFlags.Static)) === 0;
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) return parent.name.getText();
  return ts.isConstructorDeclaration(node) ? `new ${nameOfClass(parent)}` : "a function without a name";
}

function nameOfClass(node: ts.Node): string {
  return ts.isClassLike(node) ? (node.name?.text ?? "class") : "object";
}

/** How many lines have a token on them. */
function codeLinesOf(source: ts.SourceFile, lineOf: (position: number) => number): number {
  const lines = new Set<number>();
  (function visit(node: ts.Node): void {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren();
    if (children.length === 0 && node.end > node.getStart()) {
      for (let line = lineOf(node.getStart()); line <= lineOf(node.end); line++) lines.add(line);
    }
    for (const child of children) visit(child);
  })(source);
  return lines.size;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function most(places: readonly Place[]): Place {
  return places.reduce((best, place) => (place.count > best.count ? place : best), { name: "none", count: 0 });
}

if (import.meta.main) {
  const folders = ["packages/core/src", ...["router", "gradio", "http"].map((layer) => `packages/core/src/${layer}`)];
  console.table(
    Object.fromEntries(
      folders.map((folder) => {
        const { longestFile, longestFunction, mostLets, mostFields, ...numbers } = measureShape(folder);
        const places = { longestFile, longestFunction, mostLets, mostFields };
        for (const [what, { name, count }] of Object.entries(places))
          console.log(`${folder} ${what}: ${count}, ${name}`);
        const rounded = Object.entries(numbers).map(([what, value]) => [what, Math.round(value * 10) / 10]);
        const counts = Object.entries(places).map(([what, { count }]) => [what, count]);
        return [folder, Object.fromEntries([...rounded, ...counts])];
      }),
    ),
  );
}
