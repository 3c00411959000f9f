import { setTimeout as sleep } from "node:timers/promises";

import type { ConformanceService, SaidPart, TestedCall, TestedModel } from "../../src/index.ts";

/** One thing the reference model does. */
export type Step = SaidPart | { readonly waitMs: number } | Error;

const USAGE = {
  inputTokens: { total: 3, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 4, text: undefined, reasoning: undefined },
};
const NO_USAGE = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};
const BEGIN: readonly SaidPart[] = [
  { type: "stream-start", warnings: [] },
  { type: "response-metadata", modelId: "m-1" },
];
const end = (unified: string): SaidPart => ({
  type: "finish",
  finishReason: { unified, raw: undefined },
  usage: USAGE,
});
const text = (id: string, ...deltas: string[]): readonly SaidPart[] => [
  { type: "text-start", id },
  ...deltas.map((delta) => ({ type: "text-delta", id, delta })),
  { type: "text-end", id },
];

/** An error as the AI SDK makes it. */
export function apiCallError(more: object = {}): Error {
  const error = Object.assign(new Error("It failed."), { url: "", requestBodyValues: {}, isRetryable: false, ...more });
  return Object.assign(error, { [Symbol.for("vercel.ai.error.AI_APICallError")]: true });
}

/** What the reference says, by prompt. */
export const SCRIPTS: Readonly<Record<string, readonly Step[]>> = {
  pieces: [...BEGIN, ...text("0", "Hello", " there", ", you."), end("stop")],
  thought: [
    ...BEGIN,
    { type: "reasoning-start", id: "0" },
    { type: "reasoning-delta", id: "0", delta: "Hm" },
    { type: "reasoning-end", id: "0", providerMetadata: { a: { signature: "s", not: undefined } } },
    ...text("1", "Yes."),
    { type: "source", sourceType: "url", id: "s", url: "https://example.com" },
    { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
    end("stop"),
  ],
  slow: [
    ...BEGIN,
    { type: "text-start", id: "0" },
    ...Array.from({ length: 12 }, (_, at): readonly Step[] => [
      { waitMs: 20 },
      { type: "text-delta", id: "0", delta: `${at} ` },
    ]).flat(),
    { type: "text-end", id: "0" },
    end("stop"),
  ],
  cut: [
    ...BEGIN,
    { type: "text-start", id: "0" },
    { type: "text-delta", id: "0", delta: "one two" },
    { type: "text-end", id: "0" },
    { type: "error", error: apiCallError() },
    { ...end("interrupted"), usage: NO_USAGE },
  ],
  fails: [apiCallError({ statusCode: 500 })],
  nothing: [apiCallError()],
  tool: [
    ...BEGIN,
    { type: "tool-input-start", id: "c", toolName: "clock" },
    { type: "tool-input-delta", id: "c", delta: '{"a":' },
    { type: "tool-input-delta", id: "c", delta: " 1}" },
    { type: "tool-input-end", id: "c" },
    { type: "tool-call", toolCallId: "c", toolName: "clock", input: '{"a":1}' },
    end("tool-calls"),
  ],
};

/** A model that keeps every rule, and the service behind it. */
export interface Reference {
  readonly model: TestedModel;
  readonly service: ConformanceService;
}

/** `scripts` say otherwise what the reference says. `deaf` does not hear of an abort. */
export function createReference({
  scripts = SCRIPTS,
  deaf = false,
}: { readonly scripts?: Readonly<Record<string, readonly Step[]>>; readonly deaf?: boolean } = {}): Reference {
  let requests = 0;
  let running = 0;

  async function* play(call: TestedCall, left: AbortSignal): AsyncGenerator<SaidPart, void> {
    const signal = deaf
      ? new AbortController().signal
      : AbortSignal.any([left, ...(call.abortSignal ? [call.abortSignal] : [])]);
    requests++;
    running++;
    try {
      for (const step of scripts[call.prompt[0]?.content[0]?.text ?? ""] ?? []) {
        if (step instanceof Error) throw step;
        if ("waitMs" in step) await sleep(step.waitMs as number, undefined, { signal }).catch(() => {});
        else yield step;
        if (signal.aborted) throw signal.reason;
      }
    } finally {
      running--;
    }
  }

  const model: TestedModel = {
    specificationVersion: "v4",
    provider: "reference",
    modelId: "m",
    supportedUrls: { "image/*": [/^https:/] },
    async doStream(call) {
      call.abortSignal?.throwIfAborted();
      const left = new AbortController();
      const parts = play(call, left.signal);
      const first: SaidPart[] = [];
      for (let next = await parts.next(); next.done !== true; next = await parts.next()) {
        first.push(next.value);
        if (/delta|call/.test(next.value.type)) break;
      }
      return {
        stream: new ReadableStream<object>(
          {
            async pull(controller) {
              const ready = first.shift();
              const next = ready === undefined ? await parts.next() : { done: false as const, value: ready };
              if (next.done === true) controller.close();
              else controller.enqueue(next.value);
            },
            async cancel() {
              if (deaf) return;
              left.abort(new Error("left"));
              await parts.return();
            },
          },
          { highWaterMark: 0 },
        ),
      };
    },
    async doGenerate(call) {
      call.abortSignal?.throwIfAborted();
      const parts = await Array.fromAsync(play(call, new AbortController().signal));
      const error = parts.find(({ type }) => type === "error");
      if (error !== undefined) throw error["error"];
      const { finishReason, usage }: Partial<SaidPart> = parts.at(-1) ?? {};
      return { content: contentOf(parts), finishReason, usage, warnings: [], response: { modelId: "m-1" } };
    },
  };
  const service: ConformanceService = {
    answers: [
      { prompt: "pieces", text: "Hello there, you." },
      { prompt: "thought", text: "Yes." },
    ],
    slow: "slow",
    failures: [
      { prompt: "fails", text: "" },
      { prompt: "cut", text: "one two" },
    ],
    empty: "nothing",
    toolCall: "tool",
    requests: () => requests,
    running: () => running,
  };
  return { model, service };
}

function contentOf(parts: readonly SaidPart[]): readonly SaidPart[] {
  return parts.flatMap((part): readonly SaidPart[] => {
    const [, kind] = /^(text|reasoning)-start$/.exec(part.type) ?? [];
    if (kind === undefined) return ["file", "source", "tool-call"].includes(part.type) ? [part] : [];
    const deltas = parts.filter(({ type, id }) => type === `${kind}-delta` && id === part["id"]);
    return [{ type: kind, text: deltas.map(({ delta }) => String(delta)).join("") }];
  });
}
