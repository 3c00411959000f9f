import { expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { ask, chatProvider } from "../servers/chat-provider.ts";
import { configOf, eventId, failed, says, startTestSpace, type Exchange } from "../servers/test-space.ts";
import { collect, rejection, settle, until, useVirtualTime } from "../servers/waiting.ts";

it("opens and closes the session of a join that is never answered: dropping it alone would leave the job", async () => {
  await using space = await startTestSpace({ join: () => {} });
  const time = useVirtualTime();
  const provider = chatProvider({ space: space.origin });
  const controller = new AbortController();
  const failure = rejection(collect(ask(provider, { signal: controller.signal })));
  await until(() => space.log.includes("join"));
  controller.abort(new Error("mine"));
  await failure;
  await time.pass(10_000);
  await until(() => space.log.includes("close data"));
  expect(space.log).toEqual(["join", "close join", "data", "close data"]);
  await provider.close?.();
});

it.each([
  ["times out", undefined],
  ["breaks", ({ socket }: Exchange) => void socket.resetAndDestroy()],
])("opens and closes the session of a join that %s: the server may have taken it", async (_, join) => {
  await using space = await startTestSpace({ join: join ?? (() => {}) });
  const time = useVirtualTime();
  const provider = chatProvider({ space: space.origin });
  const failure = rejection(collect(ask(provider)));
  await until(() => space.log.includes("join"));
  if (join === undefined) await time.pass(30_000);
  expect(await failure).toMatchObject({ code: join === undefined ? "timeout" : "connection" });
  await until(() => space.log.includes("close data"));
  expect(space.log).toEqual(["join", "close join", "data", "close data"]);
  await provider.close?.();
});

it("stops the job of a stream that could not be opened", async () => {
  let streams = 0;
  await using space = await startTestSpace({
    data(exchange) {
      streams += 1;
      if (streams === 1) exchange.reply(503, "<html><title>Bad Gateway</title></html>");
      else exchange.events();
    },
  });
  const client = connectSpace(space.origin);
  await client.endpoints();
  expect(await rejection(client.predict("chat", ["Hi"]))).toMatchObject({ code: "space_unavailable", status: 503 });
  await client.close();
  await until(() => space.log.includes("close data"));
  expect(space.log).toEqual(["config", "join", "data", "data", "close data", "cancel"]);
});

it("sends no job after the caller left, also when the first address for it was wrong", async () => {
  await using space = await startTestSpace({}, { prefix: "" });
  const asked = Promise.withResolvers<Exchange>();
  space.handlers.config = asked.resolve;
  const client = connectSpace(space.origin);
  const controller = new AbortController();
  const failure = rejection(client.predict("chat", ["Hi"], { signal: controller.signal }));
  const exchange = await asked.promise;
  controller.abort(new Error("mine"));
  expect(await failure).toEqual(new Error("mine"));
  exchange.reply(200, configOf({}, ""));
  await client.close();
  expect(space.log).toEqual(["other", "config"]);
});

it("sends no job after the caller left, also when the server only then says that the address was wrong", async () => {
  await using space = await startTestSpace({}, { prefix: "" });
  const asked = Promise.withResolvers<Exchange>();
  space.handlers.other = asked.resolve;
  const client = connectSpace(space.origin);
  const controller = new AbortController();
  const failure = rejection(client.predict("chat", ["Hi"], { signal: controller.signal }));
  const exchange = await asked.promise;
  controller.abort(new Error("mine"));
  expect(await failure).toEqual(new Error("mine"));
  exchange.reply(404, { detail: "Not Found" });
  await client.close();
  expect(space.log).not.toContain("call");
  expect(space.log).not.toContain("data");
});

it("cancels nothing that is over: a job that failed by itself needs no /cancel, and its connection serves the next call", async () => {
  await using space = await startTestSpace({ data: says(failed({ error: "gave up" })) });
  const client = connectSpace(space.origin);
  await client.endpoints();
  for (const n of [1, 2, 3]) {
    space.handlers.data = says(failed({ error: "gave up" }, eventId(n)));
    expect(await rejection(client.predict("chat", []))).toMatchObject({ code: "space_error" });
    await settle();
  }
  await client.close();
  expect(space.log).toEqual(["config", "join", "data", "join", "data", "join", "data"]);
  expect(space.connections()).toBe(1);
});
