import { expect, test } from "vitest";

import { startBenchServer } from "../src/server/server.ts";
import { GRADIO_VERSIONS } from "../src/server/wire.ts";
import { exchange, joinRequest, streamRequest } from "./raw-requests.ts";

const prompt = "script:long 24 3";

test.each(GRADIO_VERSIONS)(
  "on the wire of %s, requests sent without waiting are answered in their order",
  async (version) => {
    await using server = await startBenchServer(version);
    const sent = ["first", "second"].flatMap((session) => [
      joinRequest(version, { prompt, session }),
      streamRequest(session),
    ]);
    const text = await exchange(server.url, [sent.join("")], { whole: (soFar) => streamsIn(soFar) === 2 });

    const call = ["HTTP/1.1 200", '{"event_id"', "HTTP/1.1 200", '"msg":"process_completed"', '"msg":"close_stream"'];
    expect(text.match(/HTTP\/1\.1 \d+|"msg":"process_completed"|"msg":"close_stream"|^\{"event_id"/gm)).toEqual([
      ...call,
      ...call,
    ]);
    // Each stream tells of the job that was joined before it.
    const [first, second] = [...text.matchAll(/^\{"event_id":"(\w+)"\}/gm)].map(([, id]) => id);
    const [before, after] = text.split(`{"event_id":"${second}"}`);
    expect(before).toContain(`"process_completed","event_id":"${first}"`);
    expect(after).toContain(`"process_completed","event_id":"${second}"`);
  },
);

test("a request that is cut anywhere on its way is read whole", async () => {
  await using server = await startBenchServer("6.31");
  const bytes = joinRequest("6.31", { prompt, session: "cut" }) + streamRequest("cut");
  const text = await exchange(server.url, [bytes.slice(0, 30), bytes.slice(30, 240), bytes.slice(240)], {
    whole: (soFar) => streamsIn(soFar) === 1,
  });
  expect(text).toContain('"msg":"process_completed"');
});

test("requests that did not wait for an answer are counted, and only these", async () => {
  await using server = await startBenchServer("6.31");
  const pieces = [joinRequest("6.31", { prompt, session: "one" }), streamRequest("one")];
  const whole = (text: string): boolean => streamsIn(text) === 1;
  await server.reset({ rttMs: 40 });
  await exchange(server.url, [pieces.join("")], { whole });
  expect((await server.counts()).total).toMatchObject({ requests: 2, pipelined: 1, connections: 1 });

  await server.reset({ rttMs: 40 });
  await exchange(server.url, pieces, { whole, mayGoOn: (text) => text.includes('{"event_id"') });
  expect((await server.counts()).total).toMatchObject({ requests: 2, pipelined: 0, connections: 1 });
});

function streamsIn(text: string): number {
  return text.split("\r\n0\r\n\r\n").length - 1;
}
