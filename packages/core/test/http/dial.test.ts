import dns from "node:dns";
import net, { type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readText } from "../../src/http/transport.ts";
import { response, startRawServer } from "../servers/raw-server.ts";
import { get, openTransport } from "../servers/transports.ts";
import { rejection, settle, until, useVirtualTime } from "../servers/waiting.ts";

afterEach(() => vi.restoreAllMocks());

/** Lets the name `space.test` have these addresses; those of `late` shake hands so many ms later, or never. */
function useAddresses(addresses: readonly string[], late: Readonly<Record<string, number>> = {}) {
  const tried: string[] = [];
  vi.spyOn(dns, "lookup").mockImplementation(((_: string, __: object, callback: (...args: unknown[]) => void) =>
    setImmediate(() =>
      callback(
        null,
        addresses.map((address) => ({ address, family: net.isIP(address) })),
      ),
    )) as never);
  const { connect } = net;
  vi.spyOn(net, "connect").mockImplementation(((options: net.TcpNetConnectOpts): Socket => {
    const { host = "" } = options;
    tried.push(host);
    const delayMs = late[host];
    if (delayMs === undefined) return connect(options);
    const socket = new net.Socket(options);
    if (delayMs !== Infinity)
      setTimeout(() => socket.destroyed || socket.connect({ ...options, host: "127.0.0.1" }), delayMs);
    return socket;
  }) as never);
  return tried;
}

const at = (port: number): URL => new URL(`http://space.test:${port}/`);

describe("a host with several addresses", () => {
  it("is reached although the handshake with each of them is slow", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const time = useVirtualTime();
    const tried = useAddresses(["192.0.2.1", "192.0.2.2"], { "192.0.2.1": 3000, "192.0.2.2": Infinity });
    const answer = openTransport().request(get(at(server.port)));
    for (let second = 0; second < 3; second += 1) await time.pass(1000);
    expect(await readText((await answer).body)).toBe("ok");
    expect(tried).toEqual(["192.0.2.1", "192.0.2.2"]);
    expect(server.connections()).toBe(1);
  });

  it("is reached by the second one soon where the first one leads nowhere", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const time = useVirtualTime();
    useAddresses(["fd00::1", "fd00::2", "127.0.0.1"], { "fd00::1": Infinity, "fd00::2": Infinity });
    const answer = openTransport().request(get(at(server.port)));
    await time.pass(250);
    expect(await readText((await answer).body)).toBe("ok");
  });

  it("is reached at once by the second one where the first one refuses", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    useVirtualTime();
    const tried = useAddresses(["127.0.0.2", "127.0.0.1"]);
    expect(await readText((await openTransport().request(get(at(server.port)))).body)).toBe("ok");
    expect(tried).toEqual(["127.0.0.2", "127.0.0.1"]);
  });

  it("fails with what each of them said", async () => {
    const server = await startRawServer();
    await server[Symbol.asyncDispose]();
    useAddresses(["127.0.0.2", "127.0.0.1"]);
    expect(await rejection(openTransport().request(get(at(server.port))))).toMatchObject({
      code: "connection",
      message: expect.stringMatching(/ECONNREFUSED 127\.0\.0\.2.*ECONNREFUSED 127\.0\.0\.1/),
    });
  });
});

it("connects to what was checked where only public addresses are wanted: a name is looked up once, and none but those tried", async () => {
  const time = useVirtualTime();
  const addresses = ["10.0.0.1", "8.8.8.8", "::ffff:7f00:1"];
  const tried = useAddresses(addresses, Object.fromEntries(addresses.map((address) => [address, Infinity])));
  const failure = rejection(openTransport().request(get(at(81), { publicOnly: true })));
  await until(() => tried.length > 0);
  await time.pass(10_000);
  expect(await failure).toMatchObject({ phase: "connect" });
  expect(tried).toEqual(["8.8.8.8"]);
  expect(dns.lookup).toHaveBeenCalledTimes(1);
});

describe("`connectMs`", () => {
  it.each([40, 10_000, 3_600_000])("is the only limit of connecting, to the ms: %i", async (connectMs) => {
    const time = useVirtualTime();
    const tried = useAddresses(["192.0.2.1", "192.0.2.2"], { "192.0.2.1": Infinity, "192.0.2.2": Infinity });
    const transport = openTransport();
    let failure: unknown;
    for (let call = 0; call < 2; call += 1) {
      const before = tried.length;
      const sent = transport.request(get(at(81), { connectMs })).catch((error: unknown) => (failure = error));
      await until(() => tried.length > before);
      await time.pass(connectMs - 2);
      expect(failure).toBeUndefined();
      await time.pass(2);
      await sent;
      expect(failure).toMatchObject({ code: "timeout", phase: "connect", limitMs: connectMs });
      failure = undefined;
    }
  });

  it("counts the TLS handshake too, and closes the connection", async () => {
    await using server = await startRawServer();
    const time = useVirtualTime();
    const failure = rejection(openTransport().request(get(new URL(`https://127.0.0.1:${server.port}/`))));
    await until(() => (server.received[0]?.length ?? 0) > 0);
    await time.pass(10_000);
    expect(await failure).toMatchObject({ code: "timeout", phase: "connect" });
    await until(() => server.open() === 0);
  });

  it("leaves nothing behind where it ran out or its call was aborted", async () => {
    const time = useVirtualTime();
    const tried = useAddresses(["192.0.2.1", "192.0.2.2"], { "192.0.2.1": Infinity, "192.0.2.2": 2000 });
    const transport = openTransport();
    const controller = new AbortController();
    const aborted = rejection(transport.request(get(at(81), { signal: controller.signal })));
    const late = rejection(transport.request(get(at(81), { connectMs: 1000 })));
    await until(() => tried.length > 1);
    await time.pass(300);
    controller.abort(new Error("mine"));
    expect(await aborted).toMatchObject({ message: "mine" });
    await time.pass(1000);
    expect(await late).toMatchObject({ phase: "connect" });
    expect(vi.getTimerCount()).toBeLessThanOrEqual(2);
    await time.pass(5000);
    await settle();
    expect(vi.getTimerCount()).toBe(0);
  });
});
