import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { cutAtStop, StopCut } from "../../src/wire/stop-cut.ts";

describe("a text that is cut at stop sequences", () => {
  test.each([
    ["Hello END more", ["END"], "Hello "],
    ["Hello", ["END"], "Hello"],
    ["HelloEN", ["END"], "HelloEN"],
    ["END", ["END"], ""],
    ["ababac", ["abac"], "ab"],
    ["aaab", ["aab"], "a"],
    ["xyz", ["yz", "z", "xyz"], ""],
    ["one\n\ntwo", ["\n\n"], "one"],
    ["a🙂b", ["🙂"], "a"],
    ["anything", [], "anything"],
  ])("%j by %j is %j", (text, stops, expected) => {
    expect(cutAtStop(text, stops).text).toBe(expected);
  });

  test("is the same however it comes, and holds back no more than may be the beginning of one", () => {
    const piece = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 4 });
    const stops = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 4 }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.array(piece), stops, (pieces, given) => {
        const whole = pieces.join("");
        // The first sequence to be complete ends the text, the longest of those that end at once.
        const ends = given.flatMap((stop) => {
          const at = whole.indexOf(stop);
          return at < 0 ? [] : [{ at, end: at + stop.length }];
        });
        const first = ends.toSorted((a, b) => a.end - b.end || a.at - b.at)[0];
        const cut = new StopCut(given);
        let shown = "";
        let come = "";
        for (const one of pieces) {
          come += one;
          shown += cut.push(one);
          if (cut.isOver) break;
          const held = come.slice(shown.length);
          expect(held === "" || given.some((stop) => stop.startsWith(held))).toBe(true);
        }
        shown += cut.end();
        expect(shown).toBe(first === undefined ? whole : whole.slice(0, first.at));
      }),
      { numRuns: 500 },
    );
  });

  test("takes time that is linear in text and sequence", () => {
    const stop = `${"a".repeat(20_000)}b`;
    const text = "a".repeat(1_000_000);
    const from = performance.now();
    expect(cutAtStop(text, [stop]).isCut).toBe(false);
    expect(performance.now() - from).toBeLessThan(1000);
  });
});
