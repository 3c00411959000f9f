import { expect, it } from "vitest";
import { JobStream } from "../../src/gradio/job-stream.ts";
import type { Session } from "../../src/gradio/session.ts";
import type { BodySink } from "../../src/http/transport.ts";

it.each(["data:\n\n", "data: x\n\n", 'data: {"msg":"heartbeat"}\n\n'])(
  "a stream that nobody listens to yet is held up by what waits, however little each event says: %j",
  async (event) => {
    let sent: BodySink | undefined;
    let isPaused = false;
    const body = {
      pipe: (sink: BodySink) => void (sent = sink),
      pause: () => void (isPaused = true),
      resume: () => void (isPaused = false),
      cancel() {},
    };
    const stream = await JobStream.open(
      { status: 200, headers: {}, body },
      {
        session: { client: { url: new URL("https://space.example") } } as Session,
        signal: new AbortController().signal,
      },
    );
    const piece = new TextEncoder().encode(event.repeat(100));
    let events = 0;
    for (; !isPaused && events < 100_000; events += 100) sent?.chunk(piece);
    expect(events).toBeLessThan(10_000);
    stream.start({ said() {}, ended() {} });
    expect(isPaused).toBe(false);
  },
);
