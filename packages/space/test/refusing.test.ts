import { createRouter } from "@qwen/core";
import { describe, expect, test } from "vitest";

import { completed, says, startTestSpace } from "../../core/test/servers/test-space.ts";
import { describeSpace, space, type SpaceOptions } from "../src/index.ts";
import { hear } from "./hearing.ts";
import { answer, ask, bodyOf, box, CHAT, serve, type App } from "./served.ts";

const SPEED = { id: 3, type: "slider", props: { label: "Speed" } };

describe("what is not there, or is no chat, is told before a job", () => {
  const cases: readonly (readonly [name: string, app: Partial<App>, options: SpaceOptions, error: object])[] = [
    [
      "an endpoint",
      {},
      { endpoint: "/talk" },
      { code: "invalid_request", message: /no endpoint "\/talk".*"\/chat" \(4\)/ },
    ],
    ["the number of one", {}, { endpoint: 77 }, { code: "invalid_request", message: /no endpoint 77/ }],
    [
      "an input",
      {},
      { inputs: { Sound: "message" } },
      { code: "invalid_request", message: /"Sound".*Message \(textbox\)/ },
    ],
    [
      "an input that takes earlier turns",
      {},
      { inputs: { Message: "history" } },
      { code: "invalid_request", message: /puts the history into Message \(textbox\)/ },
    ],
    [
      "an input for words",
      { dependencies: [{ ...CHAT.dependencies[0], inputs: [1, 2, 3] }], components: [...CHAT.components, SPEED] },
      { inputs: { Speed: "system" } },
      { code: "invalid_request", message: /puts the system into Speed \(slider\)/ },
    ],
    [
      "an input for a number",
      {},
      { inputs: { 2: { setting: "seed" } } },
      { code: "invalid_request", message: /puts the setting into 2 \(chatbot\)/ },
    ],
    [
      "two inputs that are one",
      {},
      { inputs: { Message: "message", 1: { value: "x" } } },
      { code: "invalid_request", message: /names Message \(textbox\) twice/ },
    ],
    ["an output", {}, { answer: 5 }, { code: "invalid_request", message: /no output 5.*0: Message/ }],
    [
      "a text, where the endpoint takes none",
      {
        components: [{ id: 1, type: "slider", props: { label: "Speed" } }, box(2)],
        dependencies: [{ ...CHAT.dependencies[0], inputs: [1], outputs: [2] }],
      },
      { endpoint: "chat" },
      { code: "unsupported", message: /takes Speed \(slider\), and none of that is a text/ },
    ],
  ];

  test.each(cases)("%s", async (_, app, options, error) => {
    await using server = await serve({ ...CHAT, ...app });
    const { message, ...fields } = error as { readonly message: RegExp };
    const provider = space(server.origin, { id: "any", ...options });
    await expect(hear(provider, { messages: ask("Hi") })).rejects.toMatchObject({
      ...fields,
      message: expect.stringMatching(message),
    });
    await expect(describeSpace(server.origin, options)).rejects.toMatchObject(fields);
    // An input may be called so by /info.
    expect(server.log.filter((route) => route !== "other")).toEqual(["config", "config"]);
    await provider.close?.();
  });

  test.each([
    ["a page of HTML", "<html>Nothing here</html>", "space_unavailable"],
    ["no JSON", "nothing", "protocol"],
    ["no config", "{}", "protocol"],
    ["a Gradio 3", JSON.stringify({ version: "3.50.2", protocol: "ws", dependencies: [] }), "protocol"],
  ])("%s", async (_, body, code) => {
    await using server = await startTestSpace({ config: ({ reply }) => reply(200, body) });
    const provider = space(server.origin, { id: "any" });
    await expect(hear(provider, { messages: ask("Hi") })).rejects.toMatchObject({ code });
    expect(server.log).toEqual(["config"]);
    await provider.close?.();
  });

  test("two pictures where one fits; and one in an earlier turn is warned of", async () => {
    await using server = await serve({
      components: [...CHAT.components, { id: 3, type: "image", props: { label: "Picture" } }],
      dependencies: [{ ...CHAT.dependencies[0], inputs: [1, 2, 3] }],
    });
    const provider = space(server.origin, { id: "any" });
    const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]);
    const picture = { type: "image", image: png } as const;
    const two = [{ role: "user", content: [picture, { type: "text", text: "Hi" }, picture] }] as const;
    await expect(hear(provider, { messages: two })).rejects.toMatchObject({ code: "unsupported" });
    expect(server.log).toEqual(["config"]);
    const [first] = two;
    const messages = [
      { ...first, content: [picture] },
      { role: "assistant", content: "A dog" },
      { ...first, content: first.content.slice(1) },
    ] as const;
    const told = await hear(provider, { messages });
    expect(told.warned).toEqual(["images"]);
    const sent = bodyOf(server.requests.find(({ route }) => route === "join"))["data"] as readonly unknown[];
    expect(sent[2]).toMatchObject({
      path: "/tmp/gradio/file",
      orig_name: "picture.png",
      mime_type: "image/png",
      meta: { _type: "gradio.FileData" },
    });
    await provider.close?.();
  });
});

test.each([
  [[".pdf"], "unsupported"],
  [["text", ".csv"], "unsupported"],
  [["image"], undefined],
  [[".pdf", ".png"], undefined],
  [null, undefined],
])("a picture, where the box takes files of the kinds %o", async (kinds, code) => {
  await using server = await serve({
    ...CHAT,
    components: [
      { id: 1, type: "multimodaltextbox", props: { label: "Message", file_types: kinds } },
      CHAT.components[1]!,
    ],
  });
  const provider = space(server.origin, { id: "any" });
  const image = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]);
  const answered = hear(provider, { messages: [{ role: "user", content: [{ type: "image", image }] }] });
  if (code === undefined) await answered;
  else await expect(answered).rejects.toMatchObject({ code });
  expect(server.log).toEqual(code === undefined ? ["config", "upload", "join", "data"] : ["config"]);
  await provider.close?.();
});

describe("a /config", () => {
  const padding = (bytes: number): App => ({
    ...CHAT,
    components: [...CHAT.components, { id: 99, type: "markdown", props: { value: "x".repeat(bytes) } }],
  });

  test("of 20 MB is read", async () => {
    await using server = await serve(padding(20_000_000));
    const provider = space(server.origin, { id: "any" });
    expect(await hear(provider, { messages: ask("Hi") })).toMatchObject({ text: "Hello." });
    await provider.close?.();
  });

  test("of more than 32 MiB is not", async () => {
    await using server = await serve(padding(33 * 1024 * 1024));
    const provider = space(server.origin, { id: "any" });
    await expect(hear(provider, { messages: ask("Hi") })).rejects.toMatchObject({
      code: "protocol",
      message: expect.stringMatching(/too large/),
    });
    await provider.close?.();
  });
});

describe("a Space decides nothing about where requests go", () => {
  test("neither by its root nor by the address of a file, and no token goes elsewhere", async () => {
    const elsewhere: string[] = [];
    await using other = await startTestSpace({
      other: ({ url, reply }) => {
        elsewhere.push(url.pathname);
        reply(200, {});
      },
    });
    await using server = await serve({ ...CHAT, root: other.origin, api_prefix: "/gradio_api" });
    const file = { path: "/tmp/dot.png", url: `${other.origin}/file=/tmp/dot.png`, mime_type: "image/png" };
    server.handlers.data = says(completed(["", [...answer("See:"), { role: "assistant", content: { file } }]]));
    const provider = space(server.origin, { id: "any", token: "hf_secret" });
    const told = await hear(provider, { messages: ask("Hi") });
    expect(told.files).toEqual([`${server.origin}/gradio_api/file=/tmp/dot.png`]);
    expect(elsewhere).toEqual([]);
    await provider.close?.();
  });

  test("nor is a file's path read as anything but a path, whatever is in it", async () => {
    await using server = await serve(CHAT);
    const file = { path: "/tmp/\uD800?.png", mime_type: "image/png" };
    server.handlers.data = says(completed(["", [...answer("See:"), { role: "assistant", content: { file } }]]));
    const provider = space(server.origin, { id: "any" });
    const told = await hear(provider, { messages: ask("Hi") });
    expect(told.files).toEqual([`${server.origin}/gradio_api/file=/tmp/%EF%BF%BD%3F.png`]);
    await provider.close?.();
  });

  test("nor by an api_prefix that is an address", async () => {
    await using other = await startTestSpace();
    await using server = await serve({ ...CHAT, api_prefix: `@${new URL(other.origin).host}` });
    const provider = space(server.origin, { id: "any", token: "hf_secret" });
    await hear(provider, { messages: ask("Hi") }).catch(() => {});
    expect(other.requests).toHaveLength(0);
    await provider.close?.();
  });
});

test("a route goes on where no chat is found", async () => {
  await using server = await serve({ components: [], dependencies: [] });
  await using right = await serve(CHAT);
  await using router = createRouter({
    plugins: [space(server.origin, { id: "none" }), space(right.origin, { id: "some" })],
    routes: { any: ["none", "some"] },
  });
  const { text, attempts } = await router.complete({ model: "any", messages: ask("Hi") });
  expect(text).toBe("Hello.");
  expect(attempts).toHaveLength(2);
  expect(server.log).toEqual(["config"]);
});
