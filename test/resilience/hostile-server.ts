import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as fc from "fast-check";

// A server in a Gradio app's place that answers as it likes, by chance.

/** What it does with a request, one step after the other; at the end it ends the response. */
export type Step =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly send: string }
  | { readonly waitMs: number }
  | { readonly endless: string; readonly everyMs: number }
  | { readonly by: "reset" | "silence" | "garbage" };

/** One app: what it does with a join, with a reader of its messages, and with anything else. */
export interface Hostility {
  readonly join: readonly Step[];
  readonly data: readonly Step[];
  readonly other: readonly Step[];
}

const message = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const generating = (text: string): string =>
  message({ msg: "process_generating", event_id: "e", output: { data: [text], is_generating: true } });

const messages: readonly string[] = [
  generating("one "),
  generating("one two"),
  message({ msg: "process_generating", event_id: "e", output: { data: [[["append", [], " more"]]] } }),
  message({ msg: "process_generating", event_id: "e", output: { data: [[["replace", [5, "x"], 1]]] } }),
  message({ msg: "process_generating", event_id: "other", output: { data: ["not mine"] } }),
  message({ msg: "process_generating", event_id: "e", output: { data: "no list" } }),
  message({ msg: "process_completed", event_id: "e", success: true, output: { data: ["one two three"] } }),
  message({ msg: "process_completed", event_id: "e", success: true, output: { data: [5] } }),
  message({ msg: "process_completed", event_id: "e", success: false, output: { error: "no\u001b[31m" } }),
  message({ msg: "process_completed", event_id: "e", success: true, output: {} }),
  message({ msg: "estimation", event_id: "e", rank: 3, rank_eta: 1e300 }),
  message({ msg: "estimation", event_id: "e", rank: "first" }),
  message({ msg: "process_starts", event_id: "e" }),
  message({ msg: "log", event_id: "e", log: "x".repeat(10_000), level: 5 }),
  message({ msg: "progress", event_id: "e", progress_data: [{ index: -1, length: 0 }] }),
  message({ msg: "unexpected_error", event_id: null, message: "404: Not Found", session_not_found: true }),
  message({ msg: "close_stream", event_id: null }),
  message({ msg: "heartbeat", event_id: null }),
  "data: {no json\n\n",
  `data: ${"[".repeat(50_000)}\n\n`,
  ": comment\n".repeat(100),
  "\n".repeat(1000),
];
const bodies: readonly string[] = [
  '{"event_id":"e"}',
  '{"event_id":5}',
  "{}",
  "null",
  "<html><title>Asleep</title></html>",
  '{"detail":"Queue is full. Max size is 2 and size is 2."}',
  `{"detail":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
  "x".repeat(100_000),
  '{"version":"5.50.0","protocol":"sse_v3","api_prefix":"/gradio_api","dependencies":[{"id":0,"api_name":"chat"}]}',
];

const head: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ status: 200 }) },
  fc.constantFrom(204, 400, 401, 404, 413, 422, 500, 502, 503).map((status) => ({ status })),
  fc.constantFrom<Step>(
    { status: 429, headers: { "retry-after": "0" } },
    { status: 503, headers: { "retry-after": "99999999999" } },
    { status: 307, headers: { location: "/gradio_api/queue/join" } },
    { status: 302, headers: { location: "http://127.0.0.1:1/" } },
    { status: 301, headers: { location: "http://[" } },
    { status: 200, headers: { "content-length": "1000000" } },
    { status: 200, headers: { "content-encoding": "gzip" } },
    { status: 200, headers: { "set-cookie": "a=b; Max-Age=x", connection: "close" } },
  ),
);

function steps(texts: readonly string[]): fc.Arbitrary<readonly Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...texts).map((send) => ({ send })) },
    fc.integer({ min: 1, max: 60 }).map((waitMs) => ({ waitMs })),
    fc.record({ endless: fc.constantFrom(...texts), everyMs: fc.constantFrom(1, 20) }),
    fc.constantFrom<Step>({ by: "reset" }, { by: "silence" }, { by: "garbage" }),
  );
  return fc.tuple(head, fc.array(step, { maxLength: 5 })).map(([first, rest]) => [first, ...rest]);
}

const joined: fc.Arbitrary<readonly Step[]> = fc.constant([{ status: 200 }, { send: '{"event_id":"e"}' }]);

export const hostility: fc.Arbitrary<Hostility> = fc.record({
  // Most get as far as a stream.
  join: fc.oneof({ weight: 3, arbitrary: joined }, steps(bodies)),
  data: steps(messages),
  other: steps(bodies),
});

/** Starts a server that does so. */
export async function startHostileServer({ join, data, other }: Hostility) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const script = pathname.endsWith("/queue/data") ? data : /\/(?:queue\/join|call\/)/.test(pathname) ? join : other;
    request.resume();
    request.on("error", () => {});
    response.on("error", () => {});
    void play(script, request, response);
  });
  let sockets = 0;
  server.on("connection", (socket) => {
    sockets += 1;
    socket.on("close", () => (sockets -= 1)).on("error", () => {});
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Connections that are open. */
    sockets: () => sockets,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

async function play(script: readonly Step[], { socket }: IncomingMessage, response: ServerResponse): Promise<void> {
  const isOpen = (): boolean => !response.destroyed && !socket.destroyed;
  for (const step of script) {
    if (!isOpen()) return;
    if ("status" in step) response.writeHead(step.status, step.headers);
    else if ("send" in step) response.write(step.send);
    else if ("waitMs" in step) await pause(step.waitMs);
    else if ("endless" in step)
      for (let count = 0; isOpen() && count < 2000; count += 1) {
        response.write(step.endless);
        await pause(step.everyMs);
      }
    else {
      if (step.by === "reset") socket.resetAndDestroy();
      else if (step.by === "garbage") socket.end("\0\0 not HTTP\r\n\r\n");
      // A socket that is reset once it was ended never tells of its close.
      return;
    }
  }
  if (isOpen()) response.end();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
