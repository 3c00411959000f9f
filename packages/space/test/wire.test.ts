import { createRouter, type Message } from "@qwen/core";
import { describe, expect, test } from "vitest";

import {
  completed,
  eventId,
  failed,
  generating,
  says,
  startTestSpace,
  type Exchange,
  type TestSpace,
} from "../../core/test/servers/test-space.ts";
import { describeSpace, space, type SpaceOptions } from "../src/index.ts";
import { hear } from "./hearing.ts";
import { recorded } from "./recorded.ts";

const ask = (content: string): readonly Message[] => [{ role: "user", content }];
const TURNS: readonly Message[] = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Hello" },
  ...ask("And now?"),
];

/** Components and functions by their wiring alone. */
interface App {
  readonly components: readonly object[];
  readonly dependencies: readonly object[];
  readonly [field: string]: unknown;
}

const box = (id: number, props: object = {}) => ({ id, type: "textbox", props: { label: `Box ${id}`, ...props } });
const CHAT: App = {
  components: [box(1, { label: "Message" }), { id: 2, type: "chatbot", props: { type: "messages" } }],
  dependencies: [{ id: 4, api_name: "chat", targets: [[1, "submit"]], inputs: [1, 2], outputs: [1, 2] }],
};

const answer = (text: string) => [
  { role: "user", content: "?" },
  { role: "assistant", content: text },
];

const SAYS = says(
  generating(["", answer("He")]),
  generating([[], [["append", [1, "content"], "llo"]]]),
  completed(["", answer("Hello.")]),
);

function serve(app: App): Promise<TestSpace> {
  return startTestSpace({
    config: ({ reply }) => reply(200, { version: "5.50.0", protocol: "sse_v3", api_prefix: "/gradio_api", ...app }),
    join: ({ reply }) => reply(200, { event_id: eventId() }),
    data: SAYS,
  });
}

function bodyOf(exchange: Exchange | undefined): Readonly<Record<string, unknown>> {
  return exchange?.json as Readonly<Record<string, unknown>>;
}

describe("what a call costs", () => {
  test("is /config, the job and its stream, and from then on the job and its stream", async () => {
    await using server = await serve(CHAT);
    const provider = space(server.origin, { id: "any" });
    expect(await hear(provider, { messages: ask("Hi") })).toMatchObject({ text: "Hello." });
    expect(server.log).toEqual(["config", "join", "data"]);
    await hear(provider, { messages: TURNS });
    expect(server.log.slice(3)).toEqual(["join", "data"]);
    expect(bodyOf(server.requests[3])).toMatchObject({
      fn_index: 4,
      data: [
        "And now?",
        [
          { role: "user", content: "Hi" },
          { role: "assistant", content: "Hello" },
        ],
      ],
    });
    await provider.close?.();
  });

  test("is one /config for as many calls as begin at once", async () => {
    await using server = await serve(CHAT);
    const provider = space(server.origin, { id: "any" });
    await Promise.all([1, 2, 3, 4].map((number) => hear(provider, { messages: ask(`Number ${number}`) })));
    expect(server.log.filter((route) => route === "config")).toHaveLength(1);
    await provider.close?.();
  });

  test("is one request more for a step, and one for a history that a function takes", async () => {
    await using server = await serve({ ...recorded("5.9", "interface") });
    server.handlers.data = says(completed(["Hello.", null]));
    const provider = space(server.origin, { id: "any" });
    await hear(provider, { messages: ask("Hi") });
    expect(server.log).toEqual(["config", "join", "data"]);
    await hear(provider, { messages: TURNS });
    expect(server.log.slice(3)).toEqual(["run", "join", "data"]);
    expect(bodyOf(server.requests[3])).toMatchObject({ data: [[["Hi", "Hello"]]] });
    expect(bodyOf(server.requests[3])["session_hash"]).toBe(bodyOf(server.requests[4])["session_hash"]);
    await provider.close?.();
  });

  test("is /info as well where an input is called nothing on the page", async () => {
    await using server = await serve({
      components: [...CHAT.components, { id: 3, type: "slider", props: { value: 1, maximum: 2, minimum: 0 } }],
      dependencies: [{ ...CHAT.dependencies[0], inputs: [1, 2, 3] }],
    });
    const names = ["message", "history", "temperature"].map((name) => ({ parameter_name: name }));
    server.handlers.other = ({ url, reply }) =>
      reply(url.pathname === "/gradio_api/info" ? 200 : 404, { named_endpoints: { "/chat": { parameters: names } } });
    const provider = space(server.origin, { id: "any" });
    const told = await hear(provider, { messages: ask("Hi"), settings: { temperature: 0.25 } });
    expect(told.warned).toEqual([]);
    expect(server.log).toEqual(["config", "other", "join", "data"]);
    expect(bodyOf(server.requests[2])).toMatchObject({ data: ["Hi", [], 0.25] });
    await provider.close?.();
  });
});

describe("a Space that is changed", () => {
  test("costs the call it hits, which is space_changed, and the next one is right", async () => {
    await using server = await serve(CHAT);
    const provider = space(server.origin, { id: "any" });
    await hear(provider, { messages: ask("Hi") });
    const moved = { ...CHAT, dependencies: [{ id: 0 }, { ...CHAT.dependencies[0], id: 9, outputs: [2] }] };
    server.handlers.config = ({ reply }) =>
      reply(200, { version: "5.50.0", protocol: "sse_v3", api_prefix: "/gradio_api", ...moved });
    server.handlers.data = says(failed({ error: null }));
    await expect(hear(provider, { messages: ask("Hi") })).rejects.toMatchObject({
      code: "space_changed",
      provider: "any",
    });
    server.handlers.data = says(completed([answer("Moved.")]));
    expect(await hear(provider, { messages: ask("Hi") })).toMatchObject({ text: "Moved." });
    expect(bodyOf(server.requests.findLast(({ route }) => route === "join"))["fn_index"]).toBe(9);
    await provider.close?.();
  });

  test("is its own error where it fails and is the same", async () => {
    await using server = await serve(CHAT);
    server.handlers.data = says(failed({ error: null }));
    const provider = space(server.origin, { id: "any" });
    await expect(hear(provider, { messages: ask("Hi") })).rejects.toMatchObject({ code: "space_error", hidden: true });
    await provider.close?.();
  });
});

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
    expect(server.log).toEqual(["config", "config"]);
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
