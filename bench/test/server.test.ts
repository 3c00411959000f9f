import { connect } from "node:net";

import { expect, test } from "vitest";

import { inputsOf } from "../src/apps.ts";
import { startBenchServer } from "../src/server/server.ts";
import { GRADIO_VERSIONS, type GradioVersion } from "../src/server/wire.ts";

test.each(GRADIO_VERSIONS)(
  "on the wire of %s, requests sent without waiting are answered in their order",
  async (version) => {
    await using server = await startBenchServer(version);
    const requests = [joinOf(version, "first"), listenTo("first"), joinOf(version, "second"), listenTo("second")];
    const text = await exchange(server.url, [requests.join("")]);

    const call = ["HTTP/1.1 200", '{"event_id"', "HTTP/1.1 200", '"msg":"process_completed"', '"msg":"close_stream"'];
    expect(text.match(/HTTP\/1\.1 \d+|"msg":"process_completed"|"msg":"close_stream"|^\{"event_id"/gm)).toEqual([
      ...call,
      ...call,
    ]);
    // Each stream tells of the job that was joined before it.
    const [first, second] = [...text.matchAll(/^\{"event_id":"(\w+)"\}/gm)].map(([, id]) => id);
    expect(text.indexOf(`"process_completed","event_id":"${first}"`)).toBeLessThan(
      text.indexOf(`{"event_id":"${second}"}`),
    );
    expect(text).toContain(`"process_completed","event_id":"${second}"`);
  },
);

test("a request that is cut anywhere on its way is read whole", async () => {
  await using server = await startBenchServer("6.31");
  const bytes = joinOf("6.31", "cut") + listenTo("cut");
  const text = await exchange(server.url, [bytes.slice(0, 30), bytes.slice(30, 240), bytes.slice(240)]);
  expect(text).toContain('"msg":"close_stream"');
});

test("requests that did not wait for an answer are counted, and only these", async () => {
  await using server = await startBenchServer("6.31");
  await server.reset({ rttMs: 40 });
  await exchange(server.url, [joinOf("6.31", "early") + listenTo("early")]);
  expect((await server.counts()).total).toMatchObject({ requests: 2, pipelined: 1, connections: 1 });

  await server.reset({ rttMs: 40 });
  await exchange(server.url, [joinOf("6.31", "late"), listenTo("late")], { answered: '{"event_id"' });
  expect((await server.counts()).total).toMatchObject({ requests: 2, pipelined: 0, connections: 1 });
});

function joinOf(version: GradioVersion, session: string): string {
  const body = JSON.stringify({ data: inputsOf(version, "script:long 24 3"), session_hash: session, fn_index: 0 });
  return `POST /gradio_api/queue/join HTTP/1.1\r\nhost: bench\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function listenTo(session: string): string {
  return `GET /gradio_api/queue/data?session_hash=${session} HTTP/1.1\r\nhost: bench\r\n\r\n`;
}

/** Sends pieces one after the other, or once there is an answer; resolves with all that comes until the last stream ends. */
function exchange(
  url: string,
  pieces: readonly string[],
  { answered = "" }: { readonly answered?: string } = {},
): Promise<string> {
  const streams = pieces.join("").split("GET ").length - 1;
  const left = [...pieces];
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", noDelay: true });
    let text = "";
    const send = (): void => {
      const piece = left.shift();
      if (piece === undefined) return;
      socket.write(piece);
      if (answered === "") setTimeout(send, 5);
    };
    socket.setEncoding("utf8");
    socket.on("error", reject);
    socket.on("data", (piece: string) => {
      text += piece;
      if (answered !== "" && text.includes(answered)) send();
      if (text.split("\r\n0\r\n\r\n").length - 1 === streams) socket.destroy();
    });
    socket.on("close", () => resolve(text));
    socket.on("connect", send);
  });
}
