import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { ask, chatProvider, shownText } from "../servers/chat-provider.ts";
import {
  completed,
  configOf,
  eventId,
  generating,
  oneJob,
  says,
  startTestSpace,
  type TestSpace,
} from "../servers/test-space.ts";
import { collect, rejection, until } from "../servers/waiting.ts";

/** The session hashes of the jobs that were asked for, in order. */
function sessionsOf(space: TestSpace): readonly string[] {
  return space.requests
    .filter(({ route }) => route === "join")
    .map(({ json }) => (json as { readonly session_hash: string }).session_hash);
}

describe("inputs that only the server knows", () => {
  const config = configOf({
    components: [
      { id: 7, type: "textbox" },
      { id: 8, type: "state", props: {} },
      { id: 9, type: "button", skip_api: true },
      { id: 10, type: "number", skip_api: false },
    ],
    dependencies: [{ id: 0, api_name: "chat", queue: true, inputs: [7, 8, 9, 10] }],
  });

  it.each([
    ["are null where they were left out", ["Hi", 7], ["Hi", null, null, 7]],
    ["are as they are given", ["Hi", "state", "button", 7], ["Hi", "state", "button", 7]],
  ])("%s", async (_, inputs, sent) => {
    await using space = await startTestSpace({
      ...oneJob,
      config: ({ reply }) => reply(200, config),
      data: says(completed(["x"])),
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    for (let call = 0; call < 2; call += 1) await client.predict("chat", inputs);
    for (const { json } of space.requests.filter(({ route }) => route === "join"))
      expect(json).toMatchObject({ data: sent });
    await client.close();
  });

  it("are left to the server where it is called by a name: it fills them in itself", async () => {
    await using space = await startTestSpace({
      ...oneJob,
      config: ({ reply }) => reply(200, config),
      data: says(completed(["x"])),
    });
    const client = connectSpace(space.origin);
    await client.predict("chat", ["Hi", 7]);
    await until(() => space.log.includes("config"));
    expect(space.requests[0]?.json).toMatchObject({ data: ["Hi", 7] });
    await client.close();
  });

  it.each([
    ["components of another kind", { components: "none" }],
    ["components that are no objects", { components: [null, 7, { type: "state" }] }],
    ["inputs of another kind", { dependencies: [{ id: 0, api_name: "chat", inputs: "none" }] }],
    ["none of it", {}],
  ])("are none by a config with %s", async (_, fields) => {
    await using space = await startTestSpace({
      ...oneJob,
      config: ({ reply }) => reply(200, configOf(fields)),
      data: says(completed(["x"])),
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    await client.predict("chat", ["Hi"]);
    expect(space.requests.find(({ route }) => route === "join")?.json).toMatchObject({ data: ["Hi"] });
    await client.close();
  });
});

describe("a name that `/call/…` has no route for", () => {
  const named = (space: TestSpace, status = 405): void => {
    space.handlers.config = ({ reply }) => reply(200, configOf({ endpoints: ["other", "v1/chat"] }));
    space.handlers.call = ({ reply }) => reply(status, { detail: "Method Not Allowed" });
  };

  it.each([404, 405])("is called by its number, each time with the same outcome (%i)", async (status) => {
    await using space = await startTestSpace({ ...oneJob, data: says(completed(["x"])) });
    named(space, status);
    const client = connectSpace(space.origin);
    for (let call = 0; call < 3; call += 1) expect(await client.predict("/v1/chat", ["Hi"])).toEqual(["x"]);
    expect(space.requests.filter(({ route }) => route === "join").map(({ json }) => json)).toMatchObject(
      [1, 1, 1].map((index) => ({ fn_index: index, data: ["Hi"] })),
    );
    await client.close();
  });

  it("is called by its number by a provider without a hint, too", async () => {
    await using space = await startTestSpace({ ...oneJob, data: says(completed(["x"])) });
    named(space);
    const provider = chatProvider({ space: space.origin }, { endpoint: "v1/chat", fnIndex: undefined });
    for (let call = 0; call < 2; call += 1) expect(shownText(await collect(ask(provider)))).toBe("x");
    await provider.close?.();
  });
});

describe("a join that a kept connection loses before any answer", () => {
  /** A Space that resets the connection of these joins, counted from 1. */
  async function startForgetful(lost: readonly number[]) {
    let joins = 0;
    const space = await startTestSpace({
      join(exchange) {
        joins += 1;
        if (lost.includes(joins)) exchange.socket.resetAndDestroy();
        else exchange.reply(200, { event_id: eventId() });
      },
      data: says(generating(["x"]), completed(["x"])),
    });
    return space;
  }

  it("is asked again in a new session, once the old one was opened and closed", async () => {
    await using space = await startForgetful([2]);
    const provider = chatProvider({ space: space.origin });
    await collect(ask(provider));
    await until(() => space.log.includes("config"));
    const before = space.log.length;
    expect(shownText(await collect(ask(provider)))).toBe("x");
    const [, second, third] = sessionsOf(space);
    expect(third).not.toBe(second);
    const routes = space.requests.slice(before).map(({ route, url }) => [route, url.searchParams.get("session_hash")]);
    expect(routes.slice(0, 4)).toEqual([
      ["join", null],
      ["data", second],
      ["join", null],
      ["data", third],
    ]);
    await provider.close?.();
  });

  it("is asked again of connectSpace as well", async () => {
    await using space = await startForgetful([2]);
    const client = connectSpace(space.origin);
    await client.endpoints();
    for (let call = 0; call < 2; call += 1) expect(await client.predict("chat", ["Hi"])).toEqual(["x"]);
    expect(sessionsOf(space)).toHaveLength(3);
    await client.close();
  });

  it("is asked again once: a new connection that is lost is `connection`", async () => {
    await using space = await startForgetful([2, 3]);
    const client = connectSpace(space.origin);
    await client.endpoints();
    await client.predict("chat", ["Hi"]);
    expect(await rejection(client.predict("chat", ["Hi"]))).toMatchObject({ code: "connection" });
    expect(sessionsOf(space)).toHaveLength(3);
    await client.close();
  });

  it("is not asked again of a caller who left meanwhile", async () => {
    await using space = await startForgetful([2]);
    const client = connectSpace(space.origin);
    await client.endpoints();
    await client.predict("chat", ["Hi"]);
    const controller = new AbortController();
    space.handlers.data = () => controller.abort(new Error("mine"));
    const call = client.predict("chat", ["Hi"], { signal: controller.signal });
    expect(await rejection(call)).toEqual(new Error("mine"));
    expect(sessionsOf(space)).toHaveLength(2);
  });
});

describe("an exception in code of ours or a user's ends the call with it", () => {
  const mistake = new Error("mine");
  const says2 = says(generating(["a"]), completed(["ab"]));

  it.each([
    [
      "`inputs` that throw",
      {
        inputs: () => {
          throw mistake;
        },
      },
      mistake,
    ],
    ["`inputs` that reject", { inputs: () => Promise.reject(mistake) }, mistake],
    ["`inputs` that give no list", { inputs: () => ({ length: 1 }) as unknown as readonly unknown[] }, TypeError],
    [
      "`read` that throws",
      {
        answer: {
          at: [0],
          read: () => {
            throw mistake;
          },
        },
      },
      mistake,
    ],
    ["`read` that gives a promise", { answer: { at: [0], read: async () => "x" } as never }, TypeError],
    [
      "a schema that throws",
      {
        outputs: {
          "~standard": {
            version: 1,
            validate: () => {
              throw mistake;
            },
          },
        },
      },
      mistake,
    ],
    [
      "a schema that gives a promise",
      { outputs: { "~standard": { version: 1, validate: async () => ({}) } } },
      TypeError,
    ],
  ] as const)("%s", async (_, definition, expected) => {
    await using space = await startTestSpace({ ...oneJob, data: says2 });
    const provider = chatProvider({ space: space.origin }, definition);
    const error = await rejection(collect(ask(provider)));
    if (expected === mistake) expect(error).toBe(mistake);
    else expect(error).toBeInstanceOf(TypeError);
    await provider.close?.();
    await until(() => space.open() === 0);
  });
});
