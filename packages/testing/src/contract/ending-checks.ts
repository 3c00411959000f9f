import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";

import type { ProviderPart } from "@qwen/core";

import { ask, untilAtMost, untilText, within } from "./calls.ts";
import type { ContractCheck, ContractSubject } from "./contract-subject.ts";

/** How an answer ends before its time. */
export function endingChecks({
  create,
  service,
  atOnceMs = 250,
  stopMs = 2000,
}: ContractSubject): readonly ContractCheck[] {
  const { slow, requests, running } = service;

  /** Starts the slow answer, waits for text, ends it, and waits for the service to have stopped. */
  const stops = (
    name: string,
    end: (iterator: AsyncIterator<ProviderPart>, abort: AbortController) => Promise<void>,
  ): ContractCheck => ({
    name,
    async run() {
      const provider = await create();
      const abort = new AbortController();
      await end(await untilText(provider.stream(ask(slow, { signal: abort.signal }))), abort);
      if (running !== undefined) await untilAtMost(0, "jobs that still run", { count: running, ms: stopMs });
      await provider.close?.();
    },
  });

  const checks: (ContractCheck | undefined)[] = [
    {
      name: "rejects with the signal's own reason, and sends nothing, when it was aborted before",
      async run() {
        const before = await requests?.();
        const reason = new Error("the caller's own");
        const stream = (await create()).stream(ask(slow, { signal: AbortSignal.abort(reason) }));
        const error = await within(atOnceMs, "the rejection", rejection(stream[Symbol.asyncIterator]().next()));
        assert.equal(error, reason);
        await sleep(50);
        assert.equal(await requests?.(), before, "requests");
      },
    },
    stops("an abort rejects with the signal's own reason at once and stops the work", async (iterator, abort) => {
      const reason = new Error("the caller's own");
      const pending = drain(iterator);
      await sleep(20);
      abort.abort(reason);
      assert.equal(await within(atOnceMs, "the rejection", rejection(pending)), reason);
    }),
    {
      name: "an abort before anything has arrived ends the call at once and stops the work",
      async run() {
        const abort = new AbortController();
        const next = drain((await create()).stream(ask(slow, { signal: abort.signal }))[Symbol.asyncIterator]());
        await sleep(5);
        abort.abort();
        assert.equal(await within(atOnceMs, "the rejection", rejection(next)), abort.signal.reason);
        if (running === undefined) return;
        await sleep(100);
        await untilAtMost(0, "jobs that still run", { count: running, ms: stopMs });
      },
    },
    stops("break stops the work", async (iterator) => {
      await within(
        atOnceMs,
        "the loop's end",
        forEach(iterator, () => "leave"),
      );
    }),
    stops("a consumer that throws stops the work and gets its own error", async (iterator) => {
      const own = new Error("the consumer's own");
      const loop = forEach(iterator, () => {
        throw own;
      });
      assert.equal(await within(atOnceMs, "the loop's end", rejection(loop)), own);
    }),
    stops("return() while a next() waits ends both at once and stops the work", async (iterator) => {
      const pending = iterator
        .next()
        .then(() => iterator.next())
        .then(
          () => iterator.next(),
          () => undefined,
        );
      const result = await within(atOnceMs, "return()", Promise.resolve(iterator.return?.()));
      assert.equal(result?.done, true);
      await within(atOnceMs, "the next() that waited", pending);
      assert.equal((await within(atOnceMs, "a next() afterwards", iterator.next())).done, true);
    }),
    stops("throw(), where there is one, ends the answer at once and stops the work", async (iterator) => {
      const own = new Error("the consumer's own");
      if (iterator.throw === undefined) await iterator.return?.();
      else assert.equal(await within(atOnceMs, "throw()", rejection(iterator.throw(own))), own);
      assert.equal((await within(atOnceMs, "a next() afterwards", iterator.next())).done, true);
    }),
  ];
  return checks.filter((check) => check !== undefined);
}

async function forEach(iterator: AsyncIterator<ProviderPart>, visit: (part: ProviderPart) => "leave"): Promise<void> {
  for await (const part of { [Symbol.asyncIterator]: () => iterator }) {
    if (visit(part) === "leave") break;
  }
}

async function drain(iterator: AsyncIterator<ProviderPart>): Promise<void> {
  while ((await iterator.next()).done !== true);
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: "it did not reject" });
}
