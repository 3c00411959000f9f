import { expect, test } from "vitest";

import { emulate } from "../../src/emulate/index.ts";
import { scripted } from "../router/scripted.ts";

test.each<readonly [string, () => unknown, RegExp]>([
  ["a slip", () => emulate(scripted("p", []), { tool: true } as object), /no option "tool".*"tools"/],
  ["a wrong value", () => emulate(scripted("p", []), { reasoning: "on" as "open" }), /options\.reasoning.*"open"/],
  ["nothing to emulate", () => emulate(scripted("p", []), {}), /`tools: true`, `json: true` or `reasoning: true`/],
  ["nothing that is set", () => emulate(scripted("p", []), { tools: undefined }), /does nothing unless/],
  ["nothing at all", () => emulate(scripted("p", []), undefined as never), /does nothing unless/],
  ["no provider", () => emulate(null as never, { tools: true }), /takes a provider/],
  [
    "a provider without models",
    () => emulate({ ...scripted("p", []), models: [] as never }, { json: true }),
    /takes a provider/,
  ],
  ["no options", () => emulate(scripted("p", []), 5 as never), /options/],
])("emulate() refuses %s with a TypeError", (_, make, message) => {
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
});
