import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";

import type { FinishReason, Provider, ProviderPart, Usage, Warning } from "@qwen/core";

import { answered, ask, textOf, transcribe } from "./calls.ts";
import type { ContractCheck, ContractSubject, KnownAnswer } from "./contract-subject.ts";

/** What an answer is made of. */
export function answerChecks({ create, service }: ContractSubject): readonly ContractCheck[] {
  const { answers, slow, requests } = service;
  const [first] = answers;

  /** All answers, one after the other. */
  async function each(check: (parts: readonly ProviderPart[], answer: KnownAnswer) => void): Promise<void> {
    const provider = await create();
    for (const answer of answers) check((await answered(provider, ask(answer.prompt))).parts, answer);
    await provider.close?.();
  }

  const checks: (ContractCheck | undefined)[] = [
    requests && {
      name: "starts no work before the first next()",
      async run() {
        const provider = await create();
        const before = await requests();
        provider.stream(ask(first.prompt));
        await sleep(50);
        assert.equal(await requests(), before, "it has sent a request");
      },
    },
    {
      name: "yields the exact text",
      run: () => each((parts, { prompt, text }) => assert.equal(textOf(parts), text, `of the answer to ${prompt}`)),
    },
    {
      name: "ends with exactly one finish",
      run: () =>
        each((parts) => {
          assert.equal(parts.filter(({ type }) => type === "finish").length, 1, "finishes");
          assert.equal(parts.at(-1)?.type, "finish", "its last part");
        }),
    },
    { name: "never yields an empty delta", run: () => each((parts) => parts.forEach(assertNotEmpty)) },
    { name: "yields well-formed parts", run: () => each((parts) => parts.forEach(assertWellFormed)) },
    {
      name: "stays at its end",
      async run() {
        const iterator = (await create()).stream(ask(first.prompt))[Symbol.asyncIterator]();
        while ((await iterator.next()).done !== true);
        assert.equal((await iterator.next()).done, true);
        assert.equal((await iterator.next()).done, true);
      },
    },
    {
      name: "hands text out as it comes, not at the end",
      async run() {
        const { parts, times } = await answered(await create(), ask(slow));
        const texts = times.filter((_, index) => parts[index]?.type.startsWith("text") === true);
        const gap = (times.at(-1) ?? 0) - (texts[0] ?? 0);
        assert.ok(texts.length > 1, "the text came in one piece");
        assert.ok(gap > (times.at(-1) ?? 0) / 2, `the first text came ${Math.round(gap)} ms before the end`);
      },
    },
    {
      name: "loses nothing when its consumer is slow",
      async run() {
        const { text } = await transcribe((await create()).stream(ask(first.prompt)), { pauseMs: 30 });
        assert.equal(text, first.text);
      },
    },
    {
      name: "does not change a part that it has handed out",
      async run() {
        for (const { prompt } of answers) {
          const handed: [ProviderPart, string][] = [];
          for await (const part of (await create()).stream(ask(prompt))) handed.push([part, JSON.stringify(part)]);
          for (const [part, before] of handed) assert.equal(JSON.stringify(part), before);
        }
      },
    },
    {
      name: "serves many calls at once without mixing them",
      async run() {
        const provider = await create();
        const asked = Array.from({ length: 8 }, (_, index) => answers[index % answers.length] ?? first);
        const transcripts = await Promise.all(asked.map(({ prompt }) => answered(provider, ask(prompt))));
        assert.deepEqual(
          transcripts.map(({ text }) => text),
          asked.map(({ text }) => text),
        );
      },
    },
    {
      name: "gives a conversation to go on with if its model holds one, and none otherwise",
      async run() {
        const provider = await create();
        const { parts, text } = await answered(provider, ask(first.prompt));
        assertConversation(provider, parts.at(-1));
        const conversation = conversationOf(parts.at(-1));
        if (conversation === undefined) return;
        const again = await answered(provider, {
          messages: [
            { role: "user", content: first.prompt },
            { role: "assistant", content: text },
            { role: "user", content: first.prompt },
          ],
          conversation,
        });
        assert.equal(again.text, first.text, "the second turn");
      },
    },
  ];
  return checks.filter((check) => check !== undefined);
}

function assertNotEmpty(part: ProviderPart): void {
  if (part.type === "text-delta" || part.type === "reasoning-delta") assert.notEqual(part.text, "", `a ${part.type}`);
}

const REASONS: readonly FinishReason[] = ["stop", "length", "content-filter", "tool-calls", "other"];

function assertWellFormed(part: ProviderPart): void {
  switch (part.type) {
    case "start":
      part.warnings.forEach(assertWarning);
      break;
    case "reasoning-delta":
    case "text-delta":
    case "text-replace":
      assert.equal(typeof part.text, "string");
      break;
    case "reasoning-end":
      break;
    case "source":
      assert.ok(part.url !== undefined || part.title !== undefined || part.filename !== undefined, "an empty source");
      assert.ok(part.url === undefined || part.url instanceof URL, "the url of a source");
      break;
    case "tool-input-delta":
      for (const text of [part.toolCallId, part.toolName, part.text]) assert.equal(typeof text, "string");
      assert.ok(part.toolCallId !== "" && part.toolName !== "", "a tool call without an id or a name");
      break;
    case "queue":
      assert.ok(Number.isInteger(part.position) && part.position >= 0, `position ${part.position}`);
      break;
    case "progress":
      assert.ok(part.fraction === undefined || (part.fraction >= 0 && part.fraction <= 1), `fraction ${part.fraction}`);
      break;
    case "log":
      assert.equal(typeof part.message, "string");
      break;
    case "file":
      assert.ok(part.url instanceof URL, "the url of a file");
      break;
    case "tool-call":
      assert.equal(typeof JSON.parse(part.input), "object");
      assert.ok(part.toolCallId !== "" && part.toolName !== "", "a tool call without an id or a name");
      break;
    case "finish":
      assert.ok(REASONS.includes(part.reason), `reason ${part.reason}`);
      part.warnings?.forEach(assertWarning);
      assertUsage(part.usage);
      break;
  }
}

function assertUsage({ inputTokens, outputTokens, cachedInputTokens, reasoningTokens }: Usage = {}): void {
  for (const count of [inputTokens, outputTokens, cachedInputTokens, reasoningTokens])
    assert.ok(count === undefined || (Number.isInteger(count) && count >= 0), `usage ${count}`);
}

function assertWarning({ feature, message }: Warning): void {
  assert.ok(feature !== "" && message !== "", "an empty warning");
}

function assertConversation({ models: [{ capabilities }] }: Provider, finish: ProviderPart | undefined): void {
  const conversation = conversationOf(finish);
  assert.equal(conversation !== undefined, capabilities?.conversation === true, "whether it has a conversation");
  if (conversation !== undefined) assert.notEqual(conversation, "");
}

function conversationOf(finish: ProviderPart | undefined): string | undefined {
  return finish?.type === "finish" ? finish.conversation : undefined;
}
