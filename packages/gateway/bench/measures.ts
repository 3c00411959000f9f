import type { ClientRequest, IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import type { Child, Memory } from "./child.ts";
import { post, quantile, responseTo, type Target, timesOf } from "./client.ts";

/** Pieces of the answer of `words`. */
const CHUNKS = 2000;

/** Characters of each piece of the answer of `huge`. */
const HUGE_PIECE = 10_000;

/** Answers before those that are timed. */
const WARM_UP = 2000;

/** Medians, in ms: until the first text of a stream, and until the end of a short answer that is wanted whole. */
export interface Waits {
  readonly firstText: number;
  readonly whole: number;
}

/** Asks all of them by turns, so that what else a machine does meets each alike. */
export async function waits(targets: readonly Target[], rounds: number): Promise<readonly Waits[]> {
  const all = targets.map((target) => ({ target, first: [] as number[], whole: [] as number[] }));
  // The first ones are for compilers.
  for (const { target } of all)
    for (let times = 0; times < WARM_UP; times++) await timesOf(target, { model: "short", stream: times % 2 === 0 });
  for (let round = 0; round < rounds; round++) {
    for (const { target, first, whole } of all) {
      first.push((await timesOf(target, { model: "short", stream: true })).firstText);
      whole.push((await timesOf(target, { model: "short", stream: false })).whole);
    }
  }
  return all.map(({ first, whole }) => ({ firstText: quantile(first, 0.5), whole: quantile(whole, 0.5) }));
}

/**
 * CPU of a piece of a streamed answer in the process of each target, in µs, by turns; and in the same process as the first where that
 * only reads its router.
 */
export async function cpuOfChunks(
  servers: readonly { readonly process: Child; readonly target: Target }[],
  rounds: number,
): Promise<{ readonly of: readonly number[]; readonly core: number }> {
  const all = servers.map((server) => ({ ...server, took: [] as number[] }));
  const core: number[] = [];
  for (let round = -rounds; round < rounds; round++) {
    for (const { process, target, took } of all) {
      const before = await process.ask<number>("cpuMs");
      for (let times = 0; times < 5; times++) await timesOf(target, { model: "words", stream: true });
      const spent = (await process.ask<number>("cpuMs")) - before;
      if (round >= 0) took.push((spent * 1000) / (5 * CHUNKS));
    }
    const read = (await all[0]?.process.ask<number>("readByCore", 5)) ?? Number.NaN;
    if (round >= 0) core.push((read * 1000) / (5 * CHUNKS));
  }
  return { of: all.map(({ took }) => quantile(took, 0.5)), core: quantile(core, 0.5) };
}

/** What many streams at once hold in the gateway, in bytes each, and how many of them failed. */
export async function manyStreams(
  gateway: Child,
  target: Target,
  count: number,
): Promise<{ held: number; errors: number }> {
  let errors = 0;
  const before = await gateway.ask<Memory>("memory");
  const ends: Promise<unknown>[] = [];
  const begun: Promise<void>[] = [];
  for (let index = 0; index < count; index++) {
    const response = responseTo(post(target, { model: "paced", stream: true }, false));
    begun.push(
      response.then(
        () => {},
        () => {},
      ),
    );
    ends.push(response.then(endOf).catch(() => errors++));
    if (index % 50 === 49) await sleep(20);
  }
  await Promise.all(begun);
  const during = await gateway.ask<Memory>("memory");
  await Promise.all(ends);
  return { held: (during.held - before.held) / count, errors };
}

async function endOf(response: IncomingMessage): Promise<void> {
  let tail = "";
  for await (const chunk of response) tail = (tail + String(chunk)).slice(-50);
  if (!tail.includes("[DONE]")) throw new Error("It was cut.");
}

/** What readers of a 10 MB answer who stall hold in the gateway, in bytes each: what is alive, and RSS of a second round. */
export async function stalledReaders(
  { gateway, upstream }: { readonly gateway: Child; readonly upstream: Child },
  target: Target,
  { readers, rounds = 2 }: { readonly readers: number; readonly rounds?: number },
): Promise<{ readonly held: number; readonly rss: number; readonly said: number }> {
  let last = { held: 0, rss: 0, said: 0 };
  for (let round = 0; round < rounds; round++) {
    await upstream.ask("forget");
    const before = await gateway.ask<Memory>("memory");
    const calls: ClientRequest[] = [];
    for (let index = 0; index < readers; index++) {
      const call = post(target, { model: "huge", stream: true }, false);
      calls.push(call);
      const response = await responseTo(call);
      response.on("error", () => {});
      response.pause();
    }
    const said = await untilStill(upstream);
    const during = await gateway.ask<Memory>("memory");
    const [held, rss] = [during.held - before.held, during.rss - before.rss];
    last = { held: held / readers, rss: rss / readers, said: (said * HUGE_PIECE) / readers };
    for (const call of calls) call.destroy();
    await sleep(500);
  }
  return last;
}

async function untilStill(upstream: Child): Promise<number> {
  for (let before = -1; ; await sleep(300)) {
    const now = await upstream.ask<number>("pieces");
    if (now === before) return now;
    before = now;
  }
}
