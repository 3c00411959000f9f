import { describe, expect, test } from "vitest";

import { qvq } from "../../qvq/src/index.ts";
import { qwenMax } from "../../max/src/index.ts";
import { checkRequest } from "../src/capabilities.ts";
import { createProvider } from "../src/created-provider.ts";
import { createSessionProvider } from "../src/gradio/session-provider.ts";
import { createSpaceProvider } from "../src/gradio/space-provider.ts";
import { connectSpace } from "../src/gradio/space.ts";
import type { FinishPart } from "../src/part.ts";
import type { Settings } from "../src/provider.ts";
import { createRouter, type Router } from "../src/router/router.ts";
import { definition } from "./gradio/small-definition.ts";
import { collect, finish, messages, scripted, text } from "./router/scripted.ts";
import { rejection } from "./servers/waiting.ts";

const answering = {
  id: "one",
  models: [{ id: "m" }],
  answer: async () => finish as FinishPart,
} as const;
const looking = { ...answering, space: "a/b", plan: () => 1, isSame: () => true, answer: async () => {} } as const;
const talker = () => scripted("a", [[text("Hi"), finish]]);
const routerOf = (options: object): Router => createRouter({ plugins: [talker()], ...options }) as Router;

describe("a name that nothing reads is a TypeError that names it", () => {
  test.each<readonly [string, (given: object) => unknown, RegExp]>([
    ["of a router", routerOf, /A router has no option "apiKey"\. It has plugins, routes, /],
    ["of a provider", (given) => qwenMax(given), /A provider of a Space has no option "apiKey"\. It has token, /],
    ["of a provider", (given) => qvq(given), /no option "apiKey"/],
    ["of a Space", (given) => connectSpace("a/b", given), /A Space has no option "apiKey"\. It has token, /],
    [
      "of a definition",
      (given) => createSpaceProvider({ ...definition, ...given }),
      /no option "apiKey"\. It has id, /,
    ],
    [
      "of an answer's place",
      (given) => createSpaceProvider({ ...definition, answer: { at: [0], ...given } }),
      /`answer` has no option "apiKey"\. It has at, /,
    ],
    [
      "of a provider's definition",
      (given) => createProvider({ ...answering, ...given }),
      /no option "apiKey"\. It has id, /,
    ],
    [
      "of what looks at a Space",
      (given) => createSessionProvider({ ...looking, ...given }),
      /no option "apiKey"\. It has id, /,
    ],
    [
      "of capabilities",
      (given) => createProvider({ ...answering, models: [{ id: "m", capabilities: given }] }),
      /`models\[0\]\.capabilities` has no option "apiKey"\. It has images, /,
    ],
  ])("when it is made: %s", (_, make, message) => {
    expect(() => make({ apiKey: "hf_secret" })).toThrow(TypeError);
    expect(() => make({ apiKey: "hf_secret" })).toThrow(message);
    expect(() => make({ apiKey: "hf_secret" })).not.toThrow(/hf_secret/);
    expect(() => make({ apiKey: undefined })).not.toThrow();
  });

  test.each<readonly [string, (given: object) => unknown]>([
    ["a router's request", (given) => routerOf({}).complete({ model: "m", messages, ...given })],
    [
      "a provider's request",
      (given) =>
        collect(qwenMax().stream({ messages, ...given })).then((all) => {
          throw all.error;
        }),
    ],
    [
      "what an answer is to be",
      (given) =>
        routerOf({}).complete({
          model: "m",
          messages,
          output: { schema: definition.outputs, jsonSchema: {}, ...given },
        }),
    ],
    ["a call of a Space", (given) => connectSpace("a/b").predict("chat", [], given)],
    ["an upload", (given) => connectSpace("a/b").upload(new Uint8Array(1), given)],
  ])("from the call: %s", async (_, call) => {
    const error = await rejection(Promise.resolve(call({ apiKey: "hf_secret" })));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(/has no option "apiKey"\. It has /);
  });

  test("what only a provider's own options may say is not for a Space alone", () => {
    expect(() => connectSpace("a/b", { urls: "any" } as object)).toThrow(/A Space has no option "urls"/);
    expect(() => connectSpace("a/b", { apiPrefix: "" } as object)).toThrow(/A Space has no option "apiPrefix"/);
  });

  test.each<readonly [string, object, RegExp]>([
    ["a capability", { capabilities: { image: true } }, /capabilities` has no option "image". Did you mean "images"/],
    ["what a capability is", { capabilities: { tools: "yes" } }, /capabilities\.tools` must be true or false/],
    [
      "a setting that is honoured",
      { capabilities: { settings: ["temp"] } },
      /capabilities\.settings` must be a list of settings/,
    ],
    ["aliases", { aliases: "x" }, /aliases` must be a list of strings/],
  ])("a definition that is wrong in %s is a TypeError", (_, model, message) => {
    const models = [{ id: "m", ...model }] as never;
    for (const make of [
      () => createSpaceProvider({ ...definition, models }),
      () => createProvider({ ...answering, models }),
      () => createSessionProvider({ ...looking, models }),
    ])
      expect(make).toThrow(message);
  });

  test.each<readonly [object, RegExp]>([
    [{ id: "a/b" }, /`id` must be/],
    [{ models: [] }, /`models` must be a list/],
    [{ answer: 1 }, /`answer` must be a function/],
    [{ close: 1 }, /`close` must be a function/],
    [{ timeouts: { idle: 5 } }, /`timeouts` has no option "idle"/],
  ])("a provider's definition is read: %o", (wrong, message) => {
    expect(() => createProvider({ ...answering, ...wrong })).toThrow(message);
  });

  test("of somebody's own provider a router refuses only what is nearly a capability: it may be newer", () => {
    const own = (capabilities: object) => ({ ...talker(), models: [{ id: "m", capabilities }] as const });
    expect(() => routerOf({ plugins: [own({ image: true })] })).toThrow(
      /`capabilities` of "m" have no "image", but "images"/,
    );
    expect(routerOf({ plugins: [own({ telepathy: true })] }).has("m")).toBe(true);
  });

  test("the fields of a class's instance are its own", () => {
    class Own {
      calls = 0;
      plugins = [talker()];
    }
    expect(createRouter(new Own()).has("m")).toBe(true);
  });

  test("a Space that is null is none, and not the default", () => {
    expect(() => qwenMax({ space: null as never })).toThrow(/Not a Space/);
  });
});

describe("a setting that nothing reads is invalid_request with all else that is wrong", () => {
  const told = (settings: object): string => {
    try {
      checkRequest({ messages, settings });
      return "";
    } catch (error) {
      expect(error).toMatchObject({ code: "invalid_request" });
      return (error as Error).message;
    }
  };

  test.each([
    ["temp", '`settings` has no "temp", but `temperature`'],
    ["max_tokens", '`settings` has no "max_tokens", but `maxOutputTokens`'],
    ["stop", '`settings` has no "stop", but `stopSequences`'],
    ["top_p", '`settings` has no "top_p", but `topP`'],
    ["response_format", '`settings` has no "response_format", but `responseFormat`'],
    ["n", '`settings` has no "n"; the settings are maxOutputTokens, temperature, topK, '],
    ["constructor", '`settings` has no "constructor"; the settings are '],
  ])("%s", (name, message) => {
    expect(told({ [name]: 1, topP: 5 })).toContain(message);
    expect(told({ [name]: 1, topP: 5 })).toContain("`settings.topP` must be");
    expect(told({ [name]: undefined })).toBe("");
  });

  test.each<readonly [object, string]>([
    [{ responseFormat: { type: "json", schma: {} } }, '`settings.responseFormat` has no "schma", but `schema`'],
    [
      { tools: [{ name: "a" }, { name: "b", input_schema: {} }] },
      '`settings.tools[1]` has no "input_schema", but `inputSchema`',
    ],
    [{ tools: [{ name: "a", desciption: "" }] }, '`settings.tools[0]` has no "desciption", but `description`'],
    [{ toolChoice: { toolName: 5 } }, '`settings.toolChoice` must be "auto"'],
  ])("within it too, where it is nearly one that is read: %o", (settings, message) => {
    expect(told(settings)).toContain(message);
    const tools = [{ name: "a", inputSchema: {}, execute: () => 1 }];
    expect(told({ tools, responseFormat: { type: "json", name: "x" } })).toBe("");
  });

  test("a thousand of them are told in a few lines", () => {
    const many = told(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`own${index}`, 1])));
    expect(many).toContain('has no "own19"');
    expect(many).not.toContain('has no "own20"');
  });

  test("from a router, and nobody is asked", async () => {
    const provider = talker();
    const { error } = await collect(
      createRouter({ plugins: [provider] }).stream({ model: "m", messages, settings: { temp: 0 } as Settings }),
    );
    expect(error).toMatchObject({ code: "invalid_request" });
    expect(provider.requests).toEqual([]);
  });
});
