import { expect, test } from "vitest";
import { heldMb } from "../../core/test/cost.ts";
import { SameChunk } from "../src/wire/same-chunk.ts";
import { chunk } from "./scripted-endpoint.ts";

test("what is learnt of a chunk holds nothing of what came with it", () => {
  const json = { ...chunk({ content: "Yes" }) };
  const data = JSON.stringify(json);
  const before = heldMb();
  const learnt = Array.from({ length: 500 }, (_, at) => {
    const same = new SameChunk();
    // As a decoder hands it out: a slice of all that came at once.
    const came = Buffer.from(`data: ${data}\n\n${at}${" ".repeat(65_536)}`).toString();
    same.learn(came.slice(6, 6 + data.length), json);
    return same;
  });
  expect(heldMb() - before).toBeLessThan(5);
  expect(learnt.map((same) => same.textIn(data))).toEqual(learnt.map(() => "Yes"));
});
