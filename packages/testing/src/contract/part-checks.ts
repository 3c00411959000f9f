import { strict as assert } from "node:assert";

import type { Message, ProviderPart, ProviderRequest, Settings, Warning } from "@qwen/core";

import { answered, ask, refuses, transcribe } from "./calls.ts";
import type { ContractCheck, ContractSubject } from "./contract-subject.ts";

/** What stands beside the words: the start of an answer, its warnings, tools, and what a model may be given. */
export function partChecks({ create, service }: ContractSubject): readonly ContractCheck[] {
  const { answers, requests } = service;
  const [{ prompt }] = answers;

  /** The parts of each known answer, then those of one that was asked for with settings. */
  async function each(check: (parts: readonly ProviderPart[]) => void): Promise<void> {
    const provider = await create();
    const asked = [...answers.map((answer) => ask(answer.prompt)), ask(prompt, { settings: SOME_SETTINGS })];
    for (const request of asked) check((await answered(provider, request)).parts);
    await provider.close?.();
  }

  return [
    {
      name: "tells its start once at most, before any output",
      run: () =>
        each((parts) => {
          const starts = parts.flatMap(({ type }, index) => (type === "start" ? [index] : []));
          assert.ok(starts.length <= 1, `${starts.length} starts`);
          const output = parts.findIndex(isOutput);
          assert.ok((starts[0] ?? -1) < (output < 0 ? parts.length : output), "the start comes after output");
        }),
    },
    {
      name: "repeats in its finish what its start has warned of",
      run: () =>
        each((parts) => {
          const told = new Set(warningsOf(parts, "finish").map(({ feature }) => feature));
          for (const { feature } of warningsOf(parts, "start"))
            assert.ok(told.has(feature), `the warning of ${feature}`);
        }),
    },
    {
      name: "warns of each setting that it does not say it honours, where it says which it does, and of no other",
      async run() {
        const provider = await create();
        const honoured = provider.models[0].capabilities?.settings;
        if (honoured === undefined) return;
        const { parts } = await answered(provider, ask(prompt, { settings: SOME_SETTINGS }));
        const told = new Set(warningsOf(parts, "finish").map(({ feature }) => feature));
        for (const name of Object.keys(SOME_SETTINGS) as (keyof Settings)[])
          assert.equal(told.has(name), !honoured.includes(name), `whether it warns of ${name}`);
      },
    },
    {
      name: "gives each tool call an id of its own, and tells it whole behind the pieces of its input",
      run: () =>
        each((parts) => {
          const calls = parts.flatMap((part, index) => (part.type === "tool-call" ? [{ ...part, index }] : []));
          assert.equal(new Set(calls.map(({ toolCallId }) => toolCallId)).size, calls.length, "ids of tool calls");
          for (const [index, part] of parts.entries()) {
            if (part.type !== "tool-input-delta") continue;
            const whole = calls.find(({ toolCallId }) => toolCallId === part.toolCallId);
            assert.ok(whole !== undefined && whole.index > index, `no call follows the input of ${part.toolCallId}`);
            assert.equal(whole.toolName, part.toolName, "the tool of a call");
          }
        }),
    },
    {
      name: "takes the calls and results of tools in a chat, if its model has tools",
      async run() {
        const provider = await create();
        if (provider.models[0].capabilities?.tools !== true) return;
        const { failed, error } = await transcribe(
          provider.stream({ messages: [...TOOL_CHAT, { role: "user", content: prompt }] }),
        );
        if (failed) throw error;
      },
    },
    {
      name: "refuses files and beginnings of answers with `unsupported`, before anything is sent, if it says that its model takes none",
      async run() {
        const provider = await create();
        const { files, prefill } = provider.models[0].capabilities ?? {};
        const asked: (ProviderRequest | false)[] = [
          files === false && { messages: [{ role: "user", content: [{ type: "text", text: prompt }, FILE] }] },
          prefill === false && { messages: [...ask(prompt).messages, { role: "assistant", content: "Once" }] },
        ];
        await refuses(provider, asked, requests);
      },
    },
  ];
}

/** Some of each kind that nearly every model answers with. */
const SOME_SETTINGS = {
  temperature: 0.5,
  topK: 40,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: 7,
  reasoning: "low",
} as const satisfies Settings;

const FILE = {
  type: "file",
  file: new Uint8Array([1, 2, 3]),
  mediaType: "application/pdf",
  filename: "a.pdf",
} as const;

const TOOL_CHAT: readonly Message[] = [
  { role: "user", content: "What time is it?" },
  {
    role: "assistant",
    content: [
      { type: "reasoning", text: "I should look." },
      { type: "tool-call", toolCallId: "call-1", toolName: "clock", input: "{}" },
    ],
  },
  {
    role: "tool",
    content: [
      { type: "tool-result", toolCallId: "call-1", toolName: "clock", output: { type: "text", value: "Noon." } },
    ],
  },
  { role: "assistant", content: "It is noon." },
];

function isOutput({ type }: ProviderPart): boolean {
  return (
    type === "text-delta" || type === "text-replace" || type === "reasoning-delta" || type === "file" || isOfTool(type)
  );
}

function isOfTool(type: ProviderPart["type"]): boolean {
  return type === "tool-call" || type === "tool-input-delta";
}

function warningsOf(parts: readonly ProviderPart[], of: "start" | "finish"): readonly Warning[] {
  return parts.flatMap((part) => (part.type === of ? (part.warnings ?? []) : []));
}
