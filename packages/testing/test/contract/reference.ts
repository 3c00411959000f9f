import { QwenError, SpaceError, type ProviderPart, textOf } from "@qwen/core";

import { type ContractService, type ScriptItem, scriptedProvider, type ScriptedProvider } from "../../src/index.ts";

/** What the reference provider answers, by prompt. */
const SCRIPTS: Readonly<Record<string, readonly ScriptItem[]>> = {
  pieces: ["Hello", { waitMs: 5 }, " there", { waitMs: 5 }, ", you.\n\n"],
  rewrite: ["Hello wurld", { type: "queue", position: 0 }, { type: "text-replace", text: "Hello world" }, "!"],
  slow: Array.from({ length: 60 }, (_, index) => [{ waitMs: 20 }, `${index} `]).flat(),
  fails: ["one ", "two ", new SpaceError("The model gave up…")],
};

/** A provider that keeps every promise, and the service behind it. */
export interface Reference {
  readonly provider: ScriptedProvider;
  readonly service: ContractService;
}

export function createReference(): Reference {
  const provider = scriptedProvider({
    script: ({ messages: [message] }) => SCRIPTS[message === undefined ? "" : textOf(message)] ?? [],
  });
  const { calls } = provider;
  return {
    provider,
    service: {
      answers: [
        { prompt: "pieces", text: "Hello there, you.\n\n" },
        { prompt: "rewrite", text: "Hello world!" },
      ],
      slow: "slow",
      failures: [{ prompt: "fails", text: "one two " }],
      requests: () => calls.length,
      running: () => calls.filter(({ state }) => state === "running").length,
      sockets: () => calls.filter(({ state }) => state === "running").length,
    },
  };
}

export const unreachable = () => scriptedProvider({ script: [new QwenError("connection", "Refused.")] });

/** The parts of a stream, changed one by one. */
export async function* mapParts(
  parts: AsyncIterable<ProviderPart>,
  change: (part: ProviderPart) => readonly ProviderPart[],
): AsyncGenerator<ProviderPart, void, undefined> {
  for await (const part of parts) yield* change(part);
}
