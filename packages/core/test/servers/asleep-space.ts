import { createTransport } from "../../src/http/undici-transport.ts";
import type { Transport } from "../../src/http/transport.ts";
import { completed, configOf, oneJob, says, startTestSpace, type TestSpace } from "./test-space.ts";

/** What the hosting platform shows in the place of an app that does not run. */
export const PAGE = "<!DOCTYPE html><title>Sleeping</title>";

/** A Space that is awake or not, and a hub that says in which stage it is. */
export async function startAsleep(stages: readonly (string | number)[]) {
  let isAwake = false;
  const lookedAt: number[] = [];
  const page = ({ reply }: { reply: TestSpaceReply }): void => reply(503, PAGE, { "content-type": "text/html" });
  const space = await startTestSpace({
    ...oneJob,
    call: (exchange) => (isAwake ? oneJob.call(exchange) : page(exchange)),
    join: (exchange) => (isAwake ? oneJob.join(exchange) : page(exchange)),
    config: (exchange) => (isAwake ? exchange.reply(200, configOf({})) : page(exchange)),
    upload: (exchange) => (isAwake ? exchange.reply(200, ["/tmp/a"]) : page(exchange)),
    data: says(completed(["awake"])),
  });
  const hub = await startTestSpace({
    other: ({ reply }) => {
      const stage = stages[Math.min(lookedAt.length, stages.length - 1)];
      lookedAt.push(performance.now());
      if (stage === "RUNNING") isAwake = true;
      if (typeof stage === "number") reply(stage, { error: "no" });
      else reply(200, { id: "owner/name", runtime: { stage } });
    },
  });
  return {
    space,
    hub,
    wake: () => void (isAwake = true),
    polls: () => lookedAt.length,
    /** The shortest time from one look to the next, in ms. */
    shortestGap: () => Math.min(...lookedAt.slice(1).map((at, index) => at - (lookedAt[index] ?? 0))),
    [Symbol.asyncDispose]: async () => void (await Promise.all([space.close(), hub.close()])),
  };
}

type TestSpaceReply = (status: number, body: unknown, headers?: Readonly<Record<string, string>>) => void;

/** Leads to the test's Space what is meant for one on Hugging Face. */
export function leadingTo(space: TestSpace): Transport {
  const transport = createTransport({});
  return {
    request(request) {
      const url = request.url.hostname.endsWith(".hf.space")
        ? new URL(request.url.pathname + request.url.search, space.origin)
        : request.url;
      return transport.request({ ...request, url });
    },
    close: () => transport.close(),
  };
}

/** Lets time pass until something is so, slowly enough for what is sent to arrive. */
export async function passUntil(time: { pass(ms: number): Promise<void> }, isSo: () => boolean): Promise<void> {
  while (!isSo()) await time.pass(100);
}

/** Whether a promise has settled. */
export function watched(promise: Promise<unknown>): () => boolean {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  return () => settled;
}
