import { describe, expect, test } from "vitest";

import { measureShape } from "./shape.ts";

const bars = { file: 300, function: 120, lets: 6, fields: 10, router: 18 };

describe("the sources of core", () => {
  const core = measureShape("packages/core/src");

  test(`are files of at most ${bars.file} lines, comments included`, () => {
    expect(core.longestFile.count, core.longestFile.name).toBeLessThanOrEqual(bars.file);
  });

  test(`are functions of at most ${bars.function} lines`, () => {
    expect(core.longestFunction.count, core.longestFunction.name).toBeLessThanOrEqual(bars.function);
  });

  test(`have at most ${bars.lets} variables in a function that change, and ${bars.fields} such fields in a class`, () => {
    expect(core.mostLets.count, core.mostLets.name).toBeLessThanOrEqual(bars.lets);
    expect(core.mostFields.count, core.mostFields.name).toBeLessThanOrEqual(bars.fields);
  });

  test(`of the router have at most ${bars.router} of either a thousand code lines`, () => {
    expect(measureShape("packages/core/src/router").writablePerThousand).toBeLessThanOrEqual(bars.router);
  });
});
