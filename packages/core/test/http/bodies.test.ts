import { createServer, type AddressInfo, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import * as fetchTransport from "../../src/http/fetch-transport.ts";
import { readText, type ResponseBody } from "../../src/http/transport.ts";
import { CHUNKED, chunk, response, startRawServer } from "../servers/raw-server.ts";
import { get, openTransport } from "../servers/transports.ts";
import { rejection, settle, until, useVirtualTime } from "../servers/waiting.ts";

const MIB = 1024 * 1024;

/** A server that sends a body without an end as fast as it is taken. */
async function startEndlessServer({ status = 200 } = {}) {
  const block = Buffer.alloc(MIB, "x");
  let sent = 0;
  const server = await startRawServer((socket) => {
    socket.write(`HTTP/1.1 ${status} Said\r\n\r\n`);
    const fill = (): void => {
      while (socket.writable && sent < 200 * MIB) {
        sent += block.length;
        if (!socket.write(block)) {
          socket.once("drain", fill);
          return;
        }
      }
    };
    fill();
  });
  return { ...server, sent: () => sent };
}

/** Waits until a count stands still. */
async function standing(count: () => number): Promise<number> {
  let before = -1;
  while (before !== count()) {
    before = count();
    for (let round = 0; round < 10; round += 1) await settle();
  }
  return before;
}

describe.each([
  ["undici", openTransport],
  ["fetch", () => fetchTransport.createTransport()],
])("a body of the %s transport", (_, open) => {
  it.each([200, 404])("that nobody reads holds up its sender, whatever the status is: %i", async (status) => {
    await using server = await startEndlessServer({ status });
    const { body } = await open().request(get(server.url));
    // What two sockets of this system buffer.
    expect(await standing(server.sent)).toBeLessThan(16 * MIB);
    body.cancel();
    await until(() => server.open() === 0);
  });

  it("that was paused keeps at most a MiB of what comes after", async () => {
    await using server = await startEndlessServer();
    const { body } = await open().request(get(server.url));
    let after = 0;
    let paused = false;
    body.pipe({
      chunk(bytes) {
        if (paused) after += bytes.byteLength;
        paused = true;
        body.pause();
      },
      end() {},
      error() {},
    });
    await until(() => paused);
    expect(await standing(() => after)).toBeLessThan(MIB);
    body.cancel();
  });

  it.each(["chunk", "end"])("tells its reader what it threw itself: in `%s`", async (where) => {
    await using server = await startRawServer((socket) => socket.write(response("said")));
    const { body } = await open().request(get(server.url));
    const mine = new Error("mine");
    const told: unknown[] = [];
    const thrown = (from: string) => (): void => {
      if (from === where) throw mine;
    };
    body.pipe({ chunk: thrown("chunk"), end: thrown("end"), error: (error) => void told.push(error) });
    await until(() => told.length > 0);
    await settle();
    expect(told).toEqual([mine]);
  });

  it("goes on where it stood when it is piped late", async () => {
    await using server = await startRawServer((socket) => socket.write(response("x".repeat(3 * MIB))));
    const { body } = await open().request(get(server.url));
    await settle();
    expect((await readText(body)).length).toBe(3 * MIB);
  });
});

describe("a body that nobody wants", () => {
  it("gives its connection back where all of it is there", async () => {
    await using server = await startRawServer((socket) => socket.write(response("no")));
    const transport = openTransport();
    for (let call = 0; call < 5; call += 1) {
      const { body } = await transport.request(get(server.url));
      body.cancel();
      await settle();
    }
    expect(server.connections()).toBe(1);
  });

  it.each(["204 No Content\r\n\r\n", "200 OK\r\ncontent-length: 0\r\n\r\n"])(
    "and that is none leaves its connection at once: %j",
    async (head) => {
      await using server = await startRawServer((socket) => socket.write(`HTTP/1.1 ${head}`));
      const transport = openTransport();
      for (let call = 0; call < 5; call += 1) {
        await transport.request(get(server.url));
        await settle();
      }
      expect(server.connections()).toBe(1);
    },
  );
});

it("resumes one body from within a chunk of another", async () => {
  const sockets: Socket[] = [];
  await using server = await startRawServer((socket) => {
    sockets.push(socket);
    socket.write(CHUNKED + chunk("one"));
  });
  const transport = openTransport();
  const seen: string[] = [];
  const piped = (body: ResponseBody, onChunk: (text: string) => void): void =>
    body.pipe({
      chunk: (bytes) => onChunk(new TextDecoder().decode(bytes)),
      end() {},
      error: (error) => void seen.push(String(error)),
    });
  const first = (await transport.request(get(server.url))).body;
  const second = (await transport.request(get(server.url))).body;
  piped(first, (text) => seen.push(`first ${text}`));
  await until(() => seen.length === 1);
  first.pause();
  sockets[0]?.write(chunk("two") + chunk("three"));
  await settle();
  piped(second, (text) => {
    seen.push(`second ${text}`);
    if (text === "two") first.resume();
  });
  await until(() => seen.length >= 2);
  sockets[1]?.write(chunk("two"));
  await until(() => seen.length === 5);
  expect(seen.toSorted()).toEqual(["first one", "first three", "first two", "second one", "second two"].toSorted());
});

describe("a compressed answer", () => {
  const zipped = (status: number): Buffer => {
    const body = gzipSync("what it says");
    return Buffer.concat([
      Buffer.from(`HTTP/1.1 ${status} Said\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`),
      body,
    ]);
  };

  it("is not asked for", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const transport = openTransport();
    await readText((await transport.request(get(server.url))).body);
    await readText((await transport.request(get(server.url, { headers: { "accept-encoding": "br" } }))).body);
    expect(server.received[0]?.match(/accept-encoding: .*/gi)).toEqual([
      "accept-encoding: identity",
      "accept-encoding: br",
    ]);
  });

  it.each([200, 503])("that comes all the same has a head, and a body that says what it is: %i", async (status) => {
    await using server = await startRawServer((socket) => socket.write(zipped(status)));
    const answer = await openTransport().request(get(server.url));
    expect(answer.status).toBe(status);
    expect(await rejection(readText(answer.body))).toMatchObject({
      code: "protocol",
      message: expect.stringContaining("compressed (gzip)"),
    });
    await until(() => server.open() === 0);
  });

  it.each(["identity", "Identity", "identity, identity", ""])("is none where it says %j", async (encoding) => {
    await using server = await startRawServer((socket) =>
      socket.write(response("plain", { headers: `content-encoding: ${encoding}\r\n` })),
    );
    expect(await readText((await openTransport().request(get(server.url))).body)).toBe("plain");
  });

  it("is read by `fetch`, which decodes it", async () => {
    await using other = await startRawServer((socket) => socket.write(zipped(200)));
    const { body } = await fetchTransport.createTransport().request(get(other.url));
    expect(await readText(body)).toBe("what it says");
  });
});

describe("a large body on its way to the server", () => {
  it("goes out as it is, of bytes and of text", async () => {
    await using server = await startRawServer((socket, head) =>
      socket.write(response(/content-length: \d+/i.exec(head)?.[0] ?? "")),
    );
    const text = "größe".repeat(50_000);
    const transport = openTransport();
    for (const body of [text, new TextEncoder().encode(text)]) {
      const answer = await transport.request(get(server.url, { method: "POST", body }));
      expect(await readText(answer.body)).toBe("content-length: 350000");
    }
    expect(server.connections()).toBe(1);
    const received = Buffer.from(server.received[0] ?? "", "latin1").toString();
    expect(
      received
        .split("\r\n\r\n")
        .slice(1)
        .map((part) => part.startsWith(text)),
    ).toEqual([true, true]);
  });

  it("may take its time while it moves; the limit of the headers begins behind it", async () => {
    await using server = await startHesitantServer();
    const time = useVirtualTime();
    const answer = openTransport().request(
      get(server.url, { method: "POST", body: new Uint8Array(24 * MIB), headersMs: 1000 }),
    );
    await until(() => server.connections() === 1);
    for (const part of [8, 8, 7]) {
      await server.take(part * MIB);
      await time.pass(900);
    }
    server.answer();
    expect(await readText((await answer).body)).toBe("ok");
  });

  it("ends with a timeout where it stalls, and where no answer follows it", async () => {
    await using server = await startHesitantServer();
    const time = useVirtualTime();
    const send = () =>
      rejection(
        openTransport().request(get(server.url, { method: "POST", body: new Uint8Array(24 * MIB), headersMs: 1000 })),
      );
    const stalled = send();
    await until(() => server.connections() === 1);
    await server.take(8 * MIB);
    await time.pass(5000);
    expect(await stalled).toMatchObject({ code: "timeout", phase: "headers", limitMs: 5000 });
    const silent = send();
    await until(() => server.connections() === 2);
    await server.take(24 * MIB);
    // What the system may still hold is given 4 s.
    await time.pass(5000);
    expect(await silent).toMatchObject({ code: "timeout", phase: "headers", limitMs: 5000 });
    await server.closed();
  });

  it("is no reason to wait for the rest of it once the answer is there", async () => {
    await using server = await startHesitantServer();
    const answer = openTransport().request(get(server.url, { method: "POST", body: new Uint8Array(24 * MIB) }));
    await until(() => server.connections() === 1);
    await server.take(MIB);
    server.answer();
    expect(await readText((await answer).body)).toBe("ok");
    await server.closed();
  });
});

/** A server that takes bytes when it is told to, and answers when it is told to. */
async function startHesitantServer() {
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket.on("error", () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    connections: () => sockets.length,
    /** Takes bytes from the last connection. */
    async take(bytes: number) {
      const socket = sockets.at(-1);
      if (socket === undefined) throw new Error("Nobody is there.");
      const before = socket.bytesRead;
      socket.on("data", () => {
        if (socket.bytesRead - before >= bytes) socket.pause();
      });
      socket.resume();
      await until(() => socket.bytesRead - before >= bytes);
      socket.removeAllListeners("data");
    },
    answer: () => void sockets.at(-1)?.write(response("ok")),
    /** Waits until the other side has closed all connections, which only a reader learns of. */
    async closed() {
      for (const socket of sockets) socket.resume();
      await until(() => sockets.every(({ destroyed }) => destroyed));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
