import type { Completion } from "../../src/completion.ts";
import { QwenError } from "../../src/errors.ts";
import type { ProviderRequest } from "../../src/provider.ts";
import { describe, expect, test } from "vitest";

import { createRouter, type Router } from "../../src/router/router.ts";
import { bySize, expectLinear } from "../cost.ts";
import { capabilities, collect, finish, messages, scripted, text, type Scripted } from "./scripted.ts";

const talker = (id: string) => scripted(id, [[text(`I am ${id}`), finish]]);
const routerOf = (options: object, ...ids: string[]): Router =>
  createRouter({ plugins: ids.map(talker), ...options }) as Router;

describe("what is asked", () => {
  test.each([undefined, [], "Hi", [null], [{ role: "user" }], [{ role: "user", content: " " }]])(
    "that is no question is invalid_request, and nobody is asked: %j",
    async (asked) => {
      const provider = talker("a");
      const { error } = await collect(
        createRouter({ plugins: [provider] }).stream({ model: "m", messages: asked as never }),
      );
      expect(error).toMatchObject({ code: "invalid_request" });
      expect(provider.requests).toEqual([]);
    },
  );

  test("is what stood there at the call, for each attempt", async () => {
    const provider = scripted("a", [[new Error("It failed.")], [text("ok"), finish]]);
    const router: Router = createRouter({ plugins: [provider], retry: { maxAttempts: 1 } });
    const part = { type: "text" as const, text: "question" };
    const message = { role: "user" as const, content: [part] };
    const asked = {
      model: "m",
      messages: [{ role: "developer" as const, content: "Be kind." }, message],
      settings: { stopSequences: ["a"], temperature: 1 },
      providerOptions: { a: { deep: { list: [1] } } },
      headers: { a: { "x-a": "1" } },
      retry: { maxAttempts: 2, baseDelayMs: 0 },
    };
    const stream = router.stream(asked);
    part.text = "";
    message.content.push({ type: "text", text: "more" });
    asked.messages.push(message);
    asked.settings.stopSequences.push("b");
    asked.settings.temperature = Number.NaN;
    asked.providerOptions.a.deep.list.push(2);
    asked.headers.a["x-a"] = "2";
    asked.retry.maxAttempts = Number.NaN;
    asked.model = "n";
    const { error } = await collect(stream);
    expect(error).toBeUndefined();
    const expected = {
      model: "m",
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: [{ type: "text", text: "question" }] },
      ],
      settings: { stopSequences: ["a"], temperature: 1 },
      providerOptions: { a: { deep: { list: [1] } } },
      headers: { "x-a": "1" },
    };
    expect(provider.requests).toMatchObject([expected, expected]);
  });

  test("is well-formed: half an emoji becomes U+FFFD", async () => {
    const provider = talker("a");
    const half = "🙂".slice(0, 1);
    await createRouter({ plugins: [provider] }).complete({
      model: "m",
      messages: [
        { role: "user", content: half },
        { role: "user", content: [{ type: "text", text: `a${half}` }] },
      ],
      settings: { stopSequences: [half] },
    } as never);
    expect(provider.requests).toMatchObject([
      {
        messages: [{ content: "\ufffd" }, { content: [{ text: "a\ufffd" }] }],
        settings: { stopSequences: ["\ufffd"] },
      },
    ]);
  });

  test("is not copied where it is large: bytes, Blobs, URLs and schemas are the caller's own", async () => {
    const models = [
      { id: "m", aliases: [], capabilities: { ...capabilities, images: true, tools: true, json: true } },
    ] as const;
    const provider = scripted("a", [[text("ok"), finish]], { models });
    const images = [new Uint8Array(1), new Blob(["x"]), new URL("data:,x")];
    const schema = { type: "object", of: [1] };
    await createRouter({ plugins: [provider] }).complete({
      model: "m",
      messages: [{ role: "user", content: images.map((image) => ({ type: "image", image }) as const) }],
      settings: { tools: [{ name: "t", inputSchema: schema }], responseFormat: { type: "json", schema } },
    } as never);
    const [request] = provider.requests;
    const content = request?.messages[0]?.content as readonly { readonly image: unknown }[];
    expect(content.map(({ image }) => images.indexOf(image as URL))).toEqual([0, 1, 2]);
    expect(request?.settings?.tools?.[0]?.inputSchema).toBe(schema);
    expect(Object.values(request?.settings?.responseFormat ?? {})).toContain(schema);
  });

  test("is read once, and a getter that throws ends the call with an error that names it", async () => {
    const provider = talker("a");
    let reads = 0;
    const lying = {
      role: "user",
      get content() {
        reads += 1;
        return reads === 1 ? "Hi" : 5;
      },
    } as unknown as (typeof messages)[0];
    await createRouter({ plugins: [provider] }).complete({ model: "m", messages: [lying] });
    expect(reads).toBe(1);
    expect(provider.requests).toMatchObject([{ messages: [{ content: "Hi" }] }]);

    const thrown = new Error("mine");
    const throwing = {
      model: "m",
      get messages(): never {
        throw thrown;
      },
    };
    const router: Router = createRouter({ plugins: [provider] });
    const stream = router.stream(throwing);
    expect((await collect(stream)).error).toMatchObject({
      name: "TypeError",
      message: "`messages` cannot be read, it throws.",
      cause: thrown,
    });
  });

  test.each([undefined, null, "Hi", 5, []])("that is no request is invalid_request: %j", async (request) => {
    const { error } = await collect(routerOf({}, "a").stream(request as never));
    expect(error).toMatchObject({ code: "invalid_request" });
  });

  test.each([undefined, null, 5, "", {}])("of a model that is none is no_such_model: %j", async (model) => {
    const router = routerOf({}, "a");
    expect((await collect(router.stream({ model, messages } as never))).error).toMatchObject({ code: "no_such_model" });
    expect(router.has(model as string)).toBe(false);
  });

  test("in many messages costs what they are", () => {
    const router = routerOf({}, "a");
    const manyOf = bySize((size) => Array.from({ length: size }, () => ({ role: "user" as const, content: "Hi" })));
    return expectLinear((size) => router.stream({ model: "m", messages: manyOf(size) }), 100_000);
  });
});

test("the lists that are handed out are the caller's to change: nobody else's change with them", async () => {
  const warnings = [{ feature: "seed", message: "It is ignored." }];
  const script = [text("Hi"), { ...finish, warnings }];
  const turnedDown: Completion[] = [];
  const router = createRouter({
    plugins: [scripted("a", [script])],
    retry: {
      shouldRetry({ result }, { number }) {
        turnedDown.push(result as Completion);
        return number === 1 ? "retry" : undefined;
      },
      baseDelayMs: 0,
    },
  });
  const stream = router.stream({ model: "m", messages, commit: "buffered" });
  const last = (await collect(stream)).parts.at(-1) as unknown as { attempts: unknown[]; warnings: unknown[] };
  last.attempts.length = 0;
  last.warnings.length = 0;
  expect(await stream.completion).toMatchObject({ attempts: [{ number: 1 }, { number: 2 }], warnings });
  expect(warnings).toHaveLength(1);
  expect(turnedDown.map(({ attempts }) => attempts.length)).toEqual([1, 2]);
});

test("a provider of somebody's own that writes on its request spoils it for nobody, itself included", async () => {
  const asked: string[] = [];
  const writing = (id: string): Scripted => ({
    ...scripted(id, []),
    stream(request: ProviderRequest): never {
      asked.push(JSON.stringify(request));
      (request.messages as object[]).push({ role: "user", content: "more" });
      Object.assign(request.messages[0]!, { content: "spoilt" });
      Object.assign(request.settings!, { seed: 2 });
      Object.assign(request.providerOptions!["a"] as object, { x: 2 });
      Object.assign(request.timeouts!, { idleMs: 2 });
      Object.assign(request.headers!, { "x-a": "2" });
      throw new QwenError("connection", "no");
    },
  });
  const router = createRouter({ plugins: [writing("a")], retry: { maxAttempts: 2, baseDelayMs: 0 } });
  const own = { settings: { seed: 1 }, providerOptions: { a: { x: 1 } }, headers: { a: { "x-a": "1" } } };
  await expect(router.complete({ model: "m", messages, ...own })).rejects.toMatchObject({ code: "all_failed" });
  expect(asked).toHaveLength(2);
  expect(asked[1]).toBe(asked[0]);
});

test("the names that a router tells are the caller's to change", () => {
  const router = routerOf({}, "a");
  const [told] = router.names as unknown as { candidates: { model: { capabilities: object; aliases: string[] } }[] }[];
  Object.assign(told!.candidates[0]!.model.capabilities, { images: true });
  told!.candidates[0]!.model.aliases.push("mine");
  expect(router.names[0]?.candidates[0]?.model).toEqual({ id: "m", aliases: [], capabilities });
});
