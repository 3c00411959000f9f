import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import * as fetchTransport from "../../src/http/fetch-transport.ts";
import { headerOf, readText, type Transport, type TransportRequest } from "../../src/http/transport.ts";
import * as undiciTransport from "../../src/http/undici-transport.ts";
import { CHUNKED, chunk, response, startRawServer } from "../servers/raw-server.ts";
import { rejection, until, useVirtualTime } from "../servers/waiting.ts";

const LIMITS = { connectMs: 10_000, headersMs: 30_000 };

function get(url: URL, more: Partial<TransportRequest> = {}): TransportRequest {
  return { method: "GET", url, headers: {}, ...LIMITS, ...more };
}

describe.each([
  ["undici", undiciTransport.createTransport],
  ["fetch", fetchTransport.createTransport],
])("the %s transport", (kind, createTransport) => {
  const transports: Transport[] = [];
  const open = (): Transport => {
    const transport = createTransport({ proxy: false });
    transports.push(transport);
    return transport;
  };
  afterEach(() => Promise.all(transports.splice(0).map((transport) => transport.close())));

  it("sends method, path with query, headers and body as given", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const { body } = await open().request(
      get(server.url, { method: "POST", headers: { "x-mine": "1", "content-type": "text/plain" }, body: "größe" }),
    );
    await readText(body);
    const [request = ""] = server.received;
    expect(request).toMatch(/^POST \/path\?query=1 HTTP\/1\.1\r\n/);
    expect(request).toContain("\r\nx-mine: 1\r\n");
    expect(request).toMatch(/\r\ncontent-length: 7\r\n/i);
    expect(Buffer.from(request, "latin1").toString()).toMatch(/\r\n\r\ngröße$/);
  });

  it("sends bytes of a view as they are, not the buffer behind it", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const bytes = new Uint8Array([1, 65, 66, 2]).subarray(1, 3);
    await readText((await open().request(get(server.url, { method: "POST", body: bytes }))).body);
    expect(server.received[0]).toMatch(/\r\n\r\nAB$/);
  });

  it.each([200, 204, 304, 307, 401, 429, 500, 503])(
    "settles with the head whatever the status is: %i",
    async (status) => {
      await using server = await startRawServer((socket) =>
        socket.write(
          status === 204 || status === 304
            ? `HTTP/1.1 ${status} Said\r\n\r\n`
            : response("why", { status, headers: "location: /elsewhere\r\nretry-after: 3\r\n" }),
        ),
      );
      const received = await open().request(get(server.url));
      expect(received.status).toBe(status);
      expect(await readText(received.body)).toBe(status === 204 || status === 304 ? "" : "why");
      expect(server.connections()).toBe(1);
    },
  );

  it("tells set-cookie as a list and joins another header that was sent twice", async () => {
    await using server = await startRawServer((socket) =>
      socket.write(
        response("", { headers: "Set-Cookie: a=1; Path=/\r\nset-cookie: b=2\r\nX-One: 1\r\nx-two: 1\r\nX-TWO: 2\r\n" }),
      ),
    );
    const { headers } = await open().request(get(server.url));
    expect(headers["set-cookie"]).toEqual(["a=1; Path=/", "b=2"]);
    expect(headers["x-one"]).toBe("1");
    expect(headers["x-two"]).toBe("1, 2");
    expect(headerOf({ headers }, "set-cookie")).toBe("a=1; Path=/");
    expect(headerOf({ headers }, "x-none")).toBeUndefined();
  });

  it("pushes each chunk as it arrives, and the end last", async () => {
    let write: (text: string) => void = () => {};
    await using server = await startRawServer((socket) => {
      write = (text) => void socket.write(text);
      write(CHUNKED + chunk("one"));
    });
    const { body } = await open().request(get(server.url));
    const seen: string[] = [];
    body.pipe({
      chunk: (bytes) => void seen.push(new TextDecoder().decode(bytes)),
      end: () => void seen.push("END"),
      error: () => void seen.push("ERROR"),
    });
    await until(() => seen.includes("one"));
    write(chunk("two"));
    await until(() => seen.includes("two"));
    write("0\r\n\r\n");
    await until(() => seen.includes("END"));
    expect(seen).toEqual(["one", "two", "END"]);
  });

  it("keeps what arrives before `pipe`, and lets a body be read once", async () => {
    await using server = await startRawServer((socket) => socket.write(response("early")));
    const { body } = await open().request(get(server.url));
    await until(() => server.received.length === 1);
    expect(await readText(body)).toBe("early");
    expect(() => body.pipe({ chunk() {}, end() {}, error() {} })).toThrow(TypeError);
  });

  it("refuses a signal that is aborted already, with its reason, and connects nowhere", async () => {
    await using server = await startRawServer();
    const reason = new Error("mine");
    expect(await rejection(open().request(get(server.url, { signal: AbortSignal.abort(reason) })))).toBe(reason);
    expect(server.connections()).toBe(0);
  });

  it("rejects with the signal's reason and closes the socket when aborted before the headers", async () => {
    await using server = await startRawServer();
    const controller = new AbortController();
    const failure = rejection(open().request(get(server.url, { signal: controller.signal })));
    await until(() => server.received[0]?.endsWith("\r\n\r\n") === true);
    const reason = new Error("mine");
    controller.abort(reason);
    expect(await failure).toBe(reason);
    await until(() => server.log.includes("close 1"));
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it.each(["flowing", "paused", "not piped yet"])(
    "ends a body with the signal's reason and closes the socket when aborted after the headers: %s",
    async (state) => {
      await using server = await startRawServer((socket) => socket.write(CHUNKED + chunk("part")));
      const controller = new AbortController();
      const { body } = await open().request(get(server.url, { signal: controller.signal }));
      const reason = new Error("mine");
      const errors: unknown[] = [];
      let chunks = 0;
      const sink = {
        chunk() {
          chunks += 1;
          if (state === "paused") body.pause();
        },
        end: () => {},
        error: (error: unknown) => void errors.push(error),
      };
      if (state !== "not piped yet") {
        body.pipe(sink);
        await until(() => chunks === 1);
      }
      controller.abort(reason);
      await until(() => server.log.includes("close 1"));
      if (state === "not piped yet") body.pipe(sink);
      await until(() => errors.length > 0);
      expect(errors).toEqual([reason]);
      expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    },
  );

  it("closes the socket on `cancel`, and tells the sink nothing after it", async () => {
    await using server = await startRawServer((socket) => socket.write(CHUNKED + chunk("part")));
    const controller = new AbortController();
    const { body } = await open().request(get(server.url, { signal: controller.signal }));
    let told = 0;
    body.pipe({
      chunk() {
        told += 1;
        body.cancel();
      },
      end: () => void (told += 100),
      error: () => void (told += 100),
    });
    await until(() => server.log.includes("close 1"));
    expect(told).toBe(1);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("leaves no listener on the signal after a whole response", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const { signal } = new AbortController();
    await readText((await open().request(get(server.url, { signal }))).body);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it.each([
    ["a reset", (): string => ""],
    ["a body shorter than its length", (): string => "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart"],
    ["chunks without the last one", (): string => CHUNKED + chunk("part")],
    ["garbage in place of HTTP", (): string => "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
  ])("makes one `connection` error of %s", async (_, bytes) => {
    await using server = await startRawServer((socket) => {
      if (bytes() === "") socket.resetAndDestroy();
      else socket.end(bytes());
    });
    const error = await rejection(
      open()
        .request(get(server.url))
        .then(({ body }) => readText(body)),
    );
    expect(error).toMatchObject({ name: "QwenError", code: "connection" });
    expect((error as Error).message).toContain(server.url.host);
  });

  it("makes a `connection` error of a port where nobody listens", async () => {
    const gone = await startRawServer();
    await gone[Symbol.asyncDispose]();
    expect(await rejection(open().request(get(gone.url)))).toMatchObject({ code: "connection" });
  });

  it("gives up when the headers do not come in time, and closes the socket", async () => {
    await using server = await startRawServer();
    const time = useVirtualTime();
    const failure = rejection(open().request(get(server.url)));
    await until(() => server.received[0]?.endsWith("\r\n\r\n") === true);
    // `fetch` has one limit for both phases.
    await time.pass(kind === "fetch" ? 40_000 : 30_000);
    expect(await failure).toMatchObject({ code: "timeout", phase: "headers" });
    await until(() => server.log.includes("close 1"));
  });

  it("does not take a 1xx response for the headers", async () => {
    await using server = await startRawServer((socket) =>
      socket.write("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"),
    );
    const time = useVirtualTime();
    const failure = rejection(open().request(get(server.url)));
    await until(() => server.received[0]?.endsWith("\r\n\r\n") === true);
    await time.pass(40_000);
    expect(await failure).toMatchObject({ code: "timeout", phase: "headers" });
  });

  it("has no time limit of its own on a body that is silent for hours", async () => {
    let finish = (): void => {};
    await using server = await startRawServer((socket) => {
      socket.write(CHUNKED + chunk("a"));
      finish = () => void socket.write(`${chunk("b")}0\r\n\r\n`);
    });
    const time = useVirtualTime();
    const { body } = await open().request(get(server.url, { headersMs: Infinity }));
    const text = readText(body, { limitMs: Infinity });
    await time.pass(10 * 3_600_000);
    finish();
    expect(await text).toBe("ab");
  });

  it("stops the flow while paused and loses nothing over it", async () => {
    const total = 64 * 1024 * 1024;
    const block = Buffer.alloc(1024 * 1024, "x");
    let sent = 0;
    await using server = await startRawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
      const fill = (): void => {
        while (sent < total && socket.write(block)) sent += block.length;
        if (sent < total) sent += block.length;
        if (sent < total) socket.once("drain", fill);
      };
      fill();
    });
    const { body } = await open().request(get(server.url));
    let received = 0;
    let ended = false;
    body.pipe({
      chunk(bytes) {
        if (received === 0) body.pause();
        received += bytes.length;
      },
      end: () => void (ended = true),
      error() {},
    });
    await until(() => received > 0);
    let before = -1;
    while (before !== sent + received) {
      before = sent + received;
      for (let turn = 0; turn < 200; turn += 1) await until(() => true);
    }
    // What fits into the buffers of two sockets, far from the whole.
    expect(received).toBeLessThan(total / 4);
    expect(ended).toBe(false);
    body.resume();
    await until(() => ended);
    expect(received).toBe(total);
  });

  it("can be used again after `close`", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const transport = open();
    await readText((await transport.request(get(server.url))).body);
    await transport.close();
    expect(await readText((await transport.request(get(server.url))).body)).toBe("ok");
  });
});
