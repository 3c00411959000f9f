import { strict as assert } from "node:assert";
import { getEventListeners } from "node:events";

import { answered, ask, transcribe, untilAtMost, untilText } from "./calls.ts";
import type { ContractCheck, ContractSubject } from "./contract-subject.ts";

/** What must not be left behind. */
export function leakChecks({ create, service, stopMs = 2000 }: ContractSubject): readonly ContractCheck[] {
  const { answers, slow, failures = [], sockets } = service;
  const [{ prompt }] = answers;

  const checks: (ContractCheck | undefined)[] = [
    {
      name: "leaves no listener on the signal",
      async run() {
        const provider = await create();
        const { signal } = new AbortController();
        for (let call = 0; call < 5; call++) await answered(provider, ask(prompt, { signal }));
        for (const failure of failures) await transcribe(provider.stream(ask(failure.prompt, { signal })));
        await (await untilText(provider.stream(ask(slow, { signal })))).return?.();
        const count = (): number => getEventListeners(signal, "abort").length;
        await untilAtMost(0, "listeners", { count, ms: stopMs });
      },
    },
    {
      name: "leaves no timer",
      async run() {
        const provider = await create();
        await answered(provider, ask(prompt));
        const before = timers();
        for (let call = 0; call < 3; call++) await answered(provider, ask(prompt));
        for (const failure of failures) await transcribe(provider.stream(ask(failure.prompt)));
        await (await untilText(provider.stream(ask(slow)))).return?.();
        await provider.close?.();
        await untilAtMost(before, "timers", { count: timers, ms: stopMs });
      },
    },
    sockets && {
      name: "does not open a socket for every call, and close() leaves none",
      async run() {
        const provider = await create();
        const before = await sockets();
        for (let call = 0; call < 10; call++) await answered(provider, ask(prompt));
        const opened = (await sockets()) - before;
        assert.ok(opened <= 4, `${opened} sockets are open after 10 calls, one after the other`);
        if (provider.close === undefined) return;
        await provider.close();
        await untilAtMost(before, "sockets", { count: sockets, ms: stopMs });
      },
    },
  ];
  return checks.filter((check) => check !== undefined);
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}
