import type { Provider, ProviderPart } from "@qwen/core";
import { describe, expect, test } from "vitest";

import { type ContractSubject, providerContract, type ScriptItem, scriptedProvider } from "../../src/index.ts";
import { type Break, CALL, changed, finish, INPUT, START } from "./broken.ts";
import { createReference } from "./reference.ts";

/** Runs the check of this name on a changed reference. */
async function check(name: string, change: Break["provider"]): Promise<void> {
  const reference = createReference();
  const provider: Provider = { ...reference.provider, ...change?.(reference) };
  const found = providerContract({ create: () => provider, service: reference.service }).find(
    (one) => one.name === name,
  );
  await found?.run();
}

describe("a part that is not well-formed fails by that name", () => {
  test.each<[string, object]>([
    ["a warning without words", { ...START, warnings: [{ feature: "seed", message: "" }] }],
    ["a source of nothing", { type: "source" }],
    ["a source whose url is none", { type: "source", url: "https://example.com" }],
    ["a tool call whose input is no JSON", { ...CALL, input: "{" }],
    ["a tool call without an id", { ...CALL, toolCallId: "" }],
    ["a piece of input without a tool", { ...INPUT, toolName: "" }],
    ["a piece of input that is none", { ...INPUT, text: 1 }],
    ["usage below zero", { ...finish, usage: { outputTokens: -1 } }],
    ["usage that is no number", { ...finish, usage: { reasoningTokens: Number.NaN } }],
  ])("%s", async (_, part) => {
    const change = changed((own) => (own.type === "finish" ? [part as ProviderPart, own] : [own]));
    await expect(check("yields well-formed parts", change)).rejects.toThrow(/./u);
  });
});

test("a provider that uses all of the contract keeps it", async () => {
  const script: readonly ScriptItem[] = [
    { ...START, warnings: [{ feature: "seed", message: "There is none." }], response: { id: "1" } },
    { type: "reasoning-delta", text: "Hm" },
    { type: "reasoning-end", providerMetadata: { own: { signature: "s" } } },
    { type: "source", url: new URL("https://example.com"), title: "Example" },
    "Hello",
    { ...INPUT, text: "{" },
    { ...INPUT, text: "}" },
    CALL,
    {
      ...finish,
      reason: "tool-calls",
      rawReason: "tool_calls",
      usage: { inputTokens: 1, outputTokens: 2, reasoningTokens: 1, raw: {} },
      warnings: [{ feature: "seed", message: "There is none." }],
    },
  ];
  const models = [{ id: "m", capabilities: { tools: true, files: false, prefill: false } }] as const;
  const subject: ContractSubject = {
    create: () => scriptedProvider({ models, script }),
    service: { answers: [{ prompt: "any", text: "Hello" }], slow: "any" },
  };
  // Those about a slow answer and about texts in pieces need other answers.
  for (const one of providerContract(subject).filter(({ name }) => !/stop|slow|as it comes|at once/u.test(name)))
    await one.run();
});
