import { describe, expect, test } from "vitest";

import { checkRequest } from "../src/capabilities.ts";

const question = { role: "user", content: "Hi" } as const;
const tool = { name: "t", inputSchema: {} };

describe("what no model would read as the schema that was meant is told by its path", () => {
  const library = { "~standard": { version: 1, vendor: "a", validate: () => ({ value: 1 }) } };
  const lazy = Promise.resolve({});
  test.each<readonly [string, unknown]>([
    ["a text", "{}"],
    ["a number", 5],
    ["a list", []],
    ["a function", () => ({})],
    ["a promise", lazy],
    ["a schema of a library", library],
    ["a schema of a library that is a function", Object.assign(() => ({}), library)],
  ])("%s", (_, schema) => {
    const tools = [tool, { name: "u", inputSchema: schema }];
    expect(() => checkRequest({ messages: [question], settings: { tools } })).toThrow(
      /`settings\.tools\[1\]\.inputSchema` must be a JSON Schema/,
    );
    const responseFormat = { type: "json", schema } as const;
    expect(() => checkRequest({ messages: [question], settings: { responseFormat } })).toThrow(
      /`settings\.responseFormat\.schema` must be a JSON Schema/,
    );
  });

  test("with what is said of a tool, and 20 at most", () => {
    const tools = Array.from({ length: 50 }, (_, at) => ({
      ...tool,
      name: `t${at}`,
      description: 5 as unknown as string,
    }));
    const error = (): void => checkRequest({ messages: [question], settings: { tools } });
    expect(error).toThrow(/`settings\.tools\[19\]\.description` must be a string; and more\.$/);
  });

  test.each([undefined, null, true, false, {}, JSON.parse('{"if":{},"then":{}}'), Object.create(null)])(
    "but not %o",
    (schema: unknown) => {
      const settings = {
        tools: [{ name: "u", inputSchema: schema }],
        responseFormat: { type: "json", schema },
      } as const;
      checkRequest({ messages: [question], settings });
    },
  );
});
