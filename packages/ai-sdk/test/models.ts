import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";

export type Part = LanguageModelV4StreamPart;

/** What a scripted stream does next. `hang`: nothing more, until it is cancelled. `fail`: it errors. */
export type Step = Part | { readonly waitMs: number } | { readonly fail: unknown } | "hang";

/** What a model is asked to do: its steps, a failure of `doStream` itself, or a function of the call. */
export type Script =
  | readonly Step[]
  | { readonly reject: unknown }
  | ((options: LanguageModelV4CallOptions, call: number) => unknown);

export interface ScriptedModel extends LanguageModelV4 {
  /** The options of every call, in order. */
  readonly calls: LanguageModelV4CallOptions[];
  /** Streams that were cancelled before their end. */
  cancelled: number;
  /** Every stream that was handed out. */
  readonly streams: ReadableStream<Part>[];
}

export const prompt: LanguageModelV4Prompt = [{ role: "user", content: [{ type: "text", text: "Hello?" }] }];
export const afterTool: LanguageModelV4Prompt = [
  ...prompt,
  { role: "assistant", content: [{ type: "tool-call", toolCallId: "1", toolName: "look_up", input: {} }] },
  {
    role: "tool",
    content: [{ type: "tool-result", toolCallId: "1", toolName: "look_up", output: { type: "text", value: "42" } }],
  },
];

export const usage: LanguageModelV4Usage = {
  inputTokens: { total: 3, noCache: 3, cacheRead: 0, cacheWrite: undefined },
  outputTokens: { total: 2, text: 2, reasoning: 0 },
};

export const start: Part = { type: "stream-start", warnings: [] };
export const text = (delta: string, id = "t"): Part => ({ type: "text-delta", id, delta });
export const call = (toolName = "look_up"): Part => ({ type: "tool-call", toolCallId: "1", toolName, input: "{}" });
export const finish = (unified: LanguageModelV4FinishReason["unified"] = "stop"): Part => ({
  type: "finish",
  usage,
  finishReason: { unified, raw: unified },
});
export const textStart: Part = { type: "text-start", id: "t" };
export const textEnd: Part = { type: "text-end", id: "t" };

/** A whole stream of these words. */
export const saying = (...words: readonly string[]): readonly Part[] => [
  start,
  textStart,
  ...words.map((word) => text(word)),
  textEnd,
  finish(),
];

/** A model of scripts: the first one for its first call and so on, the last one for all others. */
export function model(
  name: string,
  scripts: Script | readonly [{ readonly each: readonly Script[] }],
  {
    provider = "scripted",
    supportedUrls = {},
  }: { provider?: string; supportedUrls?: LanguageModelV4["supportedUrls"] } = {},
): ScriptedModel {
  const each = Array.isArray(scripts) && isEach(scripts) ? scripts[0].each : [scripts as Script];
  const calls: LanguageModelV4CallOptions[] = [];
  const scripted: ScriptedModel = {
    specificationVersion: "v4",
    provider,
    modelId: name,
    supportedUrls,
    calls,
    cancelled: 0,
    streams: [],
    async doStream(options) {
      const script = next(options);
      if (typeof script === "function") return (await script(options, calls.length)) as never;
      if ("reject" in script) throw script.reject;
      const stream = streamOf(script, () => (scripted.cancelled += 1));
      scripted.streams.push(stream);
      return { stream, request: { body: `${name} asked` }, response: { headers: { "x-model": name } } };
    },
    async doGenerate(options) {
      const script = next(options);
      if (typeof script === "function") return (await script(options, calls.length)) as never;
      if ("reject" in script) throw script.reject;
      return await generated(script, options.abortSignal);
    },
  };
  function next(options: LanguageModelV4CallOptions): Script {
    calls.push(options);
    return each[Math.min(calls.length, each.length) - 1] as Script;
  }
  return scripted;
}

/** A model that says one thing after another, call by call. */
export const each = (...scripts: readonly Script[]): readonly [{ readonly each: readonly Script[] }] => [
  { each: scripts },
];

function isEach(scripts: readonly unknown[]): scripts is readonly [{ readonly each: readonly Script[] }] {
  const [first] = scripts;
  return typeof first === "object" && first !== null && "each" in first;
}

/** A stream of these steps, made as it is read. */
export function streamOf(steps: readonly Step[], onCancel: () => void = () => {}): ReadableStream<Part> {
  const left = [...steps];
  return new ReadableStream<Part>(
    {
      async pull(controller) {
        const step = left.shift();
        if (step === undefined) controller.close();
        else if (step === "hang") await new Promise(() => {});
        else if (typeof step === "object" && step !== null && "waitMs" in step) {
          await new Promise((resolve) => setTimeout(resolve, step.waitMs));
          return this.pull?.(controller);
        } else if (typeof step === "object" && step !== null && "fail" in step) controller.error(step.fail);
        else controller.enqueue(step);
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  );
}

async function generated(
  steps: readonly Step[],
  signal: AbortSignal | undefined,
): Promise<LanguageModelV4GenerateResult> {
  const content: LanguageModelV4Content[] = [];
  for (const step of steps) {
    if (step === "hang")
      await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    else if ("waitMs" in step) await new Promise((resolve) => setTimeout(resolve, step.waitMs));
    else if ("fail" in step) throw step.fail;
    else if (step.type === "error") throw step.error;
    else if (step.type === "text-delta") content.push({ type: "text", text: step.delta });
    else if (step.type === "tool-call") content.push(step);
    else if (step.type === "finish")
      return { content, finishReason: step.finishReason, usage: step.usage, warnings: [] };
  }
  throw new TypeError("The script has no finish.");
}

/** What a stream says: its parts, and what it failed with. */
export async function read(
  stream: ReadableStream<Part>,
): Promise<{ readonly parts: Part[]; readonly error?: unknown }> {
  const parts: Part[] = [];
  try {
    for await (const part of stream) parts.push(part);
    return { parts };
  } catch (error) {
    return { parts, error };
  }
}

/** The text in parts. */
export function textIn(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join("");
}
