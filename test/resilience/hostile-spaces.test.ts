import { createRouter } from "@qwen/core";
import { createSpaceProvider } from "@qwen/core/gradio";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { capabilities } from "../../packages/core/test/router/scripted.ts";
import { ask, caller, check, deciding, decision, watch, watching, type Caller } from "./careless-callers.ts";
import { hostility, startHostileServer, type Hostility } from "./hostile-server.ts";
import { settled } from "./leftovers.ts";

// Any caller at any server, over real sockets: what always holds all the same.

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", onUnhandled);
});
afterEach(() => void process.off("unhandledRejection", onUnhandled));

/** Beyond its clock a call may need so many ms on a machine that is busy with others. */
const BUSY_MS = 6000;
const TOTAL_MS = 400;
const AT_ONCE = 40;

function space(id: string, url: string, earlyStream: boolean) {
  return createSpaceProvider(
    {
      id,
      space: url,
      endpoint: "chat",
      fnIndex: 0,
      models: [{ id: "m", aliases: [], capabilities }],
      inputs: ({ messages }) => [messages.at(-1)?.content],
      outputs: { "~standard": { version: 1, validate: () => ({}) } },
      answer: { at: [0] },
    },
    { earlyStream },
  );
}

interface Story {
  readonly apps: readonly Hostility[];
  readonly callers: readonly Caller[];
  readonly earlyStream: boolean;
  readonly watches: string;
  readonly decides: string;
}

const story: fc.Arbitrary<Story> = fc.record({
  apps: fc.array(hostility, { minLength: 1, maxLength: 2 }),
  callers: fc.array(caller, { minLength: 1, maxLength: 3 }),
  earlyStream: fc.boolean(),
  watches: watching,
  decides: deciding,
});

/** Tells it once; rejects with what did not hold. */
async function tell({ apps, callers, earlyStream, watches, decides }: Story): Promise<void> {
  const servers = await Promise.all(apps.map((app) => startHostileServer(app)));
  const router = createRouter({
    plugins: servers.map(({ url }, index) => space(String.fromCodePoint(97 + index), url, earlyStream)),
    timeouts: { totalMs: TOTAL_MS, connectMs: 200, headersMs: 150, firstOutputMs: 150, idleMs: 150, queueMs: 150 },
    limits: { maxConcurrent: 2 },
    retry: { baseDelayMs: 0, ...decision(decides) },
  });
  watch(router, watches);
  const calls = callers.map(({ how, slowMs, abort }) => {
    const controller = new AbortController();
    if (abort !== null) setTimeout(() => controller.abort(abort.reason), abort.afterMs % TOTAL_MS).unref();
    const reading = ask(router, { how, slowMs: slowMs % 50, abort: controller.signal });
    return Promise.resolve(reading).then((end) => check(end, abort?.reason));
  });
  await before(TOTAL_MS + BUSY_MS, "the calls", Promise.all(calls));
  const busy = () => router.health().flatMap(({ busy: open }) => (open > 0 ? [`${open} busy`] : []));
  // Who reads one part and sleeps has its place back by the clock.
  expect(await settled(busy, { withinMs: TOTAL_MS + BUSY_MS })).toEqual([]);
  await before(BUSY_MS, "close()", router.close());
  const open = () => servers.flatMap(({ sockets }) => (sockets() > 0 ? [`${sockets()} sockets`] : []));
  // Clean-ups go on behind it: a request of theirs takes ten seconds at most, and there are three in a row at most.
  expect(await settled(open, { withinMs: 31_000 + BUSY_MS })).toEqual([]);
  await Promise.all(servers.map(({ close }) => close()));
}

test("every call at a hostile Space ends with one finish or one error, and leaves no socket, place or rejection", async () => {
  const seed = Number(process.env["TEST_SEED"] ?? 0);
  const stories = fc.sample(story, { seed, numRuns: process.env["TEST_ALL"] === "1" ? 600 : 40 });
  // Many at a time: most of their time is waiting for clocks.
  for (let index = 0; index < stories.length; index += AT_ONCE) {
    const told = stories.slice(index, index + AT_ONCE).map(async (one) => {
      await tell(one).catch((error: unknown) => {
        throw new Error(`seed ${seed}: ${fc.stringify(one)}`, { cause: error });
      });
    });
    await Promise.all(told);
    expect(unhandled).toEqual([]);
  }
}, 900_000);

/** What a promise resolves with; fails where that takes longer. */
async function before<Value>(ms: number, what: string, promise: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} did not end within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
