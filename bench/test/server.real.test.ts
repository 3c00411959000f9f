import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { inputsOf, readDocument, type RealApp, startRealApp } from "../src/apps.ts";
import { type BenchServer, startBenchServer } from "../src/server/server.ts";

// What the bench measures against must be what real servers say, byte for byte; only names, times and durations differ.
describe.each(["5.50", "6.31"] as const)("the server of the bench and Gradio %s", (version) => {
  let real: RealApp;
  let ours: BenchServer;

  beforeAll(async () => {
    [real, ours] = await Promise.all([startRealApp(version), startBenchServer(version)]);
  });

  afterAll(async () => {
    await real?.stop();
    await ours?.[Symbol.asyncDispose]();
  });

  test("a call is the same bytes", async () => {
    const expected = await call(real.url, "script:long 56 7");
    const actual = await call(ours.url, "script:long 56 7");

    // The head, two messages before the outputs, seven outputs, the last one, the end, and the empty chunk.
    expect(expected.stream).toHaveLength(13);
    expect(actual.join).toBe(expected.join);
    expect(actual.stream).toEqual(expected.stream);
  });

  test("what a prompt holds is quoted the same", async () => {
    if (version === "6.31") return;
    const prompt = 'script:long 16 2 "é\\ 世\n</b>';
    expect((await call(ours.url, prompt)).stream).toEqual((await call(real.url, prompt)).stream);
  });

  test.each(["config", "info"] as const)("%s is the same bytes", async (name) => {
    // A class id is a hash of where Gradio is installed, always of the same length.
    const mask = (text: string) =>
      text
        .replace(/"app_id":\d+/, '"app_id":0')
        .replaceAll(/"component_class_id":"[0-9a-f]{64}"/g, '"component_class_id":"0"');
    expect(mask(await readDocument(ours.url, name))).toBe(mask(await readDocument(real.url, name)));
  });

  async function call(url: string, prompt: string) {
    const session = crypto.randomUUID();
    const body = JSON.stringify({
      data: inputsOf(version, prompt),
      session_hash: session,
      fn_index: 0,
      event_data: null,
      trigger_id: null,
    });
    const join = await exchange(
      url,
      `POST /gradio_api/queue/join HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      (text) => text.endsWith("}"),
    );
    const stream = await exchange(
      url,
      `GET /gradio_api/queue/data?session_hash=${session} HTTP/1.1\r\nhost: bench\r\n\r\n`,
      (text) => text.endsWith("\r\n0\r\n\r\n"),
    );
    const [head = "", ...rest] = stream.split("\r\n\r\n");
    return { join: masked(join), stream: [masked(head), ...chunksOf(rest.join("\r\n\r\n")).map(masked)] };
  }
});

/** Sends bytes and resolves with those that come back, each as one character of Latin-1. */
function exchange(url: string, request: string, whole: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.on("data", (piece: string) => {
      text += piece;
      if (whole(text)) socket.end();
    });
    socket.write(request);
  });
}

/** The chunks of a body; each must be as long as it says. */
function chunksOf(body: string): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < body.length;) {
    const lineEnd = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.slice(at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    expect(body.slice(end, end + 2)).toBe("\r\n");
    chunks.push(body.slice(lineEnd + 2, end));
    at = end + 2;
  }
  return chunks;
}

function masked(text: string): string {
  return text
    .replace(/date: [^\r]*/, "date: MASKED")
    .replaceAll(/"event_id":"[0-9a-f]{32}"/g, '"event_id":"MASKED"')
    .replaceAll(/"(duration|average_duration|cache_duration|avg_time|eta|rank_eta)":(null|[\d.e-]+)/g, '"$1":0');
}
