import { strict as assert } from "node:assert";

import type { ContractCheck } from "../contract/contract-subject.ts";
import type { ConformanceSubject } from "./conformance-subject.ts";
import { answeredParts, asking, CLOCK, isOutput, streamed } from "./model-calls.ts";
import { assertPart, reasonIn } from "./specified.ts";
import type { SaidPart } from "./tested-model.ts";

/** The order of the parts of a stream. */
export function streamRules({ model, service, prompt }: ConformanceSubject): readonly ContractCheck[] {
  const { answers, failures = [], toolCall } = service;

  /** The parts of each answer that is known. */
  async function each(check: (parts: readonly SaidPart[]) => void): Promise<void> {
    for (const asked of answers?.map((answer) => answer.prompt) ?? [prompt])
      check(await answeredParts(model, asking(asked)));
    if (toolCall !== undefined) check(await answeredParts(model, asking(toolCall, CLOCK)));
  }

  return [
    { name: "streams parts as the specification has them", run: () => each((parts) => parts.forEach(assertPart)) },
    {
      name: "begins a stream once, before any output, with what cannot be honoured",
      run: () =>
        each((parts) => {
          const starts = parts.filter(({ type }) => type === "stream-start");
          assert.equal(starts.length, 1, "parts of the type stream-start");
          const output = parts.findIndex(isOutput);
          const start = parts.findIndex(({ type }) => type === "stream-start");
          assert.ok(output < 0 || start < output, "it begins after its first output");
        }),
    },
    {
      name: "opens each block before its deltas and ends it before the finish, also of an answer that broke off",
      async run() {
        await each(assertBlocks);
        for (const failure of failures.filter(({ text }) => text !== ""))
          assertBlocks((await streamed(model, asking(failure.prompt))).parts);
      },
    },
    {
      name: "ends an answer with one finish and nothing behind it",
      run: () =>
        each((parts) => {
          assert.equal(parts.filter(({ type }) => type === "finish").length, 1, "parts of the type finish");
          assert.equal(parts.at(-1)?.type, "finish", "its last part");
          const reason = reasonIn(parts.at(-1)?.["finishReason"]);
          assert.ok(reason !== "error" && reason !== "interrupted", `it ends by ${reason}, without an error`);
        }),
    },
  ];
}

function assertBlocks(parts: readonly SaidPart[]): void {
  const open = new Map<unknown, string>();
  for (const { type, id } of parts) {
    const [, kind, what] = /^(text|reasoning|tool-input)-(start|delta|end)$/.exec(type) ?? [];
    if (type === "finish") assert.deepEqual([...open.keys()], [], "blocks that are open at the finish");
    if (kind === undefined) continue;
    if (what === "start") {
      assert.ok(!open.has(id), `a block of the id ${String(id)} is open already`);
      open.set(id, kind);
    } else assert.equal(open.get(id), kind, `the block of a ${type}`);
    if (what === "end") open.delete(id);
  }
}
