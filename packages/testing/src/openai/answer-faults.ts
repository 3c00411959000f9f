import type { OpenAIFault } from "./faults.ts";
import type { OpenAIAnswer, OpenAIAnswerStep } from "./script.ts";

/** What the faults make of an answer before it is said. */
export function spoiled(answer: OpenAIAnswer, faults: readonly OpenAIFault[]): OpenAIAnswer {
  return faults.reduce((said, fault) => SPOILS[fault.name]?.(said, fault) ?? said, answer);
}

const SPOILS: Readonly<
  Partial<Record<OpenAIFault["name"], (answer: OpenAIAnswer, fault: OpenAIFault) => OpenAIAnswer>>
> = {
  empty: (answer) => ({ ...answer, steps: [] }),
  "missing-finish": (answer) => ({ ...answer, finishReason: null }),
  "content-filter": (answer, { after = 1 }) => ended(answer, after, "content_filter"),
  length: (answer, { after = 1 }) => ended(answer, after, "length"),
  "huge-answer": (answer, { count = 100_000_000 }) => before(answer, () => hugeAnswer(count)),
  "huge-chunk": (answer, { count = 10_000_000 }) => before(answer, () => ["a".repeat(count)]),
  "empty-chunks": (answer, { count = 1_000_000 }) => before(answer, () => emptyChunks(count)),
  "many-tool-calls": (answer, { count = 10_000 }) => before(answer, () => manyCalls(count)),
  "huge-index": (answer, { count = 1_000_000_000 }) => before(answer, () => [{ toolCall: "look_up", index: count }]),
  "huge-id": (answer, { count = 1_000_000 }) => before(answer, () => [{ toolCall: "look_up", id: "a".repeat(count) }]),
};

function ended(answer: OpenAIAnswer, after: number, finishReason: string): OpenAIAnswer {
  return {
    ...answer,
    steps: {
      *[Symbol.iterator]() {
        let left = after;
        for (const step of answer.steps) {
          if (left-- <= 0) return;
          yield step;
        }
      },
    },
    finishReason,
  };
}

function before(answer: OpenAIAnswer, steps: () => Iterable<OpenAIAnswerStep>): OpenAIAnswer {
  return {
    ...answer,
    steps: {
      *[Symbol.iterator]() {
        yield* steps();
        yield* answer.steps;
      },
    },
  };
}

function* hugeAnswer(characters: number): Generator<OpenAIAnswerStep, void, undefined> {
  const piece = `${"a".repeat(9_999)} `;
  for (let left = characters; left > 0; left -= piece.length) yield piece.slice(0, left);
}

function* emptyChunks(count: number): Generator<OpenAIAnswerStep, void, undefined> {
  for (let at = 0; at < count; at++) yield { delta: { content: "" } };
}

function* manyCalls(count: number): Generator<OpenAIAnswerStep, void, undefined> {
  for (let at = 0; at < count; at++) yield { toolCall: "look_up", arguments: `{"number":${at}}` };
}
