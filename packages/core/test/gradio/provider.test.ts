import { describe, expect, it } from "vitest";
import { ask, chatProvider, shownText } from "../servers/chat-provider.ts";
import {
  completed,
  configOf,
  failed,
  generating,
  oneJob,
  says,
  startTestSpace,
  starts,
  estimation,
  type Events,
  type Exchange,
  type TestSpace,
} from "../servers/test-space.ts";
import { collect, rejection, settle, until, useVirtualTime } from "../servers/waiting.ts";

describe("what a Space does not honour", () => {
  it("is told when the answer starts, and when it ends", async () => {
    await using space = await startTestSpace({
      ...oneJob,
      data: says(estimation(0), starts(), generating(["Hel"]), completed(["Hello"])),
    });
    const model = { id: "m", capabilities: { settings: ["seed"] } } as const;
    const provider = chatProvider(
      { space: space.origin },
      {
        models: [model],
        inputs(_, { warn }) {
          warn({ feature: "images", message: "One of them." });
          return ["Hi"];
        },
      },
    );
    const parts = await collect(ask(provider, { settings: { temperature: 1, seed: 1 } }));
    expect(parts.map(({ type }) => type)).toEqual(["queue", "start", "text-delta", "text-delta", "finish"]);
    const warnings = [{ feature: "temperature" }, { feature: "images" }];
    expect(parts[1]).toMatchObject({ warnings });
    expect(parts.at(-1)).toMatchObject({ warnings });
    await provider.close?.();
  });

  it("is nothing where nothing was asked for: then there is no start", async () => {
    await using space = await startTestSpace({ data: says(completed(["Hello"])) });
    const provider = chatProvider({ space: space.origin });
    expect((await collect(ask(provider))).map(({ type }) => type)).toEqual(["text-delta", "finish"]);
    await provider.close?.();
  });
});

describe("a cold call", () => {
  it("is two requests on one connection before the first text; /config is read after it", async () => {
    const stream = Promise.withResolvers<Events>();
    await using space = await startTestSpace({ data: ({ events }) => stream.resolve(events()) });
    const provider = chatProvider({ space: space.origin });
    const iterator = ask(provider)[Symbol.asyncIterator]();
    const first = iterator.next();
    const { send, end } = await stream.promise;
    send(estimation(0), starts());
    await first;
    await settle();
    expect(space.log).toEqual(["join", "data"]);
    expect(space.connections()).toBe(1);
    send(generating(["Hello"]));
    expect(await iterator.next()).toEqual({ done: false, value: { type: "text-delta", text: "Hello" } });
    await until(() => space.log.includes("config"));
    send(completed(["Hello"]));
    end();
    expect(await iterator.next()).toMatchObject({ value: { type: "finish" } });
    expect(space.log).toEqual(["join", "data", "config"]);
    await provider.close?.();
  });

  it("joins with the hinted fn_index, and asks for edits", async () => {
    await using space = await startTestSpace({ data: says(completed(["x"])) });
    const provider = chatProvider({ space: space.origin });
    await collect(ask(provider));
    expect(space.requests[0]?.json).toEqual({
      data: ["Hi"],
      fn_index: 0,
      session_hash: expect.stringMatching(/^[0-9a-f]{20}$/),
      event_data: null,
      trigger_id: null,
    });
    expect(space.requests[1]?.headers.accept).toBe("text/event-stream");
    await provider.close?.();
  });

  it("of a provider without a hint goes by name and reads whole values, then by fn_index once /config is known", async () => {
    await using space = await startTestSpace({
      ...oneJob,
      data: says(generating(["a"]), generating(["ab"]), completed(["abc"])),
    });
    const provider = chatProvider({ space: space.origin }, { fnIndex: undefined });
    expect(shownText(await collect(ask(provider)))).toBe("abc");
    space.handlers.data = says(generating(["a"]), generating([[["append", [], "bc"]]]), completed(["abc"]));
    expect(shownText(await collect(ask(provider)))).toBe("abc");
    expect(space.log).toEqual(["call", "data", "config", "join", "data"]);
    await provider.close?.();
  });
});

describe("a warm call", () => {
  it("is two requests, over the connection of the one before", async () => {
    await using space = await startTestSpace({ ...oneJob, data: says(generating(["x"]), completed(["x"])) });
    const provider = chatProvider({ space: space.origin });
    await collect(ask(provider));
    await until(() => space.log.includes("config"));
    const requests = space.requests.length;
    for (let call = 0; call < 10; call += 1) await collect(ask(provider));
    expect(space.requests.length - requests).toBe(20);
    // A call that follows at once finds the stream before it still closing, the next but one does not.
    expect(space.connections()).toBeLessThanOrEqual(2);
    await provider.close?.();
  });

  it("has a session of its own, from a CSPRNG", async () => {
    await using space = await startTestSpace({ ...oneJob, data: says(completed(["x"])) });
    const provider = chatProvider({ space: space.origin });
    for (let call = 0; call < 3; call += 1) await collect(ask(provider));
    const hashes = space.requests
      .filter(({ route }) => route === "join")
      .map(({ json }) => (json as { session_hash: string }).session_hash);
    expect(new Set(hashes).size).toBe(3);
    expect(
      space.requests.filter(({ route }) => route === "data").map(({ url }) => url.searchParams.get("session_hash")),
    ).toEqual(hashes);
    await provider.close?.();
  });
});

describe("a Space that was changed", () => {
  const changed = (space: TestSpace, endpoints: readonly (string | false)[]): void => {
    space.handlers.config = ({ reply }) => reply(200, configOf({ endpoints }));
  };

  it("is `space_changed` for the running call, with the endpoints there are now, and is called right the next time", async () => {
    await using space = await startTestSpace({ ...oneJob, data: ({ events }) => events().send(generating(["wrong"])) });
    changed(space, ["other", "chat"]);
    const provider = chatProvider({ space: space.origin });
    expect(await rejection(collect(ask(provider)))).toMatchObject({
      code: "space_changed",
      endpoints: ["/other", "/chat"],
      provider: "test",
    });
    await until(() => space.log.includes("close data"));
    space.handlers.data = says(completed(["right"]));
    expect(shownText(await collect(ask(provider)))).toBe("right");
    expect(space.requests.findLast(({ route }) => route === "join")?.json).toMatchObject({ fn_index: 1 });
    await provider.close?.();
    // A wrong fn_index would have restarted the job.
    expect(space.log).not.toContain("cancel");
  });

  it("is `space_changed` where the endpoint is gone, also when the answer was quick", async () => {
    await using space = await startTestSpace({ ...oneJob, data: says(completed(["wrong"])) });
    changed(space, ["other"]);
    const provider = chatProvider({ space: space.origin });
    const error = await rejection(collect(ask(provider)));
    expect(error).toMatchObject({ code: "space_changed", endpoints: ["/other"] });
    await provider.close?.();
  });

  it.each<readonly [string, (exchange: Exchange) => void | Promise<void>, string]>([
    ["500 at the join", ({ reply }) => reply(500, "Internal Server Error"), "join"],
    ["422 at the join", ({ reply }) => reply(422, { detail: "inputs" }), "join"],
    ["a hidden exception", says(failed({ error: null })), "data"],
    ["outputs of another shape", says(completed([1, 2, 3])), "data"],
  ])("is recognised behind %s, also after /config was read once", async (_, handler, route) => {
    await using space = await startTestSpace({ ...oneJob, data: says(generating(["ok"]), completed(["ok"])) });
    const provider = chatProvider({ space: space.origin });
    await collect(ask(provider));
    changed(space, ["other", "chat"]);
    space.handlers[route as "join" | "data"] = handler;
    expect(await rejection(collect(ask(provider)))).toMatchObject({ code: "space_changed" });
    Object.assign(space.handlers, oneJob, { data: says(completed(["moved"])) });
    expect(shownText(await collect(ask(provider)))).toBe("moved");
    await provider.close?.();
  });

  it("is recognised behind a 500 after which the server closes the connection unannounced, as Gradio's does", async () => {
    let lost = 0;
    await using space = await startTestSpace({
      join({ reply, connection }) {
        lost = connection;
        reply(500, "Internal Server Error");
      },
    });
    changed(space, ["other", "chat"]);
    const { config } = space.handlers;
    space.handlers.config = (exchange) => {
      if (exchange.connection === lost) exchange.socket.destroy();
      else void config(exchange);
    };
    const provider = chatProvider({ space: space.origin });
    expect(await rejection(collect(ask(provider)))).toMatchObject({ code: "space_changed" });
    await provider.close?.();
  });

  it("is not suspected where /config cannot be read: the answer stands", async () => {
    await using space = await startTestSpace({
      data: says(generating(["ok"]), completed(["ok"])),
      config: ({ reply }) => reply(503, ""),
    });
    const provider = chatProvider({ space: space.origin });
    expect(shownText(await collect(ask(provider)))).toBe("ok");
    await provider.close?.();
  });

  it("is looked for again once ten minutes have passed since /config confirmed the endpoint", async () => {
    const time = useVirtualTime();
    await using space = await startTestSpace({ ...oneJob, data: says(generating(["ok"]), completed(["ok!"])) });
    const provider = chatProvider({ space: space.origin });
    const call = async () => {
      const outcome = collect(ask(provider)).catch((error: unknown) => error);
      // It is asked for after the consumer has the first text.
      await time.pass(1);
      return outcome;
    };
    const timesAsked = () => space.log.filter((route) => route === "config").length;
    await call();
    await time.pass(590_000);
    await call();
    expect(timesAsked()).toBe(1);

    await time.pass(10_000);
    space.handlers.config = ({ reply }) => reply(200, configOf({ endpoints: ["other", "chat"] }));
    expect(await call()).toMatchObject({ code: "space_changed" });
    expect(timesAsked()).toBe(2);
    await provider.close?.();
  });

  it("holds an answer back at most five seconds for a /config that never comes", async () => {
    await using space = await startTestSpace({ data: says(generating(["ok"]), completed(["ok!"])), config: () => {} });
    const time = useVirtualTime();
    const provider = chatProvider({ space: space.origin });
    const iterator = ask(provider)[Symbol.asyncIterator]();
    expect(await iterator.next()).toMatchObject({ value: { text: "ok" } });
    const rest = collect({ [Symbol.asyncIterator]: () => iterator });
    // It is asked for after the consumer has the first text.
    await time.pass(1);
    await until(() => space.log.includes("config"));
    await time.pass(5000);
    expect(await rest).toMatchObject([{ type: "text-delta", text: "!" }, { type: "finish" }]);
  });

  it("keeps an error that has another reason", async () => {
    await using space = await startTestSpace({ data: says(failed({ error: null })) });
    const provider = chatProvider({ space: space.origin });
    expect(await rejection(collect(ask(provider)))).toMatchObject({ code: "space_error", hidden: true });
    await provider.close?.();
  });
});

it("asks a Space of Gradio 4, whose API has no prefix, right from the second call on", async () => {
  await using space = await startTestSpace({ ...oneJob, data: says(completed(["x"])) }, { prefix: "" });
  const provider = chatProvider({ space: space.origin });
  await collect(ask(provider));
  expect(space.log).toEqual(["other", "config", "join", "data"]);
  await collect(ask(provider));
  expect(space.log.slice(4)).toEqual(["join", "data"]);
  const hinted = chatProvider({ space: space.origin }, { apiPrefix: "" });
  await collect(ask(hinted));
  expect(space.log.slice(6, 8)).toEqual(["join", "data"]);
  await Promise.all([provider.close?.(), hinted.close?.()]);
});

it("tries one new session where the server does not know the one it just took a job for, and no second", async () => {
  const lost = {
    msg: "unexpected_error",
    event_id: null,
    message: "404: Not Found",
    session_not_found: true,
    success: false,
  };
  await using space = await startTestSpace({ ...oneJob, data: says(lost) });
  const provider = chatProvider({ space: space.origin });
  expect(await rejection(collect(ask(provider)))).toMatchObject({ code: "session_not_found" });
  expect(space.log.filter((entry) => entry === "join")).toHaveLength(2);
  const hashes = space.requests
    .filter(({ route }) => route === "join")
    .map(({ json }) => (json as { session_hash: string }).session_hash);
  expect(new Set(hashes).size).toBe(2);
  let streams = 0;
  space.handlers.data = (exchange) => void says(...((streams += 1) === 1 ? [lost] : [completed(["second"])]))(exchange);
  expect(shownText(await collect(ask(provider)))).toBe("second");
  await provider.close?.();
});

it("leaves nothing open after a call: no timer, no busy socket", async () => {
  await using space = await startTestSpace({ ...oneJob, data: says(generating(["x"]), completed(["x"])) });
  const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
  const before = timers();
  const provider = chatProvider({ space: space.origin });
  for (let call = 0; call < 5; call += 1) await collect(ask(provider));
  await provider.close?.();
  await until(() => space.open() === 0);
  expect(timers()).toBeLessThanOrEqual(before);
});
