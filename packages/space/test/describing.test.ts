import { expect, test } from "vitest";

import { describeSpace } from "../src/index.ts";
import { recorded } from "./recorded.ts";
import { box, CHAT, serve } from "./served.ts";

test("a Space is described by what is asked of it, what goes where, and why; nothing is run", async () => {
  await using server = await serve({ ...recorded("5.9", "interface") });
  const described = await describeSpace(server.origin);
  expect(described).toMatchObject({
    version: "5.9.1",
    endpoint: "/chat",
    why: "it is what a ChatInterface has for programs",
    steps: [{ endpoint: "/chat", queue: true }],
    history: "state",
    system: "input",
    images: "none",
    settings: ["maxOutputTokens", "temperature"],
    answer: { output: 0, component: "json" },
  });
  expect(described.inputs.map(({ role, setting, value }) => [setting ?? role, value])).toEqual([
    ["message", ""],
    ["system", "You are friendly."],
    ["maxOutputTokens", 512],
    ["temperature", 0.7],
  ]);
  expect(described.others.length).toBeGreaterThan(10);
  expect(String(described)).toContain("  asks       /chat (");
  expect(server.log).toEqual(["config"]);
});

test("a description tells what its reader has set, but no password, and shows no escape sequence of a Space", async () => {
  await using server = await serve({
    ...CHAT,
    components: [
      ...CHAT.components,
      box(3, { label: "Mo\u001B[31mde\nX", value: "fast\u0007" }),
      box(4),
      box(5, { type: "password" }),
    ],
    dependencies: [{ ...CHAT.dependencies[0], inputs: [1, 2, 3, 4, 5] }],
  });
  const inputs = { "Box 4": { value: 7 }, "Box 5": { value: "hf_secret" } };
  const described = await describeSpace(server.origin, { inputs, endpoint: "chat" });
  const printed = String(described);
  expect(printed).toContain('Mode X (textbox): kept "fast');
  expect(printed).toContain("Box 4 (textbox): fixed 7");
  expect(printed).toContain("Box 5 (textbox): fixed");
  expect(printed + JSON.stringify(described)).not.toContain("hf_secret");
  expect(printed).toContain("it was chosen");
  expect(printed).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/);
});

test("it rejects as a first call would", async () => {
  await using server = await serve({ components: [], dependencies: [] });
  await expect(describeSpace(server.origin)).rejects.toMatchObject({ code: "unsupported" });
  await expect(describeSpace("http://127.0.0.1:9/")).rejects.toMatchObject({ code: "connection" });
  await expect(describeSpace("nowhere")).rejects.toThrow(TypeError);
});
