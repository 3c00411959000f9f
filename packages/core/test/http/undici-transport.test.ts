import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { readText } from "../../src/http/transport.ts";
import { heldMb } from "../cost.ts";
import { CHUNKED, chunk, response, startRawServer } from "../servers/raw-server.ts";
import { get, openTransport } from "../servers/transports.ts";
import { rejection, settle, until, useVirtualTime } from "../servers/waiting.ts";

const run = promisify(execFile);
const source = (file: string): string => new URL(`../../src/${file}`, import.meta.url).href;

/** Runs a module in a process of its own. Rejects if that does not end by itself. */
async function runNode(module: string): Promise<string> {
  const { stdout } = await run(
    process.execPath,
    ["--conditions=@qwen/source", "--no-warnings", "--input-type=module", "--eval", module],
    { timeout: 20_000 },
  );
  return stdout;
}

describe("connections", () => {
  it("sends a GET that follows a POST's answer over the same connection, every time", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const transport = openTransport();
    for (let call = 0; call < 50; call += 1) {
      await readText((await transport.request(get(server.url, { method: "POST", body: "{}" }))).body);
      await readText((await transport.request(get(server.url))).body);
    }
    expect(server.connections()).toBe(1);
  });

  it("sends a request that follows a chunked answer over the same connection", async () => {
    await using server = await startRawServer((socket) => socket.write(`${CHUNKED}${chunk("ok")}0\r\n\r\n`));
    const transport = openTransport();
    for (let call = 0; call < 20; call += 1) await readText((await transport.request(get(server.url))).body);
    expect(server.connections()).toBe(1);
  });

  it("tells the end of an answer in the turn that it comes in", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const { body } = await openTransport().request(get(server.url));
    let isRead = false;
    readText(body).then(
      () => (isRead = true),
      () => {},
    );
    for (let step = 0; step < 20 && !isRead; step += 1) await Promise.resolve();
    expect(isRead).toBe(true);
  });

  it("opens one connection for each request under way: an open stream holds nobody up", async () => {
    await using server = await startRawServer((socket) => socket.write(CHUNKED));
    const transport = openTransport();
    await Promise.all(Array.from({ length: 20 }, () => transport.request(get(server.url))));
    expect(server.connections()).toBe(20);
  });

  it("holds no body that has gone out, however long its answer takes", async () => {
    const server = createServer((request, answer) => {
      request.resume().once("end", () => answer.writeHead(200).flushHeaders());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const ask = () => openTransport().request(get(url, { method: "POST", body: new Uint8Array(16_000_000) }));
    const before = heldMb();
    const { body } = await ask();
    // What the server has read goes with the next collection but one.
    heldMb();
    expect(heldMb() - before).toBeLessThan(8);
    body.cancel();
    server.close();
  });

  it("goes on over a new connection after the server closed the idle one", async () => {
    await using server = await startRawServer((socket, _, connection) => {
      socket.write(response("ok"));
      if (connection === 1) socket.end();
    });
    const transport = openTransport();
    await readText((await transport.request(get(server.url))).body);
    await until(() => server.log.includes("close 1"));
    expect(await readText((await transport.request(get(server.url))).body)).toBe("ok");
  });

  it("keeps those that it makes after a `close` that came before it had any", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const transport = openTransport();
    const first = transport.request(get(server.url));
    await Promise.all([first.then(({ body }) => readText(body)), transport.close()]);
    for (let call = 0; call < 5; call += 1) await readText((await transport.request(get(server.url))).body);
    expect(server.connections()).toBe(2);
  });

  it("closes its idle connections on `close`", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const transport = openTransport();
    await readText((await transport.request(get(server.url))).body);
    expect(server.open()).toBe(1);
    await transport.close();
    await until(() => server.open() === 0);
  });

  it("are shared whatever the limit of connecting is", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const transport = openTransport();
    for (let call = 0; call < 10; call += 1)
      await readText((await transport.request(get(server.url, { connectMs: 5000 + call }))).body);
    expect(server.connections()).toBe(1);
  });

  it("are closed without waiting for one whose answer goes on, which closes after it", async () => {
    let finish = (): void => {};
    await using server = await startRawServer((socket, head) => {
      if (head.startsWith("POST")) socket.write(response("ok"));
      else socket.write(CHUNKED + chunk("one"));
      finish = () => void socket.write(`${chunk("two")}0\r\n\r\n`);
    });
    const transport = openTransport();
    const { body } = await transport.request(get(server.url));
    const text = readText(body);
    await transport.close();
    finish();
    expect(await text).toBe("onetwo");
    await until(() => server.open() === 0);
  });

  it("does not keep the process alive by an idle connection", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const output = await runNode(`
      import { createTransport } from ${JSON.stringify(source("http/undici-transport.ts"))};
      import { readText } from ${JSON.stringify(source("http/transport.ts"))};
      const transport = createTransport({ proxy: false });
      const { body } = await transport.request({ method: "GET", url: new URL(${JSON.stringify(server.url.href)}), headers: {}, connectMs: 10000, headersMs: 30000 });
      console.log(await readText(body));
      const endedAt = performance.now();
      process.on("exit", () => console.log(performance.now() - endedAt < 3000 ? "at once" : "late"));
    `);
    expect(output).toBe("ok\nat once\n");
  });
});

describe("connecting", () => {
  it("gives up when no connection stands in time", async () => {
    // TEST-NET-1 of RFC 5737 leads nowhere. Where there is no network at all it is refused at once.
    const error = await rejection(openTransport().request(get(new URL("http://192.0.2.1:81/"), { connectMs: 50 })));
    const code = (error as { code: string }).code;
    if (code === "connection") expect((error as Error).message).toMatch(/ENETUNREACH|EHOSTUNREACH|ECONNREFUSED/);
    else expect(error).toMatchObject({ code: "timeout", phase: "connect", limitMs: 50 });
  });

  it("counts connecting and headers apart: a slow answer is no connect timeout", async () => {
    await using server = await startRawServer();
    const time = useVirtualTime();
    const failure = rejection(openTransport().request(get(server.url, { connectMs: 100, headersMs: 5000 })));
    await until(() => server.received[0]?.endsWith("\r\n\r\n") === true);
    await time.pass(4000);
    await time.pass(1000);
    expect(await failure).toMatchObject({ code: "timeout", phase: "headers", limitMs: 5000 });
  });

  it("never writes a request that was aborted while it connected", async () => {
    await using raw = await startRawServer();
    const controller = new AbortController();
    let started = 0;
    const failure = rejection(
      openTransport().request(
        get(raw.url, { method: "POST", signal: controller.signal, onStart: () => void (started += 1) }),
      ),
    );
    const reason = new Error("mine");
    controller.abort(reason);
    expect(await failure).toBe(reason);
    await until(() => raw.connections() === 1);
    await settle();
    expect(raw.received.join("")).toBe("");
    expect(started).toBe(0);
  });

  it.each([{ "x-a": "a\r\nx-evil: b" }, { "x a": "1" }, { "transfer-encoding": "chunked" }])(
    "is not begun for a header that cannot be sent: a mistake, not a failing connection: %j",
    async (headers) => {
      await using server = await startRawServer();
      const error = await rejection(openTransport().request(get(server.url, { headers })));
      expect(error).toBeInstanceOf(TypeError);
      expect(server.received.join("")).toBe("");
    },
  );

  it("is refused for an address that is not of HTTP, also once others were reached", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const transport = openTransport();
    for (let call = 0; call < 2; call += 1) {
      const error = await rejection(transport.request(get(new URL(`ftp://127.0.0.1:${server.port}/`))));
      expect(error).toBeInstanceOf(TypeError);
      await readText((await transport.request(get(server.url))).body);
    }
  });

  it("tells by `onStart` that the server may have seen the request", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    let started = 0;
    await readText((await openTransport().request(get(server.url, { onStart: () => void (started += 1) }))).body);
    expect(started).toBe(1);
  });
});

describe("what connections are made of, where it cannot be loaded", () => {
  it("is a mistake of who installed it, leaves nothing behind, and `close` resolves", async () => {
    await using server = await startRawServer();
    const output = await runNode(`
      import { registerHooks } from "node:module";
      import { createTransport } from ${JSON.stringify(source("http/undici-transport.ts"))};
      registerHooks({
        resolve(name, context, next) {
          if (name.startsWith("undici")) throw new Error("It is gone.");
          return next(name, context);
        },
      });
      const transport = createTransport({ proxy: false });
      const send = () => transport.request({ method: "GET", url: new URL(${JSON.stringify(server.url.href)}), headers: {}, connectMs: 600000, headersMs: 600000 });
      const failures = await Promise.all([send(), send()].map((failure) => failure.catch((error) => error)));
      for (const error of new Set(failures)) console.log(error.name + " " + error.message);
      await transport.close();
      const endedAt = performance.now();
      process.on("exit", () => console.log(performance.now() - endedAt < 3000 ? "at once" : "late"));
    `);
    expect(output).toMatch(/^(TypeError A part of this SDK cannot be loaded[.].*\n){2}at once\n$/);
    await until(() => server.open() === 0);
  });
});

describe("a file of this SDK that cannot be loaded", () => {
  it.each([
    ["of a Space", "jobs|connections"],
    ["of the router", "asking"],
  ])(
    "%s ends the calls that need it, each with a TypeError of its own, counts for no provider, and is tried again",
    async (_, files) => {
      const output = await runNode(`
      import { registerHooks } from "node:module";
      import { createSpaceProvider } from ${JSON.stringify(source("gradio/index.ts"))};
      import { createRouter } from ${JSON.stringify(source("index.ts"))};
      let tries = 0;
      registerHooks({
        resolve(name, context, next) {
          if (!/(?:${files})[.]ts$/.test(name)) return next(name, context);
          tries += 1;
          throw new Error("It is gone.");
        },
      });
      const schema = { "~standard": { version: 1, validate: () => ({}) } };
      const definition = { models: [{ id: "m" }], space: "http://127.0.0.1:9", endpoint: "chat", fnIndex: 0, inputs: () => [], outputs: schema, answer: { at: [0] } };
      const plugins = ["a", "b"].map((id) => createSpaceProvider({ ...definition, id }));
      const router = createRouter({ plugins, routes: { both: ["a/m", "b/m"] } });
      const ask = () => router.complete({ model: "both", messages: [{ role: "user", content: "Hi" }] }).catch((error) => error);
      const failures = await Promise.all([ask(), ask()]);
      console.log(failures[0] === failures[1], tries);
      for (const { name, message } of [...failures, await ask()]) console.log(name, message);
      console.log(tries, router.health().map(({ breaker }) => breaker).join());
    `);
      expect(output).toBe(
        `false 1\n${"TypeError A part of this SDK cannot be loaded. Keep the files of its packages together as long as a process runs.\n".repeat(3)}2 closed,closed\n`,
      );
    },
  );
});

describe("importing", () => {
  it.each(["index.ts", "gradio/index.ts", "http/undici-transport.ts"])(
    "%s loads neither undici nor a module of Node: who sends nothing does not pay for them",
    async (file) => {
      const output = await runNode(`
      const { createRequire } = process.getBuiltinModule("node:module");
      const before = process.moduleLoadList.length;
      const module = await import(${JSON.stringify(source(file))});
      const loaded = process.moduleLoadList.slice(before).filter((name) => /^NativeModule (net|tls|https?|http2|stream)$/.test(name));
      const isUndici = (path) => path.includes("undici");
      console.log(loaded.join(), Object.keys(createRequire(${JSON.stringify(import.meta.url)}).cache).filter(isUndici).join());
    `);
      expect(output).toBe(" \n");
    },
  );

  it.each(["gradio/index.ts", "http/undici-transport.ts", "http/fetch-transport.ts"])(
    "%s leaves `globalThis` and its dispatcher as they were",
    async (file) => {
      const output = await runNode(`
      const look = () => Reflect.ownKeys(globalThis).map(String).sort().join();
      const dispatchers = [1, 2].map((n) => Symbol.for("undici.globalDispatcher." + n));
      const before = [look(), ...dispatchers.map((symbol) => globalThis[symbol])];
      const module = await import(${JSON.stringify(source(file))});
      // undici is loaded by the first request only, the ways through a proxy by the first that needs them.
      if (module.createTransport && ${JSON.stringify(file)}.includes("undici")) {
        const request = { method: "GET", url: new URL("http://127.0.0.1:9/"), headers: {}, connectMs: 1000, headersMs: 1000 };
        await module.createTransport({ proxy: false }).request(request).catch(() => {});
        await module.createTransport({ proxy: "http://127.0.0.1:9" }).request(request).catch(() => {});
        process.env.HTTP_PROXY = "http://127.0.0.1:9";
        await module.createTransport().request(request).catch(() => {});
      }
      const after = [look(), ...dispatchers.map((symbol) => globalThis[symbol])];
      console.log(before.every((value, index) => Object.is(value, after[index])));
    `);
      expect(output).toBe("true\n");
    },
  );
});
