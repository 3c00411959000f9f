import { debug } from "../debug.ts";
import { readText } from "../http/transport.ts";
import { sleep, startTimer } from "../timers.ts";
import { findEndpoint } from "./config.ts";
import type { Session } from "./session.ts";

/** A job that is to be stopped on its server. */
export interface StoppableJob {
  readonly session: Session;
  /** Name of the endpoint, to check a guessed `fn_index` by. */
  readonly endpoint: string | undefined;
  readonly fnIndex: number | undefined;
  readonly eventId: string | undefined;
  /** Whether it has yielded something. */
  readonly stepped: boolean;
}

/** Longest time a clean-up may take, in ms. */
export const CLEANUP_MS = 10_000;
/**
 * How long after closing the stream `/cancel` goes out where it would leave a generator open, in ms. Closing lets the
 * server end the generator at its next step; a `/cancel` that comes first drops it unclosed, and the model behind it
 * works on, unseen. Every Gradio does that before the first step, Gradio 4 after it as well.
 */
const CLOSING_MS = 500;

/**
 * Asks the server to stop a job whose stream was closed, if `/config` has confirmed its `fn_index`: a wrong one
 * restarts the job.
 */
export async function cancelJob({ session, endpoint, fnIndex, eventId, stepped }: StoppableJob): Promise<void> {
  const { client } = session;
  const config = client.knownConfig();
  const known = config === undefined || endpoint === undefined ? undefined : findEndpoint(config, endpoint);
  const verified = endpoint === undefined ? fnIndex : known?.fnIndex;
  if (verified === undefined || (fnIndex !== undefined && verified !== fnIndex)) return;
  if (!stepped || config?.version?.startsWith("4.") === true) await sleep(CLOSING_MS);
  await bounded(async (cleanUp) => {
    const response = await session.request({
      path: "cancel",
      json: { session_hash: session.hash, fn_index: verified, event_id: eventId },
      signal: cleanUp,
    });
    await readText(response.body, { signal: cleanUp });
    debug(() => `cancelled ${eventId} at ${client.url.host}: ${response.status}`);
  });
}

/** Stops what a join may have started whose stream was never read: opening and closing its session removes it. */
export async function sweepSession(job: StoppableJob): Promise<void> {
  const { session } = job;
  await bounded(async (cleanUp) => {
    const response = await session.request({
      path: `queue/data?session_hash=${session.hash}`,
      accept: "text/event-stream",
      signal: cleanUp,
    });
    response.body.cancel();
  });
  if (job.eventId !== undefined) await cancelJob(job);
}

/** Runs a clean-up for as long as it may take. */
async function bounded(work: (limit: AbortSignal) => Promise<void>): Promise<void> {
  const limit = new AbortController();
  const timer = startTimer(CLEANUP_MS, () => limit.abort(new Error("The clean-up took too long.")));
  try {
    await work(limit.signal);
  } finally {
    timer.stop();
  }
}
