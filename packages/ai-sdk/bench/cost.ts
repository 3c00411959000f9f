// What a part costs through one model made of several, beside the bare model, one identity `pipeThrough` and those that people use.
import type { LanguageModelV4, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { streamText } from "ai";
import { createFallback as createPeer } from "ai-fallback";
import { createRetryableModel } from "ai-retry/language-model";

import { createFallback } from "../src/index.ts";

const PARTS = 10_000;
const ROUNDS = 5;

const DELTA: LanguageModelV4StreamPart = { type: "text-delta", id: "t", delta: "word " };
const FINISH: LanguageModelV4StreamPart = {
  type: "finish",
  finishReason: { unified: "stop", raw: "stop" },
  usage: {
    inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: PARTS, text: PARTS, reasoning: undefined },
  },
};

/** A model that has all of its answer at hand. */
function bare(parts = PARTS): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "bench",
    modelId: "bare",
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error("not here")),
    doStream: () => {
      let said = 0;
      const stream = new ReadableStream<LanguageModelV4StreamPart>({
        start(controller) {
          controller.enqueue({ type: "stream-start", warnings: [] });
          controller.enqueue({ type: "text-start", id: "t" });
        },
        pull(controller) {
          if (said++ < parts) controller.enqueue(DELTA);
          else {
            controller.enqueue({ type: "text-end", id: "t" });
            controller.enqueue(FINISH);
            controller.close();
          }
        },
      });
      return Promise.resolve({ stream });
    },
  };
}

function piped(model: LanguageModelV4): LanguageModelV4 {
  return {
    ...model,
    doStream: async (options) => {
      const { stream } = await model.doStream(options);
      return { stream: stream.pipeThrough(new TransformStream()) };
    },
  };
}

const two = (): [LanguageModelV4, LanguageModelV4] => [bare(), bare()];
const subjects = {
  bare: bare(),
  pipeThrough: piped(bare()),
  "ai-fallback": createPeer({ models: two() }),
  "ai-retry": createRetryableModel({ model: bare(), retries: [bare()] }),
  ours: createFallback({ models: two() }),
  "ours, buffered": createFallback({ models: two(), commit: "buffered" }),
  "ours, continue": createFallback({ models: two(), commit: "continue" }),
};

const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Hi" }] }];

const ways = {
  async doStream(model: LanguageModelV4) {
    const reader = (await model.doStream({ prompt })).stream.getReader();
    let parts = 0;
    while (!(await reader.read()).done) parts += 1;
    return parts;
  },
  async streamText(model: LanguageModelV4) {
    let parts = 0;
    for await (const _ of streamText({ model, prompt: "Hi", maxRetries: 0 }).fullStream) parts += 1;
    return parts;
  },
};

/** CPU of a part, in µs: the least of the rounds, in which the subjects take turns. */
async function costs(ask: (model: LanguageModelV4) => Promise<number>): Promise<Record<string, number>> {
  const least: Record<string, number> = {};
  // The first rounds are those in which the compiler learns.
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, model] of Object.entries(subjects)) {
      const before = process.cpuUsage();
      const parts = await ask(model);
      const { user, system } = process.cpuUsage(before);
      if (parts < PARTS) throw new Error(`${name} said ${parts} parts of ${PARTS}.`);
      if (round >= 0) least[name] = Math.min(least[name] ?? Infinity, (user + system) / PARTS);
    }
  }
  return least;
}

/** From the call to the first part, in ms: the median of many. */
async function firstPartMs(model: LanguageModelV4): Promise<number> {
  const times: number[] = [];
  for (let call = 0; call < 300; call++) {
    const startedAt = performance.now();
    const reader = (await model.doStream({ prompt })).stream.getReader();
    await reader.read();
    times.push(performance.now() - startedAt);
    await reader.cancel();
  }
  return times.toSorted((a, b) => a - b)[150] ?? Number.NaN;
}

/** Parts that a model was asked for while a slow reader took ten. */
async function readAhead(make: (model: LanguageModelV4) => LanguageModelV4): Promise<number> {
  let asked = 0;
  const counting: LanguageModelV4 = {
    ...bare(),
    doStream: () =>
      Promise.resolve({
        stream: new ReadableStream<LanguageModelV4StreamPart>(
          {
            pull(controller) {
              controller.enqueue(++asked > PARTS ? FINISH : DELTA);
              if (asked > PARTS) controller.close();
            },
          },
          { highWaterMark: 0 },
        ),
      }),
  };
  const reader = (await make(counting).doStream({ prompt })).stream.getReader();
  for (let read = 0; read < 10; read++) {
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const ahead = asked - 10;
  await reader.cancel();
  return ahead;
}

const result = {
  cpuAPart: { doStream: await costs(ways.doStream), streamText: await costs(ways.streamText) },
  firstPartMs: { bare: await firstPartMs(bare()), ours: await firstPartMs(subjects.ours) },
  readAhead: {
    "ai-fallback": await readAhead((model) => createPeer({ models: [model, bare()] })),
    "ai-retry": await readAhead((model) => createRetryableModel({ model, retries: [bare()] })),
    ours: await readAhead((model) => createFallback({ models: [model, bare()] })),
  },
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
