import { strict as assert } from "node:assert";
import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { untilAtMost, within } from "../contract/calls.ts";
import type { ContractCheck } from "../contract/contract-subject.ts";
import type { ConformanceSubject } from "./conformance-subject.ts";
import { answeredParts, asking, generated, isOutput, rejection } from "./model-calls.ts";
import type { SaidPart } from "./tested-model.ts";

/** How a call ends before its time, and what it leaves. */
export function endingRules({
  model,
  service,
  prompt,
  atOnceMs,
  stopMs,
}: ConformanceSubject): readonly ContractCheck[] {
  const { slow, requests, running } = service;

  async function stopped(): Promise<void> {
    if (running !== undefined) await untilAtMost(0, "calls that still run", { count: running, ms: stopMs });
  }

  const checks: (ContractCheck | undefined)[] = [
    {
      name: "rejects with the reason of a signal that is aborted already, and asks nobody",
      async run() {
        const reason = new Error("the caller's own");
        const call = asking(prompt, { abortSignal: AbortSignal.abort(reason) });
        const before = await requests?.();
        assert.equal(await within(atOnceMs, "doStream", rejection("doStream", model.doStream(call))), reason);
        assert.equal(await within(atOnceMs, "doGenerate", rejection("doGenerate", model.doGenerate(call))), reason);
        await sleep(20);
        assert.equal(await requests?.(), before, "requests");
      },
    },
    slow === undefined
      ? undefined
      : {
          name: "throws the reason of its caller's abort at once, and stops the work",
          async run() {
            const abort = new AbortController();
            const reason = new Error("the caller's own");
            const reader = await untilOutput(await model.doStream(asking(slow, { abortSignal: abort.signal })));
            const reading = rejection("reading", drained(reader));
            await sleep(10);
            abort.abort(reason);
            assert.equal(await within(atOnceMs, "the end of the stream", reading), reason);
            await stopped();
          },
        },
    slow === undefined
      ? undefined
      : {
          name: "rejects a whole answer with the reason of its caller's abort at once, and stops the work",
          async run() {
            const abort = new AbortController();
            const reason = new Error("the caller's own");
            const asked = rejection("doGenerate", model.doGenerate(asking(slow, { abortSignal: abort.signal })));
            await sleep(30);
            abort.abort(reason);
            assert.equal(await within(atOnceMs, "the rejection", asked), reason);
            await stopped();
          },
        },
    slow === undefined
      ? undefined
      : {
          name: "stops the work where its stream is cancelled, at once",
          async run() {
            const reader = await untilOutput(await model.doStream(asking(slow)));
            await within(atOnceMs, "cancel()", reader.cancel());
            await stopped();
          },
        },
    {
      name: "leaves no listener on its caller's signal",
      async run() {
        const { signal } = new AbortController();
        for (let call = 0; call < 3; call++) {
          await answeredParts(model, asking(prompt, { abortSignal: signal }));
          await generated(model, asking(prompt, { abortSignal: signal }));
        }
        if (slow !== undefined)
          await (await untilOutput(await model.doStream(asking(slow, { abortSignal: signal })))).cancel();
        const count = (): number => getEventListeners(signal, "abort").length;
        await untilAtMost(0, "listeners", { count, ms: stopMs });
      },
    },
  ];
  return checks.filter((check) => check !== undefined);
}

type Reader = ReadableStreamDefaultReader<object>;

async function untilOutput({ stream }: { readonly stream: ReadableStream<object> }): Promise<Reader> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    assert.ok(!done, "the answer ended before it had any output");
    if (isOutput(value as SaidPart)) return reader;
  }
}

async function drained(reader: Reader): Promise<void> {
  while (!(await reader.read()).done);
}
