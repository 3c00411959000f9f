import type { Message } from "@qwen/core";
import { describe, expect, test } from "vitest";

import { completed, says } from "../../core/test/servers/test-space.ts";
import { describeSpace, space, type SpaceOptions } from "../src/index.ts";
import { hear } from "./hearing.ts";
import { ask, bodyOf, box, CHAT, serve, TURNS, type App } from "./served.ts";

describe("what a caller knows better", () => {
  const texts: App = {
    components: [
      box(1, { label: "Left" }),
      box(2, { label: "Right", value: "r" }),
      box(3),
      box(4),
      { id: 5, type: "slider", props: { label: "Heat", value: 1 } },
    ],
    dependencies: [{ id: 0, api_name: "compare", targets: [[9, "click"]], inputs: [1, 2, 5], outputs: [3, 4] }],
  };

  test.each<readonly [string, SpaceOptions, object]>([
    [
      "which input is the message, and which output the answer",
      { endpoint: 0, inputs: { Right: "message" }, answer: 1 },
      { data: ["", "Hi", 1] },
    ],
    [
      "by the ids of components",
      { endpoint: "compare", inputs: { "1": "message", "2": { value: { any: [1] } } }, answer: 1 },
      { data: ["Hi", { any: [1] }, 1] },
    ],
    [
      "that one is a setting",
      { endpoint: "compare", inputs: { Left: "message", Heat: { setting: "temperature" } }, answer: 1 },
      { data: ["Hi", "r", 0.5] },
    ],
    [
      "that one is the system prompt",
      { endpoint: "compare", inputs: { Left: "message", Right: "system" }, answer: 1 },
      { data: ["Hi", "Be kind.", 1] },
    ],
    [
      "that one is to be left alone",
      { endpoint: "compare", inputs: { Right: "ignore" }, answer: 1 },
      { data: ["Be kind.\n\nHi", "r", 1] },
    ],
  ])("%s", async (_, options, expected) => {
    await using server = await serve(texts);
    server.handlers.data = says(completed(["no", "yes"]));
    const provider = space(server.origin, { id: "any", ...options });
    const messages: readonly Message[] = [
      ...(JSON.stringify(expected).includes("Be kind.") ? [{ role: "system", content: "Be kind." } as const] : []),
      ...ask("Hi"),
    ];
    const told = await hear(provider, { messages, settings: { temperature: 0.5 } });
    expect(told.text).toBe("yes");
    expect(bodyOf(server.requests.find(({ route }) => route === "join"))).toMatchObject(expected);
    await provider.close?.();
  });
});

test("an input always gets the value of its own, also behind a step that writes it", async () => {
  await using server = await serve({
    components: [box(1, { label: "Question" }), box(2, { label: "Passages" }), box(3, { label: "Answer" })],
    dependencies: [
      { id: 0, api_name: "find", targets: [[1, "submit"]], inputs: [1], outputs: [2] },
      { id: 1, api_name: "tell", targets: [[null, "then"]], trigger_after: 0, inputs: [1, 2], outputs: [3] },
    ],
  });
  server.handlers.data = says(completed(["found"]));
  const provider = space(server.origin, { id: "any", endpoint: "tell", inputs: { Passages: { value: "mine" } } });
  await hear(provider, { messages: ask("Hi") });
  expect(bodyOf(server.requests.findLast(({ route }) => route === "join"))).toMatchObject({ data: ["Hi", "mine"] });
  await provider.close?.();
});

test.each<readonly [string, SpaceOptions["inputs"], readonly unknown[]]>([
  ["is left alone", { Chat: "ignore" }, []],
  ["has a value of its own", { Chat: { value: [{ role: "user", content: "x" }] } }, [{ role: "user", content: "x" }]],
])("earlier turns go into the prompt where the chatbot %s", async (_, inputs, shown) => {
  const [message, chat] = CHAT.components as readonly [object, { readonly props: object }];
  await using server = await serve({
    ...CHAT,
    components: [message, { ...chat, props: { ...chat.props, label: "Chat" } }],
  });
  const provider = space(server.origin, { id: "any", inputs });
  await hear(provider, { messages: TURNS });
  const [prompt, sent] = bodyOf(server.requests.find(({ route }) => route === "join"))["data"] as readonly unknown[];
  expect(prompt).toContain("Hello");
  expect(sent).toEqual(shown);
  await provider.close?.();
});

test("an input is named by its parameter as well, which only /info tells", async () => {
  await using server = await serve({
    components: [...CHAT.components, { id: 3, type: "slider", props: { label: "Heat", value: 1 } }],
    dependencies: [{ ...CHAT.dependencies[0], inputs: [1, 2, 3] }],
  });
  const parameters = ["message", "history", "warmth"].map((name) => ({ parameter_name: name }));
  server.handlers.other = ({ reply }) => reply(200, { named_endpoints: { "/chat": { parameters } } });
  const provider = space(server.origin, { id: "any", inputs: { warmth: { setting: "temperature" } } });
  await hear(provider, { messages: ask("Hi"), settings: { temperature: 0.5 } });
  expect(bodyOf(server.requests.find(({ route }) => route === "join"))).toMatchObject({ data: ["Hi", [], 0.5] });
  await provider.close?.();
});

test("what it can do is what a Space may, until it was looked at", async () => {
  await using server = await serve(CHAT);
  const provider = space(server.origin, { id: "any" });
  expect(provider.models[0].capabilities).toEqual({ images: true });
  await hear(provider, { messages: ask("Hi") });
  expect(provider.models[0].capabilities).toMatchObject({ images: false, system: "prompt", history: "native" });
  await provider.close?.();
});

test("a seed that is given counts, though a box would have one drawn each time", async () => {
  await using server = await serve({
    components: [
      ...CHAT.components,
      { id: 3, type: "slider", props: { label: "Seed", value: 0, maximum: 100 } },
      { id: 5, type: "checkbox", props: { label: "Randomize seed", value: true } },
    ],
    dependencies: [{ ...CHAT.dependencies[0], inputs: [1, 2, 3, 5] }],
  });
  const provider = space(server.origin, { id: "any" });
  await hear(provider, { messages: ask("Hi") });
  expect((await hear(provider, { messages: ask("Hi"), settings: { seed: 7 } })).warned).toEqual([]);
  const sent = server.requests.filter(({ route }) => route === "join").map((one) => bodyOf(one)["data"]);
  expect(sent).toEqual([
    ["Hi", [], 0, true],
    ["Hi", [], 7, false],
  ]);
  expect((await describeSpace(server.origin)).inputs.map(({ role }) => role)).toContain("seed switch");
  await provider.close?.();
});
