import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { SpaceFile } from "../../src/gradio/space-file.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import { ordersOf } from "../servers/kitchen.ts";
import {
  completed,
  configOf,
  generating,
  oneJob,
  says,
  startTestSpace,
  type Exchange,
  type TestSpace,
} from "../servers/test-space.ts";
import { collect, rejection, settle, until } from "../servers/waiting.ts";

const folder = mkdtempSync(join(tmpdir(), "files-"));
afterAll(() => rmSync(folder, { recursive: true }));

const meta = { _type: "gradio.FileData" };

/** Takes files of 1,000 bytes at most, and calls the n-th "/tmp/n". */
async function startTaking(own: Parameters<typeof startTestSpace>[0] = {}): Promise<TestSpace> {
  let count = 0;
  return startTestSpace({
    ...oneJob,
    config: ({ reply }) => reply(200, configOf({ max_file_size: 1000 })),
    upload: ({ reply }) => reply(200, [`/tmp/${(count += 1)}`]),
    data: says(completed(["done"])),
    ...own,
  });
}

/** The names and texts of the files that were sent. */
async function sentTo(space: TestSpace): Promise<readonly (readonly [string, string])[]> {
  const forms = space.requests
    .filter(({ route }) => route === "upload")
    .map(({ body, headers }) =>
      new Response(new Uint8Array(body), { headers: { "content-type": headers["content-type"] ?? "" } }).formData(),
    );
  const files = (await Promise.all(forms)).map((form) => form.get("files") as File);
  return Promise.all(files.map(async (file) => [file.name, await file.text()] as const));
}

describe("files among inputs", () => {
  it("are sent first, wherever they stand, each once: bytes, Blobs, and URLs of data:, http: and file:", async () => {
    await using space = await startTaking();
    await using elsewhere = await startTestSpace({ other: ({ response }) => void response.end("fetched") });
    writeFileSync(join(folder, "a b.txt"), "local");
    const client = connectSpace(space.origin, { token: "hf_secret" });
    const twice = new TextEncoder().encode("bytes");
    const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
    await client.predict("chat", [
      twice,
      { deep: [[{ file: new File(["blob"], "b.txt") }], twice.buffer] },
      new URL("data:image/jpeg;base64,YWJj"),
      new URL(`${elsewhere.origin}/some/c.csv?key=1`),
      pathToFileURL(join(folder, "a b.txt")),
      new Blob([png], { type: "image/png" }),
      [twice],
    ]);
    const sent = await sentTo(space);
    expect(sent.toSorted(([one], [other]) => (one < other ? -1 : 1))).toEqual([
      ["a b.txt", "local"],
      ["b.txt", "blob"],
      ["c.csv", "fetched"],
      ["file", "bytes"],
      ["file", "bytes"],
      ["file.jpg", "abc"],
      ["file.png", expect.any(String)],
    ]);
    const file = (name: string) => ({
      path: `/tmp/${sent.findIndex(([one]) => one === name) + 1}`,
      orig_name: name,
      meta,
    });
    const [data] = ordersOf(space) as [readonly (readonly unknown[])[]];
    expect(data).toMatchObject([
      { path: expect.any(String), orig_name: "file", meta },
      { deep: [[{ file: file("b.txt") }], { orig_name: "file" }] },
      file("file.jpg"),
      file("c.csv"),
      file("a b.txt"),
      file("file.png"),
      [{ orig_name: "file" }],
    ]);
    expect(data[6]?.[0]).toEqual(data[0]);
    expect(elsewhere.requests[0]?.headers).not.toHaveProperty("authorization");
    await client.close();
  });

  it("leave what the caller gave as it was, and a text as it is", async () => {
    await using space = await startTaking();
    const client = connectSpace(space.origin);
    const inputs = [{ file: new Blob(["x"]) }, `${space.origin}/x`, "file:///etc/passwd"] as const;
    await client.predict("chat", inputs);
    expect(inputs[0].file).toBeInstanceOf(Blob);
    expect(ordersOf(space)[0]).toMatchObject([{ file: { path: "/tmp/1" } }, inputs[1], inputs[2]]);
    expect(space.log).not.toContain("other");
    await client.close();
  });

  it.each<[string, () => unknown, string]>([
    ["is larger than the Space takes", () => new Uint8Array(1001), "1001 bytes"],
    ["is a larger Blob", () => new Blob(["x".repeat(1001)]), "1001 bytes"],
    ["is larger within a URL", () => new URL(`data:,${"x".repeat(1001)}`), "1000 bytes"],
    ["is not there", () => pathToFileURL(join(folder, "nothing")), "cannot be read"],
    ["is a folder", () => pathToFileURL(folder), "it is no file"],
    ["is a pipe that nobody writes into", () => pathToFileURL(pipe()), "it is no file"],
    ["is behind a URL of another kind", () => new URL("ftp://127.0.0.1/x"), "ftp:"],
    ["cannot be fetched", () => new URL("http://127.0.0.1:9/x"), "cannot be fetched"],
  ])("that %s is `invalid_request` before anything is sent", async (_, make, words) => {
    await using space = await startTaking();
    const client = connectSpace(space.origin);
    const error = await rejection(client.predict("chat", [new Uint8Array(1), make()]));
    expect(error).toMatchObject({ code: "invalid_request", message: expect.stringContaining(words) });
    expect(space.log).toEqual(["config"]);
    await client.close();
  });

  it("of this machine are `unsupported` where a platform has none, with what to give instead", async () => {
    const { openFile } = await import("../../src/web-platform.ts");
    expect(await rejection(openFile(new URL("file:///etc/hosts")))).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("Blob"),
    });
  });

  it("of `upload()` have the same limit once it is known", async () => {
    await using space = await startTaking();
    const client = connectSpace(space.origin);
    await client.endpoints();
    expect(await rejection(client.upload(new Uint8Array(1001)))).toMatchObject({ code: "invalid_request" });
    expect(space.log).toEqual(["config"]);
    await client.close();
  });

  it("are not sent where the inputs are wrong, though nothing was known before", async () => {
    await using space = await startTaking({
      config: ({ reply }) => reply(200, configOf({ dependencies: [{ api_name: "chat", inputs: [] }] })),
    });
    const client = connectSpace(space.origin);
    expect(await rejection(client.predict("chat", [new Uint8Array(1)]))).toMatchObject({ code: "invalid_request" });
    expect(space.log).not.toContain("upload");
    await client.close();
  });

  it("are not sent where the inputs are wrong, or the call was left", async () => {
    await using space = await startTaking({
      config: ({ reply }) => reply(200, configOf({ dependencies: [{ api_name: "chat", inputs: [] }] })),
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    expect(await rejection(client.predict("chat", [new Uint8Array(1)]))).toMatchObject({ code: "invalid_request" });
    const signal = AbortSignal.abort(new Error("gone"));
    expect(await rejection(client.predict("chat", [new Uint8Array(1)], { signal }))).toBe(signal.reason);
    expect(space.log).toEqual(["config"]);
    await client.close();
  });
});

describe("files among outputs", () => {
  const output = (fields: object) => ({ path: "/tmp/gradio/a b#?.txt", meta, orig_name: "a.txt", size: 5, ...fields });

  async function startGiving(
    fields: object,
    serve: (exchange: Exchange) => void = ({ response }) => void response.end("hello"),
  ) {
    const space = await startTaking({
      data: says(generating([[{ image: output({}) }]]), completed([[{ image: output(fields), caption: null }]])),
      other: serve,
    });
    const client = connectSpace(space.origin, { token: "hf_secret", timeouts: { idleMs: 250 } });
    const read = async (): Promise<SpaceFile> => {
      const [[{ image }]] = (await client.predict("chat", [])) as [[{ image: SpaceFile }]];
      return image;
    };
    return { space, client, read };
  }

  it("are read from the Space itself with its token, as bytes, a Blob or a stream", async () => {
    const { space, client, read } = await startGiving({ mime_type: "text/plain" });
    await using _ = space;
    const file = await read();
    expect(file).toMatchObject({ name: "a.txt", mediaType: "text/plain", size: 5 });
    expect(file.url.href).toBe(`${space.origin}/gradio_api/file=/tmp/gradio/a%20b%23%3F.txt`);
    expect(space.log).not.toContain("other");
    expect(new TextDecoder().decode(await file.bytes())).toBe("hello");
    const blob = await file.blob();
    expect([blob.type, (blob as File).name, await blob.text()]).toEqual(["text/plain", "a.txt", "hello"]);
    expect(await new Response(file.stream()).text()).toBe("hello");
    const asked = space.requests.filter(({ route }) => route === "other");
    expect(asked.map(({ url, headers }) => [url.pathname, headers.authorization])).toEqual(
      Array.from({ length: 3 }, () => ["/gradio_api/file=/tmp/gradio/a%20b%23%3F.txt", "Bearer hf_secret"]),
    );
    await client.close();
  });

  it("are files on the way, too, and stand in what `submit()` yields", async () => {
    const { space, client } = await startGiving({});
    await using _ = space;
    await client.endpoints();
    const messages = await collect(client.submit("chat", []));
    for (const message of messages) expect(message).toMatchObject({ data: [[{ image: { name: "a.txt" } }]] });
    await client.close();
  });

  it.each([
    [{ orig_name: "../../etc/passwd" }, "passwd"],
    [{ orig_name: "C:\\secrets\\x\u001B.txt" }, "x.txt"],
    [{ orig_name: ".." }, "a b#?.txt"],
    [{ orig_name: 7, path: "/" }, "file"],
  ])("have a name without folders, whatever the Space calls them: %o", async (fields, name) => {
    const { space, client, read } = await startGiving(fields);
    await using _ = space;
    expect((await read()).name).toBe(name);
    await client.close();
  });

  it("lead nowhere else, whatever the Space says of where they are, and take no token along", async () => {
    await using elsewhere = await startTestSpace({ other: ({ response }) => void response.end("elsewhere") });
    const { space, client, read } = await startGiving(
      { url: `${elsewhere.origin}/stolen`, path: `${elsewhere.origin}/x` },
      ({ reply }) => reply(302, "", { location: `${elsewhere.origin}/moved` }),
    );
    await using _ = space;
    const file = await read();
    expect(file.url.origin).toBe(space.origin);
    expect(await new Response(file.stream()).text()).toBe("elsewhere");
    expect(elsewhere.requests.map(({ url, headers }) => [url.pathname, headers.authorization])).toEqual([
      ["/moved", undefined],
    ]);
    await client.close();
  });

  it("are read up to `maxBytes`, and their connection is closed then", async () => {
    const { space, client, read } = await startGiving({}, ({ response }) => void response.write("x".repeat(100_000)));
    await using _ = space;
    const file = await read();
    expect(await rejection(file.bytes({ maxBytes: 1000 }))).toMatchObject({
      code: "protocol",
      message: expect.stringContaining("1000 bytes"),
    });
    await until(() => space.log.includes("close other"));
    expect(await rejection(file.bytes({ maxBytes: Number.NaN }))).toBeInstanceOf(TypeError);
    expect(await rejection(file.bytes({ maxbytes: 1 } as never))).toBeInstanceOf(TypeError);
    await client.close();
  });

  it("end with `idle` where nothing more comes, with the reason of a signal, and with what the server says", async () => {
    let asked = 0;
    const { space, client, read } = await startGiving({}, ({ response, reply }) => {
      asked += 1;
      if (asked === 1) reply(403, { detail: "File not allowed" });
      else response.write("x");
    });
    await using _ = space;
    const file = await read();
    expect(await rejection(file.bytes())).toMatchObject({ code: "authentication", status: 403 });
    expect(await rejection(file.bytes())).toMatchObject({ code: "timeout", phase: "idle", limitMs: 250 });
    const leaves = new AbortController();
    const left = rejection(file.bytes({ signal: leaves.signal }));
    await until(() => asked === 3);
    leaves.abort(new Error("gone"));
    expect(await left).toBe(leaves.signal.reason);
    expect(await rejection(file.bytes({ signal: leaves.signal }))).toBe(leaves.signal.reason);
    expect(asked).toBe(3);
    await client.close();
  });

  it("are held up where nobody reads, without a clock, and close their connection when they are left", async () => {
    let written = 0;
    const { space, client, read } = await startGiving({}, ({ response }) => {
      const more = (): void => {
        if (written < 200) response.write(Buffer.alloc(100_000), () => ((written += 1), more()));
      };
      more();
    });
    await using _ = space;
    const reader = (await read()).stream().getReader();
    await settle();
    expect(space.log).not.toContain("other");
    expect((await reader.read()).value?.byteLength).toBeGreaterThan(0);
    for (let turn = 0; turn < 20; turn += 1) await settle();
    expect(written).toBeLessThan(150);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await reader.read()).done).toBe(false);
    await reader.cancel();
    await until(() => space.log.includes("close other"));
    await client.close();
  });

  it("stand for themselves as inputs of their Space, and go to another one by way of this process", async () => {
    const { space, client, read } = await startGiving({});
    await using _ = space;
    await using other = await startTaking();
    const file = await read();
    const before = space.requests.length;
    const { href } = file.url;
    await client.predict("chat", [file]);
    expect(ordersOf(space).at(-1)).toMatchObject([{ path: "/tmp/gradio/a b#?.txt", meta }]);
    expect(space.requests.slice(before).filter(({ route }) => route === "other" || route === "upload")).toEqual([]);
    expect(file.url).toEqual(new URL(href));
    const stranger = connectSpace(other.origin);
    await stranger.predict("chat", [{ file }]);
    expect(await sentTo(other)).toEqual([["a.txt", "hello"]]);
    expect(ordersOf(other)).toMatchObject([[{ file: { path: "/tmp/1" } }]]);
    await Promise.all([client.close(), stranger.close()]);
  });
});

function pipe(): string {
  const path = join(folder, "pipe");
  execFileSync("sh", ["-c", `test -p '${path}' || mkfifo '${path}'`]);
  return path;
}
