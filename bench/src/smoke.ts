import { runTask } from "./run-task.ts";
import type { Traffic } from "./server/http.ts";
import { type BenchServer, startBenchServer } from "./server/server.ts";
import { GRADIO_VERSIONS, type Protocol } from "./server/wire.ts";
import { CHAT_CLIENTS, type ClientName, NODE_CLIENTS, type NodeClientName } from "./task.ts";

/** What a client sends and opens: before the first text of a first call, and in all of two calls. */
interface Expected {
  readonly requests: number;
  readonly connections: number;
  readonly requestsInAll: number;
  /** At most. */
  readonly connectionsInAll: number;
  /** Requests that did not wait for the answer to the one before them. */
  readonly pipelinedInAll: number;
}

const FLOOR: Expected = { requests: 2, connections: 1, requestsInAll: 4, connectionsInAll: 1, pipelinedInAll: 0 };
// `/config` is read once, beside the first stream: over a second connection, unless the stream is over by then.
const OURS: Expected = { requests: 2, connections: 1, requestsInAll: 5, connectionsInAll: 2, pipelinedInAll: 0 };

/** Every client in Node, so that none is forgotten. */
const EXPECTED: Readonly<Record<NodeClientName, Expected>> = {
  "floor-undici": FLOOR,
  "floor-http": FLOOR,
  router: OURS,
  // Whether a front keeps connections open is known behind the first answer; until then the stream has one of its own.
  early: { ...OURS, connections: 2, connectionsInAll: 3, pipelinedInAll: 1 },
  provider: OURS,
  "gradio-js": { requests: 4, connections: 2, requestsInAll: 6, connectionsInAll: 2, pipelinedInAll: 0 },
};

/** One request a call, all on one connection. */
const CHAT: Expected = { requests: 1, connections: 1, requestsInAll: 2, connectionsInAll: 1, pipelinedInAll: 0 };

/** Long enough that of two requests written at once the second arrives before the answer to the first has left, on a busy machine too. */
const rttMsOf = ({ pipelinedInAll }: Expected): number => (pipelinedInAll > 0 ? 200 : 40);

/** Of a delta of eight characters, chunk framing and all. */
const BYTES_A_DELTA: Readonly<Record<Protocol, number>> = { "5.50": 315, "6.31": 324, chat: 249 };

/**
 * Runs every client for a moment and checks what is exact: requests, connections and bytes. Throws where one is not as
 * expected, or where the bench itself is broken. Times are not looked at.
 */
export async function checkCounts({
  log,
  chat = CHAT_CLIENTS,
}: {
  readonly log: (line: string) => void;
  /** Of an OpenAI-compatible server. @defaultValue all */
  readonly chat?: readonly (typeof CHAT_CLIENTS)[number][];
}): Promise<void> {
  const problems: string[] = [];
  const check = (what: string, actual: number, expected: number): void => {
    if (actual !== expected) problems.push(`${what}: ${actual}, not ${expected}`);
  };

  for (const version of [...GRADIO_VERSIONS, "chat"] as const) {
    await using server = await startBenchServer(version);
    const clients =
      version === "chat"
        ? chat.map((client) => [client, CHAT] as const)
        : NODE_CLIENTS.map((client) => [client, EXPECTED[client]] as const);
    for (const [client, expected] of clients) {
      const name = `${client} on ${version}`;
      const short = await callTwice(server, { client, deltas: 10, rttMs: rttMsOf(expected) });
      const long = await callTwice(server, { client, deltas: 110 });
      check(`${name}: requests before the first text`, short.firstOutput.requests, expected.requests);
      check(`${name}: connections before the first text`, short.firstOutput.connections, expected.connections);
      check(`${name}: requests`, short.total.requests, expected.requestsInAll);
      check(
        `${name}: connections`,
        Math.max(short.total.connections, expected.connectionsInAll),
        expected.connectionsInAll,
      );
      check(`${name}: pipelined requests`, short.total.pipelined, expected.pipelinedInAll);
      // Two calls of a hundred more deltas, told once as they come and once at the end.
      const bytes = (long.total.bytesOut - short.total.bytesOut) / 200 - 8;
      check(`${name}: bytes a delta`, Math.round(bytes), BYTES_A_DELTA[version]);
      await checkStreams(server, client, problems);
      log(`${name}: checked`);
    }
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

async function callTwice(
  server: BenchServer,
  { client, deltas, rttMs = 0 }: { readonly client: ClientName; readonly deltas: number; readonly rttMs?: number },
): Promise<{ readonly total: Traffic; readonly firstOutput: Traffic }> {
  const { url, version } = server;
  await server.reset({ rttMs });
  await runTask<"answers">({ kind: "answers", client, url, version, deltas, calls: 2 });
  return server.counts();
}

async function checkStreams(server: BenchServer, client: ClientName, problems: string[]): Promise<void> {
  const { url, version } = server;
  const { errors } = await runTask<"streams">({
    kind: "streams",
    client,
    url,
    version,
    streams: 20,
    deltas: 10,
    intervalMs: 5,
  });
  if (errors > 0) problems.push(`${client} on ${version}: ${errors} of 20 streams failed`);
}
