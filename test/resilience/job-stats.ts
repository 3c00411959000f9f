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

/** Asks a real app what became of a job, past the SDK. `url` is that of the endpoint, without the queue. */
export async function jobStats(url: string, job: string): Promise<JobStats> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ data: [job] }),
  });
  const { data } = (await response.json()) as { readonly data: readonly [string] };
  const stats = JSON.parse(data[0]) as Omit<JobStats, "running">;
  return { ...stats, running: stats.started - stats.finished - stats.stopped - stats.failed };
}
