import { strict as assert } from "node:assert";

import type { ContractCheck, ContractSubject } from "./contract-subject.ts";

/** What a provider says of itself. */
export function identityChecks({ create }: ContractSubject): readonly ContractCheck[] {
  return [
    {
      name: "has an id without a slash, and models whose names are its own",
      async run() {
        const { id, models } = await create();
        assert.match(id, /^[^/]+$/u);
        assert.ok(models.length > 0, "it has no models");
        const names = models.flatMap((model) => [model.id, ...(model.aliases ?? [])]);
        assert.deepEqual(
          names.filter((name) => name === ""),
          [],
          "a name is empty",
        );
        assert.deepEqual(
          names.filter((name, index) => names.indexOf(name) !== index),
          [],
          "a name is there twice",
        );
      },
    },
    {
      name: "says of every model what it can do",
      async run() {
        for (const { capabilities } of (await create()).models) {
          const {
            images,
            files,
            tools,
            json,
            conversation,
            prefill,
            system,
            history,
            settings = [],
          } = capabilities ?? {};
          for (const capability of [images, files, tools, json, conversation, prefill])
            assert.ok(capability === undefined || typeof capability === "boolean", String(capability));
          for (const slot of [system, history])
            assert.ok(slot === undefined || slot === "native" || slot === "prompt", `"${slot}"`);
          for (const setting of settings) assert.equal(typeof setting, "string");
        }
      },
    },
  ];
}
