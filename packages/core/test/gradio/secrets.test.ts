import { describe, expect, it } from "vitest";
import { createClient } from "../../src/gradio/client.ts";
import { readConnection } from "../../src/gradio/connection.ts";
import { Session } from "../../src/gradio/session.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import type { Transport, TransportRequest } from "../../src/http/transport.ts";
import { createTransport } from "../../src/http/undici-transport.ts";
import {
  completed,
  configOf,
  eventId,
  generating,
  says,
  startTestSpace,
  type Exchange,
} from "../servers/test-space.ts";
import { rejection } from "../servers/waiting.ts";

const TOKEN = "hf_secret";

/** Sends what is meant for any host to local ports instead, by a table, and notes where it was meant to go. */
function reroute(ports: Readonly<Record<string, string>>) {
  const transport = createTransport({ proxy: false });
  const seen: TransportRequest[] = [];
  const rerouted: Transport = {
    request(request) {
      seen.push(request);
      const target = ports[request.url.origin];
      if (target === undefined) throw new Error(`Nobody plays ${request.url.origin}.`);
      return transport.request({ ...request, url: new URL(request.url.pathname + request.url.search, target) });
    },
    close: () => transport.close(),
  };
  return { transport: rerouted, seen, [Symbol.asyncDispose]: () => transport.close() };
}

const secretsOf = ({ headers }: Pick<Exchange, "headers">): object => ({
  authorization: headers.authorization,
  xHfAuthorization: headers["x-hf-authorization"],
  cookie: headers.cookie,
});

describe("the token", () => {
  it("goes to a host of the caller's naming as Authorization, with every request, /cancel included", async () => {
    await using space = await startTestSpace({ data: ({ events }) => events().send(generating(["a"])) });
    const client = connectSpace(space.origin, { token: TOKEN });
    await client.endpoints();
    const iterator = client.submit("chat", []);
    await iterator.next();
    await iterator.return?.();
    await client.close();
    await client.upload(new Uint8Array(1));
    expect(space.requests.map(({ route }) => route)).toEqual(["config", "join", "data", "cancel", "upload"]);
    for (const request of space.requests)
      expect(secretsOf(request)).toEqual({
        authorization: `Bearer ${TOKEN}`,
        xHfAuthorization: undefined,
        cookie: undefined,
      });
    await client.close();
  });

  it("goes to a Space on Hugging Face as X-HF-Authorization only", async () => {
    await using space = await startTestSpace({ data: says(completed(["a"])) });
    await using net = reroute({ "https://a-b.hf.space": space.origin });
    const client = connectSpace("a/b", { token: TOKEN, transport: net.transport });
    await client.predict("chat", []);
    await client.close();
    expect(space.requests.map(({ route }) => route)).toEqual(["call", "data", "config"]);
    for (const request of space.requests)
      expect(secretsOf(request)).toEqual({
        authorization: undefined,
        xHfAuthorization: `Bearer ${TOKEN}`,
        cookie: undefined,
      });
  });

  it.each(["https://huggingface.co", "https://evil.test", "https://c-d.hf.space", "http://a-b.hf.space"])(
    "does not follow a Space's redirect to %s, nor do cookies and the caller's headers",
    async (elsewhere) => {
      await using other = await startTestSpace();
      await using space = await startTestSpace({
        config: ({ reply }) => reply(302, "", { location: `${elsewhere}/config` }),
      });
      await using net = reroute({ "https://a-b.hf.space": space.origin, [elsewhere]: other.origin });
      const client = connectSpace("a/b", {
        token: TOKEN,
        transport: net.transport,
        headers: { "x-mine": "secret", authorization: "Basic mine" },
      });
      await client.endpoints();
      expect(other.requests.map(({ route }) => route)).toEqual(["config"]);
      for (const { headers } of other.requests) {
        expect(JSON.stringify(headers)).not.toMatch(/secret|mine|affinity/);
        expect(Object.keys(headers)).not.toContain("x-hf-authorization");
        expect(Object.keys(headers)).not.toContain("authorization");
      }
      await client.close();
    },
  );

  it.each([307, 308])(
    "does not go along when the job itself is redirected by %i, and nor does the prompt",
    async (status) => {
      await using other = await startTestSpace({ data: says(completed(["there"])) });
      await using space = await startTestSpace({
        call: ({ reply, url }) => reply(status, "", { location: `https://evil.test${url.pathname}` }),
      });
      await using net = reroute({ "https://a-b.hf.space": space.origin, "https://evil.test": other.origin });
      const client = connectSpace("a/b", { token: TOKEN, transport: net.transport, headers: { "x-mine": "secret" } });
      expect(await rejection(client.predict("chat", ["prompt"]))).toMatchObject({
        code: "protocol",
        message: expect.stringContaining("https://evil.test"),
      });
      expect(other.requests).toEqual([]);
      await client.close();
    },
  );

  it("stays when the job's stream is redirected, and so do cookies and the caller's headers", async () => {
    await using other = await startTestSpace({ data: says(completed(["there"])) });
    await using space = await startTestSpace({
      call: ({ reply }) => reply(200, { event_id: eventId() }, { "set-cookie": "affinity=1" }),
      data: ({ reply, url }) => reply(307, "", { location: `https://evil.test${url.pathname}${url.search}` }),
    });
    await using net = reroute({ "https://a-b.hf.space": space.origin, "https://evil.test": other.origin });
    const client = connectSpace("a/b", { token: TOKEN, transport: net.transport, headers: { "x-mine": "secret" } });
    expect(await client.predict("chat", ["prompt"])).toEqual(["there"]);
    expect(other.requests.map(({ route }) => route)).toEqual(["data"]);
    for (const { headers } of other.requests) expect(JSON.stringify(headers)).not.toMatch(/secret|affinity/);
    await client.close();
  });

  it.each(["http://169.254.169.254", "http://localhost", "http://[::ffff:10.0.0.1]:8080"])(
    "of a Space on the internet leads nobody to %s",
    async (inside) => {
      await using other = await startTestSpace();
      await using space = await startTestSpace({
        config: ({ reply }) => reply(302, "", { location: `${inside}/config` }),
      });
      await using net = reroute({ "https://a-b.hf.space": space.origin, [new URL(inside).origin]: other.origin });
      const client = connectSpace("a/b", { token: TOKEN, transport: net.transport });
      expect(await rejection(client.endpoints())).toMatchObject({
        code: "protocol",
        message: expect.stringContaining(new URL(inside).origin),
      });
      expect(other.requests).toEqual([]);
      await client.close();
    },
  );

  it("does not go where `root` or `api_prefix` of a config point: every request goes to the caller's origin", async () => {
    await using evil = await startTestSpace();
    for (const apiPrefix of [
      `${evil.origin}/x`,
      `//${new URL(evil.origin).host}`,
      `///${new URL(evil.origin).host}`,
      `\\\\${new URL(evil.origin).host}`,
      "/\\evil.test",
      "@evil.test",
      "../../..",
    ]) {
      await using space = await startTestSpace({
        config: ({ reply }) => reply(200, configOf({ root: evil.origin, api_prefix: apiPrefix })),
      });
      const client = connectSpace(space.origin, { token: TOKEN });
      await client.endpoints().catch(() => {});
      await rejection(client.predict("chat", []));
      await client.close();
      expect(space.requests.length, apiPrefix).toBeGreaterThan(0);
    }
    expect(evil.connections()).toBe(0);
  });

  it("never shows in an error, whatever the server does with it", async () => {
    await using space = await startTestSpace({
      call: ({ reply, headers }) => reply(403, { detail: `no: ${headers.authorization}` }),
    });
    const client = connectSpace(space.origin, { token: TOKEN });
    const error = await rejection(client.predict("chat", []));
    expect(error).toMatchObject({ code: "authentication" });
    expect(String((error as Error).stack)).not.toContain(TOKEN);
  });
});

describe("the caller's own headers", () => {
  it("win over what the SDK would send, whatever their case: nothing is joined", async () => {
    await using space = await startTestSpace({ data: says(completed(["a"])) });
    const client = connectSpace(space.origin, {
      token: TOKEN,
      headers: { Authorization: "Basic mine", "USER-AGENT": "me" },
    });
    await client.predict("chat", [], { headers: { "X-Call": "1", "user-agent": "this call" } });
    await client.close();
    const [call, data, config] = space.requests;
    expect(call?.headers).toMatchObject({ authorization: "Basic mine", "user-agent": "this call", "x-call": "1" });
    expect(data?.headers).toMatchObject({ authorization: "Basic mine", "user-agent": "this call", "x-call": "1" });
    expect(config?.headers).toMatchObject({ authorization: "Basic mine", "user-agent": "me" });
    expect(config?.headers["x-call"]).toBeUndefined();
  });

  it("on Hugging Face replace the token's header only where they name it", async () => {
    await using space = await startTestSpace({ data: says(completed(["a"])) });
    await using net = reroute({ "https://a-b.hf.space": space.origin });
    const client = connectSpace("a/b", {
      token: TOKEN,
      transport: net.transport,
      headers: { Authorization: "Basic app" },
    });
    await client.predict("chat", []);
    await client.close();
    expect(secretsOf(space.requests[0]!)).toMatchObject({
      authorization: "Basic app",
      xHfAuthorization: `Bearer ${TOKEN}`,
    });
  });

  it("may carry a cookie, beside those of the session", async () => {
    await using space = await startTestSpace({
      call: ({ reply }) => reply(200, { event_id: eventId() }, { "set-cookie": "affinity=1" }),
      data: says(completed(["a"])),
    });
    const client = connectSpace(space.origin, { headers: { cookie: "mine=1" } });
    await client.predict("chat", []);
    await client.close();
    expect(space.requests[1]?.headers.cookie?.split("; ").toSorted()).toEqual(["affinity=1", "mine=1"]);
  });
});

describe("cookies", () => {
  it("of a load balancer belong to one session: each call keeps its own and starts without", async () => {
    let n = 0;
    await using space = await startTestSpace({
      call: ({ reply }) =>
        reply(200, { event_id: eventId((n += 1)) }, { "set-cookie": [`affinity=${n}; Path=/`, "other=x"] }),
      data: ({ events, headers }) => {
        const event = eventId(Number(/affinity=(\d)/.exec(headers.cookie ?? "")?.[1]));
        const stream = events();
        stream.send(completed([event], event));
        stream.end();
      },
      config: ({ reply }) => reply(500, ""),
    });
    const client = connectSpace(space.origin);
    const answers = await Promise.all([1, 2, 3].map(() => client.predict("chat", [])));
    expect(new Set(answers.flat())).toEqual(new Set([1, 2, 3].map((job) => eventId(job))));
    for (const { route, headers } of space.requests) {
      if (route === "call") expect(headers.cookie).toBeUndefined();
      if (route === "data") expect(headers.cookie).toMatch(/^affinity=\d; other=x$/);
    }
    await client.close();
  });

  it("that `/config` sets stay with that request: they would tie all calls to one replica", async () => {
    await using space = await startTestSpace({
      config: ({ reply }) => reply(200, configOf(), { "set-cookie": "affinity=config" }),
      data: says(completed(["a"])),
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    await client.predict("chat", []);
    expect(space.requests.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined, undefined]);
    await client.close();
  });

  it("go to the hash's session alone, and a rotated one replaces the one before", async () => {
    await using space = await startTestSpace({
      other: ({ reply, url }) => reply(200, "", { "set-cookie": `affinity=${url.searchParams.get("n")}` }),
    });
    const client = createClient(readConnection(space.origin));
    const [left, right] = [new Session(client), new Session(client)];
    for (const [session, n] of [
      [left, 1],
      [right, 2],
      [left, 3],
      [left, 4],
      [right, 5],
    ] as const)
      (await session.request({ path: `x?n=${n}` })).body.cancel();
    expect(space.requests.map(({ headers }) => headers.cookie)).toEqual([
      undefined,
      undefined,
      "affinity=1",
      "affinity=3",
      "affinity=2",
    ]);
    expect(left.hash).not.toBe(right.hash);
    await client.close();
  });
});
