import { strict as assert } from "node:assert";

import type { ContractCheck } from "../contract/contract-subject.ts";
import type { ConformanceSubject } from "./conformance-subject.ts";
import { answeredParts, asking, CLOCK, generated, isOutput, joined, streamed } from "./model-calls.ts";
import { assertMetadata, assertPart, assertUsage, assertWarnings, fieldsOf, reasonIn } from "./specified.ts";
import type { TestedCall } from "./tested-model.ts";

/** What a model says of itself, and what an answer is made of, however it is asked for. */
export function answerRules({ model, service, prompt }: ConformanceSubject): readonly ContractCheck[] {
  const { answers = [], slow, toolCall } = service;

  const checks: (ContractCheck | undefined)[] = [
    {
      name: "says that it is of the specification v4, who it is, and which URLs it takes",
      async run() {
        assert.equal(model.specificationVersion, "v4", "specificationVersion");
        for (const name of ["provider", "modelId"] as const)
          assert.ok(typeof model[name] === "string" && model[name] !== "", `\`${name}\` is a string that is not empty`);
        for (const patterns of Object.values(fieldsOf(await model.supportedUrls, "supportedUrls")))
          assert.ok(Array.isArray(patterns) && patterns.every((one) => one instanceof RegExp), "patterns of URLs");
      },
    },
    {
      name: "gives a whole answer as the specification has it",
      async run() {
        const { content, finishReason, warnings, providerMetadata } = await generated(model, asking(prompt));
        content.forEach(assertPart);
        reasonIn(finishReason);
        assertWarnings(warnings);
        assertMetadata(providerMetadata);
      },
    },
    {
      name: "counts tokens, or leaves open how many there were",
      async run() {
        assertUsage((await generated(model, asking(prompt)))["usage"]);
        assertUsage((await answeredParts(model, asking(prompt))).find(({ type }) => type === "finish")?.["usage"]);
      },
    },
    {
      name: "names the model that answers",
      async run() {
        const { response } = await generated(model, asking(prompt));
        assert.ok(isName(fieldsOf(response, "response")["modelId"]), "`response.modelId` of a whole answer");
        const parts = await answeredParts(model, asking(prompt));
        const named = parts.findLast(({ type }) => type === "response-metadata");
        assert.ok(isName(named?.["modelId"]), "`modelId` of a response-metadata");
      },
    },
    {
      name: "says the same whole and as a stream",
      async run() {
        const asked = answers.length > 0 ? answers : [{ prompt, text: undefined }];
        for (const answer of asked) {
          const whole = await generated(model, asking(answer.prompt));
          const text = whole.content.flatMap((part) => (part.type === "text" ? [String(part["text"])] : [])).join("");
          assert.equal(joined(await answeredParts(model, asking(answer.prompt)), "text-delta"), text, answer.prompt);
          if (answer.text !== undefined) assert.equal(text, answer.text, answer.prompt);
        }
      },
    },
    slow !== undefined
      ? {
          name: "hands an answer out as it comes, from its first output on",
          async run() {
            const { times, parts } = await streamed(model, asking(slow));
            const outputs = times.filter((_, index) => isOutput(parts[index] ?? { type: "" }));
            const end = times.at(-1) ?? 0;
            assert.ok(outputs.length > 1, "the answer came in one piece");
            assert.ok(
              (outputs[0] ?? end) < end / 2,
              `its first piece came after ${Math.round(outputs[0] ?? end)} of ${Math.round(end)} ms`,
            );
          },
        }
      : undefined,
    {
      name: "serves many calls at once, each with its own answer",
      async run() {
        const asked = Array.from(
          { length: 8 },
          (_, index) => answers[index % answers.length] ?? { prompt, text: undefined },
        );
        const told = await Promise.all(asked.map((answer) => answeredParts(model, asking(answer.prompt))));
        for (const [index, { text }] of asked.entries()) {
          const said = joined(told[index] ?? [], "text-delta");
          if (text === undefined) assert.notEqual(said, "", "an answer");
          else assert.equal(said, text);
        }
      },
    },
    {
      name: "answers, with a warning at most, where it is asked for settings that it does not know",
      async run() {
        const settings = { topK: 40, seed: 7, presencePenalty: 0.5 };
        await answeredParts(model, asking(prompt, settings));
        await generated(model, asking(prompt, settings));
      },
    },
    {
      name: "writes on nothing that it is given",
      async run() {
        const call = frozen(asking(prompt));
        await answeredParts(model, call);
        await generated(model, call);
      },
    },
    toolCall !== undefined
      ? {
          name: "tells a call of a tool whole, with an id of its own and JSON as its input, behind all of its pieces",
          async run() {
            const call = asking(toolCall, CLOCK);
            const parts = await answeredParts(model, call);
            const calls = parts.filter(({ type }) => type === "tool-call");
            assert.ok(calls.length > 0, "it called no tool");
            calls.forEach(assertPart);
            assert.equal(new Set(calls.map(({ toolCallId }) => toolCallId)).size, calls.length, "ids of calls");
            for (const { toolCallId, toolName, input } of calls) {
              const started = parts.find(({ type, id }) => type === "tool-input-start" && id === toolCallId);
              assert.equal(started === undefined ? toolName : started["toolName"], toolName, "the tool of a call");
              const pieces = joined(parts, "tool-input-delta", toolCallId);
              assert.ok(pieces === "" || sameJson(pieces, String(input)), "the pieces of an input are the whole of it");
            }
            assertNothingBehind(parts);
            assert.equal(reasonIn(parts.at(-1)?.["finishReason"]), "tool-calls", "how a call ends");
            const whole = await generated(model, call);
            assert.deepEqual(
              whole.content.flatMap((part) => (part.type === "tool-call" ? [part["toolName"]] : [])),
              calls.map(({ toolName }) => toolName),
              "the calls of a whole answer",
            );
          },
        }
      : undefined,
  ];
  return checks.filter((check) => check !== undefined);
}

function assertNothingBehind(parts: Awaited<ReturnType<typeof answeredParts>>): void {
  for (const [index, { type, toolCallId }] of parts.entries()) {
    if (type !== "tool-call") continue;
    const late = parts.slice(index).find((part) => part.type.startsWith("tool-input") && part["id"] === toolCallId);
    assert.equal(late, undefined, "a piece of an input behind its call");
  }
}

function sameJson(one: string, other: string): boolean {
  try {
    return JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));
  } catch {
    return false;
  }
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** A call that cannot be written on, as deep as it goes. */
function frozen(call: TestedCall): TestedCall {
  for (const message of call.prompt) {
    message.content.forEach(Object.freeze);
    Object.freeze(message.content);
    Object.freeze(message);
  }
  Object.freeze(call.prompt);
  return Object.freeze(call);
}
