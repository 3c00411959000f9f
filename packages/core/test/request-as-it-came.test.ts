import { describe, expect, test } from "vitest";

import { checkRequest, type AskedFor } from "../src/capabilities.ts";
import { createRouter } from "../src/router/router.ts";
import { finish, messages, scripted, text } from "./router/scripted.ts";

const secret = (): never => {
  throw new Error("hf_secret");
};

/** An object of which one field cannot be read. */
function without(name: string, others: object = {}): object {
  return Object.defineProperty({ ...others }, name, { enumerable: true, get: secret });
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Nothing of it can be looked at. */
const closed = new Proxy({}, { get: secret, has: secret, ownKeys: secret, getPrototypeOf: secret });
const said = (...content: readonly unknown[]): object => ({ messages: [{ role: "user", content }] });
const withSettings = (settings: unknown): object => ({ messages, settings });
const holes = (): unknown[] => {
  const list: unknown[] = [];
  list.length = 2 ** 32 - 1;
  return list;
};

function wrongIn(request: unknown): unknown {
  try {
    checkRequest(request as AskedFor);
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was wrong.");
}

/** What ends the request in a router. */
async function refusal(request: object): Promise<unknown> {
  const provider = scripted("a", [[text("Hi"), finish]], {
    models: [{ id: "m", capabilities: { images: true, files: true, tools: true, json: true } }],
  });
  const asked = Object.defineProperties({ model: "m" }, Object.getOwnPropertyDescriptors(request));
  const error: unknown = await createRouter({ plugins: [provider] })
    .complete(asked as never)
    .catch((thrown: unknown) => thrown);
  expect(provider.requests).toEqual([]);
  return error;
}

describe("checkRequest() of a request as its caller gave it is invalid_request by the path, without the words of what it throws", () => {
  test.each<[string, unknown]>([
    ["messages", without("messages")],
    ["settings", without("settings", { messages })],
    ["messages", { messages: revoked([]) }],
    ["messages[1]", { messages: [...messages, without("role", { content: "Hi" })] }],
    ["messages[0]", { messages: [without("content", { role: "user" })] }],
    ["messages[0]", { messages: [closed] }],
    ["messages[0]", { messages: [revoked({})] }],
    ["messages[0].content", { messages: [{ role: "user", content: revoked([]) }] }],
    ["messages[0].content[1]", said({ type: "text", text: "Hi" }, without("text", { type: "text" }))],
    ["messages[0].content[0]", said(closed)],
    [
      "messages[0].content[0].image",
      said({ type: "image", image: new Proxy(new Uint8Array(1), { get: secret, getPrototypeOf: secret }) }),
    ],
    ["settings", withSettings(closed)],
    ["settings", withSettings(without("temperature"))],
    ["settings", withSettings({ tools: [without("name")] })],
    ["settings", withSettings({ tools: revoked([]) })],
    ["settings", withSettings({ toolChoice: revoked({}) })],
    ["settings", withSettings({ responseFormat: revoked({}) })],
    ["settings", withSettings({ stopSequences: revoked([]) })],
  ])("%s (%#)", (path, request) => {
    const error = wrongIn(request);
    expect(error).toMatchObject({ code: "invalid_request" });
    expect(String(error)).toContain(`${path} cannot be read`);
    expect(String(error)).not.toContain("hf_secret");
  });

  test("nothing of which can be looked at", () => {
    expect(wrongIn(closed)).toMatchObject({ code: "invalid_request" });
  });
});

describe("what a request holds is told the same, whoever looks at it", () => {
  test.each<[RegExp, object]>([
    [/messages\[0\] must be an object/, { messages: holes() }],
    [/messages\[0\]\.content\[0\] must be a part/, said(undefined, { type: "text", text: "Hi" })],
    [/messages\[0\]\.content\[0\] must be a part/, { messages: [{ role: "user", content: holes() }] }],
    [/`settings\.stopSequences` must be an array of strings/, withSettings({ stopSequences: holes() })],
    // oxlint-disable-next-line no-sparse-arrays
    [/`settings\.stopSequences` must be an array of strings/, withSettings({ stopSequences: [, "a"] })],
    [/`settings\.tools\[0\]` must be an object with a `name`/, withSettings({ tools: holes() })],
    // oxlint-disable-next-line no-sparse-arrays
    [/`settings\.tools\[0\]` must be an object/, withSettings({ tools: [, { name: "t", inputSchema: {} }] })],
    [
      /`settings\.responseFormat\.schema` must be a JSON Schema/,
      withSettings({ responseFormat: { type: "json", schema: revoked({}) } }),
    ],
    [
      /`settings\.tools\[0\]\.inputSchema` must be a JSON Schema/,
      withSettings({ tools: [{ name: "t", inputSchema: revoked({}) }] }),
    ],
    [/\.image cannot be read: its bytes were given away/, said({ type: "image", image: givenAway() })],
    [/\.image cannot be read: its bytes were given away/, said({ type: "image", image: givenAway().buffer })],
    [/content\[0\]\.mediaType must be a string/, said({ type: "image", image: new Uint8Array(1), mediaType: 5 })],
    [/content\[0\]\.filename must be a string/, said({ type: "image", image: new Uint8Array(1), filename: {} })],
  ])("%s (%#)", async (message, request) => {
    const startedAt = performance.now();
    for (const error of [wrongIn(request), await refusal(request)]) {
      expect(error).toMatchObject({ code: "invalid_request" });
      expect(String(error)).toMatch(message);
    }
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});

test("what only a provider reads may hold no list that is gigabytes of nothing", async () => {
  const startedAt = performance.now();
  const error = await refusal({ messages, providerOptions: { a: { list: holes() } } });
  expect(error).toMatchObject({ code: "invalid_request", cause: expect.any(RangeError) as unknown });
  expect(String(error)).toContain("providerOptions cannot be read");
  expect(performance.now() - startedAt).toBeLessThan(2000);
});

function givenAway(): Uint8Array {
  const bytes = new Uint8Array(4);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}
