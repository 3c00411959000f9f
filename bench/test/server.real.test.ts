import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { readDocument, type RealApp, startRealApp } from "../src/apps.ts";
import { type BenchServer, startBenchServer } from "../src/server/server.ts";
import { GRADIO_VERSIONS } from "../src/server/wire.ts";
import { exchange, joinRequest, streamRequest } from "./raw-requests.ts";

// What the bench measures against must be what real servers say, byte for byte; only names, times and durations differ.
describe.each(GRADIO_VERSIONS)("the server of the bench and Gradio %s", (version) => {
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
    const join = await exchange(url, [joinRequest(version, { prompt, session })], {
      whole: (text) => text.endsWith("}"),
    });
    const stream = await exchange(url, [streamRequest(session)], { whole: (text) => text.endsWith("\r\n0\r\n\r\n") });
    const [head = "", ...rest] = stream.split("\r\n\r\n");
    return { join: masked(join), stream: [masked(head), ...chunksOf(rest.join("\r\n\r\n")).map(masked)] };
  }
});

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
