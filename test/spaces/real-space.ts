import { startSpace, type ServerProcess, type SpaceName } from "@qwen/local-spaces";
import { afterAll, beforeAll } from "vitest";

/** What became of the runs of one `JOB` of a script, as the app itself counts. */
export interface JobStats {
  readonly started: number;
  readonly steps: number;
  readonly finished: number;
  readonly stopped: number;
  readonly failed: number;
}

/** A Space of this repository on its own Gradio, answering by script. */
export interface RealSpace {
  readonly name: SpaceName;
  /** Known while the tests run. */
  readonly url: string;
  /** Asks the app, past the SDK. */
  stats(job: string): Promise<JobStats>;
  /** How many answers of a job the app works on right now. */
  working(job: string): Promise<number>;
}

/** Gradio before 5 has no prefix. */
const PREFIXES: Readonly<Record<SpaceName, string>> = { max: "/gradio_api", qvq: "/gradio_api", "1m": "", "72b": "" };

/** Longer than any step of a job that {@link RealSpace.working} is asked about. */
const STEP_MS = 150;

/** Starts a Space before the tests of a file, once for all of them, and stops it after. */
export function useRealSpace(name: SpaceName): RealSpace {
  let server: ServerProcess | undefined;
  beforeAll(async () => {
    server = await startSpace(name);
  });
  afterAll(() => server?.stop());

  function url(): string {
    if (server === undefined) throw new Error(`The Space ${name} is not started yet.`);
    return server.url;
  }

  async function stats(job: string): Promise<JobStats> {
    const response = await fetch(`${url()}${PREFIXES[name]}/run/job_stats`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ data: [job] }),
    });
    const { data } = (await response.json()) as { readonly data: readonly [string] };
    return JSON.parse(data[0]) as JobStats;
  }

  return {
    name,
    get url() {
      return url();
    },
    stats,
    async working(job) {
      const { started, finished, stopped, failed, steps } = await stats(job);
      const open = started - finished - stopped - failed;
      if (open === 0) return 0;
      // Gradio 4.44 may leave a generator open that it no longer asks: what counts is whether it goes on.
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
      return (await stats(job)).steps === steps ? 0 : open;
    },
  };
}
