import { describe, expect, test } from "vitest";

import { completed, says } from "../../core/test/servers/test-space.ts";
import { space } from "../src/index.ts";
import { hear } from "./hearing.ts";
import { CHAT, serve, TURNS, type App } from "./served.ts";

/** A page that answers in its second step, and goes through the chat once more. */
const APP: App = {
  components: CHAT.components,
  dependencies: [
    { id: 0, api_name: "user", targets: [[1, "submit"]], inputs: [1, 2], outputs: [1, 2] },
    { id: 1, api_name: "bot", targets: [[null, "then"]], trigger_after: 0, inputs: [2], outputs: [2] },
    { id: 2, api_name: "keep", targets: [[null, "then"]], trigger_after: 1, inputs: [2], outputs: [2] },
  ],
};

const message = (role: string, content: string): object => ({ role, content });
const [first, second, question] = TURNS.map(({ role, content }) => message(role, content as string));
const asked = [first, second, question];
const answered = [...asked, message("assistant", "Four.")];

describe("an answer of an earlier step is told whole, where the last one", () => {
  test.each([
    ["leaves the chat as it is", answered, "Four."],
    ["keeps the end of it", answered.slice(2), "Four."],
    ["changes its label alone", { __type__: "update", label: "Sums" }, "Four."],
    ["adds to it", [...answered, message("assistant", "Sources: 1")], "Four.\n\nSources: 1"],
    ["writes it anew", [...asked, message("assistant", "**Four.**")], "**Four.**"],
  ])("%s", async (_, last, text) => {
    await using server = await serve(APP);
    const outputs = [["", asked], [answered], [last]];
    server.handlers.data = (exchange) => says(completed(outputs.shift() ?? []))(exchange);
    const provider = space(server.origin, { id: "any" });
    expect(await hear(provider, { messages: TURNS })).toMatchObject({ text });
    await provider.close?.();
  });
});
