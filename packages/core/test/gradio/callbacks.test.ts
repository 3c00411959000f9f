import { describe, expect, test } from "vitest";

import { QwenError } from "../../src/errors.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import type { SpaceDefinition } from "../../src/gradio/space-definition.ts";
import type { ModelInfo } from "../../src/provider.ts";
import { createRouter } from "../../src/router/router.ts";
import { ask, chatProvider } from "../servers/chat-provider.ts";
import { completed, eventId, generating, says, startTestSpace } from "../servers/test-space.ts";
import { rejection } from "../servers/waiting.ts";

const slip = new RangeError("the caller's own");
const throwing = (): never => {
  throw slip;
};

type Definition = Partial<SpaceDefinition<string, ModelInfo>>;

/** Asks a Space whose provider is declared so, of a router with another provider behind it. */
async function asked(definition: Definition) {
  await using space = await startTestSpace({
    join: ({ reply }) => reply(200, { event_id: eventId() }),
    data: says(generating(["Hello"]), completed(["Hello"])),
  });
  const plugins = [
    chatProvider({ space: space.origin }, definition),
    chatProvider({ space: space.origin, id: "other" }),
  ];
  const router = createRouter({ plugins, breaker: { minimumCalls: 1 }, routes: { r: ["test/model", "other/model"] } });
  const messages = [{ role: "user", content: "Hi" }] as const;
  const whole = await rejection(router.complete({ model: "r", messages }));
  const streamed = await rejection(Array.fromAsync(router.stream({ model: "r", messages })));
  const bare = await rejection(Array.fromAsync(ask(plugins[0] as never)));
  const joins = space.requests.filter(({ route }) => route === "join").length;
  const [health] = router.health();
  await router.close();
  return { errors: [whole, streamed, bare], joins, breaker: health?.breaker };
}

describe("a function that decides and throws ends its call with that, and counts for nobody", () => {
  const DEFINITIONS: readonly (readonly [string, Definition, joins: number])[] = [
    ["inputs", { inputs: throwing }, 0],
    ["inputs, later", { inputs: () => Promise.reject(slip) }, 0],
    ["read", { answer: { at: [0], read: throwing } }, 3],
    ["outputs", { outputs: { "~standard": { version: 1, validate: throwing } } }, 3],
  ];

  test.each(DEFINITIONS)("%s", async (_, definition, joins) => {
    const seen = await asked(definition);
    for (const error of seen.errors) expect(error).toBe(slip);
    expect(seen).toMatchObject({ joins, breaker: "closed" });
  });

  test("also where it throws what is no object", async () => {
    const { errors } = await asked({ inputs: () => Promise.reject("oops") });
    for (const error of errors) expect(error).toMatchObject({ message: "`inputs` threw oops", cause: "oops" });
  });
});

const thenable = new Proxy({}, { get: () => () => {} });

test.each<readonly [string, Definition]>([
  ["read", { answer: { at: [0], read: (async () => "x") as never } }],
  ["read", { answer: { at: [0], read: (() => 7) as never } }],
  ["outputs", { outputs: { "~standard": { version: 1, validate: async () => ({}) } } }],
  ["outputs", { outputs: { "~standard": { version: 1, validate: () => thenable } } }],
  ["inputs", { inputs: (() => "no list") as never }],
])(
  "%s that gives something else than is needed, such as a promise, ends its call with a TypeError",
  async (name, definition) => {
    const { errors, breaker } = await asked(definition);
    for (const error of errors) {
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain(name);
    }
    expect(breaker).toBe("closed");
  },
);

test("two callers that wait for one config or one login are told by errors of their own", async () => {
  await using space = await startTestSpace({
    config: ({ reply }) => reply(503, "no"),
    login: ({ reply }) => reply(503, "no"),
  });
  const auth = { username: "a", password: "b" };
  for (const client of [connectSpace(space.origin), connectSpace(space.origin, { auth })]) {
    const [one, two] = await Promise.all([rejection(client.endpoints()), rejection(client.endpoints())]);
    expect(one).toMatchObject({ code: "space_unavailable", status: 503 });
    expect(two).toMatchObject({ code: "space_unavailable", status: 503 });
    expect(one).not.toBe(two);
    await client.close();
  }
});

test.each(["session_not_found", "space_changed", "protocol"] as const)(
  "an abort with an error of ours as its reason (%s) is an abort: nothing more is asked, and it keeps its reason",
  async (code) => {
    const joined = Promise.withResolvers<void>();
    await using space = await startTestSpace({ join: () => joined.resolve() });
    const provider = chatProvider({ space: space.origin });
    const reason = Object.freeze(new QwenError(code, "enough"));
    const controller = new AbortController();
    const ended = rejection(Array.fromAsync(ask(provider, { signal: controller.signal })));
    await joined.promise;
    controller.abort(reason);
    expect(await ended).toBe(reason);
    expect(space.requests.map(({ route }) => route)).toEqual(["join"]);
    await space.close();
    await provider.close?.();
    expect(space.log.filter((route) => !route.startsWith("close"))).toEqual(["join"]);
  },
);
