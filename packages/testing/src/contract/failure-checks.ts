import { strict as assert } from "node:assert";

import { ask, assertFamily, refuses, transcribe } from "./calls.ts";
import type { ContractCheck, ContractSubject } from "./contract-subject.ts";

/** How a provider fails. */
export function failureChecks({ create, createUnreachable, service }: ContractSubject): readonly ContractCheck[] {
  const { answers, failures, requests } = service;
  const [{ prompt }] = answers;

  const checks: (ContractCheck | undefined)[] = [
    failures && {
      name: "throws an error of the family, after the text so far and without a finish, when the service fails",
      async run() {
        const provider = await create();
        for (const failure of failures) {
          const { failed, error, text, parts } = await transcribe(provider.stream(ask(failure.prompt)));
          assert.ok(failed, `"${failure.prompt}" did not fail`);
          assertFamily(error);
          assert.equal(text, failure.text, "the text so far");
          assert.ok(!parts.some(({ type }) => type === "finish"), "it has a finish");
        }
      },
    },
    createUnreachable && {
      name: "throws an error of the family when the service cannot be reached",
      async run() {
        const { error } = await transcribe((await createUnreachable()).stream(ask(prompt)));
        assertFamily(error);
      },
    },
    {
      name: "refuses what the model cannot take with `unsupported`, before anything is sent",
      async run() {
        const provider = await create();
        const { images, tools, json } = provider.models[0].capabilities ?? {};
        const picture = { type: "image", image: new Uint8Array([1, 2, 3]) } as const;
        const tool = { name: "clock", inputSchema: { type: "object" } };
        const asked = [
          !images && { messages: [{ role: "user", content: [{ type: "text", text: prompt }, picture] }] as const },
          !tools && ask(prompt, { settings: { tools: [tool] } }),
          !json && ask(prompt, { settings: { responseFormat: { type: "json" } } }),
        ];
        await refuses(provider, asked, requests);
      },
    },
    {
      name: "answers, with a warning at most, when it is asked for settings it does not know",
      async run() {
        const settings = { temperature: 0.5, topP: 0.9, seed: 7, maxOutputTokens: 1000, stopSequences: ["\u0000"] };
        const { failed, error } = await transcribe((await create()).stream(ask(prompt, { settings })));
        if (failed) throw error;
      },
    },
  ];
  return checks.filter((check) => check !== undefined);
}
