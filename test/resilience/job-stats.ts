import { request } from "node:http";

/** What an app counts of the runs of one job. */
export interface JobStats {
  readonly started: number;
  readonly steps: number;
  readonly finished: number;
  readonly stopped: number;
  readonly failed: number;
  /** Started, and neither finished, stopped nor failed. */
  readonly running: number;
}

/**
 * Asks a real app what became of a job, past the SDK and on a connection of its own that leaves nothing behind. `url`
 * is that of the endpoint, without the queue.
 */
export async function jobStats(url: string, job: string): Promise<JobStats> {
  const { data } = JSON.parse(await post(url, JSON.stringify({ data: [job] }))) as { readonly data: readonly [string] };
  const stats = JSON.parse(data[0]) as Omit<JobStats, "running">;
  return { ...stats, running: stats.started - stats.finished - stats.stopped - stats.failed };
}

function post(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const outgoing = request(url, { method: "POST", headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
