import { expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { completed, eventId, says, startTestSpace, type Exchange } from "../servers/test-space.ts";
import { rejection, until, useVirtualTime } from "../servers/waiting.ts";

const oneJob = { call: ({ reply }: Exchange) => reply(200, { event_id: eventId() }), data: says(completed(["hi"])) };

it("gives a /config up that nobody is left to wait for, and reads it anew for the next one", async () => {
  const upload = ({ reply }: Exchange): void => reply(200, ["/tmp/file"]);
  await using space = await startTestSpace({ config: () => {}, upload });
  const client = connectSpace(space.origin, { timeouts: { totalMs: 200 } });
  // What is loaded at the first request takes its time.
  await client.upload(new Uint8Array(1), { timeouts: { totalMs: 10_000 } });
  const both = await Promise.all([rejection(client.endpoints()), rejection(client.endpoints())]);
  expect(both).toMatchObject([{ phase: "total" }, { phase: "total" }]);
  await until(() => space.open() === 0);
  expect(space.log).toEqual(["upload", "config", "close config"]);
  await rejection(client.endpoints());
  await until(() => space.log.length === 5);
  await client.close();
});

it("goes on reading a /config for others when one of those who wait leaves", async () => {
  const asked = Promise.withResolvers<Exchange>();
  await using space = await startTestSpace({
    call: ({ reply }) => reply(404, { detail: "Not Found" }),
    config: (exchange) => asked.resolve(exchange),
  });
  const client = connectSpace(space.origin);
  const leaves = new AbortController();
  const left = rejection(client.predict("chat", [], { signal: leaves.signal }));
  const { reply } = await asked.promise;
  const endpoints = client.endpoints();
  leaves.abort();
  expect(await left).toBe(leaves.signal.reason);
  reply(200, { version: "5.0.0", protocol: "sse_v3", api_prefix: "/gradio_api", dependencies: [] });
  expect(await endpoints).toEqual([]);
  expect(space.log.filter((entry) => entry.includes("config"))).toEqual(["config"]);
  await client.close();
});

it("reads /config behind a call for ten seconds at most", async () => {
  const time = useVirtualTime();
  await using space = await startTestSpace({ ...oneJob, config: () => {} });
  const client = connectSpace(space.origin);
  expect(await client.predict("chat", [])).toEqual(["hi"]);
  await until(() => space.log.includes("config"));
  const closed = client.close();
  await time.pass(10_001);
  await closed;
  await until(() => space.open() === 0);
});
